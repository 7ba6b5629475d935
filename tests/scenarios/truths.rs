//! What a scenario expects of an issue, held against what the services say.

use std::{collections::BTreeMap, fmt};

use proto::workflow::v1::{self as pb, ExplainDeadlinesResponse};

use super::{
    cast::Cast,
    file::{ClockThen, Counts, Then},
    words::{Moment, Span, Stretch},
};

/// What is not as it must be, line by line.
#[derive(Debug, Default)]
pub struct Differences(Vec<String>);

/// An issue as the services tell of it.
pub struct Found<'a> {
    pub cast: &'a Cast,
    pub issue: &'a pb::Issue,
    pub explained: &'a ExplainDeadlinesResponse,
    /// Names of issues by their ids.
    pub names: &'a BTreeMap<String, String>,
}

impl Differences {
    /// Compares as both are written: what the file says, if anything, and what was found.
    pub fn check(&mut self, what: &str, expected: Option<impl fmt::Display>, found: impl fmt::Display) {
        let Some(expected) = expected else { return };
        let (expected, found) = (expected.to_string(), found.to_string());
        if expected != found {
            self.0.push(format!("{what}: expected {expected}, found {found}"));
        }
    }

    /// The same of lists whose order does not matter.
    pub fn check_set(&mut self, what: &str, expected: Option<&[String]>, mut found: Vec<String>) {
        found.sort();
        let expected = expected.map(|expected| {
            let mut expected = expected.to_vec();
            expected.sort();
            list(&expected)
        });
        self.check(what, expected, list(&found));
    }

    pub fn into_result(self) -> anyhow::Result<()> {
        anyhow::ensure!(self.0.is_empty(), "{}", self.0.join("\n"));
        Ok(())
    }
}

/// Holds an issue against what is expected of it; `about` names it in the differences.
pub fn check(differences: &mut Differences, about: &str, then: &Then, found: &Found<'_>) {
    let Found { cast, issue, explained, names } = *found;
    let Then {
        state,
        holder,
        light,
        difficulty,
        department,
        section,
        liaison,
        handler,
        confirmation,
        clocks,
        running,
        counts,
        supervision,
        committed,
        outcome,
        stars,
        extension_asked,
        co_tasks,
        merged,
        merged_into,
        reopen_until,
        waited,
        stretches,
    } = then;
    let mut text = |what: &str, expected: &Option<String>, found: String| {
        differences.check(&format!("{about}{what}"), expected.as_ref(), found);
    };
    text("state", state, short(issue.state().as_str_name(), "ISSUE_STATE_"));
    text("holder", holder, short(issue.holder().as_str_name(), "HOLDER_"));
    text("light", light, short(issue.light().as_str_name(), "LIGHT_"));
    text("difficulty", difficulty, short(issue.difficulty().as_str_name(), "DIFFICULTY_"));
    text("department", department, cast.department_of(&issue.department_id));
    text("section", section, cast.section_of(&issue.section_id));
    text("liaison", liaison, cast.name_of(&issue.liaison_id));
    text("handler", handler, cast.name_of(&issue.handler_id));
    text("confirmation", confirmation, short(issue.confirmation().as_str_name(), "CONFIRMATION_"));
    let reply = issue.reply.as_ref().map(|reply| short(reply.outcome().as_str_name(), "OUTCOME_"));
    text("outcome", outcome, reply.unwrap_or_else(|| "NONE".to_owned()));
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let into = if issue.merged_into_id.is_empty() { "none".to_owned() } else { name(&issue.merged_into_id) };
    text("merged_into", merged_into, into);

    let day = issue.plan.as_ref().and_then(|plan| plan.committed_date);
    let day = day.map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day));
    differences.check(&format!("{about}committed"), committed.as_ref(), shown(day));
    differences.check(&format!("{about}supervision"), supervision.as_ref(), issue.supervision_level);
    let asked = issue.extension.as_ref().map_or(0, |extension| extension.working_days);
    differences.check(&format!("{about}extension_asked"), extension_asked.as_ref(), asked);
    differences.check(
        &format!("{about}reopen_until"),
        reopen_until.as_ref(),
        shown(issue.reopen_until_time.map(Moment::from)),
    );
    let given: Vec<i32> = issue.ratings.iter().map(|rating| rating.stars).collect();
    differences.check(&format!("{about}stars"), stars.as_ref().map(|stars| list(stars)), list(&given));
    let tasks: Vec<String> =
        issue.co_tasks.iter().map(|task| short(task.state().as_str_name(), "CO_TASK_STATE_")).collect();
    differences.check(&format!("{about}co_tasks"), co_tasks.as_ref().map(|tasks| list(tasks)), list(&tasks));
    let children = issue.merged_issue_ids.iter().map(|id| name(id)).collect();
    differences.check_set(&format!("{about}merged"), merged.as_deref(), children);

    check_counts(differences, about, counts.as_ref(), issue.counts.unwrap_or_default());
    check_clocks(differences, about, clocks, running.as_deref(), issue);
    check_times(differences, about, *waited, stretches.as_deref(), (issue, explained));
}

fn check_clocks(
    differences: &mut Differences,
    about: &str,
    clocks: &BTreeMap<String, ClockThen>,
    running: Option<&[String]>,
    issue: &pb::Issue,
) {
    for (key, ClockThen { due, original, stopped, late, late_by, paused }) in clocks {
        let Some(clock) = issue.clocks.iter().find(|clock| clock.clock == *key) else {
            differences.check(&format!("{about}{key}"), Some("a clock"), "none");
            continue;
        };
        let mut moment = |what: &str, expected: &Option<Moment>, found: Option<prost_types::Timestamp>| {
            let found = shown(found.map(Moment::from));
            differences.check(&format!("{about}{key} {what}"), expected.as_ref(), found);
        };
        moment("due", due, clock.due_time);
        moment("original", original, clock.original_due_time);
        moment("stopped", stopped, clock.stop_time);
        moment("paused", paused, clock.pause_time);
        differences.check(&format!("{about}{key} late"), late.as_ref(), clock.late);
        let late = Span::seconds(clock.late_working_seconds);
        differences.check(&format!("{about}{key} late_by"), late_by.as_ref(), late);
    }
    let run = issue.clocks.iter().filter(|clock| clock.stop_time.is_none()).map(|clock| clock.clock.clone());
    differences.check_set(&format!("{about}running"), running, run.collect());
}

fn check_counts(
    differences: &mut Differences,
    about: &str,
    expected: Option<&Counts>,
    found: pb::IssueCounts,
) {
    let Some(expected) = expected else { return };
    macro_rules! check {
        ($($count:ident)*) => {
            let Counts { $($count),* } = expected;
            $(differences.check(&format!("{about}{}", stringify!($count)), $count.as_ref(), found.$count);)*
        };
    }
    check! {
        urges contacts interim_measures replans audit_failures rectifications reopens returns upheld_returns
        extensions denied_withdrawals
    }
}

/// Besides what the file says, always: the stretches add up to the enterprise clock (I2).
fn check_times(
    differences: &mut Differences,
    about: &str,
    waited: Option<Span>,
    stretches: Option<&[Stretch]>,
    (issue, explained): (&pb::Issue, &ExplainDeadlinesResponse),
) {
    let sum: i64 = explained.segments.iter().map(|segment| segment.seconds).sum();
    let whole = Span::seconds(issue.open_seconds);
    differences.check(&format!("{about}sum of the stretches"), Some(whole), Span::seconds(sum));
    differences.check(&format!("{about}explained wait"), Some(whole), Span::seconds(explained.open_seconds));
    differences.check(&format!("{about}waited"), waited, whole);
    let found = explained.segments.iter().map(|segment| Stretch {
        state: short(segment.state().as_str_name(), "ISSUE_STATE_"),
        span: Span::seconds(segment.seconds),
    });
    let found: Vec<Stretch> = found.collect();
    differences.check(&format!("{about}stretches"), stretches.map(list), list(&found));
}

fn shown<T: fmt::Display>(found: Option<T>) -> String {
    found.map_or_else(|| "none".to_owned(), |found| found.to_string())
}

fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    format!("[{}]", items.join(", "))
}

/// Every expectation of [`Then`], none of which is true of an issue of which nothing is known.
#[cfg(test)]
const ALL_WRONG: &str = "
state: CLOSED
holder: FIRM
light: RED
difficulty: HARD
department: 市公安局
section: 交通警察支队
liaison: liaison
handler: handler
confirmation: CONFIRMED
clocks: {C1: {due: 2026-03-04 09:30}}
running: [C1]
counts:
  {urges: 9, contacts: 9, interim_measures: 9, replans: 9, audit_failures: 9, rectifications: 9, reopens: 9, returns: 9,
  upheld_returns: 9, extensions: 9, denied_withdrawals: 9}
supervision: 3
committed: 2026-03-20
outcome: RESOLVED
stars: [5]
extension_asked: 3
co_tasks: [OPEN]
merged: [a]
merged_into: a
reopen_until: 2026-03-04 09:30
waited: 1d
stretches: [SIGNED 1d]
";

#[test]
fn every_expectation_is_held_against_what_was_found() {
    let names = BTreeMap::new();
    let cast = Cast::default();
    let differences = |issue: &pb::Issue, text: &str| {
        let then: Then = serde_yaml_ng::from_str(text).unwrap();
        let found =
            Found { cast: &cast, issue, explained: &ExplainDeadlinesResponse::default(), names: &names };
        let mut differences = Differences::default();
        check(&mut differences, "", &then, &found);
        differences.0
    };
    let n_fields = 22 + 11;
    let nothing = pb::Issue::default();
    assert_eq!(differences(&nothing, ALL_WRONG).len(), n_fields, "{:#?}", differences(&nothing, ALL_WRONG));
    assert_eq!(differences(&nothing, "state: CLOSED"), ["state: expected CLOSED, found UNSPECIFIED"]);

    let clock = pb::Clock { clock: "C1".to_owned(), ..pb::Clock::default() };
    let ticking = pb::Issue { clocks: vec![clock], ..pb::Issue::default() };
    let moment = "2026-03-04 09:30";
    let wrong = format!(
        "clocks: {{C1: {{due: {moment}, original: {moment}, stopped: {moment}, paused: {moment}, late: true, late_by: 1h}}}}"
    );
    assert_eq!(differences(&ticking, &wrong).len(), 6);

    // Segments that do not add up are noticed though the file says nothing about them (I2).
    let waiting = pb::Issue { open_seconds: 60, ..pb::Issue::default() };
    assert_eq!(differences(&waiting, "state: UNSPECIFIED").len(), 2);
}
