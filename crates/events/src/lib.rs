//! Events between services: written to the outbox with the effect they tell of, served as a resumable feed, and
//! consumed exactly once.

mod consumer;
mod feed;
mod outgoing;
mod received;

pub use consumer::{Consume, ConsumeError, Consumer, DeadEvent, Progress};
pub use feed::Feed;
pub use outgoing::{Outgoing, append};
pub use received::Received;
