//! What people do, in the words of the domain.

use chrono::NaiveDate;
use serde::Deserialize;

/// One thing that somebody does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    Submit {
        firm: String,
        category: String,
        title: String,
        text: String,
    },
    Confirm,
    /// To the department of this name.
    Assign(String),
    /// With this difficulty, which sets the limit of C4.
    Sign(String),
    RequestReturn {
        reason: String,
        #[serde(default)]
        new_fact: String,
    },
    Rule {
        ruling: String,
        #[serde(default)]
        department: String,
        reason: String,
    },
    Dispatch {
        section: String,
        #[serde(default)]
        co_sections: Vec<CoSection>,
    },
    Accept,
    Contact {
        by: String,
        note: String,
    },
    Progress(String),
    InterimMeasure(String),
    ReplyCoTask {
        task: i32,
        text: String,
    },
    RequestExtension {
        working_days: i32,
        reason: String,
    },
    DecideExtension {
        decision: String,
        note: String,
    },
    Plan {
        responsible: String,
        committed: NaiveDate,
        note: String,
    },
    Replan {
        responsible: String,
        committed: NaiveDate,
        reason: String,
    },
    Reply {
        outcome: String,
        text: String,
    },
    FeedBack {
        by: String,
        receipt: String,
    },
    Rate {
        stars: i32,
        comment: String,
    },
    Audit {
        decision: String,
        #[serde(default)]
        code: String,
        note: String,
    },
    Reopen(String),
    RequestWithdrawal(String),
    DecideWithdrawal {
        decision: String,
        by: String,
        note: String,
    },
    /// The issues of these names into the one of the step.
    Merge(Vec<String>),
    Urge(String),
    Supervise {
        level: i32,
        note: String,
    },
    /// A visit to the firm of the issue, for its sake.
    Visit {
        officials: i32,
        findings: String,
    },
    /// The firm confirms the last visit.
    ConfirmVisit,
}

/// A section that has to help, and with what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoSection {
    pub section: String,
    pub task: String,
}
