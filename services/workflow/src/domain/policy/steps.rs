//! Checks of what a pack says about single steps (deputies, questions, extensions, escalation) and the calendar.

use worktime::Limit;

use super::{EscalationRule, Extensions, Questions, check::Check, file};

impl Check {
    pub(super) fn deputy(&mut self, deputy: &file::Deputy) -> u32 {
        let file::Deputy { after } = *deputy;
        if 99 < after {
            self.fault("deputy.after", "must be 0 to 99 percent", "须为 0 至 99 的百分数");
        }
        after
    }

    /// Every question as long as it may be open, and as often as it may be asked, is within the total.
    pub(super) fn questions(&mut self, questions: &file::Questions) -> Option<Questions> {
        let file::Questions { most, window, total } = questions;
        let limit = self.days("questions.window", window);
        let total = self.days("questions.total", total);
        let (days, total) = (limit?, total?);
        if total < most.saturating_mul(days) {
            self.fault(
                "questions.total",
                format!("must hold {most} times {days} working days"),
                format!("须容纳 {most} 次、每次 {days} 个工作日"),
            );
        }
        Some(Questions { most: *most, window: Limit::WorkingDays(days) })
    }

    pub(super) fn extensions(&mut self, extensions: &file::Extensions) -> Option<Extensions> {
        let file::Extensions { most, ahead } = extensions;
        let most_days = self.days("extensions.most", most);
        let ahead = self.days("extensions.ahead", ahead);
        Some(Extensions { most_days: most_days?, ahead: ahead? })
    }

    pub(super) fn escalation(&mut self, escalation: &file::Escalation) -> Option<EscalationRule> {
        let file::Escalation { returns, reopens, level } = *escalation;
        for (name, times) in [("returns", returns), ("reopens", reopens)] {
            if times == 0 {
                self.fault(format!("escalation.{name}"), "must be at least 1", "至少为 1");
            }
        }
        let level =
            level.try_into().map_err(|err| self.fault("escalation.level", err, "须为 0 至 3 级")).ok()?;
        Some(EscalationRule { returns, reopens, level })
    }

    /// More than a year ahead nobody knows the holidays.
    pub(super) fn calendar(&mut self, calendar: &file::Calendar) -> u32 {
        let file::Calendar { alarm_days } = *calendar;
        if !(1..=366).contains(&alarm_days) {
            self.fault("calendar.alarm_days", "must be 1 to 366 days", "须为 1 至 366 天");
        }
        alarm_days
    }

    fn days(&mut self, place: &str, text: &str) -> Option<u32> {
        match self.limit(place, text)? {
            Limit::WorkingDays(days) => Some(days),
            Limit::WorkingHours(_) => {
                self.fault(place, "must be in working days", "须以工作日计");
                None
            }
        }
    }
}
