//! Tells one rule.

use proto::scoring::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert, list_rules::wanted};
use crate::{domain::RuleId, error::ScoringError};

pub(super) async fn handle(
    rpc: Rpc,
    _: Call,
    req: pb::GetRuleRequest,
) -> Result<pb::GetRuleResponse, ScoringError> {
    let pb::GetRuleRequest { rule_id, version } = req;
    let mut f = Fields::new();
    let id = f.parse::<RuleId>("rule_id", &rule_id);
    let version = convert::version(&mut f, version);
    let Some(id) = id else { return Err(f.refuse().into()) };
    f.finish()?;

    let rules = wanted(&rpc, version).await?;
    match rules.rule(&id) {
        Some(rule) => Ok(pb::GetRuleResponse { rule: Some(convert::rule(&rules, rule)) }),
        None => Err(ScoringError::RuleNotFound { rule: id, version: rules.version }),
    }
}
