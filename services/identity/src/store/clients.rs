//! Machine clients and their secrets.

use kernel::{ClientId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{PageOf, decode, encode, read};
use crate::domain::{Client, ClientScope, ClientSecret, ClientState};

const TABLE: &str = "client";
const COLUMNS: &str = "client_id, name, scopes, state, created_at, rotated_at, version";
const STATES: &[(ClientState, &str)] =
    &[(ClientState::Active, "ACTIVE"), (ClientState::Disabled, "DISABLED")];

#[derive(sqlx::FromRow)]
struct Row {
    client_id: Uuid,
    name: String,
    scopes: sqlx::types::Json<Vec<String>>,
    state: String,
    created_at: Timestamp,
    rotated_at: Timestamp,
    version: i64,
}

pub(crate) async fn find(tx: &mut Tx, id: ClientId) -> Result<Option<Client>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE client_id = $1");
    store::row!(tx, "get the client", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Locks the client until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: ClientId) -> Result<Option<Client>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE client_id = $1{}", tx.for_update());
    store::row!(tx, "lock the client", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// The secret with this digest, if it is one of the client's.
pub(crate) async fn secret(tx: &mut Tx, id: ClientId, digest: &[u8]) -> Result<Option<ClientSecret>, Error> {
    let sql = "SELECT expires_at FROM client_secret WHERE client_id = $1 AND secret_digest = $2";
    let row = store::row!(tx, "look up the client's secret", (Option<Timestamp>,), sql, id.uuid(), digest)?;
    Ok(row.map(|(expires_at,)| ClientSecret { expires_at }))
}

/// One page, the newest first, and how many there are in all.
pub(crate) async fn list(
    tx: &mut Tx,
    state: Option<ClientState>,
    page: PageOf,
) -> Result<(Vec<Client>, i64), Error> {
    let filter = Filter::all(state.map(|state| Filter::new("state = ?", [encode(STATES, state).into()])));
    let n_clients = Select::new("SELECT COUNT(*) FROM client").filter_by(filter.clone());
    let n_clients = n_clients.scalar::<i64>(tx, "count the clients").await?;
    let rows = Select::new(format!("SELECT {COLUMNS} FROM client"))
        .filter_by(filter)
        .filter_some("client_id < ?", page.after)
        .raw(" ORDER BY client_id DESC")
        .limit(page.size.limit())
        .rows::<Row>(tx, "list the clients")
        .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_clients))
}

pub(crate) fn insert(batch: &mut Batch, client: &Client) {
    let Client { id, name, scopes, state, created_at, rotated_at, version } = client;
    let scopes: serde_json::Value = scopes.iter().map(ClientScope::as_str).collect();
    batch.add(
        "insert the client",
        "INSERT INTO client (client_id, name, scopes, state, created_at, rotated_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        binds![
            id.uuid(),
            name.as_str(),
            scopes,
            encode(STATES, *state),
            *created_at,
            *rotated_at,
            version.number()
        ],
    );
}

/// Writes what a rotation changes over the version before the client's.
pub(crate) fn save_rotation(batch: &mut Batch, client: &Client) {
    batch.add_one(
        "note the new secret",
        "UPDATE client SET rotated_at = $2, version = $3 WHERE client_id = $1 AND version = $3 - 1",
        binds![client.id.uuid(), client.rotated_at, client.version.number()],
    );
}

/// Writes the state, and why, over the version before the client's.
pub(crate) fn save_state(batch: &mut Batch, client: &Client, reason: &str) {
    batch.add_one(
        "change the client's state",
        "UPDATE client SET state = $2, state_reason = $3, version = $4
        WHERE client_id = $1 AND version = $4 - 1",
        binds![client.id.uuid(), encode(STATES, client.state), reason, client.version.number()],
    );
}

pub(crate) fn insert_secret(batch: &mut Batch, client: ClientId, digest: Vec<u8>, at: Timestamp) {
    batch.add(
        "insert the client's secret",
        "INSERT INTO client_secret (secret_digest, client_id, created_at) VALUES ($1, $2, $3)",
        binds![digest, client.uuid(), at],
    );
}

/// Ends the secrets that a client has; those that end sooner anyway are left.
pub(crate) fn end_secrets(batch: &mut Batch, client: ClientId, at: Timestamp) {
    batch.add(
        "end the client's old secrets",
        "UPDATE client_secret SET expires_at = $2
        WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
        binds![client.uuid(), at],
    );
}

impl Row {
    fn read(self) -> Result<Client, Error> {
        let id = self.client_id;
        let scopes = self.scopes.0.iter().map(|scope| read(scope, TABLE, "scopes", id));
        Ok(Client {
            id: ClientId::new(id),
            name: read(&self.name, TABLE, "name", id)?,
            scopes: scopes.collect::<Result<_, _>>()?,
            state: decode(STATES, &self.state).ok_or_else(|| Error::unreadable(TABLE, "state", &id))?,
            created_at: self.created_at,
            rotated_at: self.rotated_at,
            version: Version::new(self.version),
        })
    }
}
