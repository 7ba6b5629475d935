use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Tx;

use super::{TrailRpc, chain, get_tree_head, plan};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::trail::{self as log, Head, Named},
};

pub(super) async fn handle(
    rpc: TrailRpc,
    call: Call,
    req: pb::ProveInclusionRequest,
) -> Result<pb::ProveInclusionResponse, WorkflowError> {
    let (named, tree_size) = parse(req)?;
    let today = local_date(rpc.workflow.clock.now());
    let mut tx = rpc.workflow.db.snapshot().await?;
    if let Named::InChain(chain, _) = named {
        chain::admit(&rpc.workflow, &call, &mut tx, chain, today).await?;
    }
    let missing = || WorkflowError::LogEntryNotFound(name(named));
    let Some(place) = log::place(&mut tx, named).await? else {
        // An event waits for its place in the log for half a second, and longer for the next head.
        return Err(match named {
            Named::InChain(chain, seq) if log::link(&mut tx, chain, seq).await?.is_some() => {
                WorkflowError::LogEntryNotCovered { entry: name(named), tree_size }
            }
            Named::InChain(..) | Named::InLog(_) => missing(),
        });
    };
    if let Named::InLog(_) = named {
        let facts = chain::facts_of(&mut tx, place.chain, today).await?.ok_or_else(missing)?;
        if !call.allows(&facts) {
            return Err(missing());
        }
    }
    let head = head(&mut tx, tree_size).await?;
    let size = head.signed.head.size;
    if size <= place.log_index {
        let tree_size = size.cast_signed();
        return Err(WorkflowError::LogEntryNotCovered { entry: name(named), tree_size });
    }
    let plan = plan::inclusion(place.log_index, size);
    let nodes = log::nodes(&mut tx, &plan::nodes(std::slice::from_ref(&plan))).await?;
    tx.commit().await?;
    Ok(pb::ProveInclusionResponse {
        issue_id: place.chain.issue().map(|issue| issue.to_string()).unwrap_or_default(),
        chain: place.chain.to_string(),
        sequence: place.seq,
        log_index: place.log_index.cast_signed(),
        hash: place.link.as_bytes().to_vec().into(),
        path: plan::fold(&plan, &nodes).iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
        tree_head: Some(get_tree_head::shown(&head)),
    })
}

fn parse(req: pb::ProveInclusionRequest) -> Result<(Named, i64), Refusal> {
    let pb::ProveInclusionRequest { issue_id, sequence, log_index, tree_size, chain } = req;
    let mut f = Fields::new();
    let chain = chain::named(&mut f, &issue_id, &chain);
    if chain.is_some() != (0 < sequence) {
        f.reject("sequence", "is at least 1 with a chain, and 0 without one");
    }
    if log_index < 0 || (chain.is_some() && log_index != 0) {
        f.reject("log_index", "is not negative, and 0 with a chain");
    }
    if tree_size < 0 {
        f.reject("tree_size", "is not negative");
    }
    f.finish()?;
    Ok((chain.map_or(Named::InLog(log_index), |chain| Named::InChain(chain, sequence)), tree_size))
}

/// The head over exactly `size` entries; the newest for 0.
pub(super) async fn head(tx: &mut Tx, size: i64) -> Result<Head, WorkflowError> {
    let newest = log::last_head(tx).await?.ok_or(WorkflowError::TreeHeadMissing)?;
    if size == 0 {
        return Ok(newest);
    }
    let unknown =
        WorkflowError::TreeSizeUnknown { asked: size, newest: newest.signed.head.size.cast_signed() };
    log::head(tx, size).await?.ok_or(unknown)
}

/// As `issue/019b…#3`, or `log#17`.
fn name(named: Named) -> String {
    match named {
        Named::InChain(chain, seq) => format!("{chain}#{seq}"),
        Named::InLog(log_index) => format!("log#{log_index}"),
    }
}
