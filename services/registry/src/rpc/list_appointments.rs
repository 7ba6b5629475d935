use kernel::{AppointmentId, Page, PageSize};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{RegistryRpc, convert, parse::day_optional};
use crate::{
    domain::day,
    error::RegistryError,
    store::appointments::{self, Wanted},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::ListAppointmentsRequest,
) -> Result<pb::ListAppointmentsResponse, RegistryError> {
    let (wanted, size, page_token) = parse(req)?;
    let scope = call.scope();
    let filter = format!("{wanted:?} {}", scope.fingerprint());
    let filter = [filter.as_str()];
    let after = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after: Option<AppointmentId> =
        after.map(|id| id.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    let rows = appointments::list(&mut tx, &wanted, &scope, today, after, size).await?;
    let total_count = appointments::count(&mut tx, &wanted, &scope, today).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |appointment| appointment.id.to_string());
    Ok(pb::ListAppointmentsResponse {
        appointments: page.rows.iter().map(convert::appointment).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        total_count,
    })
}

fn parse(req: pb::ListAppointmentsRequest) -> Result<(Wanted, PageSize, String), Refusal> {
    let pb::ListAppointmentsRequest { manager_id, enterprise_id, as_of_date, page_size, page_token } = req;
    let mut f = Fields::new();
    let wanted = Wanted {
        manager: f.parse_optional("manager_id", &manager_id),
        enterprise: f.parse_optional("enterprise_id", &enterprise_id),
        on: day_optional(&mut f, "as_of_date", as_of_date),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((wanted, size, page_token))
}
