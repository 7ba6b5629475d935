//! Versions of the rules that were ever in use.

use anyhow::Context as _;
use kernel::Timestamp;
use store::{Batch, Db, Error, Tx, binds};

use crate::domain::{RuleBook, RuleSet, RuleVersion};

/// Publishes the rules of `file` if they are new, and reads all that ever were. Fails when a version in use was edited.
pub(crate) async fn publish(db: &Db, file: &str, now: Timestamp) -> anyhow::Result<RuleBook> {
    let rules = RuleSet::parse(file).context("the rules that come with this build")?;
    let mut tx = db.begin().await?;
    let mut batch = Batch::new();
    batch.add(
        "publish the rules",
        "INSERT INTO rule_set (version, body, published_at) VALUES ($1, $2, $3)
         ON CONFLICT (version) DO NOTHING",
        binds![rules.version.0, file, now],
    );
    batch.run(&mut tx).await?;
    let stored = store::rows!(
        &mut tx,
        "list the published rules",
        (i64, String),
        "SELECT version, body FROM rule_set ORDER BY version"
    )?;
    tx.commit().await?;
    let mut sets = vec![rules];
    for (version, body) in stored {
        sets.push(RuleSet::parse(&body).with_context(|| format!("version {version} of the rules"))?);
    }
    Ok(RuleBook::try_new(sets)?)
}

/// A version that another replica, of a newer build, may have published meanwhile.
pub(crate) async fn find(tx: &mut Tx, version: RuleVersion) -> Result<Option<RuleSet>, Error> {
    let row = store::row!(
        tx,
        "get a version of the rules",
        (String,),
        "SELECT body FROM rule_set WHERE version = $1",
        version.0
    )?;
    row.map(|(body,)| RuleSet::parse(&body).map_err(|_| Error::unreadable("rule_set", "body", &version)))
        .transpose()
}
