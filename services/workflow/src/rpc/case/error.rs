//! What can go wrong with excellent cases, and how callers see it.

use kernel::{CaseId, IssueId};
use proto::workflow::v1::ErrorReason as R;
use tonic::Code;

use crate::{
    domain::case::{BrokenHistory, Finding, Refused},
    error::OnTheWire,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CaseError {
    #[error("there is no such case")]
    NotFound(CaseId),
    #[error("a step with the case of {issue} is refused")]
    Refused { issue: IssueId, source: Refused },
    #[error("the issue has a case already")]
    Exists(IssueId),
    /// Field and finding.
    #[error("the text tells whom it is about")]
    NotDeidentified(Vec<(&'static str, Finding)>),
    #[error("the events of a case do not fit together")]
    Broken(#[from] BrokenHistory),
    /// Its foreign key says that there is one.
    #[error("the issue of a case is not there")]
    IssueMissing(IssueId),
}

impl CaseError {
    pub(crate) fn refused(issue: IssueId) -> impl Fn(Refused) -> Self {
        move |source| Self::Refused { issue, source }
    }

    /// `None`: our fault.
    pub(crate) fn wire(&self) -> Option<OnTheWire> {
        use Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound};
        Some(match self {
            Self::NotFound(id) => (NotFound, R::CaseNotFound, vec![("case_id", id.to_string())]),
            Self::Refused { issue: _, source: Refused::NotAllowed { from, action } } => (
                FailedPrecondition,
                R::CaseTransitionNotAllowed,
                vec![("state", from.to_string()), ("action", action.to_string())],
            ),
            Self::Refused { issue: _, source: Refused::ConflictOfDuty { action, tie } } => (
                FailedPrecondition,
                R::CaseConflictOfDuty,
                vec![("action", action.to_string()), ("party", tie.to_string())],
            ),
            Self::Refused { issue, source: Refused::NotClosed { state } } => (
                FailedPrecondition,
                R::CaseIssueNotClosed,
                vec![("issue_id", issue.to_string()), ("state", state.to_string())],
            ),
            Self::Refused { issue, source: Refused::Confidential } => {
                (FailedPrecondition, R::CaseIssueConfidential, vec![("issue_id", issue.to_string())])
            }
            Self::Exists(id) => (AlreadyExists, R::CaseExists, vec![("issue_id", id.to_string())]),
            Self::NotDeidentified(findings) => {
                let list: Vec<_> =
                    findings.iter().map(|(field, finding)| format!("{field} {finding}")).collect();
                (InvalidArgument, R::CaseNotDeidentified, vec![("findings", list.join(", "))])
            }
            // The rules of access let nobody in who may not nominate.
            Self::Refused { issue: _, source: Refused::MayNotNominate }
            | Self::Broken(_)
            | Self::IssueMissing(_) => return None,
        })
    }
}

/// What a person reads, by reason.
pub(crate) const CHINESE: &[(&str, &str)] = &[
    ("CASE_NOT_FOUND", "案例不存在"),
    ("CASE_TRANSITION_NOT_ALLOWED", "案例当前状态不能进行此操作"),
    ("CASE_CONFLICT_OF_DUTY", "您已以其他身份参与此案例或其诉求，不能进行此操作"),
    ("CASE_ISSUE_NOT_CLOSED", "只有已办结的诉求可以推荐为案例"),
    ("CASE_ISSUE_CONFIDENTIAL", "保密诉求不能推荐为案例"),
    ("CASE_EXISTS", "该诉求已有推荐案例"),
    ("CASE_NOT_DEIDENTIFIED", "案例中仍含有可识别企业或个人的内容：{findings}"),
];
