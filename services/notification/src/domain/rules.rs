//! Who is told of what: one table.

use super::placeholder::Placeholder::{
    self, Calendar, CaseLevel, Clock, CommittedDate, DaysLeft, Due, EscalationCause, IssueNumber, LastDate,
    OrderKind, Outcome, RateUntil, Reopens, Returns, Stars, Start, SupervisionLevel, Until, Urges,
    WorkingDays,
};

/// What can happen, as far as somebody is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Happening {
    /// Submitted, and no single department was found.
    Unrouted,
    /// Submitted to a department.
    Submitted,
    /// Submitted by somebody else for the firm.
    RaisedOnBehalf,
    /// The firm confirmed what was raised on its behalf.
    Confirmed,
    Assigned,
    Signed,
    Dispatched,
    Accepted,
    Objected,
    Contacted,
    Progressed,
    InterimMeasure,
    /// The firm was asked for information.
    FirmAsked,
    InformationSupplied,
    /// The firm did not answer in time.
    QuestionLapsed,
    Planned,
    Replanned,
    PlanReviewed,
    ExtensionRequested,
    ExtensionGranted,
    ExtensionDenied,
    Replied,
    SentBack,
    FedBack,
    Rated,
    RatedLow,
    Disputed,
    RatingLapsed,
    /// An auditor has to decide.
    AwaitsAudit,
    AuditFailed,
    Closed,
    Reopened,
    ReturnRequested,
    /// Another department is in charge; the event names the one that had it.
    ReturnUpheld,
    ReturnDenied,
    /// Out of scope, and the firm may appeal.
    ScopeRejected,
    /// Out of scope, on appeal.
    ScopeRejectedFinally,
    ScopeAppealed,
    Escalated,
    /// A section has to help: the event names it.
    CoSectionAdded,
    CoTaskReplied,
    WithdrawalRequested,
    Withdrawn,
    WithdrawalDenied,
    /// Merged into another.
    Merged,
    Unmerged,
    /// Another was merged into it.
    Absorbed,
    Released,
    Supervised,
    /// Supervised no longer.
    SupervisionLifted,
    Instructed,
    /// The event names the leader who gave it.
    InstructionAnswered,
    /// The event names whom the comment is for.
    Commented,
    Urged,
    /// A rung of the escalation ladder before the clock is due; the event itself says who is told.
    ClockWarning,
    /// The same when the clock is due, or after.
    ClockOverdue,
    OrderPlaced,
    /// By the manager, for the firm.
    OrderPlacedForFirm,
    OrderAccepted,
    OrderDeclined,
    OrderScheduled,
    OrderRescheduled,
    OrderDelivered,
    OrderRated,
    OrderRatingLapsed,
    OrderCancelled,
    /// As with issues.
    OrderClockWarning,
    OrderClockOverdue,
    CaseNominated,
    /// The event names who nominated it, here and below.
    CaseAccepted,
    CaseRejected,
    CasePublished,
    CaseWithdrawn,
    CalendarEnding,
    CalendarEnded,
}

/// Who is told, by what they are to the issue, the order or the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Recipient {
    /// Everybody who acts for the firm.
    Firm,
    /// The firm's manager.
    Manager,
    /// The department's liaison in charge; before there is one, every liaison of the department.
    Liaison,
    /// Every liaison of the department; its leader alone only where there is no other.
    Department,
    /// The leader of the department.
    DepartmentLeader,
    /// Who answers for an issue: its liaison, or the operators while they have it.
    Desk,
    /// Whoever accepted the issue; before that, the whole section. Who answers for the delivery of an order.
    Handler,
    /// Everybody in the section.
    Section,
    /// The head of the section.
    SectionHead,
    /// Whoever has to act now.
    Holder,
    Operators,
    Auditors,
    Leaders,
    /// Whom the event names.
    AsNamed,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub happening: Happening,
    pub template: &'static str,
    pub recipients: &'static [Recipient],
}

const fn rule(happening: Happening, template: &'static str, recipients: &'static [Recipient]) -> Rule {
    Rule { happening, template, recipients }
}

/// Whatever is not here is told to nobody. A template stands once for each happening, and once for those that come
/// together.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = {
    use Happening as H;
    use Recipient::{AsNamed, Auditors, Department, Desk, Firm, Handler, Holder, Leaders, Liaison, Manager, Operators};
    &[
        rule(H::Unrouted,             "issue-to-assign",          &[Operators]),
        rule(H::Unrouted,             "issue-submitted",          &[Manager]),
        rule(H::Submitted,            "issue-to-sign",            &[Liaison]),
        rule(H::Submitted,            "issue-submitted",          &[Manager]),
        rule(H::RaisedOnBehalf,       "issue-to-confirm",         &[Firm]),
        rule(H::Confirmed,            "issue-confirmed",          &[Manager]),
        rule(H::Assigned,             "issue-to-sign",            &[Liaison]),
        rule(H::Assigned,             "issue-assigned",           &[Firm]),
        rule(H::Signed,               "issue-signed",             &[Firm, Manager]),
        rule(H::Dispatched,           "issue-to-accept",          &[Handler]),
        rule(H::Dispatched,           "issue-dispatched",         &[Firm, Manager]),
        rule(H::Accepted,             "issue-accepted",           &[Firm]),
        rule(H::Objected,             "issue-objected",           &[Liaison]),
        rule(H::Contacted,            "issue-contacted",          &[Firm]),
        rule(H::Progressed,           "issue-progressed",         &[Firm, Manager]),
        rule(H::InterimMeasure,       "issue-interim-measure",    &[Firm, Manager]),
        rule(H::FirmAsked,            "issue-to-supply",          &[Firm]),
        rule(H::FirmAsked,            "firm-asked",               &[Manager]),
        rule(H::InformationSupplied,  "information-supplied",     &[Handler]),
        rule(H::QuestionLapsed,       "work-resumed",             &[Handler]),
        rule(H::QuestionLapsed,       "question-lapsed",          &[Firm, Manager]),
        rule(H::Planned,              "issue-planned",            &[Firm, Manager]),
        rule(H::Replanned,            "issue-replanned",          &[Firm, Manager]),
        rule(H::PlanReviewed,         "plan-reviewed",            &[Handler]),
        rule(H::ExtensionRequested,   "extension-to-decide",      &[Liaison]),
        rule(H::ExtensionGranted,     "extension-granted",        &[Handler, Firm, Manager]),
        rule(H::ExtensionDenied,      "extension-denied",         &[Handler]),
        rule(H::Replied,              "issue-to-feed-back",       &[Liaison]),
        rule(H::Replied,              "issue-replied",            &[Firm]),
        rule(H::SentBack,             "reply-sent-back",          &[Handler]),
        rule(H::FedBack,              "issue-to-rate",            &[Firm]),
        rule(H::Rated,                "issue-rated",              &[Handler, Liaison]),
        rule(H::RatedLow,             "issue-to-rectify",         &[Handler, Liaison]),
        rule(H::Disputed,             "issue-disputed",           &[Handler, Liaison]),
        rule(H::RatingLapsed,         "rating-lapsed",            &[Liaison]),
        rule(H::AwaitsAudit,          "issue-to-audit",           &[Auditors]),
        rule(H::AuditFailed,          "audit-failed",             &[Handler, Liaison]),
        rule(H::Closed,               "issue-closed",             &[Firm, Manager]),
        rule(H::Reopened,             "issue-reopened",           &[Handler, Liaison]),
        rule(H::ReturnRequested,      "return-to-rule",           &[Operators]),
        rule(H::ReturnUpheld,         "return-to-sign",           &[Liaison]),
        rule(H::ReturnUpheld,         "return-upheld",            &[AsNamed]),
        rule(H::ReturnUpheld,         "issue-transferred",        &[Firm, Manager]),
        rule(H::ReturnDenied,         "return-denied",            &[Liaison]),
        rule(H::ScopeRejected,        "scope-rejected",           &[Firm, Manager]),
        rule(H::ScopeRejectedFinally, "scope-rejected-finally",   &[Firm, Manager]),
        rule(H::ScopeAppealed,        "appeal-to-decide",         &[Operators]),
        rule(H::Escalated,            "issue-escalated",          &[Operators, Leaders]),
        rule(H::CoSectionAdded,       "co-task-to-reply",         &[AsNamed]),
        rule(H::CoTaskReplied,        "co-task-replied",          &[Handler]),
        rule(H::WithdrawalRequested,  "withdrawal-to-check",      &[Operators]),
        rule(H::WithdrawalRequested,  "withdrawal-requested",     &[Handler, Liaison, Manager]),
        rule(H::Withdrawn,            "issue-withdrawn",          &[Firm, Manager, Handler, Liaison]),
        rule(H::WithdrawalDenied,     "withdrawal-denied",        &[Firm, Manager, Handler, Liaison]),
        rule(H::Merged,               "issue-merged",             &[Firm, Manager, Liaison]),
        rule(H::Unmerged,             "issue-to-sign",            &[Liaison]),
        rule(H::Unmerged,             "issue-unmerged",           &[Firm, Manager]),
        rule(H::Absorbed,             "issue-absorbed",           &[Handler, Liaison]),
        rule(H::Released,             "issue-released",           &[Handler, Liaison]),
        rule(H::Supervised,           "issue-supervised",         &[Handler, Desk]),
        rule(H::SupervisionLifted,    "supervision-lifted",       &[Handler, Desk]),
        rule(H::Instructed,           "instruction-to-answer",    &[Desk]),
        rule(H::Instructed,           "issue-instructed",         &[Handler]),
        rule(H::InstructionAnswered,  "instruction-answered",     &[AsNamed]),
        rule(H::Commented,            "issue-commented",          &[AsNamed]),
        rule(H::Urged,                "issue-urged",              &[Holder, Liaison]),
        rule(H::ClockWarning,         "clock-warning",            &[AsNamed]),
        rule(H::ClockOverdue,         "clock-overdue",            &[AsNamed]),
        rule(H::OrderPlaced,          "order-to-accept",          &[Department]),
        rule(H::OrderPlaced,          "order-placed",             &[Manager]),
        rule(H::OrderPlacedForFirm,   "order-placed-for-you",     &[Firm]),
        rule(H::OrderAccepted,        "order-accepted",           &[Firm, Manager]),
        rule(H::OrderDeclined,        "order-declined",           &[Firm, Manager]),
        rule(H::OrderScheduled,       "order-scheduled",          &[Firm, Manager]),
        rule(H::OrderScheduled,       "order-to-deliver",         &[Handler]),
        rule(H::OrderRescheduled,     "order-rescheduled",        &[Firm, Manager]),
        rule(H::OrderRescheduled,     "order-to-deliver",         &[Handler]),
        rule(H::OrderDelivered,       "order-to-rate",            &[Firm]),
        rule(H::OrderRated,           "order-rated",              &[Department, Handler]),
        rule(H::OrderRatingLapsed,    "order-rating-lapsed",      &[Liaison]),
        rule(H::OrderCancelled,       "order-cancelled",          &[Department, Handler]),
        rule(H::OrderClockWarning,    "order-clock-warning",      &[AsNamed]),
        rule(H::OrderClockOverdue,    "order-clock-overdue",      &[AsNamed]),
        rule(H::CaseNominated,        "case-to-review",           &[Auditors]),
        rule(H::CaseAccepted,         "case-accepted",            &[AsNamed, Handler]),
        rule(H::CaseAccepted,         "case-to-publish",          &[Operators]),
        rule(H::CaseRejected,         "case-rejected",            &[AsNamed]),
        rule(H::CasePublished,        "case-published",           &[AsNamed, Liaison, Handler, Manager]),
        rule(H::CaseWithdrawn,        "case-withdrawn",           &[AsNamed]),
        rule(H::CalendarEnding,       "calendar-ending",          &[Operators]),
        rule(H::CalendarEnded,        "calendar-ended",           &[Operators]),
    ]
};

impl Happening {
    /// The values that it brings along.
    pub(crate) fn values(self) -> &'static [Placeholder] {
        match self {
            Self::Unrouted
            | Self::Submitted
            | Self::RaisedOnBehalf
            | Self::Confirmed
            | Self::Assigned
            | Self::Signed
            | Self::Dispatched
            | Self::Accepted
            | Self::Objected
            | Self::Contacted
            | Self::Progressed
            | Self::InterimMeasure
            | Self::InformationSupplied
            | Self::QuestionLapsed
            | Self::PlanReviewed
            | Self::SentBack
            | Self::Disputed
            | Self::RatingLapsed
            | Self::AwaitsAudit
            | Self::AuditFailed
            | Self::ReturnDenied
            | Self::ScopeRejectedFinally
            | Self::ScopeAppealed
            | Self::CoTaskReplied
            | Self::WithdrawalRequested
            | Self::Withdrawn
            | Self::WithdrawalDenied
            | Self::Merged
            | Self::Unmerged
            | Self::Absorbed
            | Self::Released
            | Self::SupervisionLifted
            | Self::InstructionAnswered
            | Self::Commented
            | Self::CaseNominated
            | Self::CaseRejected
            | Self::CaseWithdrawn => &[IssueNumber],
            Self::FirmAsked
            | Self::ReturnUpheld
            | Self::ScopeRejected
            | Self::CoSectionAdded
            | Self::Instructed => &[IssueNumber, Until],
            Self::Planned | Self::Replanned => &[IssueNumber, CommittedDate],
            Self::ExtensionRequested => &[IssueNumber, WorkingDays],
            Self::ExtensionGranted | Self::ExtensionDenied => &[IssueNumber, Due],
            Self::Replied | Self::Closed => &[IssueNumber, Outcome],
            Self::FedBack => &[IssueNumber, Outcome, RateUntil],
            Self::Rated | Self::RatedLow => &[IssueNumber, Stars],
            Self::Reopened => &[IssueNumber, Reopens],
            Self::ReturnRequested => &[IssueNumber, Returns],
            Self::Escalated => &[IssueNumber, EscalationCause, SupervisionLevel],
            Self::Supervised => &[IssueNumber, SupervisionLevel],
            Self::Urged => &[IssueNumber, Urges],
            Self::ClockWarning | Self::ClockOverdue => &[IssueNumber, Clock, Due],
            Self::OrderPlaced
            | Self::OrderPlacedForFirm
            | Self::OrderAccepted
            | Self::OrderDeclined
            | Self::OrderRatingLapsed
            | Self::OrderCancelled => &[OrderKind],
            Self::OrderScheduled | Self::OrderRescheduled => &[OrderKind, Start],
            Self::OrderDelivered => &[OrderKind, RateUntil],
            Self::OrderRated => &[OrderKind, Stars],
            Self::OrderClockWarning | Self::OrderClockOverdue => &[OrderKind, Clock, Due],
            Self::CaseAccepted | Self::CasePublished => &[IssueNumber, CaseLevel],
            Self::CalendarEnding | Self::CalendarEnded => &[Calendar, LastDate, DaysLeft],
        }
    }

    pub(crate) fn rules(self) -> impl Iterator<Item = &'static Rule> {
        RULES.iter().filter(move |rule| rule.happening == self)
    }
}
