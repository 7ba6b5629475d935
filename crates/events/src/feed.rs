//! The outbox as a stream that anyone entitled may resume where he left off.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::Stream;
use proto::common::v1::{
    self as pb, ErrorReason, WatchEventsRequest, WatchEventsResponse,
    event_feed_service_server::{EventFeedService, EventFeedServiceServer},
};
use rpc::{Drain, ResponseStream, common};
use store::{
    Db,
    outbox::{OutboxRow, Position},
};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

/// Events read at a time.
const CHUNK: u32 = 500;
/// How long a feed waits before it looks for what other replicas wrote.
const POLL: Duration = Duration::from_millis(200);
/// How long a stream lasts: the caller's rights are looked at when it begins.
const LONGEST: Duration = Duration::from_mins(5);

/// Serves the outboxes of the modules in this process.
#[derive(Debug, Clone)]
pub struct Feed {
    sources: Arc<HashMap<String, Db>>,
    drain: Drain,
}

impl Feed {
    pub fn new(sources: HashMap<String, Db>, drain: Drain) -> Self {
        Self { sources: Arc::new(sources), drain }
    }

    pub fn into_service(self) -> EventFeedServiceServer<Self> {
        EventFeedServiceServer::new(self)
    }
}

#[tonic::async_trait]
impl EventFeedService for Feed {
    type WatchEventsStream = ResponseStream<WatchEventsResponse>;

    async fn watch_events(
        &self,
        request: Request<WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let WatchEventsRequest { source, position, types } = request.into_inner();
        let Some(db) = self.sources.get(&source) else {
            return Err(common(
                ErrorReason::FeedSourceUnknown,
                &[("source", source.chars().take(64).collect())],
            ));
        };
        let position = if position.is_empty() { Ok(Position::START) } else { position.parse() };
        let position = position.map_err(|_| common(ErrorReason::FeedPositionInvalid, &[]))?;
        // A reader ahead of the source, as after its database was set back, would pass over what is written next.
        if Position::START < position && head(db).await? < position {
            return Err(common(ErrorReason::FeedPositionInvalid, &[]));
        }
        let reader = Reader {
            changes: db.outbox_written(),
            db: db.clone(),
            source: format!("/qinqing/{source}"),
            types,
            position,
            read: VecDeque::new(),
            announced: false,
            drain: self.drain.clone(),
            ends_at: Instant::now() + LONGEST,
        };
        Ok(Response::new(Box::pin(reader.into_stream())))
    }
}

struct Reader {
    db: Db,
    changes: tokio::sync::watch::Receiver<u64>,
    source: String,
    types: Vec<String>,
    /// Of the last response, or of the last event passed over.
    position: Position,
    read: VecDeque<(Position, OutboxRow)>,
    /// The end was told of, and nothing came since.
    announced: bool,
    drain: Drain,
    ends_at: Instant,
}

impl Reader {
    fn into_stream(self) -> impl Stream<Item = Result<WatchEventsResponse, Status>> + Send {
        futures::stream::try_unfold(self, |mut reader| async move {
            Ok(reader.next().await?.map(|response| (response, reader)))
        })
    }

    /// `None` ends the stream: the server drains, or the caller has to come again.
    async fn next(&mut self) -> Result<Option<WatchEventsResponse>, Status> {
        loop {
            while let Some((position, row)) = self.read.pop_front() {
                self.position = position;
                if self.types.is_empty() || self.types.contains(&row.r#type) {
                    self.announced = false;
                    let event = Some(self.event(row));
                    return Ok(Some(WatchEventsResponse { event, position: position.to_string() }));
                }
            }
            if self.drain.has_begun() || self.ends_at <= Instant::now() {
                return Ok(None);
            }
            self.changes.mark_unchanged();
            self.read = self.chunk().await?.into();
            if self.read.is_empty() {
                if !self.announced {
                    self.announced = true;
                    return Ok(Some(WatchEventsResponse {
                        event: None,
                        position: self.position.to_string(),
                    }));
                }
                self.wait().await;
            } else {
                self.announced = false;
            }
        }
    }

    async fn chunk(&self) -> Result<Vec<(Position, OutboxRow)>, Status> {
        let read = async {
            let mut tx = self.db.snapshot().await?;
            let rows = store::outbox::read_after(&mut tx, &self.position, CHUNK).await?;
            tx.commit().await?;
            Ok(rows)
        };
        read.await.map_err(|error| unreadable(&error))
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.changes.changed() => (),
            () = tokio::time::sleep(POLL) => (),
            () = self.drain.begun() => (),
        }
    }

    fn event(&self, row: OutboxRow) -> pb::Event {
        let type_url = format!("type.googleapis.com/{}", row.r#type);
        pb::Event {
            id: row.event_id.to_string(),
            source: self.source.clone(),
            r#type: row.r#type,
            subject: row.subject,
            time: Some(rpc::parse::timestamp(row.time)),
            subject_version: row.subject_version,
            traceparent: row.traceparent,
            data: Some(prost_types::Any { type_url, value: row.data }),
        }
    }
}

/// The newest position that a feed of this outbox can have given out.
async fn head(db: &Db) -> Result<Position, Status> {
    let read = async {
        let mut tx = db.snapshot().await?;
        let head = store::outbox::head(&mut tx).await?;
        tx.commit().await?;
        Ok(head)
    };
    read.await.map_err(|error| unreadable(&error))
}

fn unreadable(error: &store::Error) -> Status {
    tracing::warn!(%error, "the outbox cannot be read");
    common(ErrorReason::Unavailable, &[])
}
