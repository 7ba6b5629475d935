//! Why a step is not taken.

use chrono::NaiveDate;
use kernel::{SectionId, Timestamp};
use worktime::OutOfCalendar;

use super::{Action, ClockKey, Code, Outcome, Party, State};

/// Why a step is not taken. Nothing has happened then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The table has no such row for any capacity of the actor.
    #[error("{action} is not possible in {from} for this person")]
    NotAllowed { from: State, action: Action },
    /// The table has the row, but the person also has to do with the issue as `party`.
    #[error("{action} is not for a person who has to do with the issue as {party}")]
    ConflictOfDuty { action: Action, party: Party },
    /// Nobody may submit an issue in the actor's capacity.
    #[error("issues are submitted by the firm, its manager or a machine client")]
    MayNotSubmit,
    #[error("there is no category {0}")]
    UnknownCategory(Code),
    #[error("there is no audit failure {0}")]
    UnknownAuditFailure(Code),
    #[error("nothing waits for the firm's confirmation")]
    NothingToConfirm,
    #[error("the time for {action} was over at {until}")]
    WindowOver { action: Action, until: Timestamp },
    /// The system came too early; the window is still open.
    #[error("the window lasts until {until}")]
    WindowOpen { until: Timestamp },
    #[error("the firm has urged on this working day")]
    UrgedToday { again_after: Timestamp },
    #[error("section {section} belongs to another department")]
    SectionElsewhere { section: SectionId },
    #[error("{committed} is not after today")]
    PlanDatePast { committed: NaiveDate },
    #[error("only a planned issue can be delivered as planned, not one in {from}")]
    NeedsPlan { from: State },
    #[error("{outcome} needs a legal basis")]
    LegalBasisMissing { outcome: Outcome },
    /// Not due yet, reached before, or its clock has stopped.
    #[error("rung {rung} of {clock} is not to be reached")]
    RungNotDue { clock: ClockKey, rung: Code },
    /// The rules given are not those that the issue is bound to: a fault of the caller.
    #[error("the issue is bound to pack {policy} and calendar {calendar}")]
    NotBound { policy: u32, calendar: String },
    #[error("a deadline lies beyond the working calendar")]
    Calendar(#[from] OutOfCalendar),
}
