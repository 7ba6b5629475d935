//! Events out, and what is done on the registry's.

pub(crate) mod calendar_alarm;
pub(crate) mod case_publish;
pub(crate) mod index_texts;
pub(crate) mod ladder;
mod on_appointment_ended;
mod on_manager_appointed;
pub(crate) mod order_ladder;
pub(crate) mod order_publish;
pub(crate) mod publish;
pub(crate) mod rebind;
pub(crate) mod reckon;
pub(crate) mod scanning;
pub(crate) mod sequence;
pub(crate) mod sweeping;
pub(crate) mod witness;

use chrono::NaiveDate;
use events::{Consume, ConsumeError, Received};
use prost::Name as _;
use proto::{
    common::v1::Date,
    registry::v1::{AppointmentEnded, ManagerAppointed},
};
use store::{Batch, Tx};

/// Keeps in mind who manages which firm.
#[derive(Debug)]
pub(crate) struct FromRegistry;

#[tonic::async_trait]
impl Consume for FromRegistry {
    fn types(&self) -> Vec<String> {
        vec![ManagerAppointed::full_name(), AppointmentEnded::full_name()]
    }

    async fn consume(&self, _: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        if let Some(payload) = event.payload::<ManagerAppointed>()? {
            on_manager_appointed::handle(batch, event, payload)?;
        }
        if let Some(payload) = event.payload::<AppointmentEnded>()? {
            on_appointment_ended::handle(batch, event, payload)?;
        }
        Ok(())
    }
}

/// An event without a day that it should have.
#[derive(Debug, thiserror::Error)]
#[error("the event has no readable {0}")]
struct NoDay(&'static str);

fn day(field: &'static str, date: Option<Date>) -> Result<NaiveDate, NoDay> {
    let number = |part: i32| u32::try_from(part).ok();
    date.and_then(|date| NaiveDate::from_ymd_opt(date.year, number(date.month)?, number(date.day)?))
        .ok_or(NoDay(field))
}
