//! Public halves of the keys that sign access tokens. Every process that signs has its private key in a file of its
//! own and enters the public half here when it starts. To rotate, give the processes a new file one after the other:
//! the first to start with it begins the old key's overlap, during which both are published and accepted.

use access::Jwk;
use kernel::Timestamp;
use store::{Error, Tx};

/// Keys whose tokens are accepted at an instant.
pub(crate) async fn published(tx: &mut Tx, now: Timestamp) -> Result<Vec<Jwk>, Error> {
    let sql = "SELECT kid, public_key FROM signing_key
        WHERE retired_at IS NULL OR retired_at > $1
        ORDER BY not_before, kid";
    let rows = store::rows!(tx, "list the signing keys", (String, Vec<u8>), sql, now)?;
    let key = |(kid, bytes): (String, Vec<u8>)| match <[u8; 32]>::try_from(bytes) {
        Ok(bytes) => Ok(Jwk::new(bytes)),
        Err(_) => Err(Error::unreadable("signing_key", "public_key", &kid)),
    };
    rows.into_iter().map(key).collect()
}

/// Enters the key that a process signs with from now on, and lets all others end at `retire_at`. A key that has been
/// entered before, and has not ended, is left as it is: that process only starts again.
pub(crate) async fn enter(tx: &mut Tx, key: &Jwk, now: Timestamp, retire_at: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO signing_key (kid, public_key, not_before) VALUES ($1, $2, $3)
        ON CONFLICT (kid) DO NOTHING";
    let is_new =
        store::execute!(tx, "enter the signing key", sql, key.kid(), key.bytes().as_slice(), now)? == 1;
    if is_new {
        let sql = "UPDATE signing_key SET retired_at = $2 WHERE kid <> $1 AND retired_at IS NULL";
        store::execute!(tx, "retire the old signing keys", sql, key.kid(), retire_at)?;
    }
    Ok(())
}
