//! Everything that can go wrong in the workflow, and how callers see it.

use kernel::{DepartmentId, EnterpriseId, IssueId, SectionId, Timestamp};
use proto::workflow::v1::ErrorReason as R;
use rpc::{Refusal, ServiceError, Wire};
use tonic::Code;
use worktime::OutOfCalendar;

use crate::domain::{Issue, Refused};

#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkflowError {
    #[error("there is no such issue")]
    IssueNotFound(IssueId),
    #[error("there is no such enterprise")]
    EnterpriseNotFound(EnterpriseId),
    #[error("there is no such department")]
    DepartmentNotFound(DepartmentId),
    #[error("nobody could sign in that department")]
    DepartmentWithoutLiaison(DepartmentId),
    #[error("there is no such section")]
    SectionNotFound(SectionId),
    #[error("nothing waits for the firm's confirmation")]
    NothingToConfirm(IssueId),
    #[error("a deadline lies beyond the working calendar")]
    CalendarMissing { calendar_version: String, source: OutOfCalendar },
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Common(#[from] Refusal),
    #[error("the database did not serve")]
    Store(#[from] store::Error),
    #[error("the pack {policy} or the calendar {calendar} that an issue is bound to is not at hand")]
    RulesMissing { policy: u32, calendar: String },
    #[error("the events of an issue do not fit together")]
    Broken(#[from] crate::domain::BrokenHistory),
    #[error("there is no such figure")]
    FigureUnknown(String),
    #[error("no checkpoint was taken yet")]
    TreeHeadMissing,
    #[error("the head of the log could not be signed")]
    Sign(#[source] trail::SignError),
    #[error("the trail could not be exported")]
    Export(#[from] trail::ExportError),
}

impl WorkflowError {
    /// The rules that an issue is bound to are not among those of this server.
    pub(crate) fn rules_missing(issue: &Issue) -> Self {
        Self::RulesMissing { policy: issue.policy_version.0, calendar: issue.calendar_version.clone() }
    }

    /// A question went beyond the calendar with this version.
    pub(crate) fn beyond(calendar_version: &str) -> impl Fn(OutOfCalendar) -> Self {
        move |source| Self::CalendarMissing { calendar_version: calendar_version.to_owned(), source }
    }

    /// What the domain refused, of an issue under the calendar with this version.
    pub(crate) fn refused(issue: IssueId, calendar_version: &str) -> impl Fn(Refused) -> Self {
        move |refused| match refused {
            Refused::Calendar(source) => Self::beyond(calendar_version)(source),
            Refused::NothingToConfirm => Self::NothingToConfirm(issue),
            other => Self::Refused(other),
        }
    }
}

impl ServiceError for WorkflowError {
    const DOMAIN: &'static str = "workflow.qinqing";

    fn wire(&self) -> Option<Wire> {
        let (code, reason, metadata) = match self {
            Self::IssueNotFound(id) => (Code::NotFound, R::IssueNotFound, vec![("issue_id", id.to_string())]),
            Self::EnterpriseNotFound(id) => {
                (Code::NotFound, R::EnterpriseNotFound, vec![("enterprise_id", id.to_string())])
            }
            Self::DepartmentNotFound(id) => {
                (Code::NotFound, R::DepartmentNotFound, vec![("department_id", id.to_string())])
            }
            Self::DepartmentWithoutLiaison(id) => (
                Code::FailedPrecondition,
                R::DepartmentWithoutLiaison,
                vec![("department_id", id.to_string())],
            ),
            Self::SectionNotFound(id) => {
                (Code::NotFound, R::SectionNotFound, vec![("section_id", id.to_string())])
            }
            Self::NothingToConfirm(id) => {
                (Code::FailedPrecondition, R::NothingToConfirm, vec![("issue_id", id.to_string())])
            }
            Self::CalendarMissing { calendar_version, source: _ } => {
                (Code::Unavailable, R::CalendarMissing, vec![("calendar_version", calendar_version.clone())])
            }
            Self::Refused(refused) => refused_on_the_wire(refused)?,
            Self::FigureUnknown(figure) => {
                (Code::InvalidArgument, R::FigureUnknown, vec![("figure_id", figure.clone())])
            }
            Self::TreeHeadMissing => (Code::NotFound, R::TreeHeadMissing, vec![]),
            Self::Common(_)
            | Self::Store(_)
            | Self::RulesMissing { .. }
            | Self::Broken(_)
            | Self::Sign(_)
            | Self::Export(_) => return None,
        };
        Some(Wire { code, reason: name(reason), metadata })
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

type OnTheWire = (Code, R, Vec<(&'static str, String)>);

fn refused_on_the_wire(refused: &Refused) -> Option<OnTheWire> {
    use Code::{FailedPrecondition, InvalidArgument};
    Some(match refused {
        Refused::NotAllowed { from, action } => (
            FailedPrecondition,
            R::TransitionNotAllowed,
            vec![("state", from.to_string()), ("action", action.to_string())],
        ),
        Refused::ConflictOfDuty { action, party } => (
            FailedPrecondition,
            R::ConflictOfDuty,
            vec![("action", action.to_string()), ("party", party.to_string())],
        ),
        Refused::UnknownCategory(code) => {
            (InvalidArgument, R::CategoryUnknown, vec![("category", code.to_string())])
        }
        Refused::UnknownAuditFailure(code) => {
            (InvalidArgument, R::AuditReasonUnknown, vec![("failure_code", code.to_string())])
        }
        Refused::WindowOver { action, until } => (
            FailedPrecondition,
            R::WindowOver,
            vec![("action", action.to_string()), ("until", rfc3339(*until))],
        ),
        Refused::UrgedToday { again_after } => {
            (FailedPrecondition, R::UrgedToday, vec![("again_after", rfc3339(*again_after))])
        }
        Refused::SectionElsewhere { section } => {
            (FailedPrecondition, R::SectionElsewhere, vec![("section_id", section.to_string())])
        }
        Refused::PlanDatePast { committed } => {
            (InvalidArgument, R::PlanDatePast, vec![("committed_date", committed.to_string())])
        }
        Refused::NeedsPlan { from } => {
            (FailedPrecondition, R::OutcomeNeedsPlan, vec![("state", from.to_string())])
        }
        Refused::LegalBasisMissing { outcome } => {
            (InvalidArgument, R::LegalBasisMissing, vec![("outcome", outcome.to_string())])
        }
        // The rules of access let nobody in who may not submit; `refused` gives some a variant of their own; the
        // others are about steps that the system takes.
        Refused::MayNotSubmit
        | Refused::NothingToConfirm
        | Refused::WindowOpen { .. }
        | Refused::RungNotDue { .. }
        | Refused::NotBound { .. }
        | Refused::Calendar(_) => return None,
    })
}

fn rfc3339(at: Timestamp) -> String {
    at.with_timezone(&worktime::ZONE).to_rfc3339()
}

fn name(reason: R) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

/// What a person reads, by reason.
const CHINESE: &[(&str, &str)] = &[
    ("ISSUE_NOT_FOUND", "诉求不存在"),
    ("TRANSITION_NOT_ALLOWED", "诉求当前状态不能进行此操作"),
    ("CONFLICT_OF_DUTY", "您已以其他身份参与此诉求，不能进行此操作"),
    ("NOTHING_TO_CONFIRM", "此诉求无需确认"),
    ("WINDOW_OVER", "已超过办理期限（{until}）"),
    ("URGED_TODAY", "本工作日已催办过，请在 {again_after} 之后再催办"),
    ("OUTCOME_NEEDS_PLAN", "只有已列入计划解决的诉求才能按计划兑现答复"),
    ("LEGAL_BASIS_MISSING", "请填写法律政策依据"),
    ("PLAN_DATE_PAST", "承诺日期须晚于今天"),
    ("AUDIT_REASON_UNKNOWN", "没有此审核不通过原因：{failure_code}"),
    ("CATEGORY_UNKNOWN", "没有此诉求类别：{category}"),
    ("ENTERPRISE_NOT_FOUND", "企业不存在"),
    ("DEPARTMENT_NOT_FOUND", "部门不存在"),
    ("DEPARTMENT_WITHOUT_LIAISON", "该部门尚无联络员，不能分派"),
    ("SECTION_NOT_FOUND", "科室不存在"),
    ("SECTION_ELSEWHERE", "该科室属于其他部门"),
    ("CALENDAR_MISSING", "工作日历未覆盖办理期限，请联系平台运营人员"),
    ("FIGURE_UNKNOWN", "没有此统计指标：{figure_id}"),
    ("TREE_HEAD_MISSING", "尚无检查点"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_chinese_words_and_no_others_have() {
        let mut n_reasons = 0;
        for number in 1.. {
            let Ok(reason) = R::try_from(number) else { break };
            assert!(WorkflowError::zh(name(reason)).is_some(), "{reason:?}");
            n_reasons += 1;
        }
        assert_eq!(n_reasons, CHINESE.len());
    }

    #[test]
    fn a_text_names_only_metadata_that_its_reason_has() {
        let until = "2026-03-02T09:00:00+08:00".parse().unwrap();
        let action = crate::domain::Action::Rate;
        for refused in [
            Refused::WindowOver { action, until },
            Refused::UrgedToday { again_after: until },
            Refused::UnknownCategory("nonsense".parse().unwrap()),
            Refused::UnknownAuditFailure("nonsense".parse().unwrap()),
        ] {
            let wire = WorkflowError::from(refused).wire().unwrap();
            let mut text = WorkflowError::zh(wire.reason).unwrap().to_owned();
            for (key, value) in &wire.metadata {
                text = text.replace(&format!("{{{key}}}"), value);
            }
            assert!(!text.contains('{'), "{text}");
        }
    }
}
