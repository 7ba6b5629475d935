//! The holidays that the calendar in force has as announced run out soon: an alarm a day, until one with later ones is
//! in force.

use std::sync::Arc;

use events::Outgoing;
use kernel::{Clock, EventId, IdGen, Version};
use proto::workflow::v1 as pb;
use rpc::{TraceContext, parse::date};
use runtime::Worked;
use store::{Batch, Db};

use crate::{
    domain::{days_left, local_date},
    error::WorkflowError,
    rpc::books::Books,
    store::calendar_alarms,
};

/// The job that raises the alarm.
#[derive(Debug, Clone)]
pub(crate) struct CalendarAlarm {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub books: Books,
}

impl CalendarAlarm {
    /// Raises the alarm of the day, if it is due and nobody has.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let today = local_date(now);
        let book = self.books.of_today(now).await?;
        let rules = book.in_force(now);
        if !rules.calendar_ends_soon(now) {
            return Ok(Worked::Idle);
        }
        let calendar = rules.calendar;
        let (last_date, days_left) = (calendar.last_announced_day(), days_left(calendar, now));
        let mut tx = self.db.begin().await?;
        let (n_raised, is_raised_today) = calendar_alarms::raised(&mut tx, today).await?;
        if is_raised_today {
            tx.rollback().await?;
            return Ok(Worked::Idle);
        }
        let version = calendar.version();
        let mut batch = Batch::new();
        calendar_alarms::insert(&mut batch, today, version, last_date, now);
        let payload = pb::CalendarEnding {
            calendar_version: version.to_owned(),
            last_date: Some(date(last_date)),
            days_left: i32::try_from(days_left).unwrap_or(i32::MIN),
        };
        let outgoing = Outgoing {
            event_id: EventId::new(self.ids.uuid(now)),
            subject: format!("calendar/{version}"),
            subject_version: Version::new(n_raised + 1),
            time: now,
            traceparent: &TraceContext::new().to_string(),
        };
        events::append(&mut batch, outgoing, &payload);
        match batch.run(&mut tx).await {
            // Another replica raised it at the same moment.
            Err(error) if error.constraint() == Some("calendar_alarm_pkey") => return Ok(Worked::Idle),
            done => done?,
        }
        tx.commit().await?;
        tracing::warn!(calendar.version = version, %last_date, days_left, "the announced holidays run out soon");
        Ok(Worked::More)
    }
}
