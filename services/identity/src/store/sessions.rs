//! Sessions and their refresh tokens.

use kernel::{AccountId, SessionId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{PageOf, decode, encode};
use crate::domain::{RefreshToken, Session, SessionEnd};

const TABLE: &str = "session";
const COLUMNS: &str =
    "session_id, account_id, client, started_at, refreshed_at, expires_at, ended_at, end_reason, version";
const ENDS: &[(SessionEnd, &str)] = &[
    (SessionEnd::Logout, "LOGOUT"),
    (SessionEnd::Revoked, "REVOKED"),
    (SessionEnd::TokenReused, "TOKEN_REUSED"),
    (SessionEnd::PasswordChanged, "PASSWORD_CHANGED"),
    (SessionEnd::AccountDisabled, "ACCOUNT_DISABLED"),
];

#[derive(sqlx::FromRow)]
struct Row {
    session_id: Uuid,
    account_id: Uuid,
    client: String,
    started_at: Timestamp,
    refreshed_at: Timestamp,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
    end_reason: Option<String>,
    version: i64,
}

/// Which sessions; `None` for all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// What the caller may see.
    pub owner: Option<AccountId>,
    pub account: Option<AccountId>,
}

/// Locks the session until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: SessionId) -> Result<Option<Session>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM session WHERE session_id = $1{}", tx.for_update());
    store::row!(tx, "lock the session", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Whose session a refresh token belongs to.
pub(crate) async fn of_token(tx: &mut Tx, digest: &[u8]) -> Result<Option<(SessionId, AccountId)>, Error> {
    let sql = "SELECT session.session_id, session.account_id
        FROM refresh_token JOIN session ON session.session_id = refresh_token.session_id
        WHERE token_digest = $1";
    let row = store::row!(tx, "look up the refresh token", (Uuid, Uuid), sql, digest)?;
    Ok(row.map(|(session, account)| (SessionId::new(session), AccountId::new(account))))
}

/// Read under the session's lock, which every use of its tokens takes.
pub(crate) async fn token(tx: &mut Tx, digest: &[u8]) -> Result<Option<RefreshToken>, Error> {
    let sql = "SELECT expires_at, used_at FROM refresh_token WHERE token_digest = $1";
    let row = store::row!(tx, "get the refresh token", (Timestamp, Option<Timestamp>), sql, digest)?;
    Ok(row.map(|(expires_at, used_at)| RefreshToken { expires_at, used: used_at.is_some() }))
}

/// Locks the sessions of an account that have not ended, by id.
pub(crate) async fn lock_live_of(
    tx: &mut Tx,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM session
        WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2
        ORDER BY session_id{}",
        tx.for_update()
    );
    let rows = store::rows!(tx, "lock the account's sessions", Row, sql, account.uuid(), now)?;
    rows.into_iter().map(Row::read).collect()
}

/// One page of those that have not run out, the newest first, and how many there are in all.
pub(crate) async fn list(
    tx: &mut Tx,
    wanted: Wanted,
    page: PageOf,
    now: Timestamp,
) -> Result<(Vec<Session>, i64), Error> {
    let Wanted { owner, account } = wanted;
    let accounts = [owner, account].into_iter().flatten();
    let accounts = accounts.map(|account| Filter::new("account_id = ?", [account.uuid().into()]));
    let filter = Filter::all(accounts.chain([Filter::new("expires_at > ?", [now.into()])]));
    let n_sessions = Select::new("SELECT COUNT(*) FROM session").filter_by(filter.clone());
    let n_sessions = n_sessions.scalar::<i64>(tx, "count the sessions").await?;
    let rows = Select::new(format!("SELECT {COLUMNS} FROM session"))
        .filter_by(filter)
        .filter_some("session_id < ?", page.after)
        .raw(" ORDER BY session_id DESC")
        .limit(page.size.limit())
        .rows::<Row>(tx, "list the sessions")
        .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_sessions))
}

pub(crate) fn insert(batch: &mut Batch, session: &Session) {
    let Session { id, account, client, started_at, refreshed_at, expires_at, ended: _, version } = session;
    batch.add(
        "insert the session",
        "INSERT INTO session (session_id, account_id, client, started_at, refreshed_at, expires_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        binds![id.uuid(), account.uuid(), client, *started_at, *refreshed_at, *expires_at, version.number()],
    );
}

/// Writes the end over the version before the session's.
pub(crate) fn save_end(batch: &mut Batch, session: &Session) {
    batch.add_one(
        "end the session",
        "UPDATE session SET ended_at = $2, end_reason = $3, version = $4
        WHERE session_id = $1 AND version = $4 - 1",
        binds![
            session.id.uuid(),
            session.ended.map(|(_, at)| at),
            session.ended.map(|(why, _)| encode(ENDS, why)),
            session.version.number()
        ],
    );
}

pub(crate) fn refreshed(batch: &mut Batch, id: SessionId, at: Timestamp) {
    let sql = "UPDATE session SET refreshed_at = $2 WHERE session_id = $1 AND ended_at IS NULL";
    batch.add_one("note the refresh", sql, binds![id.uuid(), at]);
}

pub(crate) fn insert_token(batch: &mut Batch, digest: Vec<u8>, session: SessionId, expires_at: Timestamp) {
    batch.add(
        "insert the refresh token",
        "INSERT INTO refresh_token (token_digest, session_id, expires_at) VALUES ($1, $2, $3)",
        binds![digest, session.uuid(), expires_at],
    );
}

/// Spends a token that has not been spent.
pub(crate) fn spend_token(batch: &mut Batch, digest: &[u8], at: Timestamp) {
    let sql = "UPDATE refresh_token SET used_at = $2 WHERE token_digest = $1 AND used_at IS NULL";
    batch.add_one("spend the refresh token", sql, binds![digest, at]);
}

/// Forgets the tokens of sessions that ran out; the sessions themselves stay on record.
pub(crate) fn forget_tokens(batch: &mut Batch, now: Timestamp) {
    let sql = "DELETE FROM refresh_token
        WHERE session_id IN (SELECT session_id FROM session WHERE expires_at <= $1)";
    batch.add("forget old refresh tokens", sql, binds![now]);
}

impl Row {
    fn read(self) -> Result<Session, Error> {
        let id = self.session_id;
        let unreadable = || Error::unreadable(TABLE, "end_reason", &id);
        let ended = match (self.end_reason, self.ended_at) {
            (Some(why), Some(at)) => Some((decode(ENDS, &why).ok_or_else(unreadable)?, at)),
            (None, None) => None,
            _ => return Err(unreadable()),
        };
        Ok(Session {
            id: SessionId::new(id),
            account: AccountId::new(self.account_id),
            client: self.client,
            started_at: self.started_at,
            refreshed_at: self.refreshed_at,
            expires_at: self.expires_at,
            ended,
            version: Version::new(self.version),
        })
    }
}
