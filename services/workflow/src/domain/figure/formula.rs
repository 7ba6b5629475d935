//! How figures are put together from sums of facts.

use kernel::Timestamp;

use super::{
    Counted, FigureId, Mark, Question, Ratio, Spread,
    kind::{Kind, flag},
    mark::{Count, Measure, counts},
};
use crate::domain::ClockId;

/// Which days a part of a figure looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Those of the period.
    Period,
    /// All up to its end.
    UntilEnd,
}

/// Facts of a kind that are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub kind: Kind,
    /// The bits that it must have.
    pub flags: i64,
    pub span: Span,
}

/// Part of a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Numerator,
    Denominator,
}

/// A sum of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub measure: Measure,
    pub flags: i64,
    /// `None`: of all durations.
    pub took: Option<i64>,
    /// The facts are dated before the period, and not in it.
    pub before: bool,
    pub n: i64,
}

/// A figure, as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Value {
    pub ratio: Ratio,
    /// How long things took, for figures about that.
    pub spread: Option<Spread>,
}

const fn term(kind: Kind, flags: i64, span: Span) -> Term {
    Term { kind, flags, span }
}

impl FigureId {
    /// The terms of a part; no issue has more than one of them. Clearance has none: see [`Self::is_clearance`].
    pub fn terms(self, part: Part) -> Vec<Term> {
        use Span::{Period, UntilEnd};
        let (above, below) = match self {
            Self::M1 | Self::M24Completion => {
                (vec![term(Kind::ClosedOfSubmitted, 0, UntilEnd)], vec![term(Kind::Accepted, 0, UntilEnd)])
            }
            Self::M2 => {
                (vec![term(Kind::ClosedOfSubmitted, 0, Period)], vec![term(Kind::Accepted, 0, Period)])
            }
            Self::M3 => (Vec::new(), Vec::new()),
            Self::M4 => (vec![term(Kind::Closed, 0, Period)], vec![term(Kind::Accepted, 0, Period)]),
            Self::M5 => (
                vec![term(Kind::Closed, flag::KEPT, Period)],
                vec![term(Kind::Closed, 0, Period), term(Kind::Late, 0, UntilEnd)],
            ),
            Self::M5Original => (
                vec![term(Kind::Closed, flag::KEPT_ORIGINAL, Period)],
                vec![term(Kind::Closed, 0, Period), term(Kind::LateOriginal, 0, UntilEnd)],
            ),
            Self::M7 => (vec![term(Kind::Responded, 0, Period)], vec![term(Kind::Accepted, 0, Period)]),
            Self::M8 => share(Kind::Answered, flag::CONFIRMED),
            Self::M9 | Self::M24Satisfied => share(Kind::Rated, flag::SATISFIED),
            Self::M9Strict => share(Kind::Rated, flag::STRICTLY),
            Self::M10 => share(Kind::WindowOver, flag::RATED),
            Self::M11 => share(Kind::Low, flag::RECTIFIED),
            Self::M12 => share(Kind::EverClosed, flag::REOPENED),
            Self::M13Returned => {
                (vec![term(Kind::Returned, 0, Period)], vec![term(Kind::Dispatched, 0, Period)])
            }
            Self::M13Upheld => {
                (vec![term(Kind::Returned, flag::UPHELD, Period)], vec![term(Kind::Dispatched, 0, Period)])
            }
            Self::M14 => share(Kind::Closed, flag::FIRST_TIME),
            Self::M15 => share(Kind::DoneC7, flag::FAILED),
            other => other.clock_terms(),
        };
        match part {
            Part::Numerator => above,
            Part::Denominator => below,
        }
    }

    /// Of the figures about one clock each; nothing for the others.
    fn clock_terms(self) -> (Vec<Term>, Vec<Term>) {
        use Span::{Period, UntilEnd};
        if self == Self::M23Total {
            return share(Kind::Closed, 0);
        }
        if let Some((_, done)) = self.timed_clock().and_then(|id| Kind::DONE.iter().find(|row| row.0 == id)) {
            return share(*done, 0);
        }
        let Some((id, original)) = self.kept_clock() else { return (Vec::new(), Vec::new()) };
        let rows = Kind::KEPT.iter().find(|row| row.0 == id).zip(Kind::DONE.iter().find(|row| row.0 == id));
        let Some(((_, overdue, done_original, overdue_original), (_, done))) = rows else {
            return (Vec::new(), Vec::new());
        };
        let (done, flags, overdue) = if original {
            (*done_original, flag::KEPT_ORIGINAL, *overdue_original)
        } else {
            (*done, flag::KEPT, *overdue)
        };
        (vec![term(done, flags, Period)], vec![term(done, 0, Period), term(overdue, 0, UntilEnd)])
    }

    /// The clock that must be kept, and whether it is the original deadline that counts.
    const fn kept_clock(self) -> Option<(ClockId, bool)> {
        Some(match self {
            Self::M6Sign => (ClockId::C1, false),
            Self::M6SignOriginal => (ClockId::C1, true),
            Self::M6Transfer => (ClockId::C2, false),
            Self::M6TransferOriginal => (ClockId::C2, true),
            Self::M6Contact => (ClockId::C3, false),
            Self::M6ContactOriginal => (ClockId::C3, true),
            Self::M6Feedback => (ClockId::C5, false),
            Self::M6FeedbackOriginal => (ClockId::C5, true),
            Self::M6Audit => (ClockId::C7, false),
            Self::M6AuditOriginal => (ClockId::C7, true),
            _ => return None,
        })
    }

    /// The clock whose durations are told.
    const fn timed_clock(self) -> Option<ClockId> {
        Some(match self {
            Self::M23C0 => ClockId::C0,
            Self::M23C1 => ClockId::C1,
            Self::M23C2 => ClockId::C2,
            Self::M23C3 => ClockId::C3,
            Self::M23C4 => ClockId::C4,
            Self::M23C5 => ClockId::C5,
            Self::M23C6 => ClockId::C6,
            Self::M23C7 => ClockId::C7,
            Self::M23C8 => ClockId::C8,
            Self::M23C9 => ClockId::C9,
            Self::M23C10 => ClockId::C10,
            Self::M23C11 => ClockId::C11,
            Self::M23C12 => ClockId::C12,
            Self::M23C13 => ClockId::C13,
            _ => return None,
        })
    }

    /// Whether it tells how long things take.
    pub const fn has_spread(self) -> bool {
        matches!(self, Self::M23Total) || self.timed_clock().is_some()
    }

    /// Its base is what was open at the start of the period, and what was submitted in it.
    pub const fn is_clearance(self) -> bool {
        matches!(self, Self::M3)
    }

    /// Whether its cells are ranked.
    pub const fn is_rank(self) -> bool {
        matches!(self, Self::M24Completion | Self::M24Satisfied)
    }

    /// Whether small cells of it can be hidden: by how many issues and firms they are over, which for durations and
    /// ranks says too little, and for returns nothing about those above the line, who are no part of those below.
    pub const fn can_be_public(self) -> bool {
        !self.has_spread() && !self.is_rank() && !matches!(self, Self::M13Returned | Self::M13Upheld)
    }

    /// The sums that it needs.
    pub fn measures(self) -> Vec<Measure> {
        if self.is_clearance() {
            let (accepted, closed) = (Measure::Of(Kind::Accepted), Measure::Of(Kind::Closed));
            return vec![accepted, closed, Measure::ClosedThen, Measure::ClosedAgain];
        }
        let terms = self.terms(Part::Numerator).into_iter().chain(self.terms(Part::Denominator));
        terms.map(|term| Measure::Of(term.kind)).collect()
    }

    /// The figure that these sums give.
    pub fn value(self, sums: &[Sum]) -> Value {
        let total = |part| self.terms(part).iter().map(|term| add(sums, *term)).sum();
        let (above, below) = if self.is_clearance() {
            let sum = |measure, before: bool| -> i64 {
                let fits = |sum: &&Sum| sum.measure == measure && sum.took.is_none() && sum.before == before;
                sums.iter().filter(fits).map(|sum| sum.n).sum()
            };
            let accepted = Measure::Of(Kind::Accepted);
            let open_at_start = sum(accepted, true) - sum(Measure::ClosedThen, true);
            let closed = sum(Measure::Of(Kind::Closed), false) - sum(Measure::ClosedAgain, false);
            (closed, open_at_start + sum(accepted, false))
        } else {
            (total(Part::Numerator), total(Part::Denominator))
        };
        let spread = self.has_spread().then(|| {
            let terms = self.terms(Part::Denominator);
            let of =
                |sum: &&Sum| !sum.before && terms.iter().any(|term| Measure::Of(term.kind) == sum.measure);
            Spread::of(sums.iter().filter(of).filter_map(|sum| Some((sum.took?, sum.n))))
        });
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        let ratio = Ratio { numerator: number(above), denominator: number(below) };
        Value { ratio, spread: spread.flatten() }
    }
}

/// All that a kind counts, and those of them with a flag, each in the period.
fn share(kind: Kind, flags: i64) -> (Vec<Term>, Vec<Term>) {
    (vec![term(kind, flags, Span::Period)], vec![term(kind, 0, Span::Period)])
}

fn add(sums: &[Sum], term: Term) -> i64 {
    let fits = |sum: &&Sum| {
        sum.measure == Measure::Of(term.kind)
            && sum.took.is_none()
            && sum.flags & term.flags == term.flags
            && (term.span == Span::UntilEnd || !sum.before)
    };
    sums.iter().filter(fits).map(|sum| sum.n).sum()
}

/// What an issue adds to the sums that a question asks for. `None`: that count is not asked for.
pub fn sum_of(count: Count, question: &Question) -> Option<Sum> {
    let (from, until) = (question.first_day(), question.end_day());
    let Count { measure, day, other, flags, took: _, n } = count;
    let before = day < from;
    let asked = day < until && other.is_none_or(|other| !before && other < from);
    asked.then_some(Sum { measure, flags, took: None, before, n })
}

/// The same with its duration apart, for percentiles.
pub fn timed_sum_of(count: Count, question: &Question) -> Option<Sum> {
    let took = Some(count.took?);
    sum_of(count, question).map(|sum| Sum { took, ..sum })
}

/// The sums of a single issue.
pub fn sums(marks: &[Mark], question: &Question, as_of: Timestamp) -> Vec<Sum> {
    let counts = counts(marks, as_of);
    let plain = counts.iter().filter_map(|count| sum_of(*count, question));
    plain.chain(counts.iter().filter_map(|count| timed_sum_of(*count, question))).collect()
}

/// Whether an issue with these marks counts above and below the line.
pub fn counted(figure: FigureId, marks: &[Mark], question: &Question) -> Counted {
    let Ratio { numerator, denominator } = figure.value(&sums(marks, question, question.as_of)).ratio;
    Counted { numerator: 0 < numerator, denominator: 0 < denominator }
}
