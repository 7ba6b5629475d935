//! What points are given for, and what becomes of them: pure functions over values.

mod board;
mod booking;
mod entries;
mod named;
mod occurrence;
mod period;
mod rules;
mod settlement;

pub(crate) use board::{Place, Standing, places};
pub(crate) use booking::{Account, Balance, Booking, NewEntry, Posting, PostingId, book};
pub(crate) use entries::{Draft, Recorded, candidates, entries_for};
pub(crate) use named::UnknownName;
pub(crate) use occurrence::{Effect, Happening, Lateness, Occasion, Occurrence, Parties, Subject};
pub(crate) use period::{Period, Quarter};
pub(crate) use rules::{Rule, RuleBook, RuleId, RuleSet, RuleVersion, STARTER};
pub(crate) use settlement::{Mark, Settlement, State, due};

use named::named;

named! {
    /// In which capacity somebody earns points.
    Kind {
        Manager = "MANAGER",
        Liaison = "LIAISON",
        SectionHandler = "SECTION_HANDLER",
    }
}
