//! What can go wrong, and how callers see it.

use kernel::{DeliveryId, MessageId};
use proto::notification::v1::ErrorReason as R;
use rpc::{Refusal, ServiceError, Wire};
use tonic::Code;

use crate::domain::DeliveryState;

/// The one error of this service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotificationError {
    #[error("no such message in the caller's inbox")]
    MessageNotFound(MessageId),
    #[error("no such template")]
    TemplateNotFound { code: String },
    #[error("no such delivery")]
    DeliveryNotFound(DeliveryId),
    #[error("only a failed delivery can be sent again")]
    DeliveryNotFailed { id: DeliveryId, state: DeliveryState },
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl ServiceError for NotificationError {
    const DOMAIN: &'static str = "notification.qinqing";

    fn wire(&self) -> Option<Wire> {
        let (code, reason, metadata) = match self {
            Self::MessageNotFound(id) => {
                (Code::NotFound, R::MessageNotFound, vec![("message_id", id.to_string())])
            }
            Self::TemplateNotFound { code } => {
                (Code::NotFound, R::TemplateNotFound, vec![("template_code", code.clone())])
            }
            Self::DeliveryNotFound(id) => {
                (Code::NotFound, R::DeliveryNotFound, vec![("delivery_id", id.to_string())])
            }
            Self::DeliveryNotFailed { id, state } => (
                Code::FailedPrecondition,
                R::DeliveryNotFailed,
                vec![("delivery_id", id.to_string()), ("state", state.to_string())],
            ),
            Self::Refusal(_) | Self::Store(_) => return None,
        };
        Some(Wire { code, reason: reason_name(reason), metadata })
    }

    fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refusal(refusal) = self { Some(refusal) } else { None }
    }

    fn store(&self) -> Option<&store::Error> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }

    fn zh(reason: &str) -> Option<&'static str> {
        Some(match R::from_str_name(&format!("ERROR_REASON_{reason}"))? {
            R::Unspecified => return None,
            R::MessageNotFound => "收件箱中没有这条消息",
            R::TemplateNotFound => "没有这个模板：{template_code}",
            R::DeliveryNotFound => "没有这条投递记录",
            R::DeliveryNotFailed => "只有投递失败的记录才能重新投递",
        })
    }
}

fn reason_name(reason: R) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_reason_is_used_and_has_chinese_words() {
        let delivery = DeliveryId::new(Uuid::nil());
        let errors = [
            NotificationError::MessageNotFound(MessageId::new(Uuid::nil())),
            NotificationError::TemplateNotFound { code: "x".to_owned() },
            NotificationError::DeliveryNotFound(delivery),
            NotificationError::DeliveryNotFailed { id: delivery, state: DeliveryState::Sent },
        ];
        let used: BTreeSet<_> = errors.iter().map(|error| error.wire().unwrap().reason).collect();
        let declared: BTreeSet<_> =
            (1..).map_while(|number| R::try_from(number).ok()).map(reason_name).collect();
        assert_eq!(used, declared);
        assert!(declared.into_iter().all(|reason| NotificationError::zh(reason).is_some()));
    }
}
