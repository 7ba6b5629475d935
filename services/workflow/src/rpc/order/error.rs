//! What can go wrong with offerings and orders, and how callers see it.

use kernel::{OfferingId, OrderId, Timestamp};
use proto::workflow::v1::ErrorReason as R;
use tonic::Code;

use crate::{
    domain::{
        Code as PackCode,
        order::{BrokenHistory, Refused},
    },
    error::{OnTheWire, WorkflowError},
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    #[error("there is no such offering")]
    OfferingNotFound(OfferingId),
    #[error("the offering was retired")]
    OfferingRetired(OfferingId),
    #[error("the pack has no such kind of service")]
    KindUnknown(PackCode),
    #[error("there is no such order")]
    NotFound(OrderId),
    #[error(transparent)]
    Refused(Refused),
    #[error("the events of an order do not fit together")]
    Broken(#[from] BrokenHistory),
    #[error("an order was to be looked at, and nothing was due")]
    NothingDue(OrderId),
}

impl OrderError {
    /// What the domain refused, of an order under the calendar with this version.
    pub(crate) fn refused(calendar_version: &str) -> impl Fn(Refused) -> WorkflowError {
        move |refused| match refused {
            Refused::Calendar(source) => WorkflowError::beyond(calendar_version)(source),
            other => Self::Refused(other).into(),
        }
    }

    /// `None`: our fault.
    pub(crate) fn wire(&self) -> Option<OnTheWire> {
        use Code::{FailedPrecondition, InvalidArgument, NotFound};
        Some(match self {
            Self::OfferingNotFound(id) => {
                (NotFound, R::OfferingNotFound, vec![("offering_id", id.to_string())])
            }
            Self::OfferingRetired(id) | Self::Refused(Refused::OfferingRetired(id)) => {
                (FailedPrecondition, R::OfferingRetired, vec![("offering_id", id.to_string())])
            }
            Self::KindUnknown(kind) => {
                (InvalidArgument, R::OfferingKindUnknown, vec![("kind", kind.to_string())])
            }
            Self::NotFound(id) => (NotFound, R::OrderNotFound, vec![("order_id", id.to_string())]),
            Self::Refused(refused) => return refused_on_the_wire(refused),
            Self::Broken(_) | Self::NothingDue(_) => return None,
        })
    }
}

fn refused_on_the_wire(refused: &Refused) -> Option<OnTheWire> {
    use Code::{FailedPrecondition, InvalidArgument};
    Some(match refused {
        Refused::NotAllowed { from, action } => (
            FailedPrecondition,
            R::OrderTransitionNotAllowed,
            vec![("state", from.to_string()), ("action", action.to_string())],
        ),
        Refused::ConflictOfDuty { action, party } => (
            FailedPrecondition,
            R::OrderConflictOfDuty,
            vec![("action", action.to_string()), ("party", party.to_string())],
        ),
        Refused::OverCapacity { capacity } => {
            (InvalidArgument, R::OrderOverCapacity, vec![("capacity", capacity.to_string())])
        }
        Refused::TimePast { start } => {
            (InvalidArgument, R::OrderTimePast, vec![("start_time", rfc3339(*start))])
        }
        Refused::NotBegun { start } => {
            (FailedPrecondition, R::OrderNotBegun, vec![("start_time", rfc3339(*start))])
        }
        Refused::WindowOver { action, until } => (
            FailedPrecondition,
            R::WindowOver,
            vec![("action", action.to_string()), ("until", rfc3339(*until))],
        ),
        // The rules of access let nobody in who may not place; `refused` and the caller give some a variant of their
        // own; the others are about steps that the system takes.
        Refused::OfferingRetired(_)
        | Refused::Calendar(_)
        | Refused::MayNotPlace
        | Refused::WindowOpen { .. }
        | Refused::RungNotDue { .. }
        | Refused::NoSuchCalendarChange { .. }
        | Refused::NotBound { .. } => return None,
    })
}

fn rfc3339(at: Timestamp) -> String {
    at.with_timezone(&worktime::ZONE).to_rfc3339()
}

/// What a person reads, by reason.
pub(crate) const CHINESE: &[(&str, &str)] = &[
    ("OFFERING_NOT_FOUND", "服务项目不存在"),
    ("OFFERING_RETIRED", "该服务项目已停止提供"),
    ("OFFERING_KIND_UNKNOWN", "没有此服务类别：{kind}"),
    ("ORDER_NOT_FOUND", "服务订单不存在"),
    ("ORDER_TRANSITION_NOT_ALLOWED", "服务订单当前状态不能进行此操作"),
    ("ORDER_CONFLICT_OF_DUTY", "您已以其他身份参与此服务订单，不能进行此操作"),
    ("ORDER_OVER_CAPACITY", "参加人数超过该服务项目的上限（{capacity} 人）"),
    ("ORDER_TIME_PAST", "服务时间须晚于现在"),
    ("ORDER_NOT_BEGUN", "服务尚未开始（{start_time}），不能登记完成"),
];

#[cfg(test)]
mod tests {
    use rpc::ServiceError as _;

    use super::*;
    use crate::error::WorkflowError;

    #[test]
    fn every_reason_of_orders_and_cases_has_chinese_words_and_no_others_have() {
        let names: Vec<_> = (220..250)
            .filter_map(|number| R::try_from(number).ok())
            .map(|reason| reason.as_str_name().trim_start_matches("ERROR_REASON_"))
            .collect();
        for name in &names {
            assert!(WorkflowError::zh(name).is_some(), "{name}");
        }
        assert_eq!(names.len(), CHINESE.len() + crate::rpc::case::CHINESE.len());
    }

    #[test]
    fn a_text_names_only_metadata_that_its_reason_has() {
        let start = "2026-03-02T09:00:00+08:00".parse().expect("a moment");
        let errors = [
            OrderError::KindUnknown("nonsense".parse().expect("a code")),
            OrderError::Refused(Refused::OverCapacity { capacity: 5 }),
            OrderError::Refused(Refused::NotBegun { start }),
        ];
        let case = crate::rpc::case::CaseError::NotDeidentified(Vec::new());
        for error in errors.into_iter().map(WorkflowError::from).chain([case.into()]) {
            let wire = error.wire().expect("a caller's fault");
            let mut text = WorkflowError::zh(wire.reason).expect("words").to_owned();
            for (key, value) in &wire.metadata {
                text = text.replace(&format!("{{{key}}}"), value);
            }
            assert!(!text.contains('{'), "{text}");
        }
    }
}
