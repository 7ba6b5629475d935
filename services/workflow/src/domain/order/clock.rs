//! Clocks of an order: which ran when follows from its events ([`Run`]), when each is due from that, the pack and the
//! calendar ([`clocks`]), and who is told what on the way from the pack's ladder ([`rungs`]).
//!
//! O1, O2 and O4 have limits in the pack. O3 is due at the end of the day that the order was scheduled for. Scheduling
//! anew ends the O3 that ran: as missed if its day was over, as void otherwise; the next round has its own day.

use std::{fmt, num::NonZeroU32, str::FromStr};

use chrono::NaiveDate;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use worktime::{Limit, OutOfCalendar};

use super::{Command, Order, Rules, State};
use crate::domain::{Code, Light, Moment, Notify, UnknownName, named::named, start_of_day};

const HUNDRED: NonZeroU32 = NonZeroU32::new(100).expect("a hundred is not zero");

named! {
    /// A clock of an order.
    ClockId {
        /// Accept: placed to accepted or declined.
        O1 = "O1",
        /// Schedule: accepted to scheduled.
        O2 = "O2",
        /// Deliver: scheduled to delivered, by the end of the scheduled day.
        O3 = "O3",
        /// Rating window: delivered to rated.
        O4 = "O4",
    }
}

/// A clock in one of its rounds. Written "O1", and from the second round on "O3.2".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockKey {
    pub id: ClockId,
    /// From 1.
    pub round: u32,
}

/// What a clock did, as the events tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub key: ClockKey,
    pub started_at: Timestamp,
    /// For O3 the scheduled day, at whose end it is due.
    pub day: Option<NaiveDate>,
    pub stopped_at: Option<Timestamp>,
    /// Whether it ended without the step that it waited for: neither kept nor missed.
    pub void: bool,
}

/// What a deadline is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    Limit(Limit),
    Day(NaiveDate),
}

/// A clock with its deadline. Once it has stopped, nothing here depends on the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    pub key: ClockKey,
    pub basis: Basis,
    pub started_at: Timestamp,
    pub due_at: Timestamp,
    pub stopped_at: Option<Timestamp>,
    pub void: bool,
    /// Stopped after it was due, or running past it.
    pub late: bool,
    /// Working time between the due time and the stop, or the moment of asking; 0 if that lies out of hours.
    pub late_seconds: i64,
}

/// A rung of a clock of an order. It is reached at most once for each order, clock and rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    pub clock: ClockKey,
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

/// When the light of an order changes if nobody does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lights {
    pub is_open: bool,
    /// Yellow from then on, included.
    pub yellow_at: Option<Timestamp>,
    /// Red from then on, excluded: what is done at the due time is done in time.
    pub red_at: Option<Timestamp>,
}

impl Run {
    pub const fn is_running(&self) -> bool {
        self.stopped_at.is_none()
    }
}

impl Clock {
    pub const fn is_running(&self) -> bool {
        self.stopped_at.is_none()
    }

    /// Whether it was kept. `None`: it still runs, or ended without the step that it waited for.
    pub fn on_time(&self) -> Option<bool> {
        (!self.is_running() && !self.void).then_some(!self.late)
    }
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

/// Every clock that ever started, in the order of their starts. The rules are those that the order is bound to.
pub fn clocks(order: &Order, rules: Rules<'_>, now: Timestamp) -> Result<Vec<Clock>, OutOfCalendar> {
    order.runs.iter().map(|run| clock(run, rules, now)).collect()
}

/// The clock in its last round.
pub fn latest(clocks: &[Clock], id: ClockId) -> Option<&Clock> {
    clocks.iter().rev().find(|clock| clock.key.id == id)
}

fn clock(run: &Run, rules: Rules<'_>, now: Timestamp) -> Result<Clock, OutOfCalendar> {
    let Run { key, started_at, day, stopped_at, void } = *run;
    let (basis, due_at) = if let Some(day) = day {
        (Basis::Day(day), end_of_day(day, rules)?)
    } else {
        let limit = rules.policy.limit(key.id);
        (Basis::Limit(limit), rules.calendar.deadline(started_at, limit)?)
    };
    let end = stopped_at.unwrap_or(now.max(started_at));
    let late = !void && due_at < end;
    let late_seconds = if late { rules.calendar.working_seconds_between(due_at, end)? } else { 0 };
    Ok(Clock { key, basis, started_at, due_at, stopped_at, void, late, late_seconds })
}

/// Services are delivered on weekends too; but the day has to be one that the calendar knows.
fn end_of_day(day: NaiveDate, rules: Rules<'_>) -> Result<Timestamp, OutOfCalendar> {
    rules.calendar.day(day)?;
    Ok(start_of_day(day) + chrono::TimeDelta::days(1))
}

/// The rungs of a clock, in the order of time: those that were reached, and while it runs those to come. A warning that
/// would fall before the start, or after the due time, is left out.
pub fn rungs(order: &Order, clock: &Clock, rules: Rules<'_>) -> Result<Vec<Rung>, OutOfCalendar> {
    let mut rungs = Vec::new();
    for rule in rules.policy.ladder.iter().filter(|rule| rule.clocks.contains(&clock.key.id)) {
        let at = moment(clock, rule.at, rules)?;
        let overdue = matches!(rule.at, Moment::Due | Moment::After(_));
        let reached = order.rungs.contains(&(clock.key, rule.code.clone()));
        let comes = overdue || clock.started_at < at && at < clock.due_at;
        if reached || comes && clock.is_running() {
            let (code, notify) = (rule.code.clone(), rule.notify.clone());
            let (clock, due_at, light) = (clock.key, clock.due_at, rule.light);
            rungs.push(Rung { clock, code, at, due_at, overdue, light, notify, reached });
        }
    }
    rungs.sort_by_key(|rung| rung.at);
    Ok(rungs)
}

fn moment(clock: &Clock, moment: Moment, rules: Rules<'_>) -> Result<Timestamp, OutOfCalendar> {
    match moment {
        Moment::Percent(percent) => rules.calendar.fraction(clock.started_at, clock.due_at, percent, HUNDRED),
        Moment::Before(n) => rules.calendar.minus_working_days(clock.due_at, n),
        Moment::Due => Ok(clock.due_at),
        Moment::After(n) => rules.calendar.plus_working_days(clock.due_at, n),
    }
}

/// When the light changes.
pub fn lights(order: &Order, rules: Rules<'_>) -> Result<Lights, OutOfCalendar> {
    let mut lights = Lights { is_open: order.state().is_open(), yellow_at: None, red_at: None };
    let earlier = |known: Option<Timestamp>, at| Some(known.map_or(at, |known: Timestamp| known.min(at)));
    for clock in running(order, rules)? {
        for rule in rules.policy.ladder.iter().filter(|rule| rule.clocks.contains(&clock.key.id)) {
            match rule.light {
                Some(Light::Yellow) => {
                    lights.yellow_at = earlier(lights.yellow_at, moment(&clock, rule.at, rules)?);
                }
                Some(Light::Red) => lights.red_at = earlier(lights.red_at, clock.due_at),
                Some(Light::Off | Light::Green) | None => {}
            }
        }
    }
    Ok(lights)
}

/// The rungs still to be reached if nobody does anything, in the order of time.
pub fn pending(order: &Order, rules: Rules<'_>) -> Result<Vec<Rung>, OutOfCalendar> {
    let mut pending = Vec::new();
    for clock in running(order, rules)? {
        pending.extend(rungs(order, &clock, rules)?.into_iter().filter(|rung| !rung.reached));
    }
    Ok(pending)
}

/// When the system has to look at the order again: [`due_now`] has something to do from then on, excluded.
/// `None`: not before somebody takes a step.
pub fn next_wake(order: &Order, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    let rung = pending(order, rules)?.first().map(|rung| rung.at);
    Ok(rung.into_iter().chain(lapse_at(order, rules)?).min())
}

/// The steps that the system has to take now, in the order of time: each is decided like any other.
pub fn due_now(order: &Order, rules: Rules<'_>, now: Timestamp) -> Result<Vec<Command>, OutOfCalendar> {
    let mut commands: Vec<_> = pending(order, rules)?
        .into_iter()
        .filter(|rung| rung.at < now)
        .map(|rung| Command::ReachRung { clock: rung.clock, rung: rung.code })
        .collect();
    if lapse_at(order, rules)?.is_some_and(|until| until < now) {
        commands.push(Command::LapseRating);
    }
    Ok(commands)
}

fn lapse_at(order: &Order, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    if order.state() != State::Delivered {
        return Ok(None);
    }
    Ok(running(order, rules)?.first().map(|clock| clock.due_at))
}

fn running(order: &Order, rules: Rules<'_>) -> Result<Vec<Clock>, OutOfCalendar> {
    order.running().map(|run| clock(run, rules, order.updated_at)).into_iter().collect()
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => limit.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl fmt::Display for ClockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.round {
            1 => write!(f, "{}", self.id),
            round => write!(f, "{}.{round}", self.id),
        }
    }
}

impl FromStr for ClockKey {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName { kind: "ClockKey", word: text.to_owned() };
        let (id, round) = text.split_once('.').unwrap_or((text, "1"));
        let key = Self { id: id.parse()?, round: round.parse().map_err(|_| unknown())? };
        if 0 < key.round && key.to_string() == text { Ok(key) } else { Err(unknown()) }
    }
}

impl TryFrom<String> for ClockKey {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl From<ClockKey> for String {
    fn from(key: ClockKey) -> Self {
        key.to_string()
    }
}
