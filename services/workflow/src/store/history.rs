//! What happened to issues: the events, chained, and everything that follows from them.

use kernel::{EnterpriseId, EventId, IdGen, IssueId, Origin, Timestamp, Version};
use sqlx::FromRow;
use store::{Batch, Error, Tx, binds};
use trail::{Entry, Link, Sha256Ed25519, Value};
use uuid::Uuid;
use worktime::OutOfCalendar;

use super::{
    addresses, attachments, co_tasks, deadlines, figures, issues, issues::Viewer, moves, notes,
    notes::NewNote, precedents, search,
};
use crate::domain::{Action, BrokenHistory, Event, Issue, Party, Rules, State, Who, create, evolve};

/// An event that is to be recorded, with what it made of its issue.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub id: EventId,
    pub event: Event,
    pub after: Issue,
}

/// Gives events their ids, and tells what each made of the issue; `before` is `None` for a submission.
pub(crate) fn happened(
    before: Option<&Issue>,
    events: Vec<Event>,
    ids: &dyn IdGen,
) -> Result<Vec<Happened>, BrokenHistory> {
    let mut before = before.cloned();
    let mut happened = Vec::with_capacity(events.len());
    for event in events {
        let after = match before {
            None => create(&event)?,
            Some(issue) => evolve(issue, &event)?,
        };
        before = Some(after.clone());
        happened.push(Happened { id: EventId::new(ids.uuid(event.at)), event, after });
    }
    Ok(happened)
}

/// An issue before a step, with the last link of its chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before<'a> {
    pub issue: &'a Issue,
    pub link: Link,
}

/// Everything that a step leaves in the tables of this service but the outbox and the request ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// `None` for a submission.
    pub before: Option<Before<'a>>,
    /// In order; at least one.
    pub happened: &'a [Happened],
    /// The texts that the events refer to.
    pub written: &'a [NewNote],
    /// Those that the issue is bound to.
    pub rules: Rules<'a>,
    /// The program and address that the step was taken from.
    pub client: &'a Origin,
}

/// Puts the step into a unit of work. That nobody took another step in between is checked by the version.
pub(crate) fn record(batch: &mut Batch, record: Record<'_>) -> Result<(), OutOfCalendar> {
    let Record { before, happened, written, rules, client } = record;
    let mut link = before.map_or(trail::chain::GENESIS, |before| before.link);
    let Some(Happened { after, .. }) = happened.last() else { return Ok(()) };
    let links: Vec<(Link, Link)> = happened
        .iter()
        .map(|happened| {
            let prev = link;
            link = trail::chain::append(&Sha256Ed25519, prev, &entry(happened, client));
            (prev, link)
        })
        .collect();
    let title = notes::body(written, after.title);
    issues::save(batch, before.map(|before| before.issue), after, (link, title), rules)?;
    for (happened, (prev, link)) in happened.iter().zip(links) {
        insert(batch, happened, client, prev, link);
        notes::insert(batch, after.id, &happened.event, written);
        attachments::referred(batch, after.id, happened.event.version.number(), happened.event.fact.files());
        deadlines::insert_rung(batch, after.id, &happened.event);
        precedents::insert(batch, after, &happened.event);
    }
    let before = before.map(|before| before.issue);
    moves::insert(batch, before, happened);
    figures::save(batch, after);
    co_tasks::save(batch, before, after);
    search::index::save(batch, before, after, written);
    deadlines::save(batch, before, after, rules)
}

/// Inserts an event; the address that it came from stands beside the trail.
pub(super) fn insert(batch: &mut Batch, happened: &Happened, client: &Origin, prev: Link, link: Link) {
    let Happened { id, event, after } = happened;
    batch.add(
        "append the event",
        "INSERT INTO issue_event (issue_id, seq, event_id, kind, at, actor, on_behalf_of, client, payload, state,
            etag, prev, link)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        binds![
            after.id.uuid(),
            event.version.number(),
            id.uuid(),
            event.kind(),
            event.at,
            actor(event),
            on_behalf_of(event, after.enterprise_id),
            client.program.as_ref(),
            payload(event),
            after.state().name(),
            after.etag.number(),
            prev.as_bytes().as_slice(),
            link.as_bytes().as_slice()
        ],
    );
    addresses::insert(batch, id.uuid(), client);
}

/// The event as its issue's chain holds it: with the program that it came from, and no address.
pub(crate) fn entry(happened: &Happened, client: &Origin) -> Entry {
    let Happened { id, event, after } = happened;
    Entry {
        chain: chain(after.id),
        seq: event.version.number().cast_unsigned(),
        id: id.to_string(),
        time_micros: event.at.timestamp_micros(),
        actor: actor(event),
        on_behalf_of: on_behalf_of(event, after.enterprise_id),
        client: client.program.clone().into_owned(),
        action: event.kind().to_owned(),
        payload: Value::try_from(payload(event)).expect("events have no fractions and are flat"),
    }
}

/// The name of the chain of an issue, which is also the subject of its events.
pub(crate) fn chain(issue: IssueId) -> String {
    format!("issue/{issue}")
}

fn actor(event: &Event) -> String {
    match event.by.who {
        Who::Account(id) => format!("account:{id}"),
        Who::Client(id) => format!("client:{id}"),
        Who::System => "service:workflow".to_owned(),
    }
}

/// Whom somebody acts for who is not an office.
fn on_behalf_of(event: &Event, enterprise: EnterpriseId) -> Option<String> {
    match event.by.party {
        Party::Firm | Party::Manager | Party::Client => Some(format!("enterprise/{enterprise}")),
        Party::Liaison
        | Party::Section
        | Party::CoSection
        | Party::Operator
        | Party::Auditor
        | Party::Leader
        | Party::System => None,
    }
}

fn payload(event: &Event) -> serde_json::Value {
    serde_json::to_value(event).expect("an event has a JSON form")
}

/// A step as those who watch issues are told of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub event: Uuid,
    pub issue: IssueId,
    pub action: Action,
    pub state: State,
    pub etag: Version,
    pub at: Timestamp,
}

#[derive(FromRow)]
struct ToldRow {
    event_id: Uuid,
    issue_id: Uuid,
    payload: String,
    state: String,
    etag: i64,
}

/// The steps that these events tell of, as far as their issues are in sight now; ids of other events are passed over.
/// `only` leaves out other issues.
pub(crate) async fn told(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    only: Option<IssueId>,
    ids: &[Uuid],
) -> Result<Vec<Told>, Error> {
    let rows = store::Select::new(
        "SELECT issue_event.event_id, issue_event.issue_id, CAST(issue_event.payload AS TEXT) AS payload,
            issue_event.state, issue_event.etag
        FROM issue_event JOIN issue ON issue.issue_id = issue_event.issue_id",
    )
    .filter_by(store::Filter::in_list("issue_event.event_id", ids.iter().copied()))
    .filter_by(viewer.sees())
    .filter_some("issue_event.issue_id = ?", only.map(IssueId::uuid))
    .rows::<ToldRow>(tx, "read the steps taken")
    .await?;
    rows.into_iter().map(ToldRow::read).collect()
}

impl ToldRow {
    fn read(self) -> Result<Told, Error> {
        let unreadable = |column| Error::unreadable("issue_event", column, &self.event_id);
        let event: Event = serde_json::from_str(&self.payload).map_err(|_| unreadable("payload"))?;
        Ok(Told {
            event: self.event_id,
            issue: IssueId::new(self.issue_id),
            action: event.fact.action(),
            state: self.state.parse().map_err(|_| unreadable("state"))?,
            etag: Version::new(self.etag),
            at: event.at,
        })
    }
}
