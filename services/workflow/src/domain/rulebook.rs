//! All packs and calendars, and from when on each is in force: an issue keeps to the pack that it was submitted under,
//! an order to the one that it was placed under, and both go over to a new calendar with their running clocks.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use kernel::Timestamp;
use worktime::Calendar;

use super::{Clocked, Policy, PolicyVersion, Rules, local_date};

/// Every pack and every calendar that an issue or order may be bound to, and which of them are in force when.
#[derive(Debug, Clone)]
pub struct Rulebook {
    packs: BTreeMap<PolicyVersion, Arc<Policy>>,
    calendars: Vec<Arc<Calendar>>,
    /// In the order in which they take effect.
    pack_changes: Vec<Change<PolicyVersion>>,
    calendar_changes: Vec<Change<String>>,
}

/// Something else is in force from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// The first day, by the calendar on the wall of the municipality.
    pub from: NaiveDate,
    pub to: T,
}

/// Why packs and calendars make no rulebook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulebookError {
    #[error("there is no default pack")]
    NoPack,
    #[error("there is no calendar")]
    NoCalendar,
    #[error("two policy packs have the version {0}")]
    PackTwice(PolicyVersion),
    #[error("two calendars have the version {0:?}")]
    CalendarTwice(String),
    #[error("{0} was activated, but is not there")]
    Missing(String),
}

impl Rulebook {
    /// The first pack and the first calendar are in force from the beginning. Of changes for the same day the later in
    /// the list holds.
    pub fn try_new(
        packs: Vec<Arc<Policy>>,
        calendars: Vec<Arc<Calendar>>,
        mut pack_changes: Vec<Change<PolicyVersion>>,
        mut calendar_changes: Vec<Change<String>>,
    ) -> Result<Self, RulebookError> {
        let first_pack = packs.first().ok_or(RulebookError::NoPack)?.version.clone();
        let first_calendar = calendars.first().ok_or(RulebookError::NoCalendar)?.version().to_owned();
        let mut by_version = BTreeMap::new();
        for pack in packs {
            let version = pack.version.clone();
            if by_version.insert(version.clone(), pack).is_some() {
                return Err(RulebookError::PackTwice(version));
            }
        }
        for (i, calendar) in calendars.iter().enumerate() {
            if calendars.iter().take(i).any(|other| other.version() == calendar.version()) {
                return Err(RulebookError::CalendarTwice(calendar.version().to_owned()));
            }
        }
        pack_changes.insert(0, Change { from: NaiveDate::MIN, to: first_pack });
        calendar_changes.insert(0, Change { from: NaiveDate::MIN, to: first_calendar });
        // Stable, so that the order of those for the same day stays.
        pack_changes.sort_by_key(|change| change.from);
        calendar_changes.sort_by_key(|change| change.from);
        let book = Self { packs: by_version, calendars, pack_changes, calendar_changes };
        for change in &book.pack_changes {
            book.packs.get(&change.to).ok_or_else(|| RulebookError::Missing(change.to.to_string()))?;
        }
        for change in &book.calendar_changes {
            book.calendar(&change.to).ok_or_else(|| RulebookError::Missing(change.to.clone()))?;
        }
        Ok(book)
    }

    /// What comes with the suite: its packs, of which the default is in force, and the calendar of mainland China.
    pub fn built_in() -> Self {
        Self::try_new(Self::built_in_packs(), Self::built_in_calendars(), Vec::new(), Vec::new())
            .expect("packs of different names and one calendar make a rulebook")
    }

    pub fn built_in_packs() -> Vec<Arc<Policy>> {
        Policy::built_in().iter().map(|pack| Arc::clone(&pack.policy)).collect()
    }

    pub fn built_in_calendars() -> Vec<Arc<Calendar>> {
        vec![Arc::new(Calendar::china().clone())]
    }

    /// What an issue that is submitted now is bound to, or an order that is placed now: the same on every day from midnight to midnight.
    pub fn in_force(&self, now: Timestamp) -> Rules<'_> {
        let today = local_date(now);
        let policy = self.packs.get(last(&self.pack_changes, today)).expect("checked in `try_new`");
        let calendar =
            self.calendar(last::<String>(&self.calendar_changes, today)).expect("checked in `try_new`");
        Rules { policy, calendar, calendars: &self.calendars }
    }

    /// What the issue or order is bound to. `None`: that pack or a calendar is not at hand.
    pub fn of(&self, bound: &impl Clocked) -> Option<Rules<'_>> {
        let policy = self.packs.get(bound.policy_version())?;
        let calendar = self.calendar(bound.calendar_version())?;
        Rules { policy, calendar, calendars: &self.calendars }.rebound(bound)
    }

    /// The packs that are or were in force until now, the present one first, each once.
    pub fn packs_so_far(&self, now: Timestamp) -> Vec<&Policy> {
        let today = local_date(now);
        let mut packs: Vec<&Policy> = Vec::new();
        for change in self.pack_changes.iter().rev().filter(|change| change.from <= today) {
            let pack = self.packs.get(&change.to).expect("checked in `try_new`");
            if packs.iter().all(|known| known.version != pack.version) {
                packs.push(pack);
            }
        }
        packs
    }

    pub fn pack(&self, version: &PolicyVersion) -> Option<&Arc<Policy>> {
        self.packs.get(version)
    }

    pub fn calendar(&self, version: &str) -> Option<&Arc<Calendar>> {
        self.calendars.iter().find(|calendar| calendar.version() == version)
    }
}

/// What is in force on a day.
fn last<T>(changes: &[Change<T>], day: NaiveDate) -> &T {
    let change = changes.iter().rev().find(|change| change.from <= day);
    &change.expect("the first is from the beginning of time").to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Command, Party, decide,
        tests::world::{World, actor, at},
    };

    fn pack(number: u32) -> Arc<Policy> {
        let version = PolicyVersion::of_default(number);
        Arc::new(Policy { version, ..Policy::default_pack().clone() })
    }

    fn china() -> Arc<Calendar> {
        Arc::new(Calendar::china().clone())
    }

    fn from(day: &str, number: u32) -> Change<PolicyVersion> {
        Change { from: day.parse().unwrap(), to: PolicyVersion::of_default(number) }
    }

    fn in_force(book: &Rulebook, moment: &str) -> u32 {
        book.in_force(at(moment)).policy.version.number
    }

    #[test]
    fn an_issue_keeps_to_its_pack_when_another_comes_into_force() {
        let world = World::submitted();
        let changes = vec![from("2026-01-01", 2)];
        let book = Rulebook::try_new(vec![pack(1), pack(2)], vec![china()], changes, vec![]).unwrap();
        assert_eq!(in_force(&book, "2026-03-02 09:00"), 2);
        let rules = book.of(&world.issue).unwrap();
        assert_eq!(rules.policy.version.number, 1);
        let command = Command::Sign { difficulty: None };
        assert!(decide(&world.issue, command, rules, world.now, &actor(Party::Liaison)).is_ok());
        let without = Rulebook::try_new(vec![pack(2)], vec![china()], vec![], vec![]).unwrap();
        assert!(without.of(&world.issue).is_none());
    }

    #[test]
    fn a_pack_comes_into_force_as_its_day_begins() {
        let changes = vec![from("2026-03-05", 3), from("2026-03-03", 2), from("2026-03-05", 1)];
        let packs = vec![pack(1), pack(2), pack(3)];
        let book = Rulebook::try_new(packs, vec![china()], changes, vec![]).unwrap();
        let seen = [
            "2016-01-01 00:00",
            "2026-03-02 23:59",
            "2026-03-03 00:00",
            "2026-03-04 23:59",
            "2026-03-05 00:00",
        ];
        assert_eq!(seen.map(|moment| in_force(&book, moment)), [1, 1, 2, 2, 1]);
    }

    #[test]
    fn a_rulebook_names_each_version_once_and_has_what_was_activated() {
        let error = |packs, calendars, changes, others| {
            Rulebook::try_new(packs, calendars, changes, others).unwrap_err()
        };
        assert_eq!(error(vec![], vec![china()], vec![], vec![]), RulebookError::NoPack);
        assert_eq!(error(vec![pack(1)], vec![], vec![], vec![]), RulebookError::NoCalendar);
        let twice = RulebookError::PackTwice(PolicyVersion::of_default(1));
        assert_eq!(error(vec![pack(1), pack(1)], vec![china()], vec![], vec![]), twice);
        let version = china().version().to_owned();
        let twice = RulebookError::CalendarTwice(version);
        assert_eq!(error(vec![pack(1)], vec![china(), china()], vec![], vec![]), twice);
        let missing = RulebookError::Missing("default/2".to_owned());
        assert_eq!(error(vec![pack(1)], vec![china()], vec![from("2026-03-03", 2)], vec![]), missing);
        let other = vec![Change { from: "2026-03-03".parse().unwrap(), to: "other".to_owned() }];
        assert_eq!(
            error(vec![pack(1)], vec![china()], vec![], other),
            RulebookError::Missing("other".to_owned())
        );
    }
}
