//! Checks of what a pack says about single steps (deputies, questions, extensions, escalation, urging, rating) and the
//! calendar.

use worktime::Limit;

use super::{Dimension, EscalationRule, Extensions, Questions, RatingDimension, check::Check, file};
use crate::domain::MOST_URGES_KEPT;

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

    pub(super) fn urging(&mut self, urging: &file::Urging) -> u32 {
        let file::Urging { per_working_day } = *urging;
        let most = u32::try_from(MOST_URGES_KEPT).unwrap_or(u32::MAX);
        if per_working_day == 0 || most < per_working_day {
            self.fault("urging.per_working_day", format!("must be 1 to {most}"), format!("须为 1 至 {most}"));
        }
        per_working_day
    }

    pub(super) fn rating_dimensions(&mut self, dimensions: &[file::RatingDimension]) -> Vec<RatingDimension> {
        let mut known: Vec<RatingDimension> = Vec::new();
        for (i, file::RatingDimension { code, zh, en, required }) in dimensions.iter().enumerate() {
            let place = format!("rating.dimensions[{i}]");
            self.names(&place, zh, en);
            let place = format!("{place}.code");
            let Some(dimension) = self.parse::<Dimension>(&place, code) else { continue };
            if known.iter().any(|other| other.dimension == dimension) {
                self.fault(place, format!("{code:?} stands twice"), format!("“{code}”重复"));
                continue;
            }
            let (zh, en, required) = (zh.clone(), en.clone(), *required);
            known.push(RatingDimension { dimension, zh, en, required });
        }
        known
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
