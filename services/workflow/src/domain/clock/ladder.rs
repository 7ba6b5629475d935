//! The escalation ladder of issues and orders: what is due when, and what the system has to do about it.

use std::num::NonZeroU32;

use kernel::Timestamp;
use worktime::OutOfCalendar;

use super::{Clock, ClockId, ClockKey, ClockName, Clocked, clocks, latest};
use crate::domain::{Code, Command, Issue, Light, Moment, Notify, Rules, RungRule, State};

const HUNDRED: NonZeroU32 = NonZeroU32::new(100).expect("a hundred is not zero");

/// A rung of a clock of an issue or order. It is reached at most once for each of them, clock and rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung<I = ClockId> {
    pub clock: ClockKey<I>,
    pub code: Code,
    pub at: Timestamp,
    /// When the clock is due.
    pub due_at: Timestamp,
    /// Whether it stands at the due time or after it.
    pub overdue: bool,
    pub light: Option<Light>,
    pub notify: Vec<Notify>,
    pub reached: bool,
}

/// When the light of an issue or order changes if nobody does anything: what a query for lights compares with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lights {
    pub is_open: bool,
    /// Yellow from then on, included.
    pub yellow_at: Option<Timestamp>,
    /// Red from then on, excluded: what is done at the due time is done in time.
    pub red_at: Option<Timestamp>,
}

impl Lights {
    pub fn at(&self, now: Timestamp) -> Light {
        match self {
            Self { is_open: false, .. } => Light::Off,
            Self { red_at: Some(red), .. } if *red < now => Light::Red,
            Self { yellow_at: Some(yellow), .. } if *yellow <= now => Light::Yellow,
            _ => Light::Green,
        }
    }
}

/// The rungs of a clock, in the order of time: those that were reached, and while it runs those to come.
///
/// A moment that falls into a stop that was undone is put off to the end of the stop; a warning that has been overtaken
/// by the due time then is left out, and what follows the due time is counted from there. So a clock that is
/// set going again long after it was due climbs its ladder rung by rung, not at one blow.
pub fn rungs<T: Clocked>(
    of: &T,
    clock: &Clock<T::Id>,
    rules: Rules<'_>,
) -> Result<Vec<Rung<T::Id>>, OutOfCalendar> {
    let rules = rules.for_clock(clock);
    let mut rungs = Vec::new();
    for rule in rules_of::<T>(clock, rules) {
        let Some(at) = reached_at(clock, rule.at, rules)? else { continue };
        let reached = of.reached().contains(&(clock.key, rule.code.clone()));
        if !reached && !clock.counts_down() {
            continue;
        }
        let RungRule { code, light, notify, .. } = rule.clone();
        let overdue = matches!(rule.at, Moment::Due | Moment::After(_));
        rungs.push(Rung {
            clock: clock.key,
            code,
            at,
            due_at: clock.due_at,
            overdue,
            light,
            notify,
            reached,
        });
    }
    rungs.sort_by_key(|rung| rung.at);
    Ok(rungs)
}

/// The rungs of the pack for a clock.
fn rules_of<'a, T: Clocked + 'a>(
    clock: &Clock<T::Id>,
    rules: Rules<'a>,
) -> impl Iterator<Item = &'a RungRule<T::Id>> {
    let id = clock.key.id;
    T::ladder(rules.policy).iter().filter(move |rule| rule.clocks.contains(&id))
}

/// `None`: the clock never comes to that moment, or the calendar does not.
fn reached_at<I: ClockName>(
    clock: &Clock<I>,
    moment: Moment,
    rules: Rules<'_>,
) -> Result<Option<Timestamp>, OutOfCalendar> {
    let due_at = put_off(clock, clock.due_at);
    Ok(match moment {
        Moment::Percent(_) | Moment::Before(_) => {
            let raw = warned_at(clock, moment, rules)?;
            let at = put_off(clock, raw);
            (clock.started_at < raw && at < due_at).then_some(at)
        }
        Moment::Due => Some(due_at),
        // Unlike the due time, it is promised to nobody: no step is refused for its sake. It is known as soon as a longer
        // calendar comes into force, to which every running clock goes over.
        Moment::After(n) => rules.calendar.plus_working_days(due_at, n).ok().map(|at| put_off(clock, at)),
    })
}

/// A moment before the due time, as if the clock had never stopped.
fn warned_at<I: ClockName>(
    clock: &Clock<I>,
    moment: Moment,
    rules: Rules<'_>,
) -> Result<Timestamp, OutOfCalendar> {
    match moment {
        Moment::Percent(percent) => rules.calendar.fraction(clock.started_at, clock.due_at, percent, HUNDRED),
        Moment::Before(n) => rules.calendar.minus_working_days(clock.due_at, n),
        Moment::Due | Moment::After(_) => Ok(clock.due_at),
    }
}

fn put_off<I: ClockName>(clock: &Clock<I>, at: Timestamp) -> Timestamp {
    let gaps = clock.gaps.iter().map(|gap| (gap.stopped_at, gap.resumed_at));
    let pauses = clock.pauses.iter().filter_map(|pause| Some((pause.from, pause.until?)));
    let within = gaps.chain(pauses).find(|(from, until)| *from <= at && at < *until);
    within.map_or(at, |(_, until)| until)
}

/// When the light changes, over all running clocks.
pub fn lights<T: Clocked>(of: &T, rules: Rules<'_>) -> Result<Lights, OutOfCalendar> {
    let mut lights = Lights { is_open: of.is_open(), yellow_at: None, red_at: None };
    let earlier = |known: Option<Timestamp>, at| Some(known.map_or(at, |known: Timestamp| known.min(at)));
    for clock in running(of, rules)? {
        for rule in rules_of::<T>(&clock, rules) {
            match rule.light {
                Some(Light::Yellow) => {
                    lights.yellow_at = earlier(lights.yellow_at, warned_at(&clock, rule.at, rules)?);
                }
                Some(Light::Red) => lights.red_at = earlier(lights.red_at, clock.due_at),
                Some(Light::Off | Light::Green) | None => {}
            }
        }
    }
    Ok(lights)
}

/// When the system has to look at the issue again: [`due_now`] has something to do from then on, excluded.
/// `None`: not before somebody takes a step.
pub fn next_wake(issue: &Issue, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    let rung = pending(issue, rules)?.first().map(|rung| rung.at);
    let lapse = rating_until(issue, rules)?;
    let resume = question_until(issue, rules)?;
    Ok(rung.into_iter().chain(lapse).chain(resume).min())
}

/// The steps that the system has to take now, in the order of time: each is decided like any other.
pub fn due_now(issue: &Issue, rules: Rules<'_>, now: Timestamp) -> Result<Vec<Command>, OutOfCalendar> {
    let mut commands: Vec<_> = pending(issue, rules)?
        .into_iter()
        .filter(|rung| rung.at < now)
        .map(|rung| Command::ReachRung { clock: rung.clock, rung: rung.code })
        .collect();
    if rating_until(issue, rules)?.is_some_and(|until| until < now) {
        commands.push(Command::LapseRating);
    }
    if question_until(issue, rules)?.is_some_and(|until| until < now) {
        commands.push(Command::ResumeWork);
    }
    Ok(commands)
}

/// The rungs still to be reached if nobody does anything, in the order of time.
pub(in crate::domain) fn pending<T: Clocked>(
    of: &T,
    rules: Rules<'_>,
) -> Result<Vec<Rung<T::Id>>, OutOfCalendar> {
    let mut pending = Vec::new();
    for clock in running(of, rules)? {
        pending.extend(rungs(of, &clock, rules)?.into_iter().filter(|rung| !rung.reached));
    }
    pending.sort_by_key(|rung| rung.at);
    Ok(pending)
}

/// Until when the firm may rate. `None`: it is not asked to.
pub(in crate::domain) fn rating_until(
    issue: &Issue,
    rules: Rules<'_>,
) -> Result<Option<Timestamp>, OutOfCalendar> {
    if !matches!(issue.state(), State::FedBack | State::Merged) {
        return Ok(None);
    }
    let clocks = clocks(issue, rules, issue.updated_at)?;
    Ok(latest(&clocks, ClockId::C6).filter(|clock| clock.is_running()).map(|clock| clock.due_at))
}

/// Until when the firm may supply what it was asked for. `None`: it is not asked for anything.
pub fn question_until(issue: &Issue, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    let open = issue.questions.last().filter(|question| question.ended_at.is_none());
    open.map(|question| rules.calendar.deadline(question.asked_at, rules.policy.questions.window)).transpose()
}

/// The clocks on which time passes.
pub(in crate::domain) fn running<T: Clocked>(
    of: &T,
    rules: Rules<'_>,
) -> Result<impl Iterator<Item = Clock<T::Id>>, OutOfCalendar> {
    Ok(clocks(of, rules, of.updated_at())?.into_iter().filter(Clock::counts_down))
}
