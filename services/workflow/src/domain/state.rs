//! The words of the lifecycle: states, steps, and who takes them.

use super::named::named;

named! {
    /// Where an issue stands.
    State {
        /// 待分派
        Triage = "TRIAGE",
        /// 待签收
        Submitted = "SUBMITTED",
        /// 已签收
        Signed = "SIGNED",
        /// 退单待裁定
        ReturnPending = "RETURN_PENDING",
        /// 待受理
        Dispatched = "DISPATCHED",
        /// 办理中
        InProgress = "IN_PROGRESS",
        /// 待企业补充
        AwaitingFirm = "AWAITING_FIRM",
        /// 计划解决: not solved, but somebody promised a date.
        Planned = "PLANNED",
        /// 已答复
        Replied = "REPLIED",
        /// 待评价
        FedBack = "FED_BACK",
        /// 差评整改
        Rectifying = "RECTIFYING",
        /// 待审核
        PendingAudit = "PENDING_AUDIT",
        /// 办结
        Closed = "CLOSED",
        /// 撤单待核
        WithdrawPending = "WITHDRAW_PENDING",
        /// 已撤单
        Withdrawn = "WITHDRAWN",
        /// 不予受理: outside the scope of the system.
        OutOfScope = "OUT_OF_SCOPE",
        /// 已并单: another issue is handled for it too.
        Merged = "MERGED",
    }
}

named! {
    /// A step, in the order of the life of an issue.
    Action {
        Submit = "SUBMIT",
        Confirm = "CONFIRM",
        Assign = "ASSIGN",
        Sign = "SIGN",
        RequestReturn = "REQUEST_RETURN",
        RuleOnReturn = "RULE_ON_RETURN",
        RejectOutOfScope = "REJECT_OUT_OF_SCOPE",
        AppealScope = "APPEAL_SCOPE",
        Dispatch = "DISPATCH",
        AddCoSection = "ADD_CO_SECTION",
        ReplyCoTask = "REPLY_CO_TASK",
        Accept = "ACCEPT",
        Object = "OBJECT",
        RecordContact = "RECORD_CONTACT",
        RecordProgress = "RECORD_PROGRESS",
        RecordInterimMeasure = "RECORD_INTERIM_MEASURE",
        AskFirm = "ASK_FIRM",
        SupplyInformation = "SUPPLY_INFORMATION",
        ResumeWork = "RESUME_WORK",
        RequestExtension = "REQUEST_EXTENSION",
        DecideExtension = "DECIDE_EXTENSION",
        Plan = "PLAN",
        Replan = "REPLAN",
        ReviewPlan = "REVIEW_PLAN",
        Reply = "REPLY",
        SendBack = "SEND_BACK",
        FeedBack = "FEED_BACK",
        Rate = "RATE",
        Dispute = "DISPUTE",
        LapseRating = "LAPSE_RATING",
        Audit = "AUDIT",
        Reopen = "REOPEN",
        RequestWithdrawal = "REQUEST_WITHDRAWAL",
        DecideWithdrawal = "DECIDE_WITHDRAWAL",
        Merge = "MERGE",
        Unmerge = "UNMERGE",
        Absorb = "ABSORB",
        Release = "RELEASE",
        NoteDelivery = "NOTE_DELIVERY",
        Supervise = "SUPERVISE",
        Instruct = "INSTRUCT",
        AnswerInstruction = "ANSWER_INSTRUCTION",
        Comment = "COMMENT",
        Urge = "URGE",
        ReachRung = "REACH_RUNG",
        ChangeCalendar = "CHANGE_CALENDAR",
    }
}

named! {
    /// In which capacity somebody acts on an issue.
    Party {
        /// Owner or agent of the firm.
        Firm = "FIRM",
        /// Manager of the firm.
        Manager = "MANAGER",
        /// A machine client that passes on what a firm told it.
        Client = "CLIENT",
        /// Liaison of the department in charge.
        Liaison = "LIAISON",
        /// Handler in the section in charge.
        Section = "SECTION",
        /// Handler in a section that helps.
        CoSection = "CO_SECTION",
        Operator = "OPERATOR",
        Auditor = "AUDITOR",
        Leader = "LEADER",
        /// The suite itself, as time goes by.
        System = "SYSTEM",
    }
}

named! {
    /// Who has to act.
    Holder {
        Nobody = "NOBODY",
        Operator = "OPERATOR",
        Liaison = "LIAISON",
        Section = "SECTION",
        Firm = "FIRM",
        Auditor = "AUDITOR",
    }
}

named! {
    /// How hard an issue is; sets the limit of C4.
    Difficulty {
        /// 咨询
        Consultation = "CONSULTATION",
        /// 一般
        Normal = "NORMAL",
        /// 疑难
        Hard = "HARD",
    }
}

named! {
    /// What came of an issue.
    Outcome {
        /// 已解决
        Resolved = "RESOLVED",
        /// 服务确认
        Explained = "EXPLAINED",
        /// 部分解决
        Partial = "PARTIAL",
        /// 计划兑现
        PlannedDelivered = "PLANNED_DELIVERED",
        /// 无法解决, by a law or rule that is named.
        Infeasible = "INFEASIBLE",
    }
}

named! {
    /// Why an issue was escalated 提级.
    Escalation {
        /// Returned so often.
        Returns = "RETURNS",
        /// Reopened so often.
        Reopens = "REOPENS",
    }
}

named! {
    /// For whom a comment is.
    CommentAudience {
        /// The firm, its manager, and all offices that have the issue.
        Firm = "FIRM",
        /// The writer's own department.
        Department = "DEPARTMENT",
        /// All offices that have the issue.
        Joint = "JOINT",
        /// Operators, auditors and leaders.
        Audit = "AUDIT",
    }
}

named! {
    /// By which way the firm was reached.
    Channel {
        Portal = "PORTAL",
        Telephone = "TELEPHONE",
        Visit = "VISIT",
        Message = "MESSAGE",
        Letter = "LETTER",
    }
}

impl State {
    pub const fn holder(self) -> Holder {
        match self {
            Self::Triage | Self::ReturnPending | Self::WithdrawPending => Holder::Operator,
            Self::Submitted | Self::Signed | Self::Replied => Holder::Liaison,
            Self::Dispatched | Self::InProgress | Self::Planned | Self::Rectifying => Holder::Section,
            Self::FedBack | Self::AwaitingFirm => Holder::Firm,
            Self::PendingAudit => Holder::Auditor,
            Self::Closed | Self::Withdrawn | Self::OutOfScope | Self::Merged => Holder::Nobody,
        }
    }

    /// Whether somebody still has to act. What ended may come back: reopened, appealed, unmerged.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn | Self::OutOfScope | Self::Merged)
    }
}

impl Outcome {
    /// Interim measures, plans, explanations and parts of a solution are none.
    pub const fn is_solved(self) -> bool {
        matches!(self, Self::Resolved | Self::PlannedDelivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_value() {
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(*state));
            assert_eq!(serde_json::to_string(state).unwrap(), format!("\"{state}\""));
        }
        assert!("triage".parse::<State>().is_err());
    }

    #[test]
    fn only_what_was_done_counts_as_solved() {
        let solved: Vec<_> = Outcome::ALL.iter().filter(|outcome| outcome.is_solved()).collect();
        assert_eq!(solved, [&Outcome::Resolved, &Outcome::PlannedDelivered]);
    }
}
