//! The sums of all issues, as they are kept: a question over them reads as many rows for a million issues as for a few
//! thousand.
//!
//! Sums over everything are kept by month and by day, those of groups by month alone.

use chrono::{Datelike as _, Months, NaiveDate};
use store::{Bind, Error, Filter, Select, Tx, binds};

use super::Tally;
use crate::domain::figure::{Count, FigureId, Grouping, Measure, Question, Subject, Sum};

/// What stands for "everything" in the column of dimensions.
pub(super) const ALL: &str = "all";
const MONTH: &str = "M";
const DAY: &str = "D";
/// Sums over all durations have this for one.
const ANY_DURATION: i64 = -1;

/// A row of sums.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellKey {
    pub dimension: &'static str,
    pub grain: &'static str,
    pub kind: &'static str,
    pub day: NaiveDate,
    pub key: String,
    pub flags: i64,
    pub took: i64,
    pub other: NaiveDate,
}

/// The rows that a count goes into.
pub(super) fn cells_of(count: &Count, subject: &Subject) -> Vec<CellKey> {
    let groups = [
        (ALL, String::new()),
        ("category", subject.category.clone()),
        ("department", subject.department.clone()),
        ("section", subject.section.clone()),
        ("town", subject.town.clone()),
        ("manager", subject.manager.clone()),
    ];
    let by_month = groups.iter().map(|(dimension, key)| (*dimension, key, MONTH));
    let by_day = groups.iter().take(1).map(|(dimension, key)| (*dimension, key, DAY));
    let durations = [Some(ANY_DURATION), count.took];
    by_month
        .chain(by_day)
        .flat_map(|(dimension, key, grain)| {
            let round = move |day: NaiveDate| if grain == MONTH { first_of_month(day) } else { day };
            durations.into_iter().flatten().map(move |took| CellKey {
                dimension,
                grain,
                kind: count.measure.name(),
                day: round(count.day),
                key: key.clone(),
                flags: count.flags,
                took,
                other: count.other.map(round).unwrap_or_default(),
            })
        })
        .collect()
}

/// Whether the sums that are kept answer a question: those of groups do so for whole months alone. `today` is the last
/// day that anything is dated by.
pub(crate) fn is_kept(question: &Question, grouping: Option<Grouping>, today: NaiveDate) -> bool {
    let begins = |day: NaiveDate| day == first_of_month(day);
    let whole = begins(question.first_day()) && end(question, today).is_none_or(begins);
    whole || matches!(grouping, None | Some(Grouping::Month))
}

/// What the figures need of the sums that are kept.
pub(crate) async fn cells(
    tx: &mut Tx,
    figures: &[FigureId],
    question: &Question,
    grouping: Option<Grouping>,
    today: NaiveDate,
) -> Result<Tally, Error> {
    let rows = select("SELECT", figures, question, grouping, today)
        .rows::<(String, String, i64, i64, i64, i64)>(tx, "read the sums")
        .await?;
    let mut tally = Tally::new();
    for (key, kind, flags, took, before, n) in rows {
        let measure = Measure::named(&kind).ok_or_else(|| Error::unreadable("figure_cell", "kind", &kind))?;
        let took = (took != ANY_DURATION).then_some(took);
        tally.entry(key).or_default().push(Sum { measure, flags, took, before: before == 1, n });
    }
    Ok(tally)
}

/// The query of [`cells`].
pub(super) fn select(
    select: &str,
    figures: &[FigureId],
    question: &Question,
    grouping: Option<Grouping>,
    today: NaiveDate,
) -> Select {
    let (first, end) = (question.first_day(), end(question, today));
    let mut measures: Vec<Measure> = figures.iter().flat_map(|figure| figure.measures()).collect();
    measures.sort_unstable();
    measures.dedup();
    let key = match grouping {
        Some(Grouping::Month) => "SUBSTR(CAST(day AS TEXT), 1, 7)",
        None => "''",
        Some(_) => "key",
    };
    let sql = format!(
        "{select} {key} AS key, kind, flags, took,
            CASE WHEN day < ? THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS before, CAST(SUM(n) AS BIGINT)
        FROM figure_cell"
    );
    let is_paired = |measure: &&Measure| **measure == Measure::ClosedAgain;
    let plain: Vec<_> =
        measures.iter().filter(|measure| !is_paired(measure)).map(|measure| measure.name()).collect();
    let spans = spans(first, end).into_iter().map(|span| {
        Filter::all([
            Filter::new("grain = ?", binds![span.grain]),
            Filter::in_list("kind", plain.iter().copied()),
            days(span.from, span.until),
        ])
    });
    let paired = measures.iter().find(is_paired).map(|measure| {
        let grain = if is_kept(question, Some(Grouping::Category), today) { MONTH } else { DAY };
        Filter::all([
            Filter::new("grain = ?", binds![grain]),
            Filter::new("kind = ?", binds![measure.name()]),
            days(Some(first), end),
            Filter::new("other < ?", binds![first]),
        ])
    });
    let timed = figures.iter().any(|figure| figure.has_spread());
    let durations = (!timed).then(|| Filter::new("took = ?", binds![ANY_DURATION]));
    Select::new(sql)
        .with([Bind::from(first)])
        .filter("dimension = ?", dimension(grouping))
        .filter_by(Filter::any(spans.chain(paired)))
        .filter_by(Filter::all(durations))
        .raw(" GROUP BY 1, 2, 3, 4, 5")
}

const fn dimension(grouping: Option<Grouping>) -> &'static str {
    match grouping {
        None | Some(Grouping::Month) => ALL,
        Some(Grouping::Category) => "category",
        Some(Grouping::Department) => "department",
        Some(Grouping::Section) => "section",
        Some(Grouping::Town) => "town",
        Some(Grouping::Manager) => "manager",
    }
}

/// The first day after the period. `None`: nothing is dated after it.
fn end(question: &Question, today: NaiveDate) -> Option<NaiveDate> {
    Some(question.end_day()).filter(|end| *end <= today)
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn days(from: Option<NaiveDate>, until: Option<NaiveDate>) -> Filter {
    let from = from.map(|from| Filter::new("day >= ?", binds![from]));
    let until = until.map(|until| Filter::new("day < ?", binds![until]));
    Filter::all(from.into_iter().chain(until))
}

/// Days that are read in one grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    grain: &'static str,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

/// All days before the end, cut at `first`: whole months as such, the days at the edges one by one.
fn spans(first: NaiveDate, end: Option<NaiveDate>) -> Vec<Stretch> {
    let month = |from, until| Stretch { grain: MONTH, from, until };
    let day = |from, until| Stretch { grain: DAY, from: Some(from), until: Some(until) };
    let mut spans = vec![month(None, Some(first_of_month(first)))];
    if first_of_month(first) < first {
        spans.push(day(first_of_month(first), first));
    }
    let next_month = first_of_month(first).checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    let mut from = first;
    if first_of_month(first) < first {
        let until = end.map_or(next_month, |end| end.min(next_month));
        spans.push(day(first, until));
        from = next_month;
    }
    match end {
        None => spans.push(month(Some(from), None)),
        Some(end) => {
            if from < first_of_month(end) {
                spans.push(month(Some(from), Some(first_of_month(end))));
            }
            let from = from.max(first_of_month(end));
            if from < end {
                spans.push(day(from, end));
            }
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each day before the end is in one stretch, and no stretch of months cuts one.
    #[test]
    fn a_period_is_cut_into_whole_months_and_days() {
        let start: NaiveDate = "2025-12-28".parse().unwrap();
        for first in start.iter_days().take(70) {
            for end in start.iter_days().skip(1).take(100).map(Some).chain([None]) {
                if end.is_some_and(|end| end <= first) {
                    continue;
                }
                let spans = spans(first, end);
                for day in start.iter_days().take(140) {
                    let holds = |span: &&Stretch| {
                        let round = if span.grain == MONTH { first_of_month(day) } else { day };
                        span.from.is_none_or(|from| from <= round)
                            && span.until.is_none_or(|until| round < until)
                    };
                    let n = spans.iter().filter(holds).count();
                    let expected = usize::from(end.is_none_or(|end| day < end));
                    assert_eq!(n, expected, "{day} in {first} to {end:?}: {spans:?}");
                    let crosses = |span: &&Stretch| {
                        let round = if span.grain == MONTH { first_of_month(day) } else { day };
                        holds(span) && (round < first) != (day < first)
                    };
                    assert_eq!(spans.iter().filter(crosses).count(), 0);
                }
            }
        }
    }
}
