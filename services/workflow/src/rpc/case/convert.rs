//! Between the domain of cases and the contract.

use std::collections::HashMap;

use proto::workflow::v1 as pb;
use rpc::parse::timestamp;
use uuid::Uuid;

use crate::domain::{
    NoteRef,
    case::{Action, Case, Decision, Level, Stage, State},
};

pub(crate) const fn state(state: State) -> pb::CaseState {
    match state {
        State::Nominated => pb::CaseState::Nominated,
        State::Accepted => pb::CaseState::Accepted,
        State::Published => pb::CaseState::Published,
        State::Rejected => pb::CaseState::Rejected,
        State::Withdrawn => pb::CaseState::Withdrawn,
    }
}

/// `None` for the value that is never sent.
pub(super) const fn state_from(state: pb::CaseState) -> Option<State> {
    Some(match state {
        pb::CaseState::Unspecified => return None,
        pb::CaseState::Nominated => State::Nominated,
        pb::CaseState::Accepted => State::Accepted,
        pb::CaseState::Published => State::Published,
        pb::CaseState::Rejected => State::Rejected,
        pb::CaseState::Withdrawn => State::Withdrawn,
    })
}

pub(crate) const fn level(level: Level) -> pb::CaseLevel {
    match level {
        Level::County => pb::CaseLevel::County,
        Level::City => pb::CaseLevel::City,
        Level::Province => pb::CaseLevel::Province,
    }
}

/// `None` for the value that is never sent.
pub(super) const fn level_from(level: pb::CaseLevel) -> Option<Level> {
    Some(match level {
        pb::CaseLevel::Unspecified => return None,
        pb::CaseLevel::County => Level::County,
        pb::CaseLevel::City => Level::City,
        pb::CaseLevel::Province => Level::Province,
    })
}

pub(crate) const fn decision(decision: Decision) -> pb::CaseDecision {
    match decision {
        Decision::Accepted => pb::CaseDecision::Accepted,
        Decision::Rejected => pb::CaseDecision::Rejected,
    }
}

pub(super) const fn action(action: Action) -> pb::CaseAction {
    match action {
        Action::Nominate => pb::CaseAction::Nominate,
        Action::Review => pb::CaseAction::Review,
        Action::Publish => pb::CaseAction::Publish,
        Action::Withdraw => pb::CaseAction::Withdraw,
    }
}

/// The case as the offices see it; `bodies` holds its texts by the id of the note.
pub(super) fn case(case: &Case, bodies: &HashMap<Uuid, String>) -> pb::Case {
    let body = |note: NoteRef| bodies.get(&note.note_id.uuid()).cloned().unwrap_or_default();
    let review = case.review();
    let withdrawn = if let Stage::Withdrawn { reason, .. } = case.stage { Some(reason) } else { None };
    pb::Case {
        case_id: case.id.to_string(),
        state: state(case.state()).into(),
        level: case.level().map_or(pb::CaseLevel::Unspecified, level).into(),
        category: case.category.to_string(),
        title: body(case.title),
        text: body(case.text),
        publish_time: case.published_at().map(timestamp),
        issue_id: case.issue_id.to_string(),
        department_id: case.department.to_string(),
        nominated_by_id: case.nominated_by.to_string(),
        reviewed_by_id: review.map(|review| review.by.to_string()).unwrap_or_default(),
        review_reason: review.and_then(|review| review.reason).map(body).unwrap_or_default(),
        withdraw_reason: withdrawn.map(body).unwrap_or_default(),
        nominate_time: Some(timestamp(case.nominated_at)),
        update_time: Some(timestamp(case.updated_at)),
        etag: case.version.to_string(),
    }
}

/// The case as the public sees it. `None`: the public does not.
pub(super) fn published(case: &Case, bodies: &HashMap<Uuid, String>) -> Option<pb::PublishedCase> {
    let Stage::Published { review: _, level: accepted_at, at } = case.stage else { return None };
    let body = |note: NoteRef| bodies.get(&note.note_id.uuid()).cloned().unwrap_or_default();
    Some(pb::PublishedCase {
        case_id: case.id.to_string(),
        level: level(accepted_at).into(),
        category: case.category.to_string(),
        title: body(case.title),
        text: body(case.text),
        publish_time: Some(timestamp(at)),
    })
}
