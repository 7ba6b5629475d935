//! The rules that something is bound to.

use std::sync::Arc;

use kernel::Timestamp;
use worktime::Calendar;

use super::{Clock, Clocked, Policy, Run, local_date};

/// The pack and the calendar that a question about an issue or an order goes by: the versions that it is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub policy: &'a Policy,
    pub calendar: &'a Calendar,
    /// Every calendar at hand: clocks keep to the one that they stopped under.
    pub calendars: &'a [Arc<Calendar>],
}

impl<'a> Rules<'a> {
    /// Whether these are the versions that the issue or order is bound to, and its clocks have theirs.
    pub fn bind(&self, bound: &impl Clocked) -> bool {
        self.policy.version == *bound.policy_version()
            && self.calendar.version() == bound.calendar_version()
            && self.have_calendars_of(bound)
    }

    /// The same pack, with the calendar that the issue or order has: after a step, it may be another one than before.
    /// `None`: it, or that of a clock, is not at hand.
    pub fn rebound(self, bound: &impl Clocked) -> Option<Self> {
        let calendar = self.calendar_named(bound.calendar_version())?;
        Some(Self { calendar, ..self }).filter(|rules| rules.have_calendars_of(bound))
    }

    pub fn calendar_named(&self, version: &str) -> Option<&'a Calendar> {
        let others = self.calendars.iter().map(|calendar| &**calendar);
        [self.calendar].into_iter().chain(others).find(|calendar| calendar.version() == version)
    }

    /// The calendar that a clock goes by, of an issue or order to which these rules are bound.
    pub(super) fn calendar_of<I>(&self, run: &Run<I>) -> &'a Calendar {
        match &run.calendar {
            None => self.calendar,
            Some(version) => self.calendar_named(version).expect("rules have the calendars of the clocks"),
        }
    }

    /// The same rules, with the calendar that the clock was reckoned by.
    pub(in crate::domain) fn for_clock<I>(self, clock: &Clock<I>) -> Self {
        let calendar = self.calendar_named(&clock.calendar_version);
        Self { calendar: calendar.expect("rules have the calendars of the clocks"), ..self }
    }

    fn have_calendars_of(&self, bound: &impl Clocked) -> bool {
        bound.runs().iter().filter_map(|run| run.calendar.as_ref()).all(|v| self.calendar_named(v).is_some())
    }

    /// Whether the announced holidays run out so soon that an alarm is due; the pack says how soon that is.
    pub fn calendar_ends_soon(&self, now: Timestamp) -> bool {
        days_left(self.calendar, now) <= i64::from(self.policy.calendar_alarm_days)
    }
}

/// Days after today whose holidays are announced; negative once there are none.
pub fn days_left(calendar: &Calendar, now: Timestamp) -> i64 {
    calendar.last_announced_day().signed_duration_since(local_date(now)).num_days()
}
