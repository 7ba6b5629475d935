//! Why a step is not taken.

use chrono::NaiveDate;
use kernel::{DepartmentId, IssueId, SectionId, Timestamp};
use worktime::OutOfCalendar;

use super::{
    Action, Channel, ClockKey, Code, CommentAudience, Dimension, Level, Outcome, Party, PolicyVersion, State,
};

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
    /// As often as the pack lets it.
    #[error("the firm has urged on this working day")]
    UrgedToday { again_after: Timestamp },
    #[error("only the liaison in charge signs before {from}")]
    DeputyTooEarly { from: Timestamp },
    #[error("after a return was denied, another needs a new fact")]
    ReturnNeedsNewFact,
    #[error("department {department} has the issue already")]
    SameDepartment { department: DepartmentId },
    #[error("the issue complains about department {department}")]
    DepartmentConcerned { department: DepartmentId },
    /// An operator has decided, on appeal, that it is within the scope.
    #[error("that the issue is within the scope is settled")]
    ScopeSettled,
    #[error("the one appeal was made")]
    AppealedAlready,
    #[error("the firm was asked {most} times")]
    QuestionsExhausted { most: u32 },
    #[error("only the clock of the reply can be extended, while it runs")]
    NothingToExtend,
    #[error("an extension waits for its decision")]
    ExtensionPending,
    #[error("no extension waits for a decision")]
    NoExtension,
    #[error("an extension had to be asked for until {until}")]
    ExtensionTooLate { until: Timestamp },
    #[error("at most {most_days} more working days can be given")]
    ExtensionTooLong { most_days: u32 },
    #[error("{open} co-sections have not answered")]
    CoTasksOpen { open: u32 },
    /// No such task is open for a section of the actor.
    #[error("no such task is open")]
    CoTaskNotOpen,
    #[error("section {section} has to do with the issue already")]
    CoSectionAlready { section: SectionId },
    /// It is kept to those who handle it.
    #[error("no other section helps with a confidential issue")]
    CoSectionConfidential,
    #[error("no such instruction is open")]
    InstructionNotOpen,
    #[error("{open} instructions have not been answered")]
    InstructionsOpen { open: u32 },
    #[error("{open} firms whose issues were merged have not heard of the reply")]
    MergedNotFedBack { open: u32 },
    /// A withdrawal came that way: whoever sent it would be asked, not the firm.
    #[error("whether the firm wants it is asked by another way than {channel}")]
    ChannelNotIndependent { channel: Channel },
    #[error("other issues were merged into it")]
    HasMerged,
    #[error("issue {child} was merged into it before")]
    AbsorbedAlready { child: IssueId },
    #[error("issue {child} was not merged into it")]
    NotMerged { child: IssueId },
    #[error("nothing was merged into it")]
    NothingMerged,
    #[error("an issue cannot be merged into itself")]
    MergeIntoItself,
    #[error("its firm has heard of the reply")]
    HeardAlready,
    #[error("stars of {dimension} are not asked for")]
    RatingDimensionUnknown { dimension: Dimension },
    #[error("stars of {dimension} are required")]
    RatingDimensionMissing { dimension: Dimension },
    #[error("there is nothing to rate")]
    NothingToRate,
    #[error("the level of supervision is {level:?} already")]
    SupervisionUnchanged { level: Level },
    #[error("{party} writes no comments for {audience}")]
    AudienceNotAllowed { party: Party, audience: CommentAudience },
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
    /// Another calendar would alter nothing.
    #[error("no clock of the issue runs")]
    NoClockRuns,
    /// It goes by that calendar already, or there is none of that version.
    #[error("the issue cannot go over to the calendar {version}")]
    NoSuchCalendarChange { version: String },
    /// The rules given are not those that the issue is bound to: a fault of the caller.
    #[error("the issue is bound to pack {policy} and calendar {calendar}")]
    NotBound { policy: PolicyVersion, calendar: String },
    #[error("a deadline lies beyond the working calendar")]
    Calendar(#[from] OutOfCalendar),
}
