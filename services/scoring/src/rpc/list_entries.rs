//! Lists entries of the ledger.

use chrono::DateTime;
use kernel::{AccountId, EntryId, IssueId, Timestamp};
use proto::scoring::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{Rpc, convert};
use crate::{
    domain::{Kind, RuleId, State},
    error::ScoringError,
    store::entries::{self, EntryFilter},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListEntriesRequest,
) -> Result<pb::ListEntriesResponse, ScoringError> {
    let pb::ListEntriesRequest { account_id, period, states, rule_id, kind, issue_id, page_size, page_token } =
        req;
    let mut f = Fields::new();
    let filter = EntryFilter {
        account: f.parse_optional::<AccountId>("account_id", &account_id),
        period: convert::period(&mut f, period),
        states: parse_states(&mut f, &states),
        rule: f.parse_optional::<RuleId>("rule_id", &rule_id),
        kind: f.enumeration_optional("kind", kind).and_then(convert::kind_of_wire),
        issue: f.parse_optional::<IssueId>("issue_id", &issue_id),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let scope = call.scope();
    let states = filter.states.iter().map(|state| state.step().to_string()).collect::<Vec<_>>().join(",");
    let period = filter.period.map(crate::domain::Period::label).unwrap_or_default();
    let kind = filter.kind.map_or("", Kind::name);
    let seen = scope.fingerprint();
    let filter_parts: [&str; 7] = [&seen, &account_id, &period, &states, &rule_id, kind, &issue_id];
    let cursor = call.open_page(&rpc.page_key, &filter_parts, &page_token)?;
    let after = cursor.map(|cursor| read_cursor(&cursor).ok_or(Refusal::PageToken)).transpose()?;

    let mut tx = rpc.db.snapshot().await?;
    let page = entries::list(&mut tx, &scope, &filter, after, size).await?;
    let total = entries::total(&mut tx, &scope, &filter).await?;
    tx.commit().await?;
    Ok(pb::ListEntriesResponse {
        next_page_token: call.seal_page(&rpc.page_key, &filter_parts, page.next.as_deref()),
        entries: page.rows.into_iter().map(|entry| convert::entry(entry, vec![])).collect(),
        total_count: total.n_entries,
        total_amount: total.amount,
    })
}

/// Each once, in ascending order.
fn parse_states(f: &mut Fields, numbers: &[i32]) -> Vec<State> {
    let mut states = Vec::new();
    for number in numbers {
        match f.enumeration("states", *number).and_then(convert::state_of_wire) {
            Some(state) if states.contains(&state) => f.reject("states", "names a state twice"),
            found => states.extend(found),
        }
    }
    states.sort_unstable();
    states
}

fn read_cursor(cursor: &str) -> Option<(Timestamp, EntryId)> {
    let (micros, id) = cursor.split_once('/')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}
