//! Events between services: written to the outbox with the effect they tell of, served as a resumable feed, and
//! consumed exactly once.

mod consumer;
mod feed;
mod outgoing;

pub use consumer::{Consume, ConsumeError, Consumer, DeadEvent, Progress, Received};
pub use feed::Feed;
pub use outgoing::{Outgoing, append};
