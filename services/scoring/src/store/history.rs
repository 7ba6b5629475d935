//! What the ledger knows already, when an occurrence is to be booked.

use chrono::{NaiveDate, TimeDelta};
use kernel::{AccountId, EnterpriseId, EntryId, EventId, Version};
use store::{Error, Filter, Select, Tx};
use uuid::Uuid;

use crate::domain::{
    Effect, Mark, Occurrence, PostingId, Quarter, Recorded, Rule, Settlement, State, Subject,
};

/// Locks the subject of the occurrence until the transaction ends, and enters it when it is new.
pub(crate) async fn lock_subject(tx: &mut Tx, occurrence: &Occurrence) -> Result<(), Error> {
    let (kind, number) = match &occurrence.what.subject {
        Subject::Issue { number, .. } => ("ISSUE", number.as_str()),
        Subject::Visit(_) => ("VISIT", ""),
    };
    store::execute!(
        tx,
        "lock the subject",
        "INSERT INTO subject (subject_id, kind, issue_number, enterprise_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (subject_id) DO UPDATE SET kind = excluded.kind",
        occurrence.what.subject.uuid(),
        kind,
        number,
        occurrence.what.enterprise.uuid()
    )?;
    Ok(())
}

/// Locks the accounts until the transaction ends, always in the same order, and enters those that are new.
pub(crate) async fn lock_accounts(
    tx: &mut Tx,
    accounts: impl Iterator<Item = AccountId>,
) -> Result<(), Error> {
    let mut accounts: Vec<Uuid> = accounts.map(AccountId::uuid).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        store::execute!(
            tx,
            "lock the account",
            "INSERT INTO account (account_id) VALUES ($1)
             ON CONFLICT (account_id) DO UPDATE SET account_id = excluded.account_id",
            account
        )?;
    }
    Ok(())
}

/// Events of the subject that were booked.
pub(crate) async fn marks(tx: &mut Tx, subject: Uuid) -> Result<Vec<(EventId, Mark)>, Error> {
    let rows = store::rows!(
        tx,
        "list the subject's events",
        (Uuid, i64, String, Option<Uuid>),
        "SELECT event_id, subject_version, effect, actor_id FROM source_event WHERE subject_id = $1",
        subject
    )?;
    rows.into_iter()
        .map(|(event, version, effect, actor)| {
            let effect =
                effect.parse::<Effect>().map_err(|_| Error::unreadable("source_event", "effect", &event))?;
            let actor = actor.map(AccountId::new);
            Ok((EventId::new(event), Mark { version: Version::new(version), effect, actor }))
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    entry_id: Uuid,
    rule_id: String,
    account_id: Uuid,
    kind: String,
    amount: i64,
    settlement: String,
    subject_id: Uuid,
    enterprise_id: Uuid,
    clock: String,
    on_day: Option<NaiveDate>,
    year: i64,
    quarter: i64,
    subject_version: i64,
    step: i64,
    posting_id: Uuid,
}

/// Entries of the occurrence's subject, and those that the caps of the candidates look at.
pub(crate) async fn recorded(
    tx: &mut Tx,
    occurrence: &Occurrence,
    candidates: &[(&Rule, AccountId)],
) -> Result<Vec<Recorded>, Error> {
    let what = &occurrence.what;
    let mut wanted = vec![Filter::new("e.subject_id = ?", [what.subject.uuid().into()])];
    let quarter = Quarter::of(occurrence.at);
    for (rule, account) in candidates {
        let of = [rule.id.as_str().into(), account.uuid().into()];
        let of = Filter::new("e.rule_id = ? AND e.account_id = ?", of);
        if rule.cap_per_quarter.is_some() {
            let within = [quarter.year.into(), i64::from(quarter.quarter).into()];
            wanted.push(Filter::all([of.clone(), Filter::new("e.year = ? AND e.quarter = ?", within)]));
        }
        if let (Some(days), Some(day)) = (rule.once_per_firm_days, what.on_day) {
            let reach = TimeDelta::days(i64::from(days));
            let within = [what.enterprise.uuid().into(), (day - reach).into(), (day + reach).into()];
            let near = Filter::new("e.enterprise_id = ? AND e.on_day BETWEEN ? AND ?", within);
            wanted.push(Filter::all([of, near]));
        }
    }
    let rows = Select::new(
        "SELECT e.entry_id, e.rule_id, e.account_id, e.kind, e.amount, e.settlement, e.subject_id,
                e.enterprise_id, e.clock, e.on_day, e.year, e.quarter, s.subject_version, p.step, p.posting_id
         FROM entry AS e
         JOIN source_event AS s ON s.event_id = e.event_id
         JOIN posting AS p ON p.entry_id = e.entry_id
              AND p.step = (SELECT MAX(l.step) FROM posting AS l WHERE l.entry_id = e.entry_id)",
    )
    .filter_by(Filter::any(wanted))
    .raw(" ORDER BY e.entry_id")
    .rows::<Row>(tx, "list the entries that the occurrence touches")
    .await?;
    rows.into_iter().map(Recorded::try_from).collect()
}

impl TryFrom<Row> for Recorded {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let Row {
            entry_id,
            rule_id,
            account_id,
            kind,
            amount,
            settlement,
            subject_id,
            enterprise_id,
            clock,
            on_day,
            year,
            quarter,
            subject_version,
            step,
            posting_id,
        } = row;
        let unreadable = |column| Error::unreadable("entry", column, &entry_id);
        Ok(Self {
            id: EntryId::new(entry_id),
            rule: rule_id.parse().map_err(|_| unreadable("rule_id"))?,
            account: AccountId::new(account_id),
            kind: kind.parse().map_err(|_| unreadable("kind"))?,
            amount,
            settlement: settlement.parse::<Settlement>().map_err(|_| unreadable("settlement"))?,
            subject: subject_id,
            enterprise: EnterpriseId::new(enterprise_id),
            clock,
            on_day,
            quarter: Quarter {
                year: i32::try_from(year).map_err(|_| unreadable("year"))?,
                quarter: u8::try_from(quarter).map_err(|_| unreadable("quarter"))?,
            },
            version: Version::new(subject_version),
            state: State::from_step(step).ok_or_else(|| Error::unreadable("posting", "step", &posting_id))?,
            last_posting: PostingId(posting_id),
        })
    }
}
