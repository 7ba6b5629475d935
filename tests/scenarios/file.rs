//! What a scenario file may say. Anything else in it is refused.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_yaml_ng::{Value, with::singleton_map};

use super::{
    act::Act,
    words::{Moment, Span, Stretch},
};

/// A story about one issue, or a few of them.
#[derive(Debug)]
pub struct Scenario {
    pub people: Vec<Newcomer>,
    pub firms: Vec<NewFirm>,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    description: String,
    title: String,
    #[serde(default)]
    people: Vec<Newcomer>,
    #[serde(default)]
    firms: Vec<NewFirm>,
    steps: Vec<Value>,
}

/// Somebody who is not in the demonstration's city. Membership of a firm is said with the firm.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// As what they sign in, and what the steps call them.
    pub login: String,
    pub name: String,
    #[serde(default)]
    pub roles: Vec<NewRole>,
}

/// A role, and where it is held: names of a department and of a section of it, where the role asks for them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    pub role: String,
    #[serde(default)]
    pub department: Option<String>,
    #[serde(default)]
    pub section: Option<String>,
}

/// A firm that is not in the demonstration's city.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFirm {
    pub name: String,
    pub uscc: String,
    pub manager: String,
    /// Who acts for it.
    pub members: Vec<String>,
}

/// At that moment somebody does something, or time has come, and then this must be true.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub at: Moment,
    /// Nobody: only time passes.
    #[serde(default)]
    pub who: Option<String>,
    /// Which issue, where there are several: a name that the submission gives it.
    #[serde(default)]
    pub issue: Option<String>,
    #[serde(default, with = "singleton_map")]
    pub does: Option<Act>,
    /// The reason with which the step is refused.
    #[serde(default)]
    pub refused: Option<String>,
    /// What must be true of the issue after that. Here as below only what is written is looked at, and all of that.
    #[serde(default)]
    pub then: Then,
    /// The same of other issues.
    #[serde(default)]
    pub others: BTreeMap<String, Then>,
    /// Templates of all that came into somebody's inbox since the step before, in any order.
    #[serde(default)]
    pub notified: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub points: BTreeMap<String, Points>,
    /// Each as "numerator/denominator", over all issues up to now.
    #[serde(default)]
    pub figures: BTreeMap<String, String>,
}

/// About an issue. States and the like by the names of the contract.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    pub state: Option<String>,
    pub holder: Option<String>,
    pub light: Option<String>,
    pub difficulty: Option<String>,
    /// By their names; "none" where there is none.
    pub department: Option<String>,
    pub section: Option<String>,
    /// By what they sign in as; "nobody" where there is nobody.
    pub liaison: Option<String>,
    pub handler: Option<String>,
    pub confirmation: Option<String>,
    /// Some of its clocks.
    pub clocks: BTreeMap<String, ClockThen>,
    /// All clocks that run, whether or not they stand still.
    pub running: Option<Vec<String>>,
    pub counts: Option<Counts>,
    /// Level of supervision.
    pub supervision: Option<i32>,
    /// The day that the plan in force is committed to.
    pub committed: Option<NaiveDate>,
    /// Outcome of the reply that stands; NONE where none does.
    pub outcome: Option<String>,
    /// Of all ratings, oldest first.
    pub stars: Option<Vec<i32>>,
    /// Working days of the extension that waits for a decision; 0 where none does.
    pub extension_asked: Option<i32>,
    /// Where the task of each co-section stands.
    pub co_tasks: Option<Vec<String>>,
    pub merged: Option<Vec<String>>,
    /// "none" where it is handled by itself.
    pub merged_into: Option<String>,
    pub reopen_until: Option<Moment>,
    /// The enterprise clock.
    pub waited: Option<Span>,
    /// How long it stood in which state, from the submission on, each stretch by itself.
    pub stretches: Option<Vec<Stretch>>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockThen {
    pub due: Option<Moment>,
    /// When it would be due without extensions.
    pub original: Option<Moment>,
    pub stopped: Option<Moment>,
    pub late: Option<bool>,
    /// Working time by which it is late.
    pub late_by: Option<Span>,
    /// Since when it stands still.
    pub paused: Option<Moment>,
}

/// Points of a person over all time.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Points {
    pub pending: Option<i64>,
    pub posted: Option<i64>,
    pub voided: Option<i64>,
}

/// How often what happened.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counts {
    pub urges: Option<i32>,
    pub contacts: Option<i32>,
    pub interim_measures: Option<i32>,
    pub replans: Option<i32>,
    pub audit_failures: Option<i32>,
    pub rectifications: Option<i32>,
    pub reopens: Option<i32>,
    pub returns: Option<i32>,
    pub upheld_returns: Option<i32>,
    pub extensions: Option<i32>,
    pub denied_withdrawals: Option<i32>,
}

impl Scenario {
    /// Fails with the number of the step where it is one that cannot be read.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let File { description, title, people, firms, steps } = serde_yaml_ng::from_str(text)?;
        ensure!(!description.trim().is_empty() && !title.trim().is_empty(), "nothing is described");
        let mut read = Vec::<Step>::with_capacity(steps.len());
        for (number, step) in (1..).zip(steps) {
            let step = Step::read(step).with_context(|| format!("step {number}"))?;
            ensure!(
                read.last().is_none_or(|before| before.at < step.at),
                "step {number}: comes no later than the one before"
            );
            read.push(step);
        }
        ensure!(!read.is_empty(), "there are no steps");
        Ok(Self { people, firms, steps: read })
    }
}

impl Step {
    fn read(value: Value) -> anyhow::Result<Self> {
        let step: Self = serde_yaml_ng::from_value(value)?;
        ensure!(step.who.is_some() == step.does.is_some(), "somebody does something, or nobody does nothing");
        ensure!(step.refused.is_none() || step.does.is_some(), "nothing is done that could be refused");
        let says_nothing = step.then == Then::default()
            && step.others.is_empty()
            && step.notified.is_empty()
            && step.points.is_empty()
            && step.figures.is_empty();
        ensure!(!says_nothing, "says nothing about what must be true after it");
        Ok(step)
    }
}
