//! Writes what an occurrence did to the ledger.

use store::{Batch, binds};

use crate::domain::{Account, Balance, Booking, Happening, Kind, NewEntry, Occurrence, Posting, Quarter};

/// The event, its entries, the postings with their legs, and the balances, which change with them.
pub(crate) fn insert(batch: &mut Batch, occurrence: &Occurrence, booking: &Booking) {
    insert_event(batch, occurrence, booking);
    for entry in &booking.entries {
        insert_entry(batch, occurrence, booking, entry);
    }
    for posting in &booking.postings {
        batch.add(
            "insert the posting",
            "INSERT INTO posting (posting_id, entry_id, step, event_id, reverses, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            binds![
                posting.id.0,
                posting.entry.uuid(),
                posting.state.step(),
                occurrence.event.uuid(),
                posting.reverses.map(|posting| posting.0),
                booking.at
            ],
        );
    }
    for Posting { id, legs, .. } in &booking.postings {
        for leg in legs {
            batch.add(
                "insert the legs of the posting",
                "INSERT INTO leg (posting_id, account_id, book, amount) VALUES ($1, $2, $3, $4)",
                binds![id.0, leg.account.uuid(), leg.book.name(), leg.amount],
            );
        }
    }
    for ((account, kind, quarter), change) in &booking.changes {
        change_balance(batch, *account, *kind, *quarter, *change);
    }
}

fn insert_event(batch: &mut Batch, occurrence: &Occurrence, booking: &Booking) {
    let Occurrence { event, event_type, version, at, what } = occurrence;
    let Happening { subject, actor, effect, .. } = what;
    batch.add(
        "mark the event as booked",
        "INSERT INTO source_event
             (event_id, type, subject_id, subject_version, actor_id, effect, at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        binds![
            event.uuid(),
            event_type,
            subject.uuid(),
            version.number(),
            actor.map(kernel::AccountId::uuid),
            effect.name(),
            *at,
            booking.at
        ],
    );
}

fn insert_entry(batch: &mut Batch, occurrence: &Occurrence, booking: &Booking, entry: &NewEntry) {
    let NewEntry { id, draft, quarter } = entry;
    let what = &occurrence.what;
    batch.add(
        "insert the entry",
        "INSERT INTO entry (entry_id, event_id, rule_id, rule_version, account_id, kind, amount, settlement,
                            subject_id, enterprise_id, clock, on_day, year, quarter, effective_at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        binds![
            id.uuid(),
            occurrence.event.uuid(),
            draft.rule.as_str(),
            draft.rule_version.0,
            draft.account.uuid(),
            draft.kind.name(),
            draft.amount,
            draft.settlement.name(),
            what.subject.uuid(),
            what.enterprise.uuid(),
            draft.clock.as_str(),
            what.on_day,
            quarter.year,
            i64::from(quarter.quarter),
            occurrence.at,
            booking.at
        ],
    );
}

fn change_balance(
    batch: &mut Batch,
    account: Account,
    kind: Option<Kind>,
    quarter: Quarter,
    change: Balance,
) {
    let Balance { pending, posted, voided } = change;
    batch.add(
        "change the balance",
        "INSERT INTO balance (account_id, kind, year, quarter, pending, posted, voided)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (account_id, kind, year, quarter) DO UPDATE SET
             pending = balance.pending + excluded.pending,
             posted = balance.posted + excluded.posted,
             voided = balance.voided + excluded.voided",
        binds![
            account.uuid(),
            kind.map_or("ISSUER", Kind::name),
            quarter.year,
            i64::from(quarter.quarter),
            pending,
            posted,
            voided
        ],
    );
}
