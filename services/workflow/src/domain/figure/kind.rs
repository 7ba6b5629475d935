//! What may be so of an issue: each kind is one fact with the day that it is dated by.

use crate::domain::{ClockId, named::named};

named! {
    /// A fact that figures count.
    Kind {
        /// Accepted, and not left again as out of scope, merged or withdrawn; dated by the submission.
        Accepted = "accepted",
        /// Closed, and not reopened; dated by the close. [`flag::KEPT`], [`flag::KEPT_ORIGINAL`]: the reply kept C4;
        /// [`flag::FIRST_TIME`]: nothing had to be done over.
        Closed = "closed",
        /// The same, dated by the submission.
        ClosedOfSubmitted = "closed_of_submitted",
        /// Open, and its reply is or was overdue; dated by the day on which it was due.
        Late = "late",
        LateOriginal = "late_original",
        /// The clock has stopped, and its last round is not overdue; dated by the last stop. [`flag::KEPT`]: no round
        /// was late; [`flag::FAILED`]: an audit failed.
        DoneC0 = "done.C0",
        DoneC1 = "done.C1",
        DoneC2 = "done.C2",
        DoneC3 = "done.C3",
        DoneC4 = "done.C4",
        DoneC5 = "done.C5",
        DoneC6 = "done.C6",
        DoneC7 = "done.C7",
        DoneC8 = "done.C8",
        DoneC9 = "done.C9",
        DoneC10 = "done.C10",
        DoneC11 = "done.C11",
        DoneC12 = "done.C12",
        DoneC13 = "done.C13",
        /// The same, for whoever goes by the original deadline.
        DoneOriginalC1 = "done_original.C1",
        DoneOriginalC2 = "done_original.C2",
        DoneOriginalC3 = "done_original.C3",
        DoneOriginalC5 = "done_original.C5",
        DoneOriginalC7 = "done_original.C7",
        /// The clock runs past its deadline; dated by the day on which it was due.
        OverdueC1 = "overdue.C1",
        OverdueC2 = "overdue.C2",
        OverdueC3 = "overdue.C3",
        OverdueC5 = "overdue.C5",
        OverdueC7 = "overdue.C7",
        OverdueOriginalC1 = "overdue_original.C1",
        OverdueOriginalC2 = "overdue_original.C2",
        OverdueOriginalC3 = "overdue_original.C3",
        OverdueOriginalC5 = "overdue_original.C5",
        OverdueOriginalC7 = "overdue_original.C7",
        /// The section has contacted the firm or replied; dated by the submission.
        Responded = "responded",
        /// A reply stands; dated by it. [`flag::CONFIRMED`]: it solved the issue, and the firm rated it so.
        Answered = "answered",
        /// The window for rating the last feedback is over; dated by the feedback. [`flag::RATED`].
        WindowOver = "window_over",
        /// Rated; dated by the last rating. [`flag::SATISFIED`], [`flag::STRICTLY`].
        Rated = "rated",
        /// Rated low or disputed; dated by the last time. [`flag::RECTIFIED`]: the reply kept C8.
        Low = "low",
        /// Closed at least once; dated by the first close. [`flag::REOPENED`].
        EverClosed = "ever_closed",
        /// Dispatched at least once; dated by the first time.
        Dispatched = "dispatched",
        /// A return was requested at least once; dated by the first time. [`flag::UPHELD`].
        Returned = "returned",
    }
}

/// What the bits of a mark say; the kind decides which apply.
pub mod flag {
    pub const KEPT: i64 = 1;
    pub const KEPT_ORIGINAL: i64 = 2;
    pub const FIRST_TIME: i64 = 4;
    pub const FAILED: i64 = 4;
    pub const CONFIRMED: i64 = 1;
    pub const RATED: i64 = 1;
    pub const SATISFIED: i64 = 1;
    pub const STRICTLY: i64 = 2;
    pub const RECTIFIED: i64 = 1;
    pub const REOPENED: i64 = 1;
    pub const UPHELD: i64 = 1;
}

impl Kind {
    /// The clocks, each with what is so once it has stopped.
    pub const DONE: [(ClockId, Self); 14] = [
        (ClockId::C0, Self::DoneC0),
        (ClockId::C1, Self::DoneC1),
        (ClockId::C2, Self::DoneC2),
        (ClockId::C3, Self::DoneC3),
        (ClockId::C4, Self::DoneC4),
        (ClockId::C5, Self::DoneC5),
        (ClockId::C6, Self::DoneC6),
        (ClockId::C7, Self::DoneC7),
        (ClockId::C8, Self::DoneC8),
        (ClockId::C9, Self::DoneC9),
        (ClockId::C10, Self::DoneC10),
        (ClockId::C11, Self::DoneC11),
        (ClockId::C12, Self::DoneC12),
        (ClockId::C13, Self::DoneC13),
    ];

    /// The clocks that offices have to keep: overdue; done and overdue by the original deadline.
    pub const KEPT: [(ClockId, Self, Self, Self); 5] = [
        (ClockId::C1, Self::OverdueC1, Self::DoneOriginalC1, Self::OverdueOriginalC1),
        (ClockId::C2, Self::OverdueC2, Self::DoneOriginalC2, Self::OverdueOriginalC2),
        (ClockId::C3, Self::OverdueC3, Self::DoneOriginalC3, Self::OverdueOriginalC3),
        (ClockId::C5, Self::OverdueC5, Self::DoneOriginalC5, Self::OverdueOriginalC5),
        (ClockId::C7, Self::OverdueC7, Self::DoneOriginalC7, Self::OverdueOriginalC7),
    ];
}
