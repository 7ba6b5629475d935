use access::Facts;
use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{
    RegistryRpc, accounts, convert, now_and_today,
    parse::{self, day_optional},
};
use crate::{
    config::MAX_HANDOVER,
    domain::{
        appointment::{Handover, expect_count},
        refused::Refused,
    },
    error::RegistryError,
    store::{appointments, enterprises, members},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::HandOverRequest,
) -> Result<pb::HandOverResponse, RegistryError> {
    let Order { from_manager, to_manager, day, only, expected } = parse(req)?;
    call.require(&Facts::default())?;
    accounts::require_manager(&rpc, &call, to_manager).await?;
    let (now, today) = now_and_today(&*rpc.clock);
    let handover = Handover { from_manager, to_manager, day: day.unwrap_or(today), today };
    handover.expect_not_past()?;
    let mut tx = rpc.db.begin().await?;
    let mut managed = enterprises::lock_managed(&mut tx, from_manager, handover.day).await?;
    managed.retain(|enterprise| only.is_empty() || only.contains(enterprise));
    let own = members::enterprises_of(&mut tx, to_manager).await?;
    if let Some(enterprise) = managed.iter().copied().find(|enterprise| own.contains(enterprise)) {
        return Err(Refused::ManagerIsMember { enterprise, account: to_manager }.into());
    }
    let courses = appointments::courses(&mut tx, &managed).await?;
    let mut handed_over = Vec::with_capacity(courses.len());
    for (_, course) in &courses {
        handed_over.extend(course.hand_over(&handover, AppointmentId::new(rpc.ids.uuid(now)), now)?);
    }
    expect_count(from_manager, expected, handed_over.len())?;

    // Places must be free before they are taken again, and refer to ends that are set: two batches.
    let mut batch = Batch::new();
    for pair in &handed_over {
        appointments::save(&mut batch, &pair.ended, pair.old_version);
    }
    batch.run(&mut tx).await?;
    let appointments = handed_over.iter().map(|pair| convert::appointment(&pair.new)).collect();
    let response = pb::HandOverResponse { appointments };
    let mut batch = Batch::new();
    let cause = rpc.cause(&call, now);
    for pair in &handed_over {
        appointments::insert(&mut batch, &pair.new);
        cause.appointment_ended(&mut batch, &pair.ended);
        cause.manager_appointed(&mut batch, &pair.new);
    }
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

struct Order {
    from_manager: AccountId,
    to_manager: AccountId,
    day: Option<NaiveDate>,
    only: Vec<EnterpriseId>,
    expected: usize,
}

fn parse(req: pb::HandOverRequest) -> Result<Order, Refusal> {
    let pb::HandOverRequest {
        from_manager_id,
        to_manager_id,
        as_of_date,
        enterprise_ids,
        expected_count,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let from_manager: Option<AccountId> = f.parse("from_manager_id", &from_manager_id);
    let to_manager = f.parse("to_manager_id", &to_manager_id);
    if from_manager.is_some() && from_manager == to_manager {
        f.reject("to_manager_id", "is the old manager");
    }
    let day = day_optional(&mut f, "as_of_date", as_of_date);
    let only = parse::ids(&mut f, "enterprise_ids", &enterprise_ids, MAX_HANDOVER);
    let expected = usize::try_from(expected_count).ok().filter(|count| (1..=MAX_HANDOVER).contains(count));
    if expected.is_none() {
        f.reject("expected_count", format!("must be 1 to {MAX_HANDOVER}"));
    }
    let (Some(from_manager), Some(to_manager), Some(only), Some(expected)) =
        (from_manager, to_manager, only, expected)
    else {
        return Err(f.refuse());
    };
    f.finish()?;
    Ok(Order { from_manager, to_manager, day, only, expected })
}
