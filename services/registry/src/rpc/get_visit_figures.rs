use proto::registry::v1 as pb;
use rpc::{Call, Fields, parse::date};

use super::{RegistryRpc, parse};
use crate::{
    domain::{day, figures::per_mille},
    error::RegistryError,
    store::{
        coverage,
        visits::{self, Sums},
    },
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::GetVisitFiguresRequest,
) -> Result<pb::GetVisitFiguresResponse, RegistryError> {
    let pb::GetVisitFiguresRequest { from_date, to_date, manager_id } = req;
    let mut f = Fields::new();
    let period = parse::period(&mut f, from_date, to_date);
    let manager = f.parse_optional("manager_id", &manager_id);
    let Some((from, to)) = period else { return Err(f.refuse().into()) };
    f.finish()?;
    let today = day::of(rpc.clock.now());
    let as_of = to.min(today);
    let scope = call.scope();
    let visits = visits::Wanted { from: Some(from), to: Some(to), manager, ..visits::Wanted::default() };
    let all = coverage::Wanted { from, to, as_of, manager, covered: None };
    let covered = coverage::Wanted { covered: Some(true), ..all.clone() };

    let mut tx = rpc.db.snapshot().await?;
    let sums = visits::sums(&mut tx, &visits, &scope, today).await?;
    let managed_enterprises = coverage::count(&mut tx, &all, &scope, today).await?;
    let covered_enterprises = coverage::count(&mut tx, &covered, &scope, today).await?;
    tx.commit().await?;
    let Sums { visits, person_times, confirmed, disputed, cancelled } = sums;
    Ok(pb::GetVisitFiguresResponse {
        visits,
        person_times,
        confirmed_visits: confirmed,
        excluded_disputed: disputed,
        excluded_cancelled: cancelled,
        managed_enterprises,
        covered_enterprises,
        coverage_per_mille: per_mille(covered_enterprises, managed_enterprises),
        as_of_date: Some(date(as_of)),
    })
}
