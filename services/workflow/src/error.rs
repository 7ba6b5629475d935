//! Everything that can go wrong in the workflow, and how callers see it.

use kernel::{AccountId, DepartmentId, DraftId, EnterpriseId, IssueId, NoteId, SectionId, Timestamp};
use proto::workflow::v1::ErrorReason as R;
use rpc::{Refusal, ServiceError, Wire};
use tonic::Code;
use worktime::OutOfCalendar;

use crate::{
    domain::{Action, Clocked, Issue, PolicyVersion, Refused, RulebookError, figure::FigureId},
    rpc::{
        attachment::AttachmentError,
        case::{self, CaseError},
        order::{self, OrderError},
        policy::PolicyRefused,
    },
};

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
    #[error("no such person works for the department")]
    ResponsibleUnsuitable(AccountId),
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
    #[error("the pack {policy} or the calendar {calendar} that an issue or order is bound to is not at hand")]
    RulesMissing { policy: PolicyVersion, calendar: String },
    #[error("packs and calendars do not fit together")]
    Rulebook(#[from] RulebookError),
    #[error(transparent)]
    Policy(#[from] PolicyRefused),
    #[error("the events of an issue do not fit together")]
    Broken(#[from] crate::domain::BrokenHistory),
    #[error("there is no such figure")]
    FigureUnknown(String),
    #[error("the issues of that figure belong to no such group")]
    FigureNotGrouped(FigureId),
    #[error("too much has changed since figures were reckoned")]
    FiguresBehind(Timestamp),
    #[error("no checkpoint was taken yet")]
    TreeHeadMissing,
    #[error("the head of the log could not be signed")]
    Sign(#[source] trail::SignError),
    #[error("the trail could not be exported")]
    Export(#[from] trail::ExportError),
    #[error("the file was not taken or given")]
    Attachment(#[from] AttachmentError),
    #[error("there is no such draft")]
    DraftNotFound(DraftId),
    #[error("the author has as many drafts as one may have")]
    DraftsTooMany { max: i64 },
    #[error("no checkpoint has that size")]
    TreeSizeUnknown { asked: i64, newest: i64 },
    #[error("there is no such entry in the log")]
    LogEntryNotFound(String),
    #[error("the checkpoint does not cover the entry")]
    LogEntryNotCovered { entry: String, tree_size: i64 },
    #[error("there is no such text")]
    NoteNotFound(NoteId),
    #[error("the text was erased before")]
    NoteErased(NoteId),
    /// Nobody waits for the answer any more.
    #[error("the log is longer than can be verified in the time of a call")]
    OutOfTime,
    #[error("could not {doing}")]
    Witness { doing: &'static str, source: std::io::Error },
    #[error("the resume_token belongs to another stream")]
    ResumeTokenInvalid,
    #[error("the stream cannot be resumed from there")]
    ResumeTokenExpired,
    #[error("the export would have {row_count} rows; {max_row_count} are allowed")]
    ExportTooLarge { row_count: i64, max_row_count: i64 },
    #[error("{n_written} rows were written of {row_count} that were counted in the same snapshot")]
    ExportIncomplete { row_count: i64, n_written: i64 },
    #[error("the temporary file of an export could not be written or read")]
    Spool(#[source] std::io::Error),
    #[error("a workbook could not be written")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Case(#[from] CaseError),
}

impl WorkflowError {
    /// The rules that an issue or order is bound to are not among those of this server.
    pub(crate) fn rules_missing(bound: &impl Clocked) -> Self {
        let (policy, calendar) = (bound.policy_version().clone(), bound.calendar_version().to_owned());
        Self::RulesMissing { policy, calendar }
    }

    /// What a merged issue would hear of has not been replied yet.
    pub(crate) fn unanswered(issue: &Issue) -> Self {
        Self::Refused(Refused::NotAllowed { from: issue.state(), action: Action::NoteDelivery })
    }

    /// The store of files did not do what it should.
    pub(crate) fn files(source: files::BlobError) -> Self {
        AttachmentError::Store(source).into()
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
            Self::ResponsibleUnsuitable(id) => {
                (Code::InvalidArgument, R::ResponsibleUnsuitable, vec![("account_id", id.to_string())])
            }
            Self::NothingToConfirm(id) => {
                (Code::FailedPrecondition, R::NothingToConfirm, vec![("issue_id", id.to_string())])
            }
            Self::CalendarMissing { calendar_version, source: _ } => {
                (Code::Unavailable, R::CalendarMissing, vec![("calendar_version", calendar_version.clone())])
            }
            Self::Refused(refused) => refused_on_the_wire(refused)?,
            Self::Policy(refused) => refused.on_the_wire(),
            Self::FigureUnknown(figure) => {
                (Code::InvalidArgument, R::FigureUnknown, vec![("figure_id", figure.clone())])
            }
            Self::FigureNotGrouped(figure) => {
                (Code::InvalidArgument, R::FigureNotGrouped, vec![("figure_id", figure.to_string())])
            }
            Self::FiguresBehind(at) => {
                (Code::Unavailable, R::FiguresBehind, vec![("reckoned_time", rfc3339(*at))])
            }
            Self::TreeHeadMissing => (Code::NotFound, R::TreeHeadMissing, vec![]),
            Self::Attachment(error) => error.wire()?,
            Self::DraftNotFound(id) => (Code::NotFound, R::DraftNotFound, vec![("draft_id", id.to_string())]),
            Self::DraftsTooMany { max } => {
                (Code::FailedPrecondition, R::DraftsTooMany, vec![("max", max.to_string())])
            }
            Self::TreeSizeUnknown { asked, newest } => (
                Code::InvalidArgument,
                R::TreeSizeUnknown,
                vec![("tree_size", asked.to_string()), ("newest", newest.to_string())],
            ),
            Self::LogEntryNotFound(entry) => {
                (Code::NotFound, R::LogEntryNotFound, vec![("entry", entry.clone())])
            }
            Self::LogEntryNotCovered { entry, tree_size } => (
                Code::FailedPrecondition,
                R::LogEntryNotCovered,
                vec![("entry", entry.clone()), ("tree_size", tree_size.to_string())],
            ),
            Self::NoteNotFound(id) => (Code::NotFound, R::NoteNotFound, vec![("note_id", id.to_string())]),
            Self::NoteErased(id) => {
                (Code::FailedPrecondition, R::NoteErased, vec![("note_id", id.to_string())])
            }
            Self::ResumeTokenInvalid => (Code::InvalidArgument, R::ResumeTokenInvalid, vec![]),
            Self::ResumeTokenExpired => (Code::FailedPrecondition, R::ResumeTokenExpired, vec![]),
            Self::ExportTooLarge { row_count, max_row_count } => (
                Code::FailedPrecondition,
                R::ExportTooLarge,
                vec![("row_count", row_count.to_string()), ("max_row_count", max_row_count.to_string())],
            ),
            Self::Order(error) => error.wire()?,
            Self::Case(error) => error.wire()?,
            Self::Common(_)
            | Self::Store(_)
            | Self::RulesMissing { .. }
            | Self::Rulebook(_)
            | Self::Broken(_)
            | Self::Sign(_)
            | Self::Export(_)
            | Self::OutOfTime
            | Self::Witness { .. }
            | Self::ExportIncomplete { .. }
            | Self::Spool(_)
            | Self::Workbook(_) => return None,
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
        let others = order::CHINESE.iter().chain(case::CHINESE);
        CHINESE.iter().chain(others).find(|(name, _)| *name == reason).map(|(_, text)| *text)
    }
}

pub(crate) type OnTheWire = (Code, R, Vec<(&'static str, String)>);

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
        Refused::DeputyTooEarly { from } => {
            (FailedPrecondition, R::DeputyTooEarly, vec![("from", rfc3339(*from))])
        }
        Refused::ReturnNeedsNewFact => (InvalidArgument, R::ReturnNeedsNewFact, vec![]),
        Refused::SameDepartment { department } => {
            (InvalidArgument, R::SameDepartment, vec![("department_id", department.to_string())])
        }
        Refused::DepartmentConcerned { department } => {
            (FailedPrecondition, R::DepartmentConcerned, vec![("department_id", department.to_string())])
        }
        Refused::ScopeSettled => (FailedPrecondition, R::ScopeSettled, vec![]),
        Refused::AppealedAlready => (FailedPrecondition, R::AppealedAlready, vec![]),
        Refused::QuestionsExhausted { most } => {
            (FailedPrecondition, R::QuestionsExhausted, vec![("most", most.to_string())])
        }
        Refused::NothingToExtend => (FailedPrecondition, R::NothingToExtend, vec![]),
        Refused::ExtensionPending => (FailedPrecondition, R::ExtensionPending, vec![]),
        Refused::NoExtension => (FailedPrecondition, R::NoExtension, vec![]),
        Refused::ExtensionTooLate { until } => {
            (FailedPrecondition, R::ExtensionTooLate, vec![("until", rfc3339(*until))])
        }
        Refused::ExtensionTooLong { most_days } => {
            (InvalidArgument, R::ExtensionTooLong, vec![("most_days", most_days.to_string())])
        }
        Refused::CoTasksOpen { open } => {
            (FailedPrecondition, R::CoTasksOpen, vec![("open", open.to_string())])
        }
        Refused::CoTaskNotOpen => (FailedPrecondition, R::CoTaskNotOpen, vec![]),
        Refused::CoSectionConfidential => (FailedPrecondition, R::CoSectionConfidential, vec![]),
        Refused::CoSectionAlready { section } => {
            (FailedPrecondition, R::CoSectionAlready, vec![("section_id", section.to_string())])
        }
        Refused::InstructionNotOpen => (FailedPrecondition, R::InstructionNotOpen, vec![]),
        Refused::InstructionsOpen { open } => {
            (FailedPrecondition, R::InstructionsOpen, vec![("open", open.to_string())])
        }
        Refused::MergedNotFedBack { open } => {
            (FailedPrecondition, R::MergedNotFedBack, vec![("open", open.to_string())])
        }
        Refused::ChannelNotIndependent { channel } => {
            (FailedPrecondition, R::ChannelNotIndependent, vec![("channel", channel.to_string())])
        }
        Refused::HasMerged => (FailedPrecondition, R::HasMerged, vec![]),
        // Neither into itself nor twice.
        Refused::MergeIntoItself | Refused::AbsorbedAlready { .. } => {
            (InvalidArgument, R::MergeIntoItself, vec![])
        }
        Refused::HeardAlready => (FailedPrecondition, R::HeardAlready, vec![]),
        Refused::RatingDimensionUnknown { dimension } => {
            (InvalidArgument, R::RatingDimensionUnknown, vec![("dimension", dimension.to_string())])
        }
        Refused::RatingDimensionMissing { dimension } => {
            (InvalidArgument, R::RatingDimensionMissing, vec![("dimension", dimension.to_string())])
        }
        Refused::NothingToRate => (FailedPrecondition, R::NothingToRate, vec![]),
        Refused::SupervisionUnchanged { level } => {
            (FailedPrecondition, R::SupervisionUnchanged, vec![("level", level.get().to_string())])
        }
        Refused::AudienceNotAllowed { party, audience } => (
            FailedPrecondition,
            R::AudienceNotAllowed,
            vec![("party", party.to_string()), ("audience", audience.to_string())],
        ),
        // The rules of access let nobody in who may not submit; `refused` gives some a variant of their own; the
        // others are about steps that the system takes.
        Refused::MayNotSubmit
        | Refused::NothingToConfirm
        | Refused::WindowOpen { .. }
        | Refused::RungNotDue { .. }
        | Refused::NotMerged { .. }
        | Refused::NothingMerged
        | Refused::NoClockRuns
        | Refused::NoSuchCalendarChange { .. }
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
    ("FIGURE_NOT_GROUPED", "指标 {figure_id} 不能按此方式分组"),
    ("FIGURES_BEHIND", "统计数据正在更新，请稍后再试"),
    ("TREE_HEAD_MISSING", "尚无检查点"),
    ("DEPUTY_TOO_EARLY", "{from} 之前只能由该联络员签收"),
    ("RETURN_NEEDS_NEW_FACT", "退单已被驳回，再次退单须说明新的事实"),
    ("SAME_DEPARTMENT", "该诉求已在此部门"),
    ("DEPARTMENT_CONCERNED", "诉求反映的正是该部门，不能交其办理"),
    ("SCOPE_SETTLED", "经申诉已认定属于受理范围，不能再次不予受理"),
    ("APPEALED_ALREADY", "已申诉过一次"),
    ("QUESTIONS_EXHAUSTED", "请企业补充的次数已用完（最多 {most} 次）"),
    ("NOTHING_TO_EXTEND", "办结时限未在计时，不能延期"),
    ("EXTENSION_PENDING", "已有延期申请待审批"),
    ("NO_EXTENSION", "没有待审批的延期申请"),
    ("EXTENSION_TOO_LATE", "延期须在 {until} 之前申请"),
    ("EXTENSION_TOO_LONG", "最多还可延期 {most_days} 个工作日"),
    ("CO_TASKS_OPEN", "尚有 {open} 个协办科室未答复，如不等待请说明理由"),
    ("CO_TASK_NOT_OPEN", "没有待您科室答复的此项协办任务"),
    ("CO_SECTION_ALREADY", "该科室已在办理此诉求"),
    ("CO_SECTION_CONFIDENTIAL", "保密诉求仅限承办人员知悉，不能交其他科室协办"),
    ("INSTRUCTION_NOT_OPEN", "没有待回复的此项批示"),
    ("INSTRUCTIONS_OPEN", "尚有 {open} 项批示未回复"),
    ("MERGED_NOT_FED_BACK", "尚有 {open} 家并单企业未收到反馈"),
    ("CHANNEL_NOT_INDEPENDENT", "撤单须经平台以外的途径（电话、走访等）向企业核实"),
    ("HAS_MERGED", "已有其他诉求并入，不能进行此操作"),
    ("MERGE_INTO_ITSELF", "诉求不能并入自身，也不能重复并入"),
    ("HEARD_ALREADY", "企业已收到该答复"),
    ("RATING_DIMENSION_UNKNOWN", "本诉求不评价此项：{dimension}"),
    ("RATING_DIMENSION_MISSING", "请对此项评星：{dimension}"),
    ("NOTHING_TO_RATE", "没有待您评价的答复"),
    ("SUPERVISION_UNCHANGED", "督办级别已是 {level} 级"),
    ("AUDIENCE_NOT_ALLOWED", "您不能发布此范围的留言"),
    ("RESPONSIBLE_UNSUITABLE", "该部门没有此责任人"),
    ("ATTACHMENT_NOT_FOUND", "附件不存在"),
    ("ATTACHMENT_TOO_LARGE", "附件超过大小上限（{max_bytes} 字节）"),
    (
        "ATTACHMENT_TYPE_UNKNOWN",
        "不支持此类文件，请上传 PDF、图片、MP4、Office 文档（docx、xlsx、pptx）或 UTF-8 文本",
    ),
    ("ATTACHMENT_TYPE_MISMATCH", "文件内容（{media_type}）与扩展名 {extension} 不符"),
    ("ATTACHMENT_CONTENT_REFUSED", "文件内容不符合要求（{why}），请检查后重新上传"),
    ("ATTACHMENT_DIFFERS", "文件在传输中有误，请重新上传"),
    ("ATTACHMENTS_TOO_MANY", "附件数量已达上限（{max} 个）"),
    ("ATTACHMENT_QUOTA_EXCEEDED", "企业附件空间已满（上限 {max_bytes} 字节）"),
    ("ATTACHMENT_QUARANTINED", "附件正在进行安全检查，请稍后再试"),
    ("ATTACHMENT_INFECTED", "附件未通过安全检查，不能使用"),
    ("ATTACHMENT_REFERRED", "附件已被办理记录引用，不能删除"),
    ("ATTACHMENT_RANGE_INVALID", "请求的范围超出附件大小（{size_bytes} 字节）"),
    ("ATTACHMENT_STORE_UNAVAILABLE", "附件存储暂时不可用，请稍后重试"),
    ("DRAFT_NOT_FOUND", "草稿不存在"),
    ("DRAFTS_TOO_MANY", "草稿数量已达上限（{max} 份），请先清理"),
    ("TREE_SIZE_UNKNOWN", "没有此规模的检查点：{tree_size}"),
    ("LOG_ENTRY_NOT_FOUND", "留痕中没有此记录"),
    ("LOG_ENTRY_NOT_COVERED", "检查点尚未覆盖此记录，请稍后再试"),
    ("NOTE_NOT_FOUND", "文本不存在"),
    ("NOTE_ERASED", "文本此前已删除"),
    ("RESUME_TOKEN_INVALID", "续传标记无效，请重新订阅"),
    ("RESUME_TOKEN_EXPIRED", "续传标记已过期，请重新订阅并获取快照"),
    ("EXPORT_TOO_LARGE", "导出结果共 {row_count} 条，超过上限 {max_row_count} 条，请缩小筛选范围"),
    ("POLICY_PACK_NOT_FOUND", "没有此政策包：{pack}"),
    ("POLICY_PACK_EXISTS", "政策包 {pack} 已存在，修改请用新的版本号"),
    ("POLICY_PACK_RESERVED", "“{name}”是系统自带政策包的名称，请另取名称"),
    ("POLICY_PACK_INVALID", "政策包有 {faults} 处错误，第一处：{place} {reason_zh}"),
    ("CALENDAR_NOT_FOUND", "没有此工作日历：{calendar_version}"),
    ("CALENDAR_EXISTS", "工作日历 {calendar_version} 已存在，修改请用新的版本号"),
    ("CALENDAR_INVALID", "工作日历有 {faults} 处错误，第一处：{place} {reason_zh}"),
    ("CALENDAR_TOO_SHORT", "工作日历须覆盖 {first_year} 至 {last_year} 年，且已公布的年份不得改为暂定"),
    (
        "NEXT_CALENDAR_TOO_SHORT",
        "已批准于 {from_date} 启用的工作日历 {calendar_version} 未覆盖本日历的年份，请先撤销其启用",
    ),
    ("ACTIVATION_NOT_FOUND", "没有此启用申请"),
    ("ACTIVATION_DATE_PAST", "启用日期不得早于 {earliest}"),
    ("ACTIVATION_SAME_PERSON", "启用须由另一人复核"),
    ("ACTIVATION_DECIDED", "此启用申请已处理（{state}）"),
    ("ACTIVATION_TOO_LATE", "已过复核或撤销期限（{until}）"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_chinese_words_and_no_others_have() {
        let mut n_reasons = 0;
        // The numbers have gaps.
        for reason in (1..1_000).filter_map(|number| R::try_from(number).ok()) {
            assert!(WorkflowError::zh(name(reason)).is_some(), "{reason:?}");
            n_reasons += 1;
        }
        let n_words = CHINESE.len() + order::CHINESE.len() + case::CHINESE.len();
        assert_eq!(n_reasons, n_words);
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
