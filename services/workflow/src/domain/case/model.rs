//! A case as its events left it.

use kernel::{AccountId, CaseId, DepartmentId, IssueId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::{Decision, Event, Fact, Level, State, TextField};
use crate::domain::{Code, NoteRef, event::version_number};

/// A case: the fold of its events, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub issue_id: IssueId,
    /// Category of the issue.
    pub category: Code,
    /// The department in charge of the issue when it was nominated.
    pub department: DepartmentId,
    pub title: NoteRef,
    pub text: NoteRef,
    pub nominated_by: AccountId,
    pub stage: Stage,
    pub nominated_at: Timestamp,
    pub updated_at: Timestamp,
    /// How many events it has; also its etag.
    #[serde(with = "version_number")]
    pub version: Version,
}

/// Where a case stands, with what belongs to that place alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    Nominated,
    Accepted {
        review: Review,
        level: Level,
    },
    Published {
        review: Review,
        level: Level,
        at: Timestamp,
    },
    Rejected {
        review: Review,
    },
    /// `review` and `level`: as far as it had come.
    Withdrawn {
        review: Option<Review>,
        level: Option<Level>,
        reason: NoteRef,
    },
}

/// What a reviewer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub by: AccountId,
    pub reason: Option<NoteRef>,
}

/// A history that no case can have: it was damaged, or written by a newer version of the suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {version} ({kind}) does not fit the case before it")]
pub struct BrokenHistory {
    pub version: i64,
    pub kind: &'static str,
}

impl Case {
    pub const fn state(&self) -> State {
        match self.stage {
            Stage::Nominated => State::Nominated,
            Stage::Accepted { .. } => State::Accepted,
            Stage::Published { .. } => State::Published,
            Stage::Rejected { .. } => State::Rejected,
            Stage::Withdrawn { .. } => State::Withdrawn,
        }
    }

    pub const fn review(&self) -> Option<Review> {
        match self.stage {
            Stage::Nominated => None,
            Stage::Accepted { review, .. } | Stage::Published { review, .. } | Stage::Rejected { review } => {
                Some(review)
            }
            Stage::Withdrawn { review, .. } => review,
        }
    }

    /// The level that it was accepted at.
    pub const fn level(&self) -> Option<Level> {
        match self.stage {
            Stage::Nominated | Stage::Rejected { .. } => None,
            Stage::Accepted { level, .. } | Stage::Published { level, .. } => Some(level),
            Stage::Withdrawn { level, .. } => level,
        }
    }

    pub const fn published_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Published { at, .. } => Some(at),
            _ => None,
        }
    }

    /// The texts that are shown with it, each with what it is.
    pub fn texts(&self) -> Vec<(TextField, NoteRef)> {
        let mut texts = vec![(TextField::Title, self.title), (TextField::Text, self.text)];
        let reason = self.review().and_then(|review| review.reason);
        texts.extend(reason.map(|reason| (TextField::ReviewReason, reason)));
        if let Stage::Withdrawn { reason, .. } = self.stage {
            texts.push((TextField::WithdrawReason, reason));
        }
        texts
    }
}

/// The case that the first event of a history makes.
pub fn create(event: &Event) -> Result<Case, BrokenHistory> {
    let Event { version: Version::FIRST, at, by, fact } = event else { return Err(broken(event)) };
    let (Fact::Nominated { case_id, issue_id, category, department, title, text }, Some(nominated_by)) =
        (fact, by.account())
    else {
        return Err(broken(event));
    };
    Ok(Case {
        id: *case_id,
        issue_id: *issue_id,
        category: category.clone(),
        department: *department,
        title: *title,
        text: *text,
        nominated_by,
        stage: Stage::Nominated,
        nominated_at: *at,
        updated_at: *at,
        version: Version::FIRST,
    })
}

/// The case after one more event.
pub fn evolve(case: Case, event: &Event) -> Result<Case, BrokenHistory> {
    if event.version != case.version.next() || event.at < case.updated_at {
        return Err(broken(event));
    }
    let stage = stage_after(&case, event).ok_or_else(|| broken(event))?;
    Ok(Case { stage, updated_at: event.at, version: event.version, ..case })
}

/// The case that a whole history makes. `None`: the history is empty.
pub fn fold(events: &[Event]) -> Result<Option<Case>, BrokenHistory> {
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    rest.iter().try_fold(create(first)?, evolve).map(Some)
}

fn stage_after(case: &Case, event: &Event) -> Option<Stage> {
    Some(match (&event.fact, case.stage) {
        (Fact::Reviewed { decision, level, reason }, Stage::Nominated) => {
            let review = Review { by: event.by.account()?, reason: *reason };
            match (decision, level) {
                (Decision::Accepted, Some(level)) => Stage::Accepted { review, level: *level },
                (Decision::Rejected, None) => Stage::Rejected { review },
                _ => return None,
            }
        }
        (Fact::Published {}, Stage::Accepted { review, level }) => {
            Stage::Published { review, level, at: event.at }
        }
        (Fact::Withdrawn { reason }, Stage::Nominated | Stage::Accepted { .. } | Stage::Published { .. }) => {
            Stage::Withdrawn { review: case.review(), level: case.level(), reason: *reason }
        }
        _ => return None,
    })
}

fn broken(event: &Event) -> BrokenHistory {
    BrokenHistory { version: event.version.number(), kind: event.fact.kind() }
}
