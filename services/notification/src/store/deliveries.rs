//! Deliveries and their attempts.

use kernel::{AccountId, DeliveryId, MessageId, PageSize, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{read, template};
use crate::domain::{Attempt, Channel, Delivery, DeliveryState, TemplateRef};

const TABLE: &str = "delivery";
const COLUMNS: &str = "delivery_id, message_id, account_id, template, template_version, channel, state, attempts, \
                       tries, created_at, due_at, finished_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    delivery_id: Uuid,
    message_id: Uuid,
    account_id: Uuid,
    template: String,
    template_version: i64,
    channel: String,
    state: String,
    attempts: i64,
    tries: i64,
    created_at: Timestamp,
    due_at: Timestamp,
    finished_at: Option<Timestamp>,
    version: i64,
}

impl Row {
    fn read(self) -> Result<Delivery, Error> {
        let id = self.delivery_id;
        Ok(Delivery {
            id: DeliveryId::new(id),
            message: MessageId::new(self.message_id),
            account: AccountId::new(self.account_id),
            template: template(self.template, self.template_version, TABLE, id)?,
            channel: read(&self.channel, TABLE, "channel", id)?,
            state: read(&self.state, TABLE, "state", id)?,
            attempts: self.attempts,
            tries: self.tries,
            created_at: self.created_at,
            due_at: self.due_at,
            finished_at: self.finished_at,
            version: Version::new(self.version),
        })
    }
}

/// Which deliveries; `None` for all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub state: Option<DeliveryState>,
    pub channel: Option<Channel>,
    pub account: Option<AccountId>,
    pub message: Option<MessageId>,
}

impl Wanted {
    fn filter(&self) -> Filter {
        let Self { state, channel, account, message } = self;
        let state = state.map(|state| Filter::new("state = ?", binds![state.code()]));
        let channel = channel.map(|channel| Filter::new("channel = ?", binds![channel.code()]));
        let account = account.map(|account| Filter::new("account_id = ?", binds![account.uuid()]));
        let message = message.map(|message| Filter::new("message_id = ?", binds![message.uuid()]));
        Filter::all([state, channel, account, message].into_iter().flatten())
    }
}

/// One page, the newest first.
pub(crate) async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    before: Option<DeliveryId>,
    size: PageSize,
) -> Result<Vec<Delivery>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM delivery"))
        .filter_by(wanted.filter())
        .filter_some("delivery_id < ?", before.map(DeliveryId::uuid))
        .raw(" ORDER BY delivery_id DESC")
        .limit(size.limit())
        .rows::<Row>(tx, "list the deliveries")
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub(crate) async fn count(tx: &mut Tx, wanted: &Wanted) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM delivery")
        .filter_by(wanted.filter())
        .scalar(tx, "count the deliveries")
        .await
}

pub(crate) async fn find(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM delivery WHERE delivery_id = $1");
    store::row!(tx, "get the delivery", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Locks the delivery until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM delivery WHERE delivery_id = $1{}", tx.for_update());
    store::row!(tx, "lock the delivery", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Attempts in their order.
pub(crate) async fn attempts(tx: &mut Tx, id: DeliveryId) -> Result<Vec<Attempt>, Error> {
    let rows = store::rows!(
        tx,
        "list the attempts",
        (i64, Timestamp, String, String),
        "SELECT number, at, outcome, receipt FROM attempt WHERE delivery_id = $1 ORDER BY number",
        id.uuid()
    )?;
    let attempt = |(number, at, outcome, receipt): (i64, Timestamp, String, String)| {
        let outcome = read(&outcome, "attempt", "outcome", id.uuid())?;
        Ok(Attempt { number, at, outcome, receipt })
    };
    rows.into_iter().map(attempt).collect()
}

pub(crate) fn insert(batch: &mut Batch, delivery: &Delivery) {
    let Delivery {
        id,
        message,
        account,
        template: TemplateRef { code, version: template_version },
        channel,
        state,
        attempts,
        tries,
        created_at,
        due_at,
        finished_at,
        version,
    } = delivery;
    batch.add(
        "insert the delivery",
        "INSERT INTO delivery (delivery_id, message_id, account_id, template, template_version, channel, state,
            attempts, tries, created_at, due_at, finished_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        binds![
            id.uuid(),
            message.uuid(),
            account.uuid(),
            code,
            *template_version,
            channel.code(),
            state.code(),
            *attempts,
            *tries,
            *created_at,
            *due_at,
            *finished_at,
            version.number()
        ],
    );
}

/// Takes what is due, the longest due first, and keeps it from others until `until`. What cannot be read, perhaps of a
/// newer replica, is logged and stays aside as long.
pub(crate) async fn claim(
    tx: &mut Tx,
    claim: Uuid,
    now: Timestamp,
    until: Timestamp,
    n_most: i64,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "WITH due AS (
            SELECT delivery_id AS due_id FROM delivery
            WHERE state = 'PENDING' AND due_at <= $1
            ORDER BY due_at
            LIMIT $2{}
        )
        UPDATE delivery SET due_at = $3, claim = $4
        FROM due WHERE delivery_id = due_id
        RETURNING {COLUMNS}",
        tx.for_update_skip_locked()
    );
    let rows = store::rows!(tx, "claim deliveries", Row, sql, now, n_most, until, claim)?;
    Ok(super::readable(rows.into_iter().map(Row::read)))
}

/// Locks those that are still claimed so; the others were taken over.
pub(crate) async fn lock_claimed(
    tx: &mut Tx,
    claim: Uuid,
    ids: &[DeliveryId],
) -> Result<Vec<DeliveryId>, Error> {
    let lock = format!(" ORDER BY delivery_id{}", tx.for_update());
    let rows = Select::new("SELECT delivery_id FROM delivery WHERE state = 'PENDING'")
        .filter("claim = ?", claim)
        .filter_by(Filter::in_list("delivery_id", ids.iter().map(|id| id.uuid())))
        .raw(&lock)
        .rows::<(Uuid,)>(tx, "lock the claimed deliveries")
        .await?;
    Ok(rows.into_iter().map(|(id,)| DeliveryId::new(id)).collect())
}

/// Writes what changes of a delivery over its version `before`, and ends the claim.
pub(crate) fn save(batch: &mut Batch, delivery: &Delivery, before: Version) {
    batch.add_one(
        "save the delivery",
        "UPDATE delivery
        SET state = $3, attempts = $4, tries = $5, due_at = $6, finished_at = $7, version = $8, claim = NULL
        WHERE delivery_id = $1 AND version = $2",
        binds![
            delivery.id.uuid(),
            before.number(),
            delivery.state.code(),
            delivery.attempts,
            delivery.tries,
            delivery.due_at,
            delivery.finished_at,
            delivery.version.number()
        ],
    );
}

pub(crate) fn insert_attempt(batch: &mut Batch, id: DeliveryId, attempt: &Attempt) {
    let Attempt { number, at, outcome, receipt } = attempt;
    batch.add(
        "record the attempt",
        "INSERT INTO attempt (delivery_id, number, at, outcome, receipt) VALUES ($1, $2, $3, $4, $5)",
        binds![id.uuid(), *number, *at, outcome.code(), receipt],
    );
}

/// To be tried later; this was no attempt.
pub(crate) fn postpone(batch: &mut Batch, id: DeliveryId, claim: Uuid, until: Timestamp) {
    batch.add(
        "postpone the delivery",
        "UPDATE delivery SET due_at = $3, claim = NULL WHERE delivery_id = $1 AND claim = $2",
        binds![id.uuid(), claim, until],
    );
}
