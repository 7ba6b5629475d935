//! Other services' events: what happens to issues, orders, cases and calendars is announced.

mod fields;
mod happening;
pub(crate) mod jobs;
mod on_calendar_ending;
mod on_case_event;
mod on_clock_rung_reached;
mod on_issue_event;
mod on_order_event;
mod parties;

use std::sync::Arc;

use events::{Consume, ConsumeError, Received};
use kernel::{Clock, IdGen};
use store::{Batch, Tx};

use crate::{
    domain::{Announcement, Catalogue},
    store::announcements,
};
use happening::Told;

/// Consumes the events of the workflow service.
#[derive(Debug, Clone)]
pub(crate) struct WorkflowEvents {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub catalogue: Arc<Catalogue>,
}

/// Why an event cannot be announced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error("the payload cannot be decoded")]
    Payload(#[from] prost::DecodeError),
    #[error("the payload has no readable {0}")]
    Field(&'static str),
    #[error("events of this type are not consumed")]
    Type,
    #[error("there is no template {0}")]
    Template(&'static str),
}

#[tonic::async_trait]
impl Consume for WorkflowEvents {
    fn types(&self) -> Vec<String> {
        [
            on_issue_event::types(),
            on_clock_rung_reached::types(),
            on_order_event::types(),
            on_case_event::types(),
            on_calendar_ending::types(),
        ]
        .concat()
    }

    async fn consume(&self, _tx: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        let told = read(event)?;
        let now = self.clock.now();
        for announcement in self.announcements(event, &told)? {
            announcements::insert(batch, &announcement, now);
        }
        Ok(())
    }
}

/// Reads an event as each kind in turn.
fn read(event: &Received) -> Result<Told, EventError> {
    let readers = [
        on_issue_event::read,
        on_clock_rung_reached::read,
        on_order_event::read,
        on_case_event::read,
        on_calendar_ending::read,
    ];
    for read in readers {
        if let Some(told) = read(event)? {
            return Ok(told);
        }
    }
    Err(EventError::Type)
}

impl WorkflowEvents {
    /// What the table says about what happened.
    fn announcements(&self, event: &Received, told: &Told) -> Result<Vec<Announcement>, EventError> {
        let mut announcements = Vec::new();
        for rule in told.happenings.iter().flat_map(|happening| happening.rules()) {
            let current = self.catalogue.current(rule.template).ok_or(EventError::Template(rule.template))?;
            let audiences = told.audiences(rule);
            if audiences.is_empty() {
                continue;
            }
            announcements.push(Announcement {
                id: self.ids.uuid(self.clock.now()),
                event: event.event_id,
                template: current.name.clone(),
                about: event.subject.clone(),
                issue: told.issue,
                issue_number: told.issue_number.clone(),
                audiences,
                actor: told.actor,
                values: told.values.clone(),
                happened_at: event.time,
            });
        }
        Ok(announcements)
    }
}

#[cfg(test)]
mod tests;
