//! Spans during which a clock stands still.

use chrono::{DateTime, Utc};

/// A clock stands still from `from`, included, to `until`, excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub from: DateTime<Utc>,
    /// `None` while it lasts.
    pub until: Option<DateTime<Utc>>,
}

/// The pauses of one clock: in order, not overlapping, only the last one perhaps still open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(Vec<Pause>);

/// Pauses that contradict each other. `index` is the place of the later one, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPauses {
    #[error("pause {index} ends before it begins")]
    Reversed { index: usize },
    #[error("pause {index} begins before the one before it has ended")]
    Overlap { index: usize },
}

impl Pauses {
    pub const NONE: Self = Self(Vec::new());

    /// Takes the pauses in the order in which they happened. One may begin as another ends, and may be empty.
    pub fn try_new(pauses: Vec<Pause>) -> Result<Self, InvalidPauses> {
        let mut free_from = Some(DateTime::<Utc>::MIN_UTC);
        for (index, pause) in pauses.iter().enumerate() {
            if free_from.is_none_or(|free_from| pause.from < free_from) {
                return Err(InvalidPauses::Overlap { index });
            }
            if pause.until.is_some_and(|until| until < pause.from) {
                return Err(InvalidPauses::Reversed { index });
            }
            free_from = pause.until;
        }
        Ok(Self(pauses))
    }

    pub fn as_slice(&self) -> &[Pause] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(from: i64, until: Option<i64>) -> Pause {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        Pause { from: at(from), until: until.map(at) }
    }

    #[test]
    fn pauses_may_touch_and_the_last_may_be_open() {
        let pauses = vec![pause(1, Some(2)), pause(2, Some(2)), pause(2, Some(5)), pause(7, None)];
        assert_eq!(Pauses::try_new(pauses.clone()).unwrap().as_slice(), pauses);
    }

    #[test]
    fn pauses_that_contradict_each_other_are_refused_with_their_place() {
        let refused = |pauses| Pauses::try_new(pauses).unwrap_err();
        assert_eq!(refused(vec![pause(2, Some(1))]), InvalidPauses::Reversed { index: 0 });
        assert_eq!(refused(vec![pause(1, Some(3)), pause(2, Some(4))]), InvalidPauses::Overlap { index: 1 });
        assert_eq!(refused(vec![pause(5, Some(6)), pause(1, Some(2))]), InvalidPauses::Overlap { index: 1 });
        assert_eq!(refused(vec![pause(1, None), pause(2, Some(3))]), InvalidPauses::Overlap { index: 1 });
    }
}
