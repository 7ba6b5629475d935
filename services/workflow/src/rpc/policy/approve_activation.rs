use proto::workflow::v1 as pb;
use rpc::Call;
use store::Tx;
use worktime::Calendar;

use super::{found, proposal, refused::PolicyRefused};
use crate::{
    domain::{Activation, Rulebook, Subject},
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::activations,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ApproveActivationRequest,
) -> Result<pb::ApproveActivationResponse, WorkflowError> {
    let pb::ApproveActivationRequest { activation_id, etag, request_id: _ } = req;
    let target = proposal::target(&activation_id, &etag)?;
    let answer = |activation| pb::ApproveActivationResponse { activation: Some(activation) };
    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let approved = proposal::decide(&call, &mut tx, target, now, Activation::approve).await?;
    if let Subject::Calendar(version) = &approved.subject {
        fits_in(&mut tx, version, &approved).await?;
    }
    proposal::keep(&call, tx, &approved, now, answer).await
}

/// Deadlines that were reckoned by one calendar lie in each that follows. What was approved since the proposal counts:
/// the one that this one replaces on its day, and the one that replaces it. A cancellation in between needs no
/// look, since of three in a row the last covers the first.
async fn fits_in(tx: &mut Tx, version: &str, approved: &Activation) -> Result<(), WorkflowError> {
    activations::lock_calendars(tx).await?;
    let changes = activations::changes(tx).await?.calendars;
    let n_before = changes.iter().take_while(|change| change.from <= approved.from).count();
    let calendar = found::calendar(tx, version).await?.calendar;
    let before = match changes[..n_before].last() {
        Some(change) => found::calendar(tx, &change.to).await?.calendar,
        None => Rulebook::built_in_calendars().swap_remove(0),
    };
    if !covers(&calendar, &before) {
        let (first_year, last_year) = (before.first_year(), before.last_year());
        return Err(PolicyRefused::CalendarTooShort { first_year, last_year }.into());
    }
    if let Some(next) = changes.get(n_before)
        && !covers(&found::calendar(tx, &next.to).await?.calendar, &calendar)
    {
        let (version, from) = (next.to.clone(), next.from);
        return Err(PolicyRefused::NextCalendarTooShort { version, from }.into());
    }
    Ok(())
}

/// Nor is what was announced taken back for what is provisional.
pub(super) fn covers(calendar: &Calendar, other: &Calendar) -> bool {
    calendar.first_year() <= other.first_year()
        && other.last_year() <= calendar.last_year()
        && other.last_announced_day() <= calendar.last_announced_day()
}
