//! Who is told of what: one table.

use super::placeholder::Placeholder::{
    self, Clock, CommittedDate, Due, IssueNumber, Outcome, RateUntil, Reopens, Stars, Urges,
};

/// What can happen to an issue, as far as somebody is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Happening {
    /// Submitted, and no single department was found.
    Unrouted,
    /// Submitted to a department.
    Submitted,
    /// Submitted by somebody else for the firm.
    RaisedOnBehalf,
    Assigned,
    Signed,
    Dispatched,
    Accepted,
    Objected,
    Contacted,
    Progressed,
    InterimMeasure,
    Planned,
    Replanned,
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
    Urged,
    /// A rung of the escalation ladder before the clock is due; the event itself says who is told.
    ClockWarning,
    /// The same when the clock is due, or after.
    ClockOverdue,
}

/// Who is told, by what they are to the issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Recipient {
    /// Everybody who acts for the firm.
    Firm,
    /// The firm's manager.
    Manager,
    /// The department's liaison in charge.
    Liaison,
    /// Every liaison of the department.
    Department,
    /// Whoever accepted the issue; before that, the whole section.
    Handler,
    /// Everybody in the section.
    Section,
    /// Whoever has to act now.
    Holder,
    Operators,
    Auditors,
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

/// Whatever is not here is told to nobody.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = {
    use Happening as H;
    use Recipient::{AsNamed, Auditors, Firm, Handler, Holder, Liaison, Manager, Operators};
    &[
        rule(H::Unrouted,       "issue-to-assign",       &[Operators]),
        rule(H::Unrouted,       "issue-submitted",       &[Manager]),
        rule(H::Submitted,      "issue-to-sign",         &[Liaison]),
        rule(H::Submitted,      "issue-submitted",       &[Manager]),
        rule(H::RaisedOnBehalf, "issue-to-confirm",      &[Firm]),
        rule(H::Assigned,       "issue-to-sign",         &[Liaison]),
        rule(H::Assigned,       "issue-assigned",        &[Firm]),
        rule(H::Signed,         "issue-signed",          &[Firm, Manager]),
        rule(H::Dispatched,     "issue-to-accept",       &[Handler]),
        rule(H::Dispatched,     "issue-dispatched",      &[Firm, Manager]),
        rule(H::Accepted,       "issue-accepted",        &[Firm]),
        rule(H::Objected,       "issue-objected",        &[Liaison]),
        rule(H::Contacted,      "issue-contacted",       &[Firm]),
        rule(H::Progressed,     "issue-progressed",      &[Firm, Manager]),
        rule(H::InterimMeasure, "issue-interim-measure", &[Firm, Manager]),
        rule(H::Planned,        "issue-planned",         &[Firm, Manager]),
        rule(H::Replanned,      "issue-replanned",       &[Firm, Manager]),
        rule(H::Replied,        "issue-to-feed-back",    &[Liaison]),
        rule(H::Replied,        "issue-replied",         &[Firm]),
        rule(H::SentBack,       "reply-sent-back",       &[Handler]),
        rule(H::FedBack,        "issue-to-rate",         &[Firm]),
        rule(H::Rated,          "issue-rated",           &[Handler, Liaison]),
        rule(H::RatedLow,       "issue-to-rectify",      &[Handler, Liaison]),
        rule(H::Disputed,       "issue-disputed",        &[Handler, Liaison]),
        rule(H::RatingLapsed,   "rating-lapsed",         &[Liaison]),
        rule(H::AwaitsAudit,    "issue-to-audit",        &[Auditors]),
        rule(H::AuditFailed,    "audit-failed",          &[Handler, Liaison]),
        rule(H::Closed,         "issue-closed",          &[Firm, Manager]),
        rule(H::Reopened,       "issue-reopened",        &[Handler, Liaison]),
        rule(H::Urged,          "issue-urged",           &[Holder, Liaison]),
        rule(H::ClockWarning,   "clock-warning",         &[AsNamed]),
        rule(H::ClockOverdue,   "clock-overdue",         &[AsNamed]),
    ]
};

impl Happening {
    /// The values that it brings along.
    pub(crate) fn values(self) -> &'static [Placeholder] {
        match self {
            Self::Unrouted
            | Self::Submitted
            | Self::RaisedOnBehalf
            | Self::Assigned
            | Self::Signed
            | Self::Dispatched
            | Self::Accepted
            | Self::Objected
            | Self::Contacted
            | Self::Progressed
            | Self::InterimMeasure
            | Self::SentBack
            | Self::Disputed
            | Self::RatingLapsed
            | Self::AwaitsAudit
            | Self::AuditFailed => &[IssueNumber],
            Self::Planned | Self::Replanned => &[IssueNumber, CommittedDate],
            Self::Replied | Self::Closed => &[IssueNumber, Outcome],
            Self::FedBack => &[IssueNumber, Outcome, RateUntil],
            Self::Rated | Self::RatedLow => &[IssueNumber, Stars],
            Self::Reopened => &[IssueNumber, Reopens],
            Self::Urged => &[IssueNumber, Urges],
            Self::ClockWarning | Self::ClockOverdue => &[IssueNumber, Clock, Due],
        }
    }

    pub(crate) fn rules(self) -> impl Iterator<Item = &'static Rule> {
        RULES.iter().filter(move |rule| rule.happening == self)
    }
}
