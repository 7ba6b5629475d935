//! Double-entry bookkeeping: every posting takes from one account what it gives to another.

use std::collections::BTreeMap;

use kernel::{AccountId, EntryId, Timestamp};
use uuid::Uuid;

use super::{Draft, Effect, Kind, Mark, Occurrence, Quarter, Recorded, State, due, named::named};

/// One posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PostingId(pub Uuid);

/// Whose account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Account {
    /// From whom all points come; holds the sum of everybody's, turned round.
    Issuer,
    Person(AccountId),
}

impl Account {
    /// All zeros for the issuer: no account of a person has that id.
    pub(crate) fn uuid(self) -> Uuid {
        match self {
            Self::Issuer => Uuid::nil(),
            Self::Person(id) => id.uuid(),
        }
    }
}

named! {
    /// The parts of an account.
    Book {
        Pending = "PENDING",
        Posted = "POSTED",
        /// What counts nowhere any more.
        Voided = "VOIDED",
    }
}

impl From<State> for Book {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Posted => Self::Posted,
            State::Voided => Self::Voided,
        }
    }
}

/// One side of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub account: Account,
    pub book: Book,
    /// Never 0.
    pub amount: i64,
}

/// A step of an entry in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    pub id: PostingId,
    pub entry: EntryId,
    pub state: State,
    pub reverses: Option<PostingId>,
    /// They come to zero.
    pub legs: Vec<Leg>,
}

/// A new entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewEntry {
    pub id: EntryId,
    pub draft: Draft,
    pub quarter: Quarter,
}

/// Points of an account, by book.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Balance {
    pub pending: i64,
    pub posted: i64,
    pub voided: i64,
}

impl Balance {
    fn add(&mut self, leg: Leg) {
        match leg.book {
            Book::Pending => self.pending += leg.amount,
            Book::Posted => self.posted += leg.amount,
            Book::Voided => self.voided += leg.amount,
        }
    }
}

/// Everything that an occurrence writes into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booking {
    pub at: Timestamp,
    pub entries: Vec<NewEntry>,
    pub postings: Vec<Posting>,
    /// What each balance changes by; the issuer's have no kind.
    pub changes: BTreeMap<(Account, Option<Kind>, Quarter), Balance>,
}

/// Books an occurrence: its drafts as entries, and every entry of its subject in the state that it is now due.
/// `marks` are those of the subject without the occurrence's own.
pub(crate) fn book(
    occurrence: &Occurrence,
    drafts: Vec<Draft>,
    recorded: &[Recorded],
    marks: &[Mark],
    at: Timestamp,
    mut fresh_id: impl FnMut() -> Uuid,
) -> Booking {
    let mut marks = marks.to_vec();
    let (effect, actor) = (occurrence.what.effect, occurrence.what.actor);
    if effect != Effect::None {
        marks.push(Mark { version: occurrence.version, effect, actor });
    }
    let mut booking = Booking { at, entries: Vec::new(), postings: Vec::new(), changes: BTreeMap::new() };
    let subject = occurrence.what.subject.uuid();
    for entry in recorded.iter().filter(|entry| entry.subject == subject) {
        let target = due(entry.settlement, entry.version, entry.account, &marks);
        if entry.state < target {
            let from = Some((entry.state, entry.last_posting));
            let of =
                Owner { entry: entry.id, account: entry.account, kind: entry.kind, quarter: entry.quarter };
            booking.post(PostingId(fresh_id()), of, entry.amount, from, target);
        }
    }
    for draft in drafts {
        let (id, quarter) = (EntryId::new(fresh_id()), Quarter::of(occurrence.at));
        let of = Owner { entry: id, account: draft.account, kind: draft.kind, quarter };
        let target = due(draft.settlement, occurrence.version, draft.account, &marks);
        // What was voided before it was heard of is still shown as what it was: pending, then void.
        let first = if target == State::Voided { State::Pending } else { target };
        let posting = PostingId(fresh_id());
        booking.post(posting, of, draft.amount, None, first);
        if first != target {
            booking.post(PostingId(fresh_id()), of, draft.amount, Some((first, posting)), target);
        }
        booking.entries.push(NewEntry { id, draft, quarter });
    }
    booking
}

#[derive(Clone, Copy)]
struct Owner {
    entry: EntryId,
    account: AccountId,
    kind: Kind,
    quarter: Quarter,
}

impl Booking {
    fn post(&mut self, id: PostingId, of: Owner, amount: i64, from: Option<(State, PostingId)>, to: State) {
        let mut legs = Vec::with_capacity(4);
        let mut transfer = |book: Book, amount: i64| {
            legs.push(Leg { account: Account::Person(of.account), book, amount });
            legs.push(Leg { account: Account::Issuer, book, amount: -amount });
        };
        if let Some((state, _)) = from {
            transfer(state.into(), -amount);
        }
        transfer(to.into(), amount);
        for leg in &legs {
            let kind = (leg.account != Account::Issuer).then_some(of.kind);
            self.changes.entry((leg.account, kind, of.quarter)).or_default().add(*leg);
        }
        let reverses = from.map(|(_, posting)| posting);
        self.postings.push(Posting { id, entry: of.entry, state: to, reverses, legs });
    }
}

#[cfg(test)]
mod tests;
