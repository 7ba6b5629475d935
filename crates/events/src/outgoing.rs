//! From a service's events to its outbox.

use kernel::{EventId, Timestamp, Version};
use prost::{Message, Name};
use store::{Batch, outbox::OutboxRow};

/// An event as its service tells it; the payload comes apart.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    pub event_id: EventId,
    /// The aggregate, as `issue/019b…`.
    pub subject: String,
    /// Version of the aggregate after the event.
    pub subject_version: Version,
    pub time: Timestamp,
    /// W3C trace context of the call that caused it.
    pub traceparent: &'a str,
}

/// Puts an event into the outbox, in the same transaction as what it tells of.
pub fn append<M: Message + Name>(batch: &mut Batch, event: Outgoing<'_>, payload: &M) {
    let row = OutboxRow {
        event_id: event.event_id.uuid(),
        r#type: M::full_name(),
        subject: event.subject,
        subject_version: event.subject_version.number(),
        time: event.time,
        traceparent: event.traceparent.to_owned(),
        data: payload.encode_to_vec(),
    };
    store::outbox::append(batch, row);
}
