//! When points count: a function of what happened to the issue, in whatever order it was heard of.

use kernel::{AccountId, Version};

use super::{Effect, named::named};

named! {
    /// When the points of a rule count.
    Settlement {
        /// At once and for good: the deed itself is what counts.
        Final = "FINAL",
        /// Pending until an auditor passes the issue; void when the reply does not stand.
        AtAudit = "AT_AUDIT",
    }
}

/// What has become of an entry. It moves only downwards in this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Pending,
    Posted,
    Voided,
}

impl State {
    /// As the ledger numbers its postings: 1 to 3.
    pub(crate) fn step(self) -> i64 {
        match self {
            Self::Pending => 1,
            Self::Posted => 2,
            Self::Voided => 3,
        }
    }

    pub(crate) fn from_step(step: i64) -> Option<Self> {
        [Self::Pending, Self::Posted, Self::Voided].into_iter().find(|state| state.step() == step)
    }
}

/// An event that settles or unsettles what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub version: Version,
    pub effect: Effect,
    pub actor: Option<AccountId>,
}

/// The state that an entry is due, when it goes back to the event `version` and belongs to `account`.
///
/// Only events after its own touch it. One that unsettles outweighs every audit: before the audit it voids what the
/// audit would have found, after it (a reopening) it voids what the audit posted. So more events only ever move an
/// entry down the list of states, and their order of arrival does not matter. Nobody's audit posts points of their own.
pub(crate) fn due(settlement: Settlement, version: Version, account: AccountId, marks: &[Mark]) -> State {
    if settlement == Settlement::Final {
        return State::Posted;
    }
    let later = || marks.iter().filter(|mark| version < mark.version);
    if later().any(|mark| mark.effect == Effect::Unsettle) {
        State::Voided
    } else if later().any(|mark| mark.effect == Effect::Pass && mark.actor != Some(account)) {
        State::Posted
    } else {
        State::Pending
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const HANDLER: AccountId = AccountId::new(Uuid::from_u128(1));
    const AUDITOR: AccountId = AccountId::new(Uuid::from_u128(2));

    fn mark(version: i64, effect: Effect) -> Mark {
        Mark { version: Version::new(version), effect, actor: Some(AUDITOR) }
    }

    #[test]
    fn points_wait_for_the_audit_and_fall_with_the_reply() {
        let due = |marks: &[Mark]| due(Settlement::AtAudit, Version::new(5), HANDLER, marks);
        assert_eq!(due(&[]), State::Pending);
        assert_eq!(due(&[mark(8, Effect::Pass)]), State::Posted);
        assert_eq!(due(&[mark(8, Effect::Unsettle)]), State::Voided);
        assert_eq!(due(&[mark(8, Effect::Pass), mark(9, Effect::Unsettle)]), State::Voided);
        assert_eq!(due(&[mark(4, Effect::Unsettle), mark(3, Effect::Pass)]), State::Pending);
        assert_eq!(due(&[mark(5, Effect::Unsettle)]), State::Pending);
    }

    #[test]
    fn final_points_stay_whatever_becomes_of_the_issue() {
        let marks = [mark(9, Effect::Unsettle)];
        assert_eq!(due(Settlement::Final, Version::new(5), HANDLER, &marks), State::Posted);
    }

    #[test]
    fn nobodys_own_audit_posts_their_points() {
        let marks = [mark(8, Effect::Pass)];
        assert_eq!(due(Settlement::AtAudit, Version::new(5), AUDITOR, &marks), State::Pending);
    }

    #[test]
    fn more_events_never_move_an_entry_back_up() {
        let all = [
            mark(6, Effect::Pass),
            mark(7, Effect::Unsettle),
            mark(8, Effect::Pass),
            mark(4, Effect::Unsettle),
        ];
        for known in 0..1_u32 << all.len() {
            for more in 0..1_u32 << all.len() {
                let some = |set: u32| -> Vec<Mark> {
                    all.iter().enumerate().filter(|(n, _)| set & 1 << n != 0).map(|(_, mark)| *mark).collect()
                };
                let state = |set| due(Settlement::AtAudit, Version::new(5), HANDLER, &some(set));
                assert!(state(known) <= state(known | more), "{known:b} {more:b}");
            }
        }
    }
}
