use std::{collections::VecDeque, time::Duration};

use futures::Stream;
use kernel::AccountId;
use proto::notification::v1 as pb;
use rpc::{Call, Fields};
use tokio::{sync::broadcast, time::Instant};

use super::{NotificationRpc, owner};
use crate::{domain::Message, error::NotificationError, events::jobs::Told, store::messages};

/// Messages read at a time.
const CHUNK: i64 = 100;
/// How long a stream waits before it looks for what other replicas wrote.
const POLL: Duration = Duration::from_secs(2);
/// How long a stream lasts: the caller's rights are looked at when it begins.
const LONGEST: Duration = Duration::from_mins(5);

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::StreamInboxRequest,
) -> Result<
    impl Stream<Item = Result<pb::StreamInboxResponse, NotificationError>> + Send + 'static,
    NotificationError,
> {
    let pb::StreamInboxRequest { position } = req;
    let mut f = Fields::new();
    let asked = if position.is_empty() { None } else { place(&mut f, &position) };
    f.finish()?;
    let owner = owner(&call)?;

    // What comes after this line is heard of, what came before it is read.
    let told = rpc.told.subscribe();
    let mut tx = rpc.db.snapshot().await?;
    let end = messages::end(&mut tx, owner).await?;
    tx.commit().await?;
    let position = asked.map_or(end, |asked: i64| asked.min(end));
    let reader = Reader {
        rpc,
        owner,
        position,
        told,
        read: VecDeque::new(),
        announced: false,
        ends_at: Instant::now() + LONGEST,
    };
    Ok(reader.into_stream())
}

/// A position that a message can have had.
fn place(f: &mut Fields, position: &str) -> Option<i64> {
    let number = position.parse().ok().filter(|number: &i64| 0 <= *number && number.to_string() == position);
    f.take("position", number.ok_or("is no position of this inbox"))
}

struct Reader {
    rpc: NotificationRpc,
    owner: AccountId,
    /// Of the last response.
    position: i64,
    told: broadcast::Receiver<Told>,
    read: VecDeque<Message>,
    /// The end was told of, and nothing came since.
    announced: bool,
    ends_at: Instant,
}

impl Reader {
    fn into_stream(self) -> impl Stream<Item = Result<pb::StreamInboxResponse, NotificationError>> + Send {
        futures::stream::try_unfold(self, |mut reader| async move {
            Ok(reader.next().await?.map(|response| (response, reader)))
        })
    }

    /// `None` ends the stream.
    async fn next(&mut self) -> Result<Option<pb::StreamInboxResponse>, NotificationError> {
        loop {
            if let Some(message) = self.read.pop_front() {
                self.position = message.number;
                self.announced = false;
                return Ok(Some(self.response(Some(message.into()))));
            }
            if self.rpc.drain.has_begun() || self.ends_at <= Instant::now() {
                return Ok(None);
            }
            let mut tx = self.rpc.db.snapshot().await?;
            self.read = messages::after(&mut tx, self.owner, self.position, CHUNK).await?.into();
            tx.commit().await?;
            if self.read.is_empty() {
                if !self.announced {
                    self.announced = true;
                    return Ok(Some(self.response(None)));
                }
                self.wait().await;
            }
        }
    }

    fn response(&self, message: Option<pb::Message>) -> pb::StreamInboxResponse {
        pb::StreamInboxResponse { message, position: self.position.to_string() }
    }

    async fn wait(&mut self) {
        let heard = async {
            loop {
                match self.told.recv().await {
                    Ok(told) if told.contains(&self.owner) => break,
                    Ok(_) => (),
                    // Some were not heard; one of them may have been for this inbox.
                    Err(broadcast::error::RecvError::Lagged(_)) => break,
                    // Nothing more is told in this process.
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = heard => (),
            () = tokio::time::sleep(POLL) => (),
            () = tokio::time::sleep_until(self.ends_at) => (),
            () = self.rpc.drain.begun() => (),
        }
    }
}
