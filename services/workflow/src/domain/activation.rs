//! Packs and calendars come into force on a day to come, and two people see to it.

use std::fmt;

use chrono::{NaiveDate, TimeDelta};
use kernel::{AccountId, Timestamp, Version};
use uuid::Uuid;

use super::{InvalidText, PolicyVersion, local_date, named::named, start_of_day};

/// So long before its day begins, an activation is decided for good. Whoever reads the decisions after the day began
/// then reads them all: no transaction lasts that long, and no two machines' clocks are that far apart.
pub const NOTICE: TimeDelta = TimeDelta::minutes(10);

/// What is activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Pack(PolicyVersion),
    /// By the version that its data file gives itself.
    Calendar(String),
}

named! {
    /// A step of an activation.
    StepKind {
        Proposed = "PROPOSED",
        Approved = "APPROVED",
        Cancelled = "CANCELLED",
    }
}

named! {
    /// How an activation stands.
    Standing {
        /// Waits for a second person.
        Proposed = "PROPOSED",
        /// Waits for its day.
        Approved = "APPROVED",
        /// Its day has come.
        Effective = "EFFECTIVE",
        Cancelled = "CANCELLED",
        /// Nobody approved it in time.
        Lapsed = "LAPSED",
    }
}

/// What somebody did about an activation: kept for ever as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivationStep {
    pub kind: StepKind,
    pub at: Timestamp,
    pub by: AccountId,
}

/// That something comes into force, from the beginning of a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    pub id: Uuid,
    pub subject: Subject,
    pub from: NaiveDate,
    /// In order; the first is the proposal.
    pub steps: Vec<ActivationStep>,
}

/// Why a step of an activation is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActivationRefused {
    #[error("the day must be after today")]
    TooEarly { from: NaiveDate, earliest: NaiveDate },
    #[error("whoever proposed it does not approve it")]
    SamePerson,
    #[error("it is {0}")]
    Decided(Standing),
    #[error("its day is too near: it was to be decided until {until}")]
    TooLate { until: Timestamp },
}

impl Activation {
    pub fn propose(
        id: Uuid,
        subject: Subject,
        from: NaiveDate,
        by: AccountId,
        now: Timestamp,
    ) -> Result<Self, ActivationRefused> {
        let earliest = local_date(now).succ_opt().unwrap_or(NaiveDate::MAX);
        if from < earliest {
            return Err(ActivationRefused::TooEarly { from, earliest });
        }
        Ok(Self { id, subject, from, steps: vec![ActivationStep { kind: StepKind::Proposed, at: now, by }] })
    }

    /// By another person than the one who proposed it, whatever roles they hold.
    pub fn approve(&mut self, by: AccountId, now: Timestamp) -> Result<(), ActivationRefused> {
        if self.steps.iter().any(|step| step.kind == StepKind::Proposed && step.by == by) {
            return Err(ActivationRefused::SamePerson);
        }
        self.decide(&[Standing::Proposed], StepKind::Approved, by, now)
    }

    pub fn cancel(&mut self, by: AccountId, now: Timestamp) -> Result<(), ActivationRefused> {
        self.decide(&[Standing::Proposed, Standing::Approved], StepKind::Cancelled, by, now)
    }

    fn decide(
        &mut self,
        from: &[Standing],
        kind: StepKind,
        by: AccountId,
        now: Timestamp,
    ) -> Result<(), ActivationRefused> {
        let until = start_of_day(self.from) - NOTICE;
        match self.standing(now) {
            standing if from.contains(&standing) && now <= until => {}
            Standing::Cancelled => return Err(ActivationRefused::Decided(Standing::Cancelled)),
            standing if from.contains(&standing) || until < now => {
                return Err(ActivationRefused::TooLate { until });
            }
            standing => return Err(ActivationRefused::Decided(standing)),
        }
        self.steps.push(ActivationStep { kind, at: now, by });
        Ok(())
    }

    pub fn standing(&self, now: Timestamp) -> Standing {
        let has = |kind| self.steps.iter().any(|step| step.kind == kind);
        let has_begun = self.from <= local_date(now);
        match (has(StepKind::Cancelled), has(StepKind::Approved)) {
            (true, _) => Standing::Cancelled,
            (false, true) if has_begun => Standing::Effective,
            (false, true) => Standing::Approved,
            (false, false) if start_of_day(self.from) - NOTICE < now => Standing::Lapsed,
            (false, false) => Standing::Proposed,
        }
    }

    /// Number of its steps.
    pub fn version(&self) -> Version {
        Version::new(i64::try_from(self.steps.len()).unwrap_or(i64::MAX))
    }
}

impl Subject {
    /// The word by which tables tell packs from calendars.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Pack(_) => "PACK",
            Self::Calendar(_) => "CALENDAR",
        }
    }

    pub fn read(kind: &str, name: &str) -> Result<Self, InvalidText> {
        match kind {
            "PACK" => Ok(Self::Pack(name.parse()?)),
            "CALENDAR" => Ok(Self::Calendar(name.to_owned())),
            _ => Err(InvalidText("must be PACK or CALENDAR")),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack(version) => version.fmt(f),
            Self::Calendar(version) => f.write_str(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::world::{FIRM, LIAISON, OPERATOR, at};

    fn proposed() -> Activation {
        let subject = Subject::Pack("strict-2h/1".parse().unwrap());
        let day = "2026-03-05".parse().unwrap();
        Activation::propose(Uuid::from_u128(1), subject, day, OPERATOR, at("2026-03-02 09:00")).unwrap()
    }

    #[test]
    fn what_comes_into_force_does_so_from_a_day_to_come() {
        let propose = |day: &str| {
            let subject = Subject::Calendar("other".to_owned());
            Activation::propose(Uuid::nil(), subject, day.parse().unwrap(), OPERATOR, at("2026-03-02 23:59"))
        };
        let (from, earliest) = ("2026-03-02".parse().unwrap(), "2026-03-03".parse().unwrap());
        assert_eq!(propose("2026-03-02"), Err(ActivationRefused::TooEarly { from, earliest }));
        assert!(propose("2026-03-03").is_ok());
    }

    #[test]
    fn two_people_activate_and_the_first_is_never_the_second() {
        let mut activation = proposed();
        assert_eq!(activation.approve(OPERATOR, at("2026-03-02 10:00")), Err(ActivationRefused::SamePerson));
        assert_eq!(activation.standing(at("2026-03-02 10:00")), Standing::Proposed);
        activation.approve(LIAISON, at("2026-03-02 10:00")).unwrap();
        assert_eq!(activation.standing(at("2026-03-04 23:59")), Standing::Approved);
        assert_eq!(activation.standing(at("2026-03-05 00:00")), Standing::Effective);
        let again = activation.approve(FIRM, at("2026-03-02 11:00"));
        assert_eq!(again, Err(ActivationRefused::Decided(Standing::Approved)));
        assert_eq!(activation.version(), Version::new(2));
    }

    #[test]
    fn ten_minutes_before_its_day_everything_is_decided() {
        let until = at("2026-03-04 23:50");
        let late = until + TimeDelta::microseconds(1);
        for now in [late, at("2026-03-06 09:00")] {
            assert_eq!(proposed().approve(LIAISON, now), Err(ActivationRefused::TooLate { until }));
            assert_eq!(proposed().cancel(LIAISON, now), Err(ActivationRefused::TooLate { until }));
            assert_eq!(proposed().standing(now), Standing::Lapsed);
            let mut approved = proposed();
            approved.approve(LIAISON, until).unwrap();
            assert_eq!(approved.cancel(LIAISON, now), Err(ActivationRefused::TooLate { until }));
        }
        assert!(proposed().approve(LIAISON, until).is_ok());
    }

    #[test]
    fn what_was_cancelled_stays_so() {
        let mut activation = proposed();
        activation.approve(LIAISON, at("2026-03-02 10:00")).unwrap();
        activation.cancel(OPERATOR, at("2026-03-02 11:00")).unwrap();
        let decided = Err(ActivationRefused::Decided(Standing::Cancelled));
        assert_eq!(activation.cancel(OPERATOR, at("2026-03-02 12:00")), decided);
        assert_eq!(activation.approve(FIRM, at("2026-03-02 12:00")), decided);
        assert_eq!(activation.standing(at("2026-03-06 12:00")), Standing::Cancelled);
    }
}
