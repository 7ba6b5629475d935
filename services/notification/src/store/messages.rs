//! Messages and the mailboxes that they are in.

use std::collections::BTreeMap;

use kernel::{AccountId, EventId, IssueId, MessageId, PageSize, Timestamp};
use store::{Batch, Bind, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{about, read, template};
use crate::domain::{Message, TemplateRef};

const TABLE: &str = "message";
const COLUMNS: &str = "message_id, account_id, number, event_id, template, template_version, kind, statutory, \
                       language, subject, body, about, issue_id, issue_number, created_at, read_at";

#[derive(sqlx::FromRow)]
struct Row {
    message_id: Uuid,
    account_id: Uuid,
    number: i64,
    event_id: Uuid,
    template: String,
    template_version: i64,
    kind: String,
    statutory: bool,
    language: String,
    subject: String,
    body: String,
    about: String,
    issue_id: Option<Uuid>,
    issue_number: String,
    created_at: Timestamp,
    read_at: Option<Timestamp>,
}

impl Row {
    fn read(self) -> Result<Message, Error> {
        let id = self.message_id;
        Ok(Message {
            id: MessageId::new(id),
            account: AccountId::new(self.account_id),
            number: self.number,
            event: EventId::new(self.event_id),
            template: template(self.template, self.template_version, TABLE, id)?,
            kind: read(&self.kind, TABLE, "kind", id)?,
            statutory: self.statutory,
            language: read(&self.language, TABLE, "language", id)?,
            subject: self.subject,
            body: self.body,
            about: about(self.about, self.issue_id),
            issue: self.issue_id.map(IssueId::new),
            issue_number: self.issue_number,
            created_at: self.created_at,
            read_at: self.read_at,
        })
    }
}

/// Reserves so many places at the end of each mailbox, and locks the mailboxes until the transaction ends: whoever
/// reads a mailbox never sees a number before a smaller one. Answers the number before the first reserved one.
pub(crate) async fn reserve(
    tx: &mut Tx,
    n_messages: &BTreeMap<AccountId, i64>,
) -> Result<BTreeMap<AccountId, i64>, Error> {
    if n_messages.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = vec!["(?, ?)"; n_messages.len()].join(", ");
    let places = n_messages.iter().flat_map(|(account, n)| [Bind::from(account.uuid()), Bind::from(*n)]);
    let ends = Select::new(format!(
        "INSERT INTO mailbox (account_id, last_number) VALUES {rows}
        ON CONFLICT (account_id) DO UPDATE SET last_number = mailbox.last_number + excluded.last_number
        RETURNING account_id, last_number"
    ))
    .with(places)
    .rows::<(Uuid, i64)>(tx, "reserve places in mailboxes")
    .await?;
    let before = |(account, end): (Uuid, i64)| {
        let account = AccountId::new(account);
        (account, end - n_messages.get(&account).copied().unwrap_or_default())
    };
    Ok(ends.into_iter().map(before).collect())
}

pub(crate) fn insert(batch: &mut Batch, message: &Message) {
    let Message {
        id,
        account,
        number,
        event,
        template,
        kind,
        statutory,
        language,
        subject,
        body,
        about,
        issue,
        issue_number,
        created_at,
        read_at,
    } = message;
    let TemplateRef { code, version } = template;
    batch.add(
        "insert the message",
        "INSERT INTO message (message_id, account_id, number, event_id, template, template_version, kind, statutory,
            language, subject, body, about, issue_id, issue_number, created_at, read_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        binds![
            id.uuid(),
            account.uuid(),
            *number,
            event.uuid(),
            code,
            *version,
            kind.code(),
            *statutory,
            language.code(),
            subject,
            body,
            about,
            issue.map(IssueId::uuid),
            issue_number,
            *created_at,
            *read_at
        ],
    );
}

/// A message of this person's.
pub(crate) async fn find(tx: &mut Tx, owner: AccountId, id: MessageId) -> Result<Option<Message>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE account_id = $1 AND message_id = $2");
    store::row!(tx, "get the message", Row, sql, owner.uuid(), id.uuid())?.map(Row::read).transpose()
}

/// Those that exist and can be read, of whomever.
pub(crate) async fn of_ids(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = MessageId>,
) -> Result<Vec<Message>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM message"))
        .filter_by(Filter::in_list("message_id", ids.into_iter().map(MessageId::uuid)))
        .rows::<Row>(tx, "get the messages")
        .await?;
    Ok(super::readable(rows.into_iter().map(Row::read)))
}

/// One page of a person's messages, the newest first.
pub(crate) async fn list(
    tx: &mut Tx,
    owner: AccountId,
    unread_only: bool,
    before: Option<i64>,
    size: PageSize,
) -> Result<Vec<Message>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM message"))
        .filter_by(wanted(owner, unread_only))
        .filter_some("number < ?", before)
        .raw(" ORDER BY number DESC")
        .limit(size.limit())
        .rows::<Row>(tx, "list the messages")
        .await?;
    rows.into_iter().map(Row::read).collect()
}

pub(crate) async fn count(tx: &mut Tx, owner: AccountId, unread_only: bool) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM message")
        .filter_by(wanted(owner, unread_only))
        .scalar(tx, "count the messages")
        .await
}

fn wanted(owner: AccountId, unread_only: bool) -> Filter {
    let of = Filter::new("account_id = ?", binds![owner.uuid()]);
    let unread = unread_only.then(|| Filter::new("read_at IS NULL", []));
    Filter::all([of].into_iter().chain(unread))
}

/// Number of the newest message; 0 if there was never one.
pub(crate) async fn end(tx: &mut Tx, owner: AccountId) -> Result<i64, Error> {
    let sql = "SELECT last_number FROM mailbox WHERE account_id = $1";
    let row = store::row!(tx, "find the end of the mailbox", (i64,), sql, owner.uuid())?;
    Ok(row.map_or(0, |(number,)| number))
}

/// A person's messages after a place in their inbox, the oldest first.
pub(crate) async fn after(
    tx: &mut Tx,
    owner: AccountId,
    number: i64,
    n_most: i64,
) -> Result<Vec<Message>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM message WHERE account_id = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    let rows = store::rows!(tx, "get the new messages", Row, sql, owner.uuid(), number, n_most)?;
    rows.into_iter().map(Row::read).collect()
}

/// Locks messages of this person's: which of them there are, and when each was read.
pub(crate) async fn lock(
    tx: &mut Tx,
    owner: AccountId,
    ids: &[MessageId],
) -> Result<Vec<(MessageId, Option<Timestamp>)>, Error> {
    let lock = format!(" ORDER BY message_id{}", tx.for_update());
    let rows = Select::new("SELECT message_id, read_at FROM message")
        .filter("account_id = ?", owner.uuid())
        .filter_by(Filter::in_list("message_id", ids.iter().map(|id| id.uuid())))
        .raw(&lock)
        .rows::<(Uuid, Option<Timestamp>)>(tx, "lock the messages")
        .await?;
    Ok(rows.into_iter().map(|(id, read_at)| (MessageId::new(id), read_at)).collect())
}

pub(crate) fn mark_read(batch: &mut Batch, ids: &[MessageId], now: Timestamp) {
    if ids.is_empty() {
        return;
    }
    let places: Vec<_> = (2..).take(ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!("UPDATE message SET read_at = $1 WHERE message_id IN ({})", places.join(", "));
    let ids = ids.iter().map(|id| Bind::from(id.uuid()));
    batch.add("mark messages as read", sql, [Bind::from(now)].into_iter().chain(ids).collect());
}
