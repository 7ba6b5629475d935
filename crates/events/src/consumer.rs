//! What a service makes of another one's events: each takes effect exactly once, in the order of its subject.

use std::{fmt, sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::StreamExt as _;
use kernel::{Clock, EventId, Timestamp, Version};
use prost::{Message, Name};
use proto::common::v1::{self as pb, WatchEventsRequest, event_feed_service_client::EventFeedServiceClient};
use rpc::{Drain, Peers};
use store::{Batch, Db, Tx, binds, lease};
use tokio::sync::watch;
use uuid::Uuid;

/// An event that fails so often is put aside.
const MAX_TRIES: u32 = 5;
/// How long a replica may stay silent before another takes its place.
const LEASE: TimeDelta = TimeDelta::seconds(15);
const RENEWAL: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why an event could not take effect. What passes by itself is tried again.
pub type ConsumeError = Box<dyn std::error::Error + Send + Sync>;

/// What a service does on events of another one.
#[tonic::async_trait]
pub trait Consume: Send + Sync + 'static {
    /// Full names of the payload messages wanted.
    fn types(&self) -> Vec<String>;

    /// Reads what it needs through `tx` and puts every effect into `batch`.
    async fn consume(&self, tx: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError>;
}

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

/// How far a consumer has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Position of the last event dealt with; empty before the first.
    pub position: String,
    /// Events put aside since the start.
    pub n_dead: u64,
}

/// One service's consumption of another one's feed.
#[derive(Clone)]
pub struct Consumer {
    /// As `notification<-workflow`.
    name: String,
    source: &'static str,
    /// Tells replicas apart.
    holder: String,
    db: Db,
    peers: Peers,
    clock: Arc<dyn Clock>,
    handler: Arc<dyn Consume>,
    progress: Arc<watch::Sender<Progress>>,
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Consumer {
    /// `consumer` is the service that acts, `source` the one whose events it acts on.
    pub fn new(
        consumer: &str,
        source: &'static str,
        holder: Uuid,
        db: Db,
        peers: Peers,
        clock: Arc<dyn Clock>,
        handler: impl Consume,
    ) -> Self {
        Self {
            name: format!("{consumer}<-{source}"),
            source,
            holder: holder.to_string(),
            db,
            peers,
            clock,
            handler: Arc::new(handler),
            progress: Arc::new(watch::Sender::new(Progress::default())),
        }
    }

    pub fn source(&self) -> &'static str {
        self.source
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells of every step forward.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Consumes until the drain begins; whatever breaks is taken up again where it stood.
    pub async fn run(&self, drain: Drain) {
        let mut pause = Duration::from_millis(20);
        while !drain.has_begun() {
            let round = tokio::select! {
                round = self.round() => round,
                () = drain.begun() => break,
            };
            match round {
                Ok(Ended::Feed) => pause = Duration::from_millis(20),
                Ok(Ended::NotOurs) => pause = LONGEST_PAUSE,
                Err(error) => {
                    tracing::warn!(consumer = self.name, %error, "consumption broke off");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                () = drain.begun() => (),
            }
        }
        if let Err(error) = lease::release(&self.db, &self.name, &self.holder).await {
            tracing::debug!(consumer = self.name, %error, "the lease runs out by itself");
        }
    }

    async fn round(&self) -> Result<Ended, ConsumeError> {
        if !self.renew().await? {
            return Ok(Ended::NotOurs);
        }
        let mut feed = EventFeedServiceClient::new(self.peers.to(self.source));
        let position = self.stored_position().await?;
        let request =
            WatchEventsRequest { source: self.source.to_owned(), position, types: self.handler.types() };
        let mut events = feed.watch_events(request).await?.into_inner();
        let mut renewal = tokio::time::interval(RENEWAL);
        renewal.tick().await;
        loop {
            let response = tokio::select! {
                response = events.next() => match response {
                    Some(response) => response?,
                    None => return Ok(Ended::Feed),
                },
                _ = renewal.tick() => {
                    if !self.renew().await? {
                        return Ok(Ended::NotOurs);
                    }
                    continue;
                }
            };
            // Each event runs to its end even when the drain begins: a transaction is not cut between two lines.
            let consumer = self.clone();
            tokio::spawn(async move { consumer.take(response.event, response.position).await }).await??;
        }
    }

    async fn renew(&self) -> Result<bool, store::Error> {
        lease::acquire(&self.db, &self.name, &self.holder, self.clock.now(), LEASE).await
    }

    async fn stored_position(&self) -> Result<String, store::Error> {
        let mut tx = self.db.snapshot().await?;
        let row = store::row!(
            &mut tx,
            "read the feed's position",
            (String,),
            "SELECT position FROM feed_position WHERE consumer = $1",
            self.name.as_str()
        )?;
        tx.commit().await?;
        Ok(row.map(|(position,)| position).unwrap_or_default())
    }

    async fn take(&self, event: Option<pb::Event>, position: String) -> Result<(), ConsumeError> {
        if let Some(event) = event {
            self.take_event(event, &position).await?;
        }
        self.progress.send_modify(|progress| progress.position = position);
        Ok(())
    }

    async fn take_event(&self, event: pb::Event, position: &str) -> Result<(), ConsumeError> {
        let received = match Received::try_from(event.clone()) {
            Ok(received) => received,
            Err(error) => return self.put_aside(&event, position, &error.to_string(), 1).await,
        };
        let mut n_tries = 1;
        loop {
            let error = match self.apply(&received, &event, position).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if matches!(error.downcast_ref(), Some(store::Error::Unavailable { .. })) {
                // The database is away: nobody's fault, and no other event would fare better.
                return Err(error);
            }
            if n_tries == MAX_TRIES {
                return self.put_aside(&event, position, &error.to_string(), n_tries).await;
            }
            tracing::warn!(consumer = self.name, event.id = %received.event_id, %error, try = n_tries, "event failed");
            tokio::time::sleep(Duration::from_millis(10 << n_tries)).await;
            n_tries += 1;
        }
    }

    /// One transaction: the inbox row, the position and all effects.
    async fn apply(
        &self,
        received: &Received,
        event: &pb::Event,
        position: &str,
    ) -> Result<(), ConsumeError> {
        let mut tx = self.db.begin().await?;
        let state = self.state_of(&mut tx, received).await?;
        let mut batch = Batch::new();
        match state {
            EventState::Seen => (),
            EventState::Blocked => {
                let cause = "an earlier event of the same subject was put aside";
                self.dead_row(&mut batch, event, position, cause, 0);
                self.progress.send_modify(|progress| progress.n_dead += 1);
            }
            EventState::New => {
                self.handler.consume(&mut tx, &mut batch, received).await?;
                self.inbox_row(&mut batch, received);
            }
        }
        self.position_row(&mut batch, position);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn state_of(&self, tx: &mut Tx, received: &Received) -> Result<EventState, store::Error> {
        let (seen, blocked) = store::row!(
            tx,
            "look for the event among those dealt with",
            (bool, bool),
            "SELECT EXISTS (SELECT 1 FROM inbox WHERE consumer = $1 AND event_id = $2),
                    EXISTS (SELECT 1 FROM dead_event WHERE consumer = $1 AND subject = $3)",
            self.name.as_str(),
            received.event_id.uuid(),
            received.subject.as_str()
        )?
        .unwrap_or_default();
        Ok(match (seen, blocked) {
            (true, _) => EventState::Seen,
            (false, true) => EventState::Blocked,
            (false, false) => EventState::New,
        })
    }

    async fn put_aside(
        &self,
        event: &pb::Event,
        position: &str,
        cause: &str,
        n_tries: u32,
    ) -> Result<(), ConsumeError> {
        tracing::error!(consumer = self.name, event.id = event.id, cause, "event put aside");
        let mut tx = self.db.begin().await?;
        let mut batch = Batch::new();
        self.dead_row(&mut batch, event, position, cause, n_tries);
        self.position_row(&mut batch, position);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        self.progress.send_modify(|progress| progress.n_dead += 1);
        Ok(())
    }

    /// Tries the events that were put aside again, in their order. Answers how many took effect.
    pub async fn redrive(&self) -> Result<u64, ConsumeError> {
        let mut tx = self.db.snapshot().await?;
        let dead = store::rows!(
            &mut tx,
            "list the events put aside",
            (Uuid, Vec<u8>),
            "SELECT event_id, envelope FROM dead_event WHERE consumer = $1 ORDER BY at, event_id",
            self.name.as_str()
        )?;
        tx.commit().await?;
        let mut n_done = 0;
        for (event_id, envelope) in dead {
            let received = Received::try_from(pb::Event::decode(envelope.as_slice())?)?;
            let mut tx = self.db.begin().await?;
            let mut batch = Batch::new();
            self.handler.consume(&mut tx, &mut batch, &received).await?;
            self.inbox_row(&mut batch, &received);
            batch.add_one(
                "take the event up again",
                "DELETE FROM dead_event WHERE consumer = $1 AND event_id = $2",
                binds![self.name.as_str(), event_id],
            );
            batch.run(&mut tx).await?;
            tx.commit().await?;
            n_done += 1;
        }
        Ok(n_done)
    }

    fn inbox_row(&self, batch: &mut Batch, received: &Received) {
        batch.add(
            "mark the event as dealt with",
            "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)",
            binds![self.name.as_str(), received.event_id.uuid()],
        );
    }

    fn position_row(&self, batch: &mut Batch, position: &str) {
        batch.add(
            "store the feed's position",
            "INSERT INTO feed_position (consumer, position, version) VALUES ($1, $2, 1)
             ON CONFLICT (consumer) DO UPDATE
             SET position = excluded.position, version = feed_position.version + 1",
            binds![self.name.as_str(), position],
        );
    }

    fn dead_row(&self, batch: &mut Batch, event: &pb::Event, position: &str, cause: &str, n_tries: u32) {
        // An unreadable id still needs a key of its own: the position is unique in its source.
        let event_id = Uuid::parse_str(&event.id)
            .unwrap_or_else(|_| uuid::Builder::from_bytes(position_key(position)).into_uuid());
        batch.add(
            "put the event aside",
            "INSERT INTO dead_event (consumer, event_id, subject, position, envelope, cause, tries, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (consumer, event_id) DO NOTHING",
            binds![
                self.name.as_str(),
                event_id,
                event.subject.as_str(),
                position,
                event.encode_to_vec(),
                cause,
                i64::from(n_tries),
                self.clock.now()
            ],
        );
    }
}

fn position_key(position: &str) -> [u8; 16] {
    let mut key = [0; 16];
    for (slot, byte) in key.iter_mut().zip(position.bytes().rev()) {
        *slot = byte;
    }
    key
}

enum Ended {
    /// The other side ended the stream, as it does when it restarts.
    Feed,
    /// Another replica holds the lease.
    NotOurs,
}

enum EventState {
    New,
    Seen,
    Blocked,
}
