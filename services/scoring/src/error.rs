//! What can go wrong in scoring, and how it appears on the wire.

use kernel::{AccountId, EntryId};
use proto::scoring::v1::ErrorReason as R;
use rpc::{Refusal, ServiceError, Wire};
use tonic::Code;

use crate::domain::{RuleId, RuleVersion};

/// Everything that an RPC of scoring may fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScoringError {
    #[error("there is no such account")]
    AccountNotFound(AccountId),
    #[error("there is no such entry")]
    EntryNotFound(EntryId),
    #[error("the rules have no such version")]
    RuleVersionNotFound(RuleVersion),
    #[error("there is no such rule")]
    RuleNotFound { rule: RuleId, version: RuleVersion },
    /// An entry was made by rules that are gone.
    #[error("entry {0} names a rule that was never published")]
    RuleLost(EntryId),
    #[error(transparent)]
    Common(#[from] Refusal),
    #[error("the database did not do what it was asked")]
    Store(#[from] store::Error),
}

impl ServiceError for ScoringError {
    const DOMAIN: &'static str = "scoring.qinqing";

    fn wire(&self) -> Option<Wire> {
        let (code, reason, metadata) = match self {
            Self::AccountNotFound(id) => {
                (Code::NotFound, R::AccountNotFound, vec![("account_id", id.to_string())])
            }
            Self::EntryNotFound(id) => (Code::NotFound, R::EntryNotFound, vec![("entry_id", id.to_string())]),
            Self::RuleVersionNotFound(version) => {
                (Code::NotFound, R::RuleVersionNotFound, vec![("version", version.to_string())])
            }
            Self::RuleNotFound { rule, version } => (
                Code::NotFound,
                R::RuleNotFound,
                vec![("rule_id", rule.to_string()), ("version", version.to_string())],
            ),
            Self::RuleLost(_) | Self::Common(_) | Self::Store(_) => return None,
        };
        Some(Wire { code, reason: reason.as_str_name().trim_start_matches("ERROR_REASON_"), metadata })
    }

    fn refusal(&self) -> Option<&Refusal> {
        if let Self::Common(refusal) = self { Some(refusal) } else { None }
    }

    fn store(&self) -> Option<&store::Error> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }

    fn zh(reason: &str) -> Option<&'static str> {
        CHINESE.iter().find(|(name, _)| *name == reason).map(|(_, text)| *text)
    }
}

/// What a person reads, by reason.
const CHINESE: &[(&str, &str)] = &[
    ("ACCOUNT_NOT_FOUND", "账号不存在，或您无权查看其积分"),
    ("ENTRY_NOT_FOUND", "积分记录不存在"),
    ("RULE_VERSION_NOT_FOUND", "积分规则没有第 {version} 版"),
    ("RULE_NOT_FOUND", "第 {version} 版积分规则中没有 {rule_id}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_chinese_words() {
        for number in 1.. {
            let Ok(reason) = R::try_from(number) else { break };
            let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
            assert!(ScoringError::zh(name).is_some(), "{name}");
        }
        assert!(R::try_from(i32::try_from(CHINESE.len()).unwrap()).is_ok());
        assert!(R::try_from(i32::try_from(CHINESE.len()).unwrap() + 1).is_err());
    }
}
