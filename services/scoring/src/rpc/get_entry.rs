//! Tells an entry, and why there is one.

use access::Facts;
use kernel::EntryId;
use proto::scoring::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{
    error::ScoringError,
    store::{entries, rule_sets},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::GetEntryRequest,
) -> Result<pb::GetEntryResponse, ScoringError> {
    let pb::GetEntryRequest { entry_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse::<EntryId>("entry_id", &entry_id) else { return Err(f.refuse().into()) };
    f.finish()?;

    let mut tx = rpc.db.snapshot().await?;
    let entry = entries::find(&mut tx, id).await?.ok_or(ScoringError::EntryNotFound(id))?;
    if !call.allows(&Facts { owner: Some(entry.account), ..Facts::default() }) {
        return Err(ScoringError::EntryNotFound(id));
    }
    let postings = entries::postings(&mut tx, &entry).await?;
    let rules = match rpc.rules.version(entry.rule_version) {
        Some(rules) => Some(rules.clone()),
        None => rule_sets::find(&mut tx, entry.rule_version).await?,
    };
    tx.commit().await?;
    let rule = rules.as_ref().and_then(|rules| rules.rule(&entry.rule)).ok_or(ScoringError::RuleLost(id))?;
    Ok(pb::GetEntryResponse {
        entry: Some(convert::entry(entry, postings)),
        rule_zh: rule.zh.clone(),
        rule_en: rule.en.clone(),
    })
}
