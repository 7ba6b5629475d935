//! What the first event makes.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Version;

use super::{BrokenHistory, broken};
use crate::domain::{ClockId, Counts, Event, Fact, Issue, Level, Stage};

/// The issue that the first event of a history makes.
pub fn create(event: &Event) -> Result<Issue, BrokenHistory> {
    let Event { version: Version::FIRST, at, by, fact: Fact::Submitted { .. } } = *event else {
        return Err(broken(event));
    };
    let Fact::Submitted {
        issue_id,
        number,
        enterprise_id,
        category,
        title,
        description,
        division,
        manager,
        policy_version,
        calendar_version,
        difficulty,
        desk,
        about,
        confidential,
    } = event.fact.clone()
    else {
        return Err(broken(event));
    };
    let mut issue = Issue {
        id: issue_id,
        number,
        enterprise_id,
        category,
        title,
        description,
        division,
        about,
        confidential,
        raised_by: by,
        manager,
        confirmed_at: None,
        policy_version,
        calendar_version,
        difficulty,
        stage: desk.map_or(Stage::Triage, |desk| Stage::Submitted { desk }),
        runs: Vec::new(),
        path: Vec::new(),
        feedback_rounds: 0,
        ratings: Vec::new(),
        closings: Vec::new(),
        acted: BTreeMap::new(),
        return_denied: false,
        rejection: None,
        questions: Vec::new(),
        extension: None,
        co_tasks: Vec::new(),
        instructions: Vec::new(),
        children: BTreeMap::new(),
        evidence: Vec::new(),
        supervision: Level::NONE,
        rungs: BTreeSet::new(),
        counts: Counts::default(),
        urged_by_firm: Vec::new(),
        submitted_at: at,
        updated_at: at,
        version: Version::FIRST,
        etag: Version::FIRST,
    };
    if desk.is_none() {
        issue.start(ClockId::C0, at);
    } else {
        issue.start(ClockId::C1, at);
        issue.start(ClockId::C4, at);
    }
    issue.sign_in(event);
    Ok(issue)
}
