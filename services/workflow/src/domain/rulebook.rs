//! All packs and calendars: an issue keeps to those that it was submitted under.

use std::collections::BTreeMap;

use worktime::Calendar;

use super::{Issue, Policy, PolicyVersion, Rules};

/// Every pack and every calendar that an issue may be bound to, and which of them are in force.
#[derive(Debug, Clone)]
pub struct Rulebook {
    packs: BTreeMap<PolicyVersion, Policy>,
    calendars: Vec<Calendar>,
}

/// Why packs and calendars make no rulebook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulebookError {
    #[error("there is no policy pack")]
    NoPack,
    #[error("there is no calendar")]
    NoCalendar,
    #[error("two policy packs have the version {0}")]
    PackTwice(u32),
    #[error("two calendars have the version {0:?}")]
    CalendarTwice(String),
}

impl Rulebook {
    /// The pack with the highest version is in force, and the last of the calendars.
    pub fn try_new(packs: Vec<Policy>, calendars: Vec<Calendar>) -> Result<Self, RulebookError> {
        let mut by_version = BTreeMap::new();
        for pack in packs {
            let version = pack.version;
            if by_version.insert(version, pack).is_some() {
                return Err(RulebookError::PackTwice(version.0));
            }
        }
        for (i, calendar) in calendars.iter().enumerate() {
            if calendars.iter().take(i).any(|other| other.version() == calendar.version()) {
                return Err(RulebookError::CalendarTwice(calendar.version().to_owned()));
            }
        }
        if by_version.is_empty() {
            return Err(RulebookError::NoPack);
        }
        if calendars.is_empty() {
            return Err(RulebookError::NoCalendar);
        }
        Ok(Self { packs: by_version, calendars })
    }

    /// What comes with the suite: the default pack, and the calendar of mainland China.
    pub fn built_in() -> Self {
        Self::try_new(vec![Policy::default_pack().clone()], vec![Calendar::china().clone()])
            .expect("one pack and one calendar make a rulebook")
    }

    /// What a new issue is bound to.
    pub fn in_force(&self) -> Rules<'_> {
        let (_, policy) = self.packs.last_key_value().expect("checked in `try_new`");
        let calendar = self.calendars.last().expect("checked in `try_new`");
        Rules { policy, calendar }
    }

    /// What the issue is bound to. `None`: that pack or calendar is not at hand.
    pub fn of(&self, issue: &Issue) -> Option<Rules<'_>> {
        let policy = self.packs.get(&issue.policy_version)?;
        let calendar = self.calendars.iter().find(|calendar| calendar.version() == issue.calendar_version)?;
        Some(Rules { policy, calendar })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Command, Party, decide,
        tests::world::{World, actor},
    };

    fn pack(version: u32) -> Policy {
        Policy { version: PolicyVersion(version), ..Policy::default_pack().clone() }
    }

    fn china() -> Calendar {
        Calendar::china().clone()
    }

    #[test]
    fn an_issue_keeps_to_its_pack_when_a_newer_one_comes_into_force() {
        let world = World::submitted();
        let book = Rulebook::try_new(vec![pack(2), pack(1)], vec![china()]).unwrap();
        assert_eq!(book.in_force().policy.version, PolicyVersion(2));
        let rules = book.of(&world.issue).unwrap();
        assert_eq!(rules.policy.version, PolicyVersion(1));
        let command = Command::Sign { difficulty: None };
        assert!(decide(&world.issue, command, rules, world.now, &actor(Party::Liaison)).is_ok());
        let without = Rulebook::try_new(vec![pack(2)], vec![china()]).unwrap();
        assert!(without.of(&world.issue).is_none());
    }

    #[test]
    fn a_rulebook_names_each_version_once_and_has_one_of_each_kind() {
        let error = |packs, calendars| Rulebook::try_new(packs, calendars).unwrap_err();
        assert_eq!(error(vec![], vec![china()]), RulebookError::NoPack);
        assert_eq!(error(vec![pack(1)], vec![]), RulebookError::NoCalendar);
        assert_eq!(error(vec![pack(1), pack(1)], vec![china()]), RulebookError::PackTwice(1));
        let version = china().version().to_owned();
        assert_eq!(error(vec![pack(1)], vec![china(), china()]), RulebookError::CalendarTwice(version));
    }
}
