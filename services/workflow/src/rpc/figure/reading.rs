//! What a question reads: the sums that are kept or the marks in sight, and what was not reckoned with yet.
//!
//! Answers are exact as of the moment that they name, however far behind the sums are: the few issues that have changed
//! since are counted from their histories.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{IssueId, Timestamp};
use store::Tx;

use crate::{
    domain::{
        figure::{
            Count, FigureId, Grouping, Marks, Part, Question, Subject, Sum, counted, counts, sum_of,
            timed_sum_of,
        },
        local_date,
    },
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::{
        figures::{self, Asked, Progress, Tally, Wanted},
        issues::Viewer,
    },
};

/// More issues than this are not counted from their histories.
const MAX_PENDING: usize = 2_000;

/// A question, with what was not reckoned with yet.
pub(super) struct Reading<'a> {
    viewer: &'a Viewer<'a>,
    pub question: Question,
    progress: Progress,
    /// Issues with steps that were not reckoned with.
    pending: BTreeMap<IssueId, Marks>,
    ids: Vec<IssueId>,
    /// Issues that cannot be counted.
    uncounted: BTreeSet<IssueId>,
}

impl<'a> Reading<'a> {
    /// Fails when too much was not reckoned with.
    pub async fn open(
        rpc: &WorkflowRpc,
        tx: &mut Tx,
        viewer: &'a Viewer<'a>,
        question: Question,
    ) -> Result<Self, WorkflowError> {
        let progress = figures::progress(tx).await?;
        let limit = i64::try_from(MAX_PENDING + 1).unwrap_or(i64::MAX);
        let ids = figures::due(tx, limit).await?;
        if MAX_PENDING < ids.len() {
            return Err(WorkflowError::FiguresBehind(progress.reckoned_at));
        }
        let mut pending = BTreeMap::new();
        let mut uncounted = figures::uncounted(tx).await?;
        let histories = figures::histories(tx, &ids).await?;
        let book = rpc.books.covering_histories(tx, histories.values().flatten()).await?;
        for (issue, history) in histories {
            let marks = figures::marks(&history, &book);
            if marks.is_ok() {
                uncounted.remove(&issue);
            } else {
                uncounted.insert(issue);
            }
            // The reckoning logs why not, and marks none either.
            pending.insert(issue, marks.unwrap_or_default());
        }
        // The present is not before the moment of the sums: a clock of another replica may be ahead.
        let is_present = question.as_of == viewer.now;
        let as_of = if is_present { question.as_of.max(progress.reckoned_at) } else { question.as_of };
        let question = Question { as_of, ..question };
        Ok(Self { viewer, question, progress, pending, ids, uncounted })
    }

    /// How many issues in sight cannot be counted.
    pub async fn n_uncounted(&self, tx: &mut Tx) -> Result<i64, WorkflowError> {
        let ids: Vec<IssueId> = self.uncounted.iter().copied().collect();
        let visible = figures::visible(tx, self.viewer, &ids).await?;
        Ok(i64::try_from(visible.len()).unwrap_or(i64::MAX))
    }

    /// Whether the sums that are kept answer it.
    fn is_kept(&self, grouping: Option<Grouping>) -> bool {
        self.viewer.scope.all
            && self.viewer.now <= self.question.as_of
            && figures::is_kept(&self.question, grouping, local_date(self.question.as_of))
    }

    /// The sums that the figures need, by group.
    pub async fn tally(
        &self,
        tx: &mut Tx,
        figures: &[FigureId],
        grouping: Option<Grouping>,
    ) -> Result<Tally, WorkflowError> {
        let as_of = self.question.as_of;
        if !self.is_kept(grouping) {
            let asked = Asked { question: &self.question, grouping, pending: &self.ids };
            let mut tally = figures::sums(tx, self.viewer, figures, asked).await?;
            for marks in figures::visible(tx, self.viewer, &self.ids)
                .await?
                .iter()
                .filter_map(|id| self.pending.get(id))
            {
                self.add(&mut tally, grouping, marks, as_of, 1);
            }
            return Ok(tally);
        }
        let today = local_date(as_of);
        let mut tally = figures::cells(tx, figures, &self.question, grouping, today).await?;
        let reckoned_at = self.progress.reckoned_at;
        let turned = figures::turning(tx, reckoned_at, as_of).await?;
        let touched: BTreeSet<IssueId> = turned.into_iter().chain(self.ids.iter().copied()).collect();
        let touched: Vec<IssueId> = touched.into_iter().collect();
        for (issue, known) in figures::marks_of(tx, &touched).await? {
            self.add(&mut tally, grouping, &known, reckoned_at, -1);
            self.add(&mut tally, grouping, self.pending.get(&issue).unwrap_or(&known), as_of, 1);
        }
        Ok(tally)
    }

    fn add(&self, tally: &mut Tally, grouping: Option<Grouping>, marks: &Marks, at: Timestamp, sign: i64) {
        let Some(subject) = marks.subject_at(at) else { return };
        for count in counts(&marks.marks, at) {
            let sums = [sum_of(count, &self.question), timed_sum_of(count, &self.question)];
            for sum in sums.into_iter().flatten() {
                let sum = Sum { n: sign * sum.n, ..sum };
                tally.entry(key(grouping, subject, count)).or_default().push(sum);
            }
        }
    }

    /// A page of the issues that a part of a figure counts, and how many there are on all pages.
    pub async fn list(
        &self,
        tx: &mut Tx,
        wanted: Wanted<'_>,
        grouping: Option<Grouping>,
        after: Option<IssueId>,
        limit: i64,
    ) -> Result<(Vec<IssueId>, i64), WorkflowError> {
        let asked = Asked { question: &self.question, grouping, pending: &self.ids };
        let mut ids = figures::list(tx, self.viewer, wanted, asked, after, limit).await?;
        let n_listed = figures::count(tx, self.viewer, wanted, asked).await?;
        let visible = figures::visible(tx, self.viewer, &self.ids).await?;
        let also: Vec<IssueId> = visible.into_iter().filter(|id| self.holds(*id, wanted, grouping)).collect();
        let total = n_listed + i64::try_from(also.len()).unwrap_or(i64::MAX);
        ids.extend(also.into_iter().filter(|id| after.is_none_or(|after| after < *id)));
        ids.sort_unstable();
        ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((ids, total))
    }

    /// Whether a part of a figure counts an issue that was not reckoned with.
    fn holds(&self, issue: IssueId, wanted: Wanted<'_>, grouping: Option<Grouping>) -> bool {
        let Some(marks) = self.pending.get(&issue) else { return false };
        let Some(subject) = marks.subject_at(self.question.as_of) else { return false };
        let in_group =
            |count: &Count| wanted.group.is_none_or(|group| key(grouping, subject, *count) == group);
        let is_of_month = grouping == Some(Grouping::Month);
        let counted = if is_of_month && wanted.group.is_some() {
            let sums: Vec<Sum> = counts(&marks.marks, self.question.as_of)
                .into_iter()
                .filter(in_group)
                .filter_map(|count| sum_of(count, &self.question))
                .collect();
            let ratio = wanted.figure.value(&sums).ratio;
            (0 < ratio.numerator, 0 < ratio.denominator)
        } else {
            let in_group = counts(&marks.marks, self.question.as_of).first().is_some_and(in_group);
            let counted = counted(wanted.figure, &marks.marks, &self.question);
            (in_group && counted.numerator, in_group && counted.denominator)
        };
        match wanted.part {
            Part::Numerator => counted.0,
            Part::Denominator => counted.1,
        }
    }
}

fn key(grouping: Option<Grouping>, subject: &Subject, count: Count) -> String {
    grouping.map(|grouping| grouping.key(subject, count.day)).unwrap_or_default()
}
