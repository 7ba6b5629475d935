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

#[cfg(test)]
mod tests {
    use access::SigningKey;
    use chrono::TimeDelta;
    use testkit::TestSuite;

    use super::*;

    testkit::both_engines! {
        modules: [crate::spec()];

        async fn a_new_key_retires_the_old_ones_after_the_overlap_and_starting_again_changes_nothing(app: TestSuite) {
            let own = kids(app, app.now()).await;
            let (old, new) = (key(1), key(2));
            let overlap = TimeDelta::hours(1);
            let start = app.now();
            enter_at(app, &old, start).await;
            let later = start + TimeDelta::days(30);
            enter_at(app, &new, later).await;
            enter_at(app, &old, later + TimeDelta::minutes(5)).await;
            assert_eq!(own.len(), 1);
            let during = kids(app, later + overlap - TimeDelta::microseconds(1)).await;
            assert_eq!(during, [old.kid(), new.kid()]);
            assert_eq!(kids(app, later + overlap).await, [new.kid()]);
        }
    }

    fn key(seed: u8) -> Jwk {
        SigningKey::from_seed(&[seed; 32]).unwrap().public().clone()
    }

    async fn enter_at(app: &TestSuite, key: &Jwk, now: Timestamp) {
        let mut tx = app.suite.db("identity").unwrap().begin().await.unwrap();
        enter(&mut tx, key, now, now + TimeDelta::hours(1)).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn kids(app: &TestSuite, now: Timestamp) -> Vec<String> {
        let mut tx = app.suite.db("identity").unwrap().snapshot().await.unwrap();
        let keys = published(&mut tx, now).await.unwrap();
        tx.commit().await.unwrap();
        keys.iter().map(|key| key.kid().to_owned()).collect()
    }
}
