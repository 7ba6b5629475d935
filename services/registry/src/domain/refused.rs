//! Why a step is refused.

use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId, MemberId, VisitId};

use super::visit::{Step, VisitState};

/// A rule of the registry that the step would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the enterprise is retired")]
    EnterpriseRetired(EnterpriseId),
    #[error("the membership has ended already")]
    MemberRemoved(MemberId),
    #[error("nobody is manager and member of one enterprise")]
    ManagerIsMember { enterprise: EnterpriseId, account: AccountId },
    #[error("the enterprise has a manager on that day or a later one")]
    Overlaps { enterprise: EnterpriseId, latest: AppointmentId, free_from: Option<NaiveDate> },
    #[error("the end of the appointment is past")]
    AppointmentOver(AppointmentId),
    #[error("an appointment ends today at the earliest")]
    EndDatePast { today: NaiveDate },
    #[error("a later appointment to the enterprise must be ended first")]
    SuccessorPlanned { enterprise: EnterpriseId, successor: AppointmentId },
    #[error("the manager has no appointment to hand over")]
    NothingToHandOver(AccountId),
    #[error("the appointments to hand over are not as many as expected")]
    HandoverChanged { expected: usize, found: usize },
    #[error("the visit is in a state that does not allow the step")]
    StepNotAllowed { visit: VisitId, state: VisitState, step: Step },
    #[error("the day of the visit lies ahead")]
    VisitDateAhead { today: NaiveDate },
    #[error("the caller was not the enterprise's manager on that day")]
    NotAppointed { enterprise: EnterpriseId, on: NaiveDate },
    #[error("nobody answers for the firm about a visit of their own")]
    AnsweredByManager(VisitId),
    #[error("another manager recorded the visit")]
    VisitOfAnother(VisitId),
}
