//! What comes into force when, and who saw to it: append-only.

use std::collections::HashMap;

use chrono::NaiveDate;
use kernel::{AccountId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use crate::domain::{Activation, ActivationStep, Change, PolicyVersion, Subject};

#[derive(FromRow)]
struct Row {
    activation_id: Uuid,
    kind: String,
    subject: String,
    from_date: NaiveDate,
}

#[derive(FromRow)]
struct StepRow {
    activation_id: Uuid,
    kind: String,
    at: Timestamp,
    by_id: Uuid,
}

/// What was activated and not cancelled, in the order in which it takes effect: of what begins on the same day, what was
/// approved last comes last, and holds.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub packs: Vec<Change<PolicyVersion>>,
    pub calendars: Vec<Change<String>>,
}

/// A proposal that nobody knew of.
pub(crate) fn insert(batch: &mut Batch, activation: &Activation) {
    let Activation { id, subject, from, steps: _ } = activation;
    batch.add(
        "store the activation",
        "INSERT INTO activation (activation_id, kind, subject, from_date) VALUES ($1, $2, $3, $4)",
        binds![*id, subject.kind(), subject.to_string(), *from],
    );
    append_step(batch, activation);
}

/// Appends the last of the steps. Fails with `activation_step_pkey` if somebody took another in between.
pub(crate) fn append_step(batch: &mut Batch, activation: &Activation) {
    let Some(ActivationStep { kind, at, by }) = activation.steps.last() else { return };
    batch.add(
        "append the step",
        "INSERT INTO activation_step (activation_id, seq, kind, at, by_id) VALUES ($1, $2, $3, $4, $5)",
        binds![activation.id, activation.version().number(), kind.name(), *at, by.uuid()],
    );
}

pub(crate) async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Activation>, Error> {
    let sql = "SELECT activation_id, kind, subject, from_date FROM activation WHERE activation_id = $1";
    let row = store::row!(tx, "get the activation", Row, sql, id)?;
    Ok(with_steps(tx, row.into_iter().collect()).await?.pop())
}

/// A page of the activations, the latest day first.
pub(crate) async fn list(
    tx: &mut Tx,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<Activation>, Error> {
    let select = Select::new("SELECT activation_id, kind, subject, from_date FROM activation");
    let select = match after {
        Some((day, id)) => {
            select.filter_by(Filter::new("(from_date, activation_id) < (?, ?)", binds![day, id]))
        }
        None => select,
    };
    let rows = select
        .raw(" ORDER BY from_date DESC, activation_id DESC")
        .limit(limit)
        .rows::<Row>(tx, "list the activations")
        .await?;
    with_steps(tx, rows).await
}

async fn with_steps(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<Activation>, Error> {
    let steps = Select::new("SELECT activation_id, kind, at, by_id FROM activation_step")
        .filter_by(Filter::in_list("activation_id", rows.iter().map(|row| row.activation_id)))
        .raw(" ORDER BY activation_id, seq")
        .rows::<StepRow>(tx, "read the steps of activations")
        .await?;
    let mut by_id: HashMap<Uuid, Vec<ActivationStep>> = HashMap::new();
    for StepRow { activation_id, kind, at, by_id: by } in steps {
        let kind = kind.parse().map_err(|_| Error::unreadable("activation_step", "kind", &activation_id))?;
        let step = ActivationStep { kind, at, by: AccountId::new(by) };
        by_id.entry(activation_id).or_default().push(step);
    }
    rows.into_iter()
        .map(|Row { activation_id: id, kind, subject, from_date: from }| {
            let subject = Subject::read(&kind, &subject);
            let subject = subject.map_err(|_| Error::unreadable("activation", "subject", &id))?;
            Ok(Activation { id, subject, from, steps: by_id.remove(&id).unwrap_or_default() })
        })
        .collect()
}

/// Changes whenever [`changes`] does: the number of steps, which never falls.
pub(crate) async fn revision(tx: &mut Tx) -> Result<i64, Error> {
    store::scalar!(tx, "count the steps of activations", i64, "SELECT COUNT(*) FROM activation_step")
}

/// Whoever approves a calendar looks at those that others approved: one after another, until the transaction ends.
pub(crate) async fn lock_calendars(tx: &mut Tx) -> Result<(), Error> {
    let for_update = tx.for_update();
    let sql = format!("SELECT activation_id FROM activation WHERE kind = 'CALENDAR'{for_update}");
    store::rows!(tx, "lock the calendars to come", (Uuid,), sql)?;
    Ok(())
}

pub(crate) async fn changes(tx: &mut Tx) -> Result<Changes, Error> {
    let rows = store::rows!(
        tx,
        "read what comes into force",
        Row,
        "SELECT activation.activation_id, activation.kind, activation.subject, activation.from_date
        FROM activation
        JOIN activation_step AS approved
            ON approved.activation_id = activation.activation_id AND approved.kind = 'APPROVED'
        WHERE NOT EXISTS (
            SELECT 1 FROM activation_step AS cancelled
            WHERE cancelled.activation_id = activation.activation_id AND cancelled.kind = 'CANCELLED'
        )
        ORDER BY activation.from_date, approved.at, activation.activation_id"
    )?;
    let mut changes = Changes::default();
    for Row { activation_id, kind, subject, from_date: from } in rows {
        match Subject::read(&kind, &subject) {
            Ok(Subject::Pack(to)) => changes.packs.push(Change { from, to }),
            Ok(Subject::Calendar(to)) => changes.calendars.push(Change { from, to }),
            Err(_) => return Err(Error::unreadable("activation", "subject", &activation_id)),
        }
    }
    Ok(changes)
}
