//! Who held an issue when: the enterprise clock, from the submission to the close or another end, which never pauses.

use kernel::{DepartmentId, SectionId, Timestamp};
use worktime::{Calendar, OutOfCalendar};

use crate::domain::{Holder, Issue, State};

/// A stretch of the life of an issue in one state. The segments follow on one another without gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub state: State,
    pub holder: Holder,
    pub department: Option<DepartmentId>,
    pub section: Option<SectionId>,
    pub from: Timestamp,
    /// `None` for the present one.
    pub until: Option<Timestamp>,
    /// By the wall clock; up to the moment of asking for the present one.
    pub seconds: i64,
    pub working_seconds: i64,
}

/// The segments from the submission to the close, or to `now`. Their seconds add up to [`open_seconds`], and their
/// working seconds to the working time of the whole, because each is the difference of two sums from the start.
/// What was reopened lay with nobody in between, and the firm waited on: that stretch is a segment too.
pub fn segments(issue: &Issue, calendar: &Calendar, now: Timestamp) -> Result<Vec<Segment>, OutOfCalendar> {
    let start = issue.submitted_at;
    let end = end(issue, now);
    let mut segments = Vec::new();
    let mut so_far = (0, 0);
    for (i, stop) in issue.path.iter().enumerate() {
        let until = issue.path.get(i + 1).map(|next| next.at);
        if until.is_none() && !stop.state.is_open() {
            break;
        }
        let to = until.unwrap_or(end);
        let sums = ((to - start).num_seconds(), calendar.working_seconds_between(start, to)?);
        segments.push(Segment {
            state: stop.state,
            holder: stop.state.holder(),
            department: stop.department,
            section: stop.section,
            from: stop.at,
            until,
            seconds: sums.0 - so_far.0,
            working_seconds: sums.1 - so_far.1,
        });
        so_far = sums;
    }
    Ok(segments)
}

/// The enterprise clock: whole seconds from the submission to the last close or other end, or to `now` while the issue
/// is open.
pub fn open_seconds(issue: &Issue, now: Timestamp) -> i64 {
    (end(issue, now) - issue.submitted_at).num_seconds()
}

fn end(issue: &Issue, now: Timestamp) -> Timestamp {
    match issue.path.last() {
        Some(stop) if !stop.state.is_open() => stop.at,
        _ => now.max(issue.updated_at),
    }
}
