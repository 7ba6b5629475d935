//! What people may want to do with an issue.

use proto::workflow::v1::{Channel, CommentAudience, Difficulty, IssueAction, Outcome};

use crate::model::city::{Dept, Firm, Section};

#[derive(Debug, Clone)]
pub struct Submission {
    pub firm: Firm,
    pub category: &'static str,
    pub about: Option<Dept>,
    pub confidential: bool,
}

#[derive(Debug, Clone)]
pub enum Act {
    Confirm,
    Assign(Dept),
    Sign(Option<Difficulty>),
    RequestReturn {
        new_fact: bool,
    },
    Uphold(Dept),
    Deny,
    Reject,
    Appeal,
    Dispatch {
        section: Section,
        help: Vec<Section>,
    },
    AddCoSection(Section),
    ReplyCoTask(u32),
    Accept,
    Object,
    Contact,
    Progress,
    Interim,
    Ask,
    Supply,
    RequestExtension(i32),
    DecideExtension(bool),
    /// Who answers for it, and the local day.
    Plan {
        by: u32,
        day: i64,
    },
    Replan {
        by: u32,
        day: i64,
    },
    Review,
    Reply {
        outcome: Outcome,
        basis: bool,
        without_help: bool,
    },
    Explain,
    SendBack,
    FeedBack,
    Rate(i32),
    Dispute,
    Audit(bool),
    Reopen,
    RequestWithdrawal,
    /// Whether it is confirmed, and by which way the firm was asked.
    DecideWithdrawal(bool, Channel),
    Merge(Vec<usize>),
    Unmerge,
    Supervise(i32),
    Instruct,
    AnswerInstruction(u32),
    Comment(CommentAudience),
    Urge,
}

impl Act {
    pub fn action(&self) -> IssueAction {
        use IssueAction as A;
        match self {
            Self::Confirm => A::Confirm,
            Self::Assign(_) => A::Assign,
            Self::Sign(_) => A::Sign,
            Self::RequestReturn { .. } => A::RequestReturn,
            Self::Uphold(_) | Self::Deny => A::RuleOnReturn,
            Self::Reject => A::RejectOutOfScope,
            Self::Appeal => A::AppealScope,
            Self::Dispatch { .. } => A::Dispatch,
            Self::AddCoSection(_) => A::AddCoSection,
            Self::ReplyCoTask(_) => A::ReplyCoTask,
            Self::Accept => A::Accept,
            Self::Object => A::Object,
            Self::Contact => A::RecordContact,
            Self::Progress => A::RecordProgress,
            Self::Interim => A::RecordInterimMeasure,
            Self::Ask => A::AskFirm,
            Self::Supply => A::SupplyInformation,
            Self::RequestExtension(_) => A::RequestExtension,
            Self::DecideExtension(_) => A::DecideExtension,
            Self::Plan { .. } => A::Plan,
            Self::Replan { .. } => A::Replan,
            Self::Review => A::ReviewPlan,
            Self::Reply { .. } | Self::Explain => A::Reply,
            Self::SendBack => A::SendBack,
            Self::FeedBack => A::FeedBack,
            Self::Rate(_) => A::Rate,
            Self::Dispute => A::Dispute,
            Self::Audit(_) => A::Audit,
            Self::Reopen => A::Reopen,
            Self::RequestWithdrawal => A::RequestWithdrawal,
            Self::DecideWithdrawal(..) => A::DecideWithdrawal,
            Self::Merge(_) => A::Merge,
            Self::Unmerge => A::Unmerge,
            Self::Supervise(_) => A::Supervise,
            Self::Instruct => A::Instruct,
            Self::AnswerInstruction(_) => A::AnswerInstruction,
            Self::Comment(_) => A::Comment,
            Self::Urge => A::Urge,
        }
    }

    /// What it is called in coverage and differences.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Uphold(_) => "UPHOLD_RETURN",
            Self::Deny => "DENY_RETURN",
            Self::Explain => "EXPLAIN",
            Self::DecideExtension(true) => "GRANT_EXTENSION",
            Self::DecideExtension(false) => "DENY_EXTENSION",
            Self::Audit(true) => "PASS",
            Self::Audit(false) => "FAIL",
            Self::DecideWithdrawal(true, _) => "CONFIRM_WITHDRAWAL",
            Self::DecideWithdrawal(false, _) => "DENY_WITHDRAWAL",
            other => other.action().as_str_name().trim_start_matches("ISSUE_ACTION_"),
        }
    }
}
