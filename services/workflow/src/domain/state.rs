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
        /// 待受理
        Dispatched = "DISPATCHED",
        /// 办理中
        InProgress = "IN_PROGRESS",
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
    }
}

named! {
    /// A step, in the order of the life of an issue.
    Action {
        Submit = "SUBMIT",
        Confirm = "CONFIRM",
        Assign = "ASSIGN",
        Sign = "SIGN",
        Dispatch = "DISPATCH",
        Accept = "ACCEPT",
        Object = "OBJECT",
        RecordContact = "RECORD_CONTACT",
        RecordProgress = "RECORD_PROGRESS",
        RecordInterimMeasure = "RECORD_INTERIM_MEASURE",
        Plan = "PLAN",
        Replan = "REPLAN",
        Reply = "REPLY",
        SendBack = "SEND_BACK",
        FeedBack = "FEED_BACK",
        Rate = "RATE",
        Dispute = "DISPUTE",
        LapseRating = "LAPSE_RATING",
        Audit = "AUDIT",
        Reopen = "REOPEN",
        Urge = "URGE",
        ReachRung = "REACH_RUNG",
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
        Operator = "OPERATOR",
        Auditor = "AUDITOR",
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
            Self::Triage => Holder::Operator,
            Self::Submitted | Self::Signed | Self::Replied => Holder::Liaison,
            Self::Dispatched | Self::InProgress | Self::Planned | Self::Rectifying => Holder::Section,
            Self::FedBack => Holder::Firm,
            Self::PendingAudit => Holder::Auditor,
            Self::Closed => Holder::Nobody,
        }
    }

    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed)
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
