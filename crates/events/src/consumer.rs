//! What a service makes of another one's events: each takes effect exactly once, in the order of its subject.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::StreamExt as _;
use kernel::{Clock, Timestamp};
use prost::Message;
use proto::common::v1::{
    self as pb, WatchEventsRequest, WatchEventsResponse, event_feed_service_client::EventFeedServiceClient,
};
use rpc::{Drain, Peers};
use store::{Batch, Db, Tx, binds, lease, outbox::Position};
use tokio::sync::watch;
use uuid::Uuid;

use crate::received::Received;

/// An event that fails so often is put aside.
const MAX_TRIES: u32 = 5;
/// How long a replica may stay silent before another takes its place.
const LEASE: TimeDelta = TimeDelta::seconds(15);
const RENEWAL: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// What the move of the position is called, so that its conflict is told from a handler's own.
const MOVE: &str = "store the feed's position";

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

/// How far a consumer has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Position of the last event dealt with; empty before the first.
    pub position: String,
    /// Events put aside since the start.
    pub n_dead: u64,
}

/// An event that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DeadEvent {
    pub event_id: Uuid,
    /// Its later events wait too.
    pub subject: String,
    pub cause: String,
    /// 0: it was not tried, for an earlier event of its subject was put aside.
    pub tries: i64,
    pub at: Timestamp,
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
        let mut pause = SHORTEST_PAUSE;
        while !drain.has_begun() {
            let before = self.progress.borrow().position.clone();
            let round = self.round(&drain).await;
            if self.progress.borrow().position != before {
                pause = SHORTEST_PAUSE;
            }
            match round {
                Ok(Ended::Feed) => pause = SHORTEST_PAUSE,
                Ok(Ended::NotOurs) => pause = LONGEST_PAUSE,
                Ok(Ended::Drained) => break,
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

    async fn round(&self, drain: &Drain) -> Result<Ended, ConsumeError> {
        let opened = tokio::select! {
            opened = self.open() => opened?,
            () = drain.begun() => return Ok(Ended::Drained),
        };
        let Some((mut place, mut events)) = opened else { return Ok(Ended::NotOurs) };
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
                () = drain.begun() => return Ok(Ended::Drained),
            };
            // Outside the select: an event runs to its end even when the drain begins, and before the lease is
            // given back.
            let WatchEventsResponse { event, position } = response;
            if let Some(event) = event {
                place =
                    self.take(event, Place { position: position.clone(), version: place.version }).await?;
            }
            self.progress.send_modify(|progress| progress.position = position);
        }
    }

    /// The feed from where this consumer stands; `None` while another replica holds the lease.
    async fn open(&self) -> Result<Option<(Place, tonic::Streaming<WatchEventsResponse>)>, ConsumeError> {
        if !self.renew().await? {
            return Ok(None);
        }
        let mut feed = EventFeedServiceClient::new(self.peers.to(self.source));
        let place = self.stored_place().await?;
        let request = WatchEventsRequest {
            source: self.source.to_owned(),
            position: place.position.clone(),
            types: self.handler.types(),
        };
        let events = feed.watch_events(request).await?.into_inner();
        Ok(Some((place, events)))
    }

    async fn renew(&self) -> Result<bool, store::Error> {
        lease::acquire(&self.db, &self.name, &self.holder, self.clock.now(), LEASE).await
    }

    async fn stored_place(&self) -> Result<Place, store::Error> {
        let mut tx = self.db.snapshot().await?;
        let row = store::row!(
            &mut tx,
            "read the feed's position",
            (String, i64),
            "SELECT position, version FROM feed_position WHERE consumer = $1",
            self.name.as_str()
        )?;
        tx.commit().await?;
        let (position, version) = row.unwrap_or_default();
        Ok(Place { position, version })
    }

    /// Deals with an event whose position is `at`, and answers where the consumer stands then.
    async fn take(&self, event: pb::Event, at: Place) -> Result<Place, ConsumeError> {
        let received = match Received::try_from(event.clone()) {
            Ok(received) => received,
            Err(error) => return self.put_aside(&event, at, &error.to_string(), 1).await,
        };
        let mut n_tries = 1;
        loop {
            // In a task of its own: a handler that panics has failed, and takes nothing else with it.
            let (consumer, received, event_, at_) =
                (self.clone(), received.clone(), event.clone(), at.clone());
            let attempt = tokio::spawn(async move { consumer.apply(&received, &event_, at_).await }).await;
            let error = match attempt {
                Ok(Ok(place)) => return Ok(place),
                Ok(Err(error)) => error,
                Err(panic) => panic.into(),
            };
            if passes(&*error) {
                return Err(error);
            }
            if n_tries == MAX_TRIES {
                return self.put_aside(&event, at, &error.to_string(), n_tries).await;
            }
            tracing::warn!(consumer = self.name, event.id = event.id, %error, try = n_tries, "event failed");
            tokio::time::sleep(Duration::from_millis(10 << n_tries)).await;
            n_tries += 1;
        }
    }

    /// One transaction: the inbox row, the position and all effects.
    async fn apply(&self, received: &Received, event: &pb::Event, at: Place) -> Result<Place, ConsumeError> {
        let mut tx = self.db.begin().await?;
        let state = self.state_of(&mut tx, received).await?;
        let mut batch = Batch::new();
        match state {
            EventState::Seen => (),
            EventState::Blocked => {
                let cause = "an earlier event of the same subject was put aside";
                self.dead_row(&mut batch, event, &at.position, cause, 0);
            }
            EventState::New => {
                self.handler.consume(&mut tx, &mut batch, received).await?;
                self.inbox_row(&mut batch, received);
            }
        }
        let place = self.move_to(&mut batch, at);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        if matches!(state, EventState::Blocked) {
            self.progress.send_modify(|progress| progress.n_dead += 1);
        }
        Ok(place)
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
        at: Place,
        cause: &str,
        n_tries: u32,
    ) -> Result<Place, ConsumeError> {
        tracing::error!(consumer = self.name, event.id = event.id, cause, "event put aside");
        let mut tx = self.db.begin().await?;
        let mut batch = Batch::new();
        self.dead_row(&mut batch, event, &at.position, cause, n_tries);
        let place = self.move_to(&mut batch, at);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        self.progress.send_modify(|progress| progress.n_dead += 1);
        Ok(place)
    }

    /// The events that were put aside, at most `limit`, by their subjects.
    pub async fn dead(&self, limit: u32) -> Result<Vec<DeadEvent>, store::Error> {
        let mut tx = self.db.snapshot().await?;
        let dead = store::rows!(
            &mut tx,
            "list the events put aside",
            DeadEvent,
            "SELECT event_id, subject, cause, tries, at FROM dead_event
             WHERE consumer = $1 ORDER BY subject, at, event_id LIMIT $2",
            self.name.as_str(),
            limit
        )?;
        tx.commit().await?;
        Ok(dead)
    }

    /// Tries the events that were put aside again, in the order of the feed. One that fails again stays where it
    /// is, with those of its subject behind it. Answers how many took effect.
    pub async fn redrive(&self) -> Result<u64, ConsumeError> {
        let mut n_done = 0;
        loop {
            let n_now = self.redrive_once().await?;
            n_done += n_now;
            // What arrived meanwhile was put behind those that were just taken up.
            if n_now == 0 {
                return Ok(n_done);
            }
        }
    }

    async fn redrive_once(&self) -> Result<u64, ConsumeError> {
        let mut tx = self.db.snapshot().await?;
        let mut dead = store::rows!(
            &mut tx,
            "list the events put aside",
            (Uuid, String, String, Vec<u8>),
            "SELECT event_id, subject, position, envelope FROM dead_event WHERE consumer = $1 ORDER BY at, event_id",
            self.name.as_str()
        )?;
        tx.commit().await?;
        // By the feed, not by the clocks of the replicas that put them aside.
        dead.sort_by_cached_key(|(_, _, position, _)| position.parse::<Position>().unwrap_or_default());
        let mut n_done = 0;
        let mut stuck = HashSet::new();
        for (event_id, subject, _, envelope) in dead {
            if stuck.contains(&subject) {
                continue;
            }
            match self.take_up(event_id, &envelope).await {
                Ok(()) => n_done += 1,
                Err(error) if passes(&*error) => return Err(error),
                Err(error) => {
                    tracing::warn!(consumer = self.name, event.id = %event_id, %error, "event failed again");
                    stuck.insert(subject);
                }
            }
        }
        Ok(n_done)
    }

    async fn take_up(&self, event_id: Uuid, envelope: &[u8]) -> Result<(), ConsumeError> {
        let received = Received::try_from(pb::Event::decode(envelope)?)?;
        let mut tx = self.db.begin().await?;
        let mut batch = Batch::new();
        let seen = matches!(self.state_of(&mut tx, &received).await?, EventState::Seen);
        if !seen {
            self.handler.consume(&mut tx, &mut batch, &received).await?;
            self.inbox_row(&mut batch, &received);
        }
        batch.add_one(
            "take the event up again",
            "DELETE FROM dead_event WHERE consumer = $1 AND event_id = $2",
            binds![self.name.as_str(), event_id],
        );
        batch.run(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    fn inbox_row(&self, batch: &mut Batch, received: &Received) {
        batch.add(
            "mark the event as dealt with",
            "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)",
            binds![self.name.as_str(), received.event_id.uuid()],
        );
    }

    /// Moves the consumer on. Whoever reckoned with another place than the stored one has lost the lease to
    /// somebody who moved it: nothing of the batch takes effect then.
    fn move_to(&self, batch: &mut Batch, Place { position, version }: Place) -> Place {
        let sql = if version == 0 {
            "INSERT INTO feed_position (consumer, position, version) VALUES ($1, $2, $3 + 1)
             ON CONFLICT (consumer) DO NOTHING"
        } else {
            "UPDATE feed_position SET position = $2, version = $3 + 1 WHERE consumer = $1 AND version = $3"
        };
        batch.add_one(MOVE, sql, binds![self.name.as_str(), position.as_str(), version]);
        Place { position, version: version + 1 }
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

/// Where a consumer stands.
#[derive(Debug, Clone)]
struct Place {
    position: String,
    /// Of the stored row; 0 while there is none.
    version: i64,
}

/// Whether an error has nothing to do with the event at hand: the database is away or busy, or another replica has
/// gone on in this one's place. No other event would fare better now, and this one will later.
fn passes(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<store::Error>() {
            Some(store::Error::Unavailable { .. } | store::Error::Busy { .. }) => return true,
            Some(store::Error::Conflict { doing }) => return *doing == MOVE,
            _ => cause = error.source(),
        }
    }
    false
}

enum Ended {
    /// The other side ended the stream, as it does when it restarts.
    Feed,
    /// Another replica holds the lease.
    NotOurs,
    /// The drain began.
    Drained,
}

enum EventState {
    New,
    Seen,
    Blocked,
}
