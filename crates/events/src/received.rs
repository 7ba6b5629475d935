//! Events as they come from a feed.

use kernel::{EventId, Timestamp, Version};
use prost::{Message, Name};
use proto::common::v1 as pb;

/// An event as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub event_id: EventId,
    pub r#type: String,
    pub subject: String,
    pub subject_version: Version,
    pub time: Timestamp,
    pub traceparent: String,
    data: Vec<u8>,
}

impl Received {
    /// The payload, if it is an `M`.
    pub fn payload<M: Message + Name + Default>(&self) -> Result<Option<M>, prost::DecodeError> {
        if self.r#type == M::full_name() { M::decode(self.data.as_slice()).map(Some) } else { Ok(None) }
    }
}

impl TryFrom<pb::Event> for Received {
    type Error = Malformed;

    fn try_from(event: pb::Event) -> Result<Self, Malformed> {
        let time = event.time.ok_or(Malformed("time"))?;
        let nanos = u32::try_from(time.nanos).map_err(|_| Malformed("time"))?;
        Ok(Self {
            event_id: event.id.parse().map_err(|_| Malformed("id"))?,
            r#type: event.r#type,
            subject: event.subject,
            subject_version: Version::new(event.subject_version),
            time: chrono::DateTime::from_timestamp(time.seconds, nanos).ok_or(Malformed("time"))?,
            traceparent: event.traceparent,
            data: event.data.ok_or(Malformed("data"))?.value,
        })
    }
}

/// An event whose envelope cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the event has no readable {0}")]
pub struct Malformed(&'static str);
