//! Lists the rules of a version.

use proto::scoring::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{
    domain::{RuleSet, RuleVersion},
    error::ScoringError,
    store::rule_sets,
};

pub(super) async fn handle(
    rpc: Rpc,
    _: Call,
    req: pb::ListRulesRequest,
) -> Result<pb::ListRulesResponse, ScoringError> {
    let pb::ListRulesRequest { version } = req;
    let mut f = Fields::new();
    let version = convert::version(&mut f, version);
    f.finish()?;

    let rules = wanted(&rpc, version).await?;
    Ok(pb::ListRulesResponse {
        rules: rules.rules.iter().map(|rule| convert::rule(&rules, rule)).collect(),
        version: rules.version.0,
    })
}

/// The rules of the version, or those in force now.
pub(super) async fn wanted(rpc: &Rpc, version: Option<RuleVersion>) -> Result<RuleSet, ScoringError> {
    let Some(version) = version else { return Ok(rpc.rules.present(rpc.clock.now()).clone()) };
    if let Some(rules) = rpc.rules.version(version) {
        return Ok(rules.clone());
    }
    let mut tx = rpc.db.snapshot().await?;
    let found = rule_sets::find(&mut tx, version).await?;
    tx.commit().await?;
    found.ok_or(ScoringError::RuleVersionNotFound(version))
}
