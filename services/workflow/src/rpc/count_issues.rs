use std::collections::BTreeMap;

use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, filter};
use crate::{
    domain::{Light, State, local_date},
    error::WorkflowError,
    store::issues::{self, Viewer},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::CountIssuesRequest,
) -> Result<pb::CountIssuesResponse, WorkflowError> {
    let pb::CountIssuesRequest { filter } = req;
    let mut f = Fields::new();
    let filter = filter::parse(&mut f, filter);
    f.finish()?;
    let (scope, now) = (call.scope(), rpc.clock.now());
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let mut tx = rpc.db.snapshot().await?;
    let counted = issues::count(&mut tx, &viewer, &filter).await?;
    tx.commit().await?;

    let (mut states, mut lights) = (BTreeMap::<State, i64>::new(), BTreeMap::<Light, i64>::new());
    for (state, light, count) in &counted {
        *states.entry(*state).or_default() += count;
        *lights.entry(*light).or_default() += count;
    }
    Ok(pb::CountIssuesResponse {
        total_count: counted.iter().map(|(_, _, count)| count).sum(),
        states: states
            .into_iter()
            .map(|(state, count)| pb::IssueStateCount { state: convert::state(state).into(), count })
            .collect(),
        lights: lights
            .into_iter()
            .map(|(light, count)| pb::IssueLightCount { light: convert::light(light).into(), count })
            .collect(),
    })
}
