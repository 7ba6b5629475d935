//! Two services that are nothing but their ground tables: "registry" tells, "scoring" notes what it heard.

use std::sync::{Arc, Mutex};

use access::{ServiceIdentity, ServiceName, SigningKey};
use events::{Consume, ConsumeError, Consumer, Outgoing, Received};
use kernel::{Clock, EventId, Version};
use prost::Name as _;
use proto::workflow::v1::IssueReopened;
use rpc::{Drain, Peers};
use runtime::ModuleSpec;
use store::{Batch, Db, Tx, binds};
use testkit::{TestSuite, fake::Fake};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What the tests' services are, beside the identity that vouches for nobody here.
pub fn modules() -> [ModuleSpec; 3] {
    [testkit::fake::identity().spec("identity"), Fake::new().spec("registry"), Fake::new().spec("scoring")]
}

/// How the handler is to fail on a subject, and for how many times more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Refuses,
    Panics,
    DatabaseAway,
}

/// Notes each event's number in a table; keeps count of its tries.
#[derive(Debug, Clone, Default)]
pub struct Scribe {
    troubles: Arc<Mutex<Vec<(String, Trouble, usize)>>>,
    tries: Arc<Mutex<Vec<String>>>,
}

impl Scribe {
    /// Fails on the next `n` events of `subject`, or tries at one.
    pub fn trouble(&self, subject: &str, trouble: Trouble, n: usize) {
        self.troubles.lock().unwrap().push((subject.to_owned(), trouble, n));
    }

    pub fn n_tries(&self, subject: &str) -> usize {
        self.tries.lock().unwrap().iter().filter(|tried| *tried == subject).count()
    }

    fn next_trouble(&self, subject: &str) -> Option<Trouble> {
        self.tries.lock().unwrap().push(subject.to_owned());
        let mut troubles = self.troubles.lock().unwrap();
        let (_, trouble, left) = troubles.iter_mut().find(|(of, _, left)| of == subject && 0 < *left)?;
        *left -= 1;
        Some(*trouble)
    }
}

#[tonic::async_trait]
impl Consume for Scribe {
    fn types(&self) -> Vec<String> {
        vec![IssueReopened::full_name()]
    }

    async fn consume(&self, _: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        match self.next_trouble(&event.subject) {
            Some(Trouble::Refuses) => return Err("will not".into()),
            Some(Trouble::Panics) => panic!("cannot"),
            Some(Trouble::DatabaseAway) => {
                return Err(Wrapped(store::Error::Unavailable { doing: "read", source: timed_out() }).into());
            }
            None => (),
        }
        let IssueReopened { issue: _, reopens } = event.payload()?.expect("no other type was asked for");
        batch.add(
            "note the event",
            "INSERT INTO note (subject, number) VALUES ($1, $2)",
            binds![event.subject.as_str(), i64::from(reopens)],
        );
        Ok(())
    }
}

/// A service's own error around the database's.
#[derive(Debug, thiserror::Error)]
#[error("the handler's own words")]
struct Wrapped(#[source] store::Error);

fn timed_out() -> sqlx::Error {
    sqlx::Error::PoolTimedOut
}

/// What a test works with.
pub struct Town<'a> {
    app: &'a TestSuite,
    pub scribe: Scribe,
}

/// A consumer at work.
pub struct Running {
    pub consumer: Consumer,
    drain: Drain,
    task: JoinHandle<()>,
}

impl<'a> Town<'a> {
    pub async fn new(app: &'a TestSuite) -> Self {
        let town = Self { app, scribe: Scribe::default() };
        let mut tx = town.heard_db().begin().await.unwrap();
        // No key: an event that took effect twice would show.
        let sql = "CREATE TABLE note (subject TEXT NOT NULL, number BIGINT NOT NULL)";
        store::execute!(&mut tx, "make the table of notes", sql).unwrap();
        tx.commit().await.unwrap();
        town
    }

    pub fn told_db(&self) -> &Db {
        self.app.suite.db("registry").unwrap()
    }

    pub fn heard_db(&self) -> &Db {
        self.app.suite.db("scoring").unwrap()
    }

    /// A replica of the consumer, told from others by `holder`.
    pub fn consumer(&self, holder: u128) -> Consumer {
        let key = self.app.suite.keys().load_or_make("service-scoring.pk8", || unreachable!()).unwrap();
        let key = SigningKey::from_pkcs8(&key).unwrap();
        let identity = ServiceIdentity::new(ServiceName::from_static("scoring"), key);
        let clock: Arc<dyn Clock> = Arc::clone(&self.app.clock) as _;
        let ways = [("registry", self.app.suite.here())].into();
        let peers = Peers::new(Arc::new(ways), Arc::new(identity), Arc::clone(&clock));
        let (db, holder) = (self.heard_db().clone(), Uuid::from_u128(holder));
        Consumer::new("scoring", "registry", holder, db, peers, clock, self.scribe.clone())
    }

    pub fn start(&self, holder: u128) -> Running {
        let (consumer, drain) = (self.consumer(holder), Drain::new());
        let task = tokio::spawn({
            let (consumer, drain) = (consumer.clone(), drain.clone());
            async move { consumer.run(drain).await }
        });
        Running { consumer, drain, task }
    }

    /// Tells of one event: `number` of `subject`.
    pub async fn tell(&self, subject: &str, number: u32) {
        let mut batch = Batch::new();
        let event = Outgoing {
            event_id: EventId::new(self.app.uuid()),
            subject: subject.to_owned(),
            subject_version: Version::new(number.into()),
            time: self.app.now(),
            traceparent: "",
        };
        events::append(&mut batch, event, &IssueReopened { issue: None, reopens: number.cast_signed() });
        let mut tx = self.told_db().begin().await.unwrap();
        batch.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Numbers noted of `subject`, in no order but that of their effect.
    pub async fn notes(&self, subject: &str) -> Vec<i64> {
        let mut tx = self.heard_db().snapshot().await.unwrap();
        let order = match tx.engine() {
            testkit::Engine::Sqlite => "rowid",
            // The table is only ever added to: the rows lie as they came.
            testkit::Engine::Postgres => "ctid",
        };
        let sql = format!("SELECT number FROM note WHERE subject = $1 ORDER BY {order}");
        let notes = store::rows!(&mut tx, "read the notes", (i64,), sql, subject).unwrap();
        notes.into_iter().map(|(number,)| number).collect()
    }

    /// Numbers of the events of `subject` that were put aside, with their tries.
    pub async fn dead(&self, subject: &str) -> Vec<i64> {
        let mut tx = self.heard_db().snapshot().await.unwrap();
        let sql = "SELECT tries FROM dead_event WHERE subject = $1 ORDER BY position";
        let dead = store::rows!(&mut tx, "list what was put aside", (i64,), sql, subject).unwrap();
        dead.into_iter().map(|(tries,)| tries).collect()
    }

    /// Runs SQL on the consumer's database.
    pub async fn meddle(&self, sql: &'static str) {
        let mut tx = self.heard_db().begin().await.unwrap();
        store::execute!(&mut tx, "meddle", sql).unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn caught_up(&self, running: &Running) {
        // PostgreSQL shows an event only when no older transaction is open: the feed's own word counts.
        let head = loop {
            let mut tx = self.told_db().snapshot().await.unwrap();
            let head = store::outbox::head(&mut tx).await.unwrap();
            let sql = "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM outbox";
            let last = store::scalar!(&mut tx, "find the last event", i64, sql).unwrap();
            if head.to_string().ends_with(&format!(".{last}")) {
                break head;
            }
            tokio::task::yield_now().await;
        };
        let reached = |progress: &events::Progress| {
            progress.position.parse().is_ok_and(|at: store::outbox::Position| head <= at)
        };
        let mut progress = running.consumer.progress();
        let waited =
            tokio::time::timeout(std::time::Duration::from_secs(20), progress.wait_for(reached)).await;
        drop(waited.expect("the consumer catches up").unwrap());
    }
}

impl Running {
    pub async fn stop(self) {
        self.drain.begin();
        self.task.await.unwrap();
    }
}
