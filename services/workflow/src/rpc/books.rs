//! The packs and calendars at hand, as the database has them.
//!
//! Why no two replicas bind issues of one day to different packs: an activation takes effect with a day, and is approved
//! or cancelled for good [`NOTICE`](crate::domain::NOTICE) before that day begins, longer than any transaction lasts.
//! So whoever reads the activations after a day began reads all that concern it; and what a new issue or order is bound to
//! is taken only from a book that was read since the day of its submission began ([`Books::of_today`]).

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::Context as _;
use kernel::{Clock, Timestamp};
use store::{Db, Tx};
use worktime::Calendar;

use crate::{
    domain::{Clocked, Event, Fact, Policy, PolicyVersion, Rulebook, local_date, start_of_day},
    error::WorkflowError,
    store::{
        activations::{self, Changes},
        packs,
    },
};

/// The rulebook of this process. The clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Books {
    db: Db,
    clock: Arc<dyn Clock>,
    held: Arc<RwLock<Held>>,
}

#[derive(Debug, Clone)]
struct Held {
    book: Arc<Rulebook>,
    /// The state of the activations that it has.
    revision: i64,
    /// It was read then or later.
    read_at: Timestamp,
}

impl Books {
    /// Reads what is in force. Fails when a pack or calendar that was activated cannot be read.
    pub async fn open(db: &Db, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let held = Held { book: Arc::new(Rulebook::built_in()), revision: 0, read_at: Timestamp::MIN_UTC };
        let books = Self { db: db.clone(), clock: Arc::clone(clock), held: Arc::new(RwLock::new(held)) };
        books.refresh().await.context("could not read the policy packs")?;
        Ok(books)
    }

    /// The packs and calendars as they were read last.
    pub fn now(&self) -> Arc<Rulebook> {
        self.held().book
    }

    /// Those that a submission or a placement is bound by: read since the day began.
    pub async fn of_today(&self, now: Timestamp) -> Result<Arc<Rulebook>, WorkflowError> {
        let held = self.held();
        if start_of_day(local_date(now)) <= held.read_at {
            return Ok(held.book);
        }
        self.refresh().await?;
        Ok(self.now())
    }

    /// Those that these issues or orders are bound to: read anew if another replica knows more. What is still missing then is
    /// missing.
    pub async fn covering<'a, T: Clocked + 'a>(
        &self,
        tx: &mut Tx,
        bound: impl IntoIterator<Item = &'a T> + Send,
    ) -> Result<Arc<Rulebook>, WorkflowError> {
        let book = self.now();
        if bound.into_iter().all(|bound| book.of(bound).is_some()) {
            return Ok(book);
        }
        self.read_anew(tx).await
    }

    /// Those that the issues of these histories were ever bound to: as with [`Books::covering`].
    pub async fn covering_histories(
        &self,
        tx: &mut Tx,
        histories: impl IntoIterator<Item = &Vec<Event>> + Send,
    ) -> Result<Arc<Rulebook>, WorkflowError> {
        let book = self.now();
        let is_known = |event: &Event| match &event.fact {
            Fact::Submitted { policy_version, calendar_version, .. } => {
                book.pack(policy_version).is_some() && book.calendar(calendar_version).is_some()
            }
            Fact::CalendarChanged { calendar_version } => book.calendar(calendar_version).is_some(),
            _ => true,
        };
        if histories.into_iter().flatten().all(is_known) {
            return Ok(book);
        }
        self.read_anew(tx).await
    }

    async fn read_anew(&self, tx: &mut Tx) -> Result<Arc<Rulebook>, WorkflowError> {
        tracing::info!("a pack or calendar that something is bound to is not at hand: all are read anew");
        let (book, revision) = read(tx, &self.now()).await?;
        let read_at = self.held().read_at;
        self.hold(Held { book: Arc::clone(&book), revision, read_at });
        Ok(book)
    }

    /// Reads the activations, and what they activate if they have changed.
    pub async fn refresh(&self) -> Result<(), WorkflowError> {
        let held = self.held();
        // Before the reading: whatever was committed until then is read.
        let read_at = self.clock.now();
        let mut tx = self.db.snapshot().await?;
        let revision = activations::revision(&mut tx).await?;
        let held = if revision == held.revision {
            Held { read_at, ..held }
        } else {
            let (book, revision) = read(&mut tx, &held.book).await?;
            tracing::info!(revision, "the policy packs were read anew");
            Held { book, revision, read_at }
        };
        tx.commit().await?;
        self.hold(held);
        Ok(())
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Of two readings the later one stays.
    fn hold(&self, read: Held) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let read_at = held.read_at.max(read.read_at);
        if held.revision <= read.revision {
            *held = Held { read_at, ..read };
        }
    }
}

/// The rulebook of the database, with its revision. What the book before has is not parsed again: it never changes.
async fn read(tx: &mut Tx, before: &Rulebook) -> Result<(Arc<Rulebook>, i64), WorkflowError> {
    let revision = activations::revision(tx).await?;
    let Changes { packs: pack_changes, calendars: calendar_changes } = activations::changes(tx).await?;
    let mut packs = Rulebook::built_in_packs();
    let mut others: BTreeMap<PolicyVersion, Arc<Policy>> = BTreeMap::new();
    for change in &pack_changes {
        let version = &change.to;
        if packs.iter().any(|pack| pack.version == *version) || others.contains_key(version) {
            continue;
        }
        let pack = match before.pack(version) {
            Some(pack) => Arc::clone(pack),
            None => Arc::new(read_pack(tx, version).await?),
        };
        others.insert(version.clone(), pack);
    }
    packs.extend(others.into_values());
    let mut calendars = Rulebook::built_in_calendars();
    for change in &calendar_changes {
        let version = change.to.as_str();
        if calendars.iter().any(|calendar| calendar.version() == version) {
            continue;
        }
        calendars.push(match before.calendar(version) {
            Some(calendar) => Arc::clone(calendar),
            None => Arc::new(read_calendar(tx, version).await?),
        });
    }
    let book = Rulebook::try_new(packs, calendars, pack_changes, calendar_changes)?;
    Ok((Arc::new(book), revision))
}

async fn read_pack(tx: &mut Tx, version: &PolicyVersion) -> Result<Policy, WorkflowError> {
    let unreadable = || store::Error::unreadable("policy_pack", "body", version);
    let stored = packs::find_pack(tx, version).await?.ok_or_else(unreadable)?;
    Ok(Policy::parse(&stored.text).map_err(|_| unreadable())?)
}

async fn read_calendar(tx: &mut Tx, version: &str) -> Result<Calendar, WorkflowError> {
    let unreadable = || store::Error::unreadable("working_calendar", "body", &version);
    let stored = packs::find_calendar(tx, version).await?.ok_or_else(unreadable)?;
    Ok(Calendar::parse(&stored.text).map_err(|_| unreadable())?)
}
