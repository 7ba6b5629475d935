//! Between an explanation and the contract.

use kernel::Timestamp;
use proto::workflow::v1 as pb;
use rpc::parse::timestamp;

use crate::domain::{Awaited, Counted, DayOff, Explanation, Line, local_date, start_of_day};

pub(super) fn deadline(explanation: &Explanation) -> pb::DeadlineExplanation {
    let Explanation {
        clock,
        limit: _,
        started_at: _,
        original_due_at,
        due_at,
        lines,
        gaps: _,
        summarised,
        provisional_year,
    } = explanation;
    let mut counted_so_far = 0;
    let lines = lines.iter().map(|told| line(told, Awaited::by(*clock), &mut counted_so_far)).collect();
    pb::DeadlineExplanation {
        original_due_time: Some(timestamp(*original_due_at)),
        due_time: Some(timestamp(*due_at)),
        lines,
        summarised: *summarised,
        text_zh: explanation.chinese(),
        text_en: explanation.english(),
        provisional: provisional_year.is_some(),
    }
}

fn line(line: &Line, awaited: Awaited, counted_so_far: &mut i64) -> pb::DeadlineLine {
    use pb::DeadlineLineKind::{
        AwaitingFirm, AwaitingRuling, Counted as OnWorkdays, Holiday, MakeUp, OriginalDeadline, Weekend,
    };
    let (kind, from, until, n_days, working_seconds, holiday) = match line {
        Line::Counted(counted) => {
            *counted_so_far = counted.sum_seconds();
            let Counted { from, until, n_days, make_up_for, .. } = counted;
            let kind = if make_up_for.is_some() { MakeUp } else { OnWorkdays };
            let n_days = i64::from(*n_days);
            (kind, *from, *until, n_days, counted.seconds(), make_up_for.as_deref().unwrap_or_default())
        }
        Line::Skipped { first, last, why } => {
            let (kind, name) = match why {
                DayOff::Weekend => (Weekend, ""),
                DayOff::Holiday(name) => (Holiday, name.as_str()),
            };
            let until = start_of_day(last.succ_opt().unwrap_or(*last));
            (kind, start_of_day(*first), until, (*last - *first).num_days() + 1, 0, name)
        }
        Line::Paused { from, until, nanos } => {
            let kind = match awaited {
                Awaited::Firm => AwaitingFirm,
                Awaited::Ruling => AwaitingRuling,
            };
            (kind, *from, *until, n_days(*from, *until), nanos / 1_000_000_000, "")
        }
        Line::OriginalDeadline { at, sum_nanos: _ } => (OriginalDeadline, *at, *at, 0, 0, ""),
    };
    pb::DeadlineLine {
        kind: kind.into(),
        start_time: Some(timestamp(from)),
        end_time: Some(timestamp(until)),
        day_count: i32::try_from(n_days).unwrap_or(i32::MAX),
        working_seconds,
        sum_seconds: *counted_so_far,
        holiday: holiday.to_owned(),
    }
}

fn n_days(from: Timestamp, until: Timestamp) -> i64 {
    (local_date(until) - local_date(from)).num_days() + 1
}
