use kernel::{EnterpriseId, EventId, IssueId, Version};

use super::*;
use crate::domain::{Happening, Parties, RuleVersion, Settlement, Subject};

const HANDLER: AccountId = AccountId::new(Uuid::from_u128(1));

fn occurrence(version: i64, effect: Effect) -> Occurrence {
    Occurrence {
        event: EventId::new(Uuid::from_u128(1000)),
        event_type: "some.Event".to_owned(),
        version: Version::new(version),
        at: "2026-06-30T15:59:59Z".parse().unwrap(),
        what: Happening {
            subject: Subject::Issue {
                id: IssueId::new(Uuid::from_u128(100)),
                number: "QQ-2026-000001".to_owned(),
            },
            enterprise: EnterpriseId::new(Uuid::from_u128(200)),
            actor: None,
            parties: Parties::default(),
            occasions: vec![],
            lateness: None,
            on_day: None,
            effect,
        },
    }
}

fn draft(amount: i64, settlement: Settlement) -> Draft {
    Draft {
        rule: "issue_resolved".parse().unwrap(),
        rule_version: RuleVersion(1),
        account: HANDLER,
        kind: Kind::SectionHandler,
        amount,
        settlement,
        clock: String::new(),
    }
}

fn recorded(state: State) -> Recorded {
    Recorded {
        id: EntryId::new(Uuid::from_u128(300)),
        rule: "issue_resolved".parse().unwrap(),
        account: HANDLER,
        kind: Kind::SectionHandler,
        amount: 5,
        settlement: Settlement::AtAudit,
        subject: Uuid::from_u128(100),
        enterprise: EnterpriseId::new(Uuid::from_u128(200)),
        clock: String::new(),
        on_day: None,
        quarter: Quarter { year: 2026, quarter: 1 },
        version: Version::new(5),
        state,
        last_posting: PostingId(Uuid::from_u128(400)),
    }
}

fn mark(version: i64, effect: Effect) -> Mark {
    Mark { version: Version::new(version), effect, actor: None }
}

/// Books, and checks what holds of every booking: each posting comes to zero, and the changes are the sums of the legs.
fn check(occurrence: &Occurrence, drafts: Vec<Draft>, recorded: &[Recorded], marks: &[Mark]) -> Booking {
    let mut next = 500;
    let fresh_id = || {
        next += 1;
        Uuid::from_u128(next)
    };
    let booking = book(occurrence, drafts, recorded, marks, occurrence.at, fresh_id);
    for posting in &booking.postings {
        assert_eq!(posting.legs.iter().map(|leg| leg.amount).sum::<i64>(), 0, "{posting:?}");
        for book in Book::ALL {
            let in_book = posting.legs.iter().filter(|leg| leg.book == *book);
            assert_eq!(in_book.map(|leg| leg.amount).sum::<i64>(), 0, "{posting:?}");
        }
    }
    let of_person = |balance: fn(&Balance) -> i64, book: Book| {
        let legs = booking.postings.iter().flat_map(|posting| &posting.legs);
        let legs = legs.filter(|leg| leg.account != Account::Issuer && leg.book == book);
        let changes = booking.changes.iter().filter(|((account, ..), _)| *account != Account::Issuer);
        assert_eq!(
            legs.map(|leg| leg.amount).sum::<i64>(),
            changes.map(|(_, change)| balance(change)).sum::<i64>()
        );
    };
    of_person(|balance| balance.pending, Book::Pending);
    of_person(|balance| balance.posted, Book::Posted);
    of_person(|balance| balance.voided, Book::Voided);
    booking
}

fn steps(booking: &Booking) -> Vec<State> {
    booking.postings.iter().map(|posting| posting.state).collect()
}

fn change(booking: &Booking, quarter: u8) -> Balance {
    let key = (Account::Person(HANDLER), Some(Kind::SectionHandler), Quarter { year: 2026, quarter });
    booking.changes[&key]
}

#[test]
fn a_reply_promises_and_the_audit_posts() {
    let reply = check(&occurrence(5, Effect::Unsettle), vec![draft(5, Settlement::AtAudit)], &[], &[]);
    assert_eq!(steps(&reply), [State::Pending]);
    assert_eq!(change(&reply, 2), Balance { pending: 5, posted: 0, voided: 0 });

    let audit = check(&occurrence(8, Effect::Pass), vec![], &[recorded(State::Pending)], &[]);
    assert_eq!(steps(&audit), [State::Posted]);
    assert_eq!(audit.postings[0].reverses, Some(PostingId(Uuid::from_u128(400))));
    // In the quarter of the deed, not of the audit.
    assert_eq!(change(&audit, 1), Balance { pending: -5, posted: 5, voided: 0 });
}

#[test]
fn a_reopening_takes_back_what_the_audit_posted() {
    let marks = [mark(8, Effect::Pass)];
    let booking = check(&occurrence(9, Effect::Unsettle), vec![], &[recorded(State::Posted)], &marks);
    assert_eq!(steps(&booking), [State::Voided]);
    assert_eq!(change(&booking, 1), Balance { pending: 0, posted: -5, voided: 5 });
}

#[test]
fn final_points_are_posted_at_once_also_when_they_are_taken() {
    let booking = check(&occurrence(8, Effect::Unsettle), vec![draft(-3, Settlement::Final)], &[], &[]);
    assert_eq!(steps(&booking), [State::Posted]);
    assert_eq!(change(&booking, 2), Balance { pending: 0, posted: -3, voided: 0 });
}

#[test]
fn a_reply_heard_of_after_its_audit_or_its_end_is_in_the_same_state_as_if_it_had_come_first() {
    let late = |marks: &[Mark]| {
        steps(&check(&occurrence(5, Effect::Unsettle), vec![draft(5, Settlement::AtAudit)], &[], marks))
    };
    assert_eq!(late(&[mark(8, Effect::Pass)]), [State::Posted]);
    assert_eq!(late(&[mark(7, Effect::Unsettle)]), [State::Pending, State::Voided]);
    assert_eq!(late(&[mark(8, Effect::Pass), mark(9, Effect::Unsettle)]), [State::Pending, State::Voided]);
    assert_eq!(late(&[mark(2, Effect::Unsettle)]), [State::Pending]);
}

#[test]
fn entries_of_another_subject_and_entries_in_their_last_state_are_left_alone() {
    let elsewhere = Recorded { subject: Uuid::from_u128(101), ..recorded(State::Pending) };
    let known = [elsewhere, recorded(State::Voided)];
    let booking = check(&occurrence(9, Effect::Unsettle), vec![], &known, &[]);
    assert_eq!((booking.postings.len(), booking.changes.len()), (0, 0));
}
