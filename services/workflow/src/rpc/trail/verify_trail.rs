use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{
    TrailRpc,
    audit::{self, Audit, Found},
    chain, get_tree_head,
};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::{chained::Chain, trail as log},
};

pub(super) async fn handle(
    rpc: TrailRpc,
    call: Call,
    req: pb::VerifyTrailRequest,
) -> Result<pb::VerifyTrailResponse, WorkflowError> {
    let chain = parse(req)?;
    let now = rpc.workflow.clock.now();
    let mut tx = rpc.workflow.db.snapshot().await?;
    if let Some(chain) = chain {
        chain::admit(&rpc.workflow, &call, &mut tx, chain, local_date(now)).await?;
    }
    let newest = log::last_head(&mut tx).await?.ok_or(WorkflowError::TreeHeadMissing)?;
    tx.commit().await?;
    let trust = audit::trust(&rpc);
    let audit = Audit::new(&rpc, &trust, &newest, now);
    let Found { n_entries, n_heads, faults, n_faults } = match chain {
        Some(chain) => audit.one_chain(chain).await?,
        None => audit.whole_log(call.deadline).await?,
    };
    if 0 < n_faults {
        tracing::error!(faults = n_faults, "the stored trail was verified, and is not intact");
    }
    Ok(pb::VerifyTrailResponse {
        intact: n_faults == 0,
        entry_count: n_entries.cast_signed(),
        head_count: n_heads.cast_signed(),
        faults,
        fault_count: n_faults.cast_signed(),
        tree_head: Some(get_tree_head::shown(&newest)),
        witnesses: witnesses(&rpc).await?,
    })
}

fn parse(req: pb::VerifyTrailRequest) -> Result<Option<Chain>, Refusal> {
    let pb::VerifyTrailRequest { issue_id, chain } = req;
    let mut f = Fields::new();
    let chain = chain::named(&mut f, &issue_id, &chain);
    f.finish()?;
    Ok(chain)
}

async fn witnesses(rpc: &TrailRpc) -> Result<Vec<pb::TrailWitness>, WorkflowError> {
    let known = rpc.witnesses.known().await?;
    let mut shown = vec![pb::TrailWitness {
        kind: pb::TrailWitnessKind::File.into(),
        tree_size: known.last_size.cast_signed(),
        compared_count: known.n_heads.cast_signed(),
        failed_count: 0,
        last_error: String::new(),
    }];
    if let Some(standing) = rpc.witnesses.standing().await? {
        shown.push(pb::TrailWitness {
            kind: pb::TrailWitnessKind::Url.into(),
            tree_size: standing.size,
            compared_count: 0,
            failed_count: standing.n_failed,
            last_error: standing.last_error.unwrap_or_default(),
        });
    }
    Ok(shown)
}
