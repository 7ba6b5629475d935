//! Filter and order of lists of issues, from the contract.

use proto::workflow::v1 as pb;
use rpc::Fields;

use super::convert;
use crate::{
    domain::{Code, start_of_day},
    store::issues::{IssueFilter, Order},
};

/// Values of one field of the filter.
const MAX_VALUES: usize = 50;

pub(super) fn parse(f: &mut Fields, filter: Option<pb::IssueFilter>) -> IssueFilter {
    let pb::IssueFilter {
        states,
        lights,
        categories,
        enterprise_id,
        department_id,
        section_id,
        handler_id,
        division_code,
        holders,
        submit_date_from,
        submit_date_to,
        open_only,
        overdue_only,
        unconfirmed_only,
        text,
        min_supervision_level,
        committed_date_from,
        committed_date_to,
        rungs,
    } = filter.unwrap_or_default();
    let from = f.date_optional("filter.submit_date_from", submit_date_from);
    let to = f.date_optional("filter.submit_date_to", submit_date_to);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        f.reject("filter.submit_date_to", "lies before submit_date_from");
    }
    if !(0..=3).contains(&min_supervision_level) {
        f.reject("filter.min_supervision_level", "must be 0 to 3");
    }
    let committed_from = f.date_optional("filter.committed_date_from", committed_date_from);
    let committed_to = f.date_optional("filter.committed_date_to", committed_date_to);
    IssueFilter {
        min_supervision: min_supervision_level.into(),
        committed_from,
        committed_to,
        states: values(f, "filter.states", &states, convert::state_from),
        lights: values(f, "filter.lights", &lights, convert::light_from),
        categories: codes(f, "filter.categories", &categories),
        enterprise: f.parse_optional("filter.enterprise_id", &enterprise_id),
        department: f.parse_optional("filter.department_id", &department_id),
        section: f.parse_optional("filter.section_id", &section_id),
        handler: f.parse_optional("filter.handler_id", &handler_id),
        division: division(f, division_code),
        holders: values(f, "filter.holders", &holders, convert::holder_from),
        submitted_from: from.map(start_of_day),
        submitted_until: to.and_then(|to| to.succ_opt()).map(start_of_day),
        open_only,
        overdue_only,
        unconfirmed_only,
        rungs: codes(f, "filter.rungs", &rungs),
        text: if text.trim().is_empty() { None } else { f.text("filter.text", &text, 1, 60) },
    }
}

pub(super) fn order(f: &mut Fields, order: i32) -> Order {
    match f.enumeration_optional("order", order) {
        Some(pb::IssueOrder::OldestFirst) => Order::Oldest,
        Some(pb::IssueOrder::DueFirst) => Order::NextDue,
        Some(pb::IssueOrder::RecentlyChangedFirst) => Order::LastChanged,
        Some(pb::IssueOrder::CommittedFirst) => Order::NextPromised,
        Some(pb::IssueOrder::NewestFirst | pb::IssueOrder::Unspecified) | None => Order::Newest,
    }
}

pub(super) fn values<W: TryFrom<i32>, T>(
    f: &mut Fields,
    field: &str,
    numbers: &[i32],
    convert: impl Fn(W) -> Option<T>,
) -> Vec<T> {
    if MAX_VALUES < numbers.len() {
        f.reject(field, format!("has more than {MAX_VALUES} values"));
        return Vec::new();
    }
    numbers.iter().filter_map(|number| f.enumeration(field, *number).and_then(&convert)).collect()
}

fn codes(f: &mut Fields, field: &str, texts: &[String]) -> Vec<Code> {
    if MAX_VALUES < texts.len() {
        f.reject(field, format!("has more than {MAX_VALUES} values"));
        return Vec::new();
    }
    texts.iter().filter_map(|text| f.parse(field, text)).collect()
}

fn division(f: &mut Fields, beginning: String) -> Option<String> {
    if beginning.is_empty() {
        return None;
    }
    let fits = (2..=12).contains(&beginning.len()) && beginning.bytes().all(|c| c.is_ascii_digit());
    if !fits {
        f.reject("filter.division_code", "must be 2 to 12 digits");
        return None;
    }
    Some(beginning)
}
