//! What a person prefers about notices.

use std::collections::BTreeSet;

use chrono::{FixedOffset, TimeDelta, Timelike as _};
use kernel::{Timestamp, Version};

use super::{
    notice::{Channel, Language, NoticeKind},
    placeholder::LOCAL_OFFSET,
    template::Template,
};

const MINUTES_A_DAY: i64 = 24 * 60;

/// What a person prefers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preferences {
    pub language: Language,
    /// Kinds of notices that are wanted by e-mail too.
    pub by_email: BTreeSet<NoticeKind>,
    pub quiet: Option<QuietHours>,
    pub version: Version,
}

impl Default for Preferences {
    /// Of somebody who never said anything.
    fn default() -> Self {
        Self {
            language: Language::Chinese,
            by_email: NoticeKind::ALL.iter().copied().collect(),
            quiet: None,
            version: Version::FIRST,
        }
    }
}

impl Preferences {
    /// How a notice travels to this person. `outward` stands for e-mail in this installation, if anything does.
    pub(crate) fn channels(&self, template: &Template, outward: Option<Channel>) -> Vec<Channel> {
        let wanted = template.statutory || self.by_email.contains(&template.kind);
        let outward = outward.filter(|_| wanted && template.channels.contains(&Channel::Email));
        [Channel::InApp].into_iter().chain(outward).collect()
    }

    /// Until when a notice waits that would disturb now; `None` when it may go.
    pub(crate) fn postponed(&self, statutory: bool, now: Timestamp) -> Option<Timestamp> {
        self.quiet.filter(|_| !statutory)?.end_after(now)
    }
}

/// A stretch of every day, over midnight when it ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuietHours {
    from: i64,
    until: i64,
}

/// A stretch that is no part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must begin and end at different minutes of the day, 0 to 1439")]
pub(crate) struct InvalidQuietHours;

impl QuietHours {
    /// In minutes since midnight at UTC+08:00; the end is not quiet any more.
    pub(crate) fn try_new(from: i64, until: i64) -> Result<Self, InvalidQuietHours> {
        let of_the_day = |minute: &i64| (0..MINUTES_A_DAY).contains(minute);
        if of_the_day(&from) && of_the_day(&until) && from != until {
            Ok(Self { from, until })
        } else {
            Err(InvalidQuietHours)
        }
    }

    pub(crate) fn from(self) -> i64 {
        self.from
    }

    pub(crate) fn until(self) -> i64 {
        self.until
    }

    /// The end of the quiet hours that `now` lies in; `None` outside.
    pub(crate) fn end_after(self, now: Timestamp) -> Option<Timestamp> {
        let local = now.with_timezone(&FixedOffset::east_opt(LOCAL_OFFSET)?);
        let minute = i64::from(local.hour() * 60 + local.minute());
        let since = (minute - self.from).rem_euclid(MINUTES_A_DAY);
        let length = (self.until - self.from).rem_euclid(MINUTES_A_DAY);
        if length <= since {
            return None;
        }
        let whole_minute = now
            - TimeDelta::seconds(i64::from(local.second()))
            - TimeDelta::nanoseconds(i64::from(local.nanosecond()));
        Some(whole_minute + TimeDelta::minutes(length - since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let night = QuietHours::try_new(22 * 60, 7 * 60 + 30).unwrap();
        let morning = at("2026-03-03T07:30:00+08:00");
        for quiet in ["2026-03-02T22:00:00+08:00", "2026-03-02T23:59:59.5+08:00", "2026-03-03T07:29:59+08:00"]
        {
            assert_eq!(night.end_after(at(quiet)), Some(morning), "{quiet}");
        }
        for loud in ["2026-03-02T21:59:59+08:00", "2026-03-03T07:30:00+08:00", "2026-03-03T12:00:00+08:00"] {
            assert_eq!(night.end_after(at(loud)), None, "{loud}");
        }
        let noon = QuietHours::try_new(12 * 60, 13 * 60).unwrap();
        assert_eq!(noon.end_after(at("2026-03-02T12:59:00+08:00")), Some(at("2026-03-02T13:00:00+08:00")));
    }

    #[test]
    fn quiet_hours_are_a_part_of_the_day() {
        for (from, until) in [(0, 0), (-1, 5), (0, 1_440)] {
            assert_eq!(QuietHours::try_new(from, until), Err(InvalidQuietHours));
        }
    }
}
