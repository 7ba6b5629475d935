use kernel::{Page, PageSize};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{
    RegistryRpc, convert,
    parse::{self, day_optional},
};
use crate::{
    domain::{day, visit::Visit},
    error::RegistryError,
    store::visits::{self, Cursor, Wanted},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::ListVisitsRequest,
) -> Result<pb::ListVisitsResponse, RegistryError> {
    let (wanted, size, page_token) = parse(req)?;
    let scope = call.scope();
    let filter = format!("{wanted:?} {}", scope.fingerprint());
    let filter = [filter.as_str()];
    let after = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after = after.map(|text| cursor(&text).ok_or(Refusal::PageToken)).transpose()?;

    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    let rows = visits::list(&mut tx, &wanted, &scope, today, after, size).await?;
    let total_count = visits::count(&mut tx, &wanted, &scope, today).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, cursor_text);
    Ok(pb::ListVisitsResponse {
        visits: page.rows.iter().map(convert::visit).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        total_count,
    })
}

fn cursor_text(visit: &Visit) -> String {
    format!("{}/{}", visit.report.date, visit.id)
}

fn cursor(text: &str) -> Option<Cursor> {
    let (date, id) = text.split_once('/')?;
    Some(Cursor { date: date.parse().ok()?, id: id.parse().ok()? })
}

fn parse(req: pb::ListVisitsRequest) -> Result<(Wanted, PageSize, String), Refusal> {
    let pb::ListVisitsRequest {
        enterprise_id,
        manager_id,
        from_date,
        to_date,
        states,
        page_size,
        page_token,
    } = req;
    let mut f = Fields::new();
    let mut wanted_states = Vec::new();
    for (at, number) in states.into_iter().enumerate() {
        let field = format!("states[{at}]");
        let state = parse::visit_state(&mut f, &field, number);
        if state.is_some_and(|state| wanted_states.contains(&state)) {
            f.reject(&field, "stands there already");
        }
        wanted_states.extend(state);
    }
    let wanted = Wanted {
        enterprise: f.parse_optional("enterprise_id", &enterprise_id),
        manager: f.parse_optional("manager_id", &manager_id),
        from: day_optional(&mut f, "from_date", from_date),
        to: day_optional(&mut f, "to_date", to_date),
        states: (!wanted_states.is_empty()).then_some(wanted_states),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((wanted, size, page_token))
}
