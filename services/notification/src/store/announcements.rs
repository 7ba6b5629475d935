//! Announcements: what is to be told because of an event.

use std::collections::BTreeMap;

use kernel::{AccountId, EventId, IssueId, Timestamp};
use sqlx::types::Json;
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{about, read, template};
use crate::domain::{Announcement, Audience, TemplateRef, Values};

const TABLE: &str = "announcement";

#[derive(sqlx::FromRow)]
struct Row {
    announcement_id: Uuid,
    event_id: Uuid,
    template: String,
    template_version: i64,
    about: String,
    issue_id: Option<Uuid>,
    issue_number: String,
    audiences: Json<serde_json::Value>,
    actor_id: Option<Uuid>,
    placeholder_values: Json<BTreeMap<String, String>>,
    happened_at: Timestamp,
    attempts: i64,
}

/// An announcement that this caller works on until its claim runs out.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub announcement: Announcement,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

impl Row {
    fn read(self) -> Result<Claimed, Error> {
        let id = self.announcement_id;
        let audiences: Vec<Audience> = serde_json::from_value(self.audiences.0)
            .map_err(|_| Error::unreadable(TABLE, "audiences", &id))?;
        let values = self.placeholder_values.0.into_iter();
        let values = values.map(|(name, value)| Ok((read(&name, TABLE, "placeholder_values", id)?, value)));
        let announcement = Announcement {
            id,
            event: EventId::new(self.event_id),
            template: template(self.template, self.template_version, TABLE, id)?,
            about: about(self.about, self.issue_id),
            issue: self.issue_id.map(IssueId::new),
            issue_number: self.issue_number,
            audiences,
            actor: self.actor_id.map(AccountId::new),
            values: values.collect::<Result<Values, Error>>()?,
            happened_at: self.happened_at,
        };
        Ok(Claimed { announcement, attempts: self.attempts })
    }
}

/// Announces once, however often the event comes.
pub(crate) fn insert(batch: &mut Batch, announcement: &Announcement, now: Timestamp) {
    let Announcement {
        id,
        event,
        template,
        about,
        issue,
        issue_number,
        audiences,
        actor,
        values,
        happened_at,
    } = announcement;
    let TemplateRef { code, version } = template;
    let values: BTreeMap<_, _> =
        values.iter().map(|(placeholder, value)| (placeholder.code(), value)).collect();
    batch.add(
        "announce an event",
        "INSERT INTO announcement (announcement_id, event_id, template, template_version, issue_id, issue_number,
            audiences, actor_id, placeholder_values, happened_at, state, due_at, attempts, about)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'PENDING', $11, 0, $12)
        ON CONFLICT (event_id, template) DO NOTHING",
        binds![
            *id,
            event.uuid(),
            code,
            *version,
            issue.map(IssueId::uuid),
            issue_number,
            serde_json::json!(audiences),
            actor.map(AccountId::uuid),
            serde_json::json!(values),
            *happened_at,
            now,
            about
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
) -> Result<Vec<Claimed>, Error> {
    let sql = format!(
        "WITH due AS (
            SELECT announcement_id AS due_id FROM announcement
            WHERE state = 'PENDING' AND due_at <= $1
            ORDER BY due_at
            LIMIT $2{}
        )
        UPDATE announcement SET due_at = $3, claim = $4, attempts = attempts + 1
        FROM due WHERE announcement_id = due_id
        RETURNING announcement_id, event_id, template, template_version, about, issue_id, issue_number, audiences,
            actor_id, placeholder_values, happened_at, attempts",
        tx.for_update_skip_locked()
    );
    let rows = store::rows!(tx, "claim announcements", Row, sql, now, n_most, until, claim)?;
    Ok(super::readable(rows.into_iter().map(Row::read)))
}

/// Locks those that are still claimed so; the others were taken over.
pub(crate) async fn lock_claimed(tx: &mut Tx, claim: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let lock = format!(" ORDER BY announcement_id{}", tx.for_update());
    let select = Select::new("SELECT announcement_id FROM announcement WHERE state = 'PENDING'")
        .filter("claim = ?", claim)
        .filter_by(Filter::in_list("announcement_id", ids.iter().copied()))
        .raw(&lock);
    let rows = select.rows::<(Uuid,)>(tx, "lock the claimed announcements").await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Everybody has been told.
pub(crate) fn finish(batch: &mut Batch, id: Uuid) {
    batch.add_one(
        "finish the announcement",
        "UPDATE announcement SET state = 'SPREAD', claim = NULL WHERE announcement_id = $1",
        binds![id],
    );
}

/// To be tried again later.
pub(crate) fn postpone(batch: &mut Batch, id: Uuid, claim: Uuid, until: Timestamp) {
    batch.add(
        "postpone the announcement",
        "UPDATE announcement SET due_at = $3, claim = NULL WHERE announcement_id = $1 AND claim = $2",
        binds![id, claim, until],
    );
}
