//! The log over the chains of all issues, orders and cases: which event stands where, the tree over it, and its signed
//! heads.

use std::collections::{BTreeMap, HashMap};

use kernel::{IssueId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds, outbox, outbox::Position};
use trail::{Entry, Hash, Link, Record, SignedHead, Value, merkle::NodeId};
use uuid::Uuid;

use super::chained::{Chain, Chains, Subject};

/// How far the log has come.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// Which log this is; empty before the first entry.
    pub log_id: String,
    /// Of the outbox's last event that was looked at.
    pub position: Position,
    /// Entries in the log.
    pub size: u64,
}

/// An event that is to be appended to the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    pub chain: Chain,
    pub seq: i64,
    pub link: Link,
}

/// A head of the tree, as it was signed.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub signed: SignedHead,
    pub taken_at: Timestamp,
    pub public_key: Vec<u8>,
}

/// Locks the log until the transaction ends: of all replicas one appends at a time.
pub(crate) async fn lock(tx: &mut Tx) -> Result<Progress, Error> {
    let sql = format!(
        "SELECT log_id, outbox_position, size FROM trail_progress WHERE only_row = 1{}",
        tx.for_update()
    );
    read_progress(store::row!(tx, "lock the log", (String, String, i64), sql)?)
}

fn read_progress(found: Option<(String, String, i64)>) -> Result<Progress, Error> {
    let unreadable = |column| Error::unreadable("trail_progress", column, &1);
    let (log_id, position, size) = found.ok_or_else(|| unreadable("only_row"))?;
    let position = if position.is_empty() { Ok(Position::START) } else { position.parse() };
    Ok(Progress {
        log_id,
        position: position.map_err(|_| unreadable("outbox_position"))?,
        size: u64::try_from(size).map_err(|_| unreadable("size"))?,
    })
}

/// The events that follow a position in the order in which they were committed, and the position of the last of the
/// outbox's events looked at. The outbox knows that order; the rows of the events do not.
pub(crate) async fn next_leaves(
    tx: &mut Tx,
    after: &Position,
    limit: u32,
) -> Result<(Vec<Leaf>, Position), Error> {
    let waiting = outbox::read_after(tx, after, limit).await?;
    let Some((last, _)) = waiting.last() else { return Ok((Vec::new(), *after)) };
    let last = *last;
    let mut links: HashMap<Uuid, Leaf> = HashMap::with_capacity(waiting.len());
    for subject in Subject::ALL {
        let Chains { id, events, .. } = subject.chains();
        let rows = Select::new(format!("SELECT event_id, {id}, seq, link FROM {events}"))
            .filter_by(Filter::in_list("event_id", waiting.iter().map(|(_, row)| row.event_id)))
            .rows::<(Uuid, Uuid, i64, Vec<u8>)>(tx, "read the links")
            .await?;
        for (event_id, id, seq, link) in rows {
            let link = hash(&link).ok_or_else(|| Error::unreadable(events, "link", &event_id))?;
            links.insert(event_id, Leaf { chain: Chain { subject, id }, seq, link });
        }
    }
    let leaves = waiting.iter().filter_map(|(_, row)| links.remove(&row.event_id)).collect();
    Ok((leaves, last))
}

/// Appends events and the nodes that they complete; the log was locked at `before`.
pub(crate) fn append(
    batch: &mut Batch,
    before: &Progress,
    after: &Progress,
    leaves: &[Leaf],
    nodes: &[(NodeId, Hash)],
) {
    for (log_index, leaf) in (before.size.cast_signed()..).zip(leaves) {
        batch.add(
            "append to the log",
            "INSERT INTO trail_log (log_index, subject, subject_id, seq) VALUES ($1, $2, $3, $4)",
            binds![log_index, leaf.chain.subject.name(), leaf.chain.id, leaf.seq],
        );
    }
    for (node, hash) in nodes {
        batch.add(
            "keep a node of the tree",
            "INSERT INTO trail_node (level, position, hash) VALUES ($1, $2, $3)",
            binds![i64::from(node.level), node.index.cast_signed(), hash.as_bytes().as_slice()],
        );
    }
    batch.add_one(
        "move the log on",
        "UPDATE trail_progress SET log_id = $1, outbox_position = $2, size = $3 WHERE only_row = 1 AND size = $4",
        binds![
            after.log_id.as_str(),
            after.position.to_string(),
            after.size.cast_signed(),
            before.size.cast_signed()
        ],
    );
}

/// Nodes of the tree. One that is missing fails: the log was damaged.
pub(crate) async fn nodes(tx: &mut Tx, wanted: &[NodeId]) -> Result<HashMap<NodeId, Hash>, Error> {
    let found = find_nodes(tx, wanted).await?;
    match wanted.iter().find(|node| !found.contains_key(node)) {
        Some(NodeId { level, index }) => {
            Err(Error::unreadable("trail_node", "hash", &format!("{level}/{index}")))
        }
        None => Ok(found),
    }
}

/// Those of these nodes that are there.
pub(crate) async fn find_nodes(tx: &mut Tx, wanted: &[NodeId]) -> Result<HashMap<NodeId, Hash>, Error> {
    let mut by_level: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for node in wanted {
        by_level.entry(node.level).or_default().push(node.index.cast_signed());
    }
    if by_level.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = Filter::any(by_level.into_iter().map(|(level, positions)| {
        Filter::all([
            Filter::new("level = ?", [i64::from(level).into()]),
            Filter::in_list("position", positions),
        ])
    }));
    let rows = Select::new("SELECT level, position, hash FROM trail_node")
        .filter_by(filter)
        .rows::<(i64, i64, Vec<u8>)>(tx, "read nodes of the tree")
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for (level, index, bytes) in rows {
        let unreadable = |column| Error::unreadable("trail_node", column, &format!("{level}/{index}"));
        let level = u32::try_from(level).map_err(|_| unreadable("level"))?;
        let node = NodeId { level, index: index.cast_unsigned() };
        found.insert(node, hash(&bytes).ok_or_else(|| unreadable("hash"))?);
    }
    Ok(found)
}

pub(crate) fn add_head(batch: &mut Batch, head: &Head) {
    batch.add(
        "keep the tree head",
        "INSERT INTO trail_head (size, taken_at, line, public_key) VALUES ($1, $2, $3, $4)",
        binds![
            head.signed.head.size.cast_signed(),
            head.taken_at,
            head.signed.to_json(),
            head.public_key.as_slice()
        ],
    );
}

#[derive(FromRow)]
struct HeadRow {
    size: i64,
    taken_at: Timestamp,
    line: String,
    public_key: Vec<u8>,
}

impl HeadRow {
    fn read(self) -> Result<Head, Error> {
        let signed = SignedHead::from_json(&self.line)
            .map_err(|_| Error::unreadable("trail_head", "line", &self.size))?;
        Ok(Head { signed, taken_at: self.taken_at, public_key: self.public_key })
    }
}

/// The newest head. `None`: none was taken yet.
pub(crate) async fn last_head(tx: &mut Tx) -> Result<Option<Head>, Error> {
    let sql = "SELECT size, taken_at, line, public_key FROM trail_head ORDER BY size DESC LIMIT 1";
    store::row!(tx, "read the newest tree head", HeadRow, sql)?.map(HeadRow::read).transpose()
}

/// Heads over more than `above` and at most `up_to` entries, the smallest first.
pub(crate) async fn heads(tx: &mut Tx, above: u64, up_to: u64) -> Result<Vec<Head>, Error> {
    let rows = store::rows!(
        tx,
        "read the tree heads",
        HeadRow,
        "SELECT size, taken_at, line, public_key FROM trail_head WHERE size > $1 AND size <= $2 ORDER BY size",
        above.cast_signed(),
        up_to.cast_signed()
    )?;
    rows.into_iter().map(HeadRow::read).collect()
}

/// The head over exactly `size` entries.
pub(crate) async fn head(tx: &mut Tx, size: i64) -> Result<Option<Head>, Error> {
    let sql = "SELECT size, taken_at, line, public_key FROM trail_head WHERE size = $1";
    store::row!(tx, "read a tree head", HeadRow, sql, size)?.map(HeadRow::read).transpose()
}

/// Size and line of the heads over more than `above` entries, the smallest first, as they are stored.
pub(crate) async fn head_lines(tx: &mut Tx, above: i64, limit: i64) -> Result<Vec<(i64, String)>, Error> {
    let sql = "SELECT size, line FROM trail_head WHERE size > $1 ORDER BY size LIMIT $2";
    store::rows!(tx, "read the lines of tree heads", (i64, String), sql, above, limit)
}

/// The lines of the heads over these numbers of entries.
pub(crate) async fn head_lines_of(tx: &mut Tx, sizes: &[i64]) -> Result<HashMap<i64, String>, Error> {
    let rows = Select::new("SELECT size, line FROM trail_head")
        .filter_by(Filter::in_list("size", sizes.iter().copied()))
        .rows::<(i64, String)>(tx, "look for tree heads")
        .await?;
    Ok(rows.into_iter().collect())
}

/// How far the log has come, without a lock.
pub(crate) async fn progress(tx: &mut Tx) -> Result<Progress, Error> {
    let sql = "SELECT log_id, outbox_position, size FROM trail_progress WHERE only_row = 1";
    read_progress(store::row!(tx, "look at the log", (String, String, i64), sql)?)
}

/// An entry's places, and its link as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub chain: Chain,
    pub seq: i64,
    pub log_index: u64,
    pub link: Link,
}

#[derive(FromRow)]
struct PlaceRow {
    subject: String,
    subject_id: Uuid,
    seq: i64,
    log_index: i64,
}

/// How a caller names an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    InChain(Chain, i64),
    InLog(i64),
}

/// The entry of that name. `None`: there is none, or it is not in the log yet.
pub(crate) async fn place(tx: &mut Tx, named: Named) -> Result<Option<Place>, Error> {
    let select = Select::new("SELECT subject, subject_id, seq, log_index FROM trail_log");
    let select = match named {
        Named::InChain(Chain { subject, id }, seq) => {
            select.filter("subject = ?", subject.name()).filter("subject_id = ?", id).filter("seq = ?", seq)
        }
        Named::InLog(log_index) => select.filter("log_index = ?", log_index),
    };
    let Some(row) = select.row::<PlaceRow>(tx, "find an entry of the log").await? else { return Ok(None) };
    let PlaceRow { subject, subject_id, seq, log_index } = row;
    let subject = subject.parse().map_err(|_| Error::unreadable("trail_log", "subject", &log_index))?;
    let chain = Chain { subject, id: subject_id };
    let Some(link) = link(tx, chain, seq).await? else { return Ok(None) };
    Ok(Some(Place { chain, seq, log_index: log_index.cast_unsigned(), link }))
}

/// The link of an event, be it in the log or not. `None`: there is no such event.
pub(crate) async fn link(tx: &mut Tx, chain: Chain, seq: i64) -> Result<Option<Link>, Error> {
    let Chains { id, events, .. } = chain.subject.chains();
    let sql = format!("SELECT link FROM {events} WHERE {id} = $1 AND seq = $2");
    let row = store::row!(tx, "read a link", (Vec<u8>,), sql, chain.id, seq)?;
    let unreadable = || Error::unreadable(events, "link", &format!("{chain}#{seq}"));
    row.map(|(link,)| hash(&link).ok_or_else(unreadable)).transpose()
}

/// Every key that ever signed a head.
pub(crate) async fn public_keys(tx: &mut Tx) -> Result<Vec<Vec<u8>>, Error> {
    let sql = "SELECT DISTINCT public_key FROM trail_head";
    let rows = store::rows!(tx, "read the keys of the log", (Vec<u8>,), sql)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

#[derive(FromRow)]
pub(super) struct RecordRow {
    log_index: i64,
    subject: String,
    subject_id: Uuid,
    seq: i64,
    event_id: Uuid,
    kind: String,
    at: Timestamp,
    actor: String,
    on_behalf_of: Option<String>,
    client: String,
    payload: String,
    prev: Vec<u8>,
    link: Vec<u8>,
}

/// The entries of the log that are in chains of one kind; more conditions may follow.
pub(super) fn records_sql(subject: Subject) -> String {
    let Chains { id, events, .. } = subject.chains();
    format!(
        "SELECT trail_log.log_index AS log_index, trail_log.subject AS subject, trail_log.subject_id AS subject_id,
            {events}.seq AS seq, event_id, kind, at, actor, on_behalf_of, client, CAST(payload AS TEXT) AS payload,
            prev, link
        FROM trail_log
        JOIN {events} ON {events}.{id} = trail_log.subject_id AND {events}.seq = trail_log.seq
        WHERE trail_log.subject = '{}'",
        subject.name()
    )
}

/// Entries of the log from `from` on and below `until`, in order.
pub(crate) async fn records(tx: &mut Tx, from: u64, until: u64) -> Result<Vec<Record>, Error> {
    let of = |subject| format!("{} AND log_index >= $1 AND log_index < $2", records_sql(subject));
    let sql = format!("{} ORDER BY log_index", Subject::ALL.map(of).join(" UNION ALL "));
    let rows = store::rows!(tx, "read the log", RecordRow, sql, from.cast_signed(), until.cast_signed())?;
    Ok(rows.into_iter().map(RecordRow::read).collect())
}

/// Entries of one chain below `until` in the log, in order.
pub(crate) async fn chain_records(tx: &mut Tx, chain: Chain, until: u64) -> Result<Vec<Record>, Error> {
    let sql = format!(
        "{} AND trail_log.subject_id = $1 AND log_index < $2 ORDER BY trail_log.seq",
        records_sql(chain.subject)
    );
    let rows = store::rows!(tx, "read a chain", RecordRow, sql, chain.id, until.cast_signed())?;
    Ok(rows.into_iter().map(RecordRow::read).collect())
}

impl RecordRow {
    /// What the row says, also where it was tampered with: finding that is the verifier's part.
    pub(super) fn read(self) -> Record {
        let payload = serde_json::from_str::<serde_json::Value>(&self.payload).ok();
        let payload = payload.and_then(|payload| Value::try_from(payload).ok());
        Record {
            log_index: self.log_index.cast_unsigned(),
            entry: Entry {
                chain: format!("{}/{}", self.subject, self.subject_id),
                seq: self.seq.cast_unsigned(),
                id: self.event_id.to_string(),
                time_micros: self.at.timestamp_micros(),
                actor: self.actor,
                on_behalf_of: self.on_behalf_of,
                client: self.client,
                action: self.kind,
                payload: payload.unwrap_or(Value::Text(self.payload)),
            },
            prev: hash(&self.prev).unwrap_or(Hash::ZERO),
            link: hash(&self.link).unwrap_or(Hash::ZERO),
        }
    }
}

/// One step of an issue, as its trace shows it.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Step {
    pub seq: i64,
    pub event_id: Uuid,
    pub kind: String,
    pub at: Timestamp,
    pub client: String,
    /// Where it came from; no part of the entry.
    pub address: Option<String>,
    pub payload: String,
    pub state: String,
    pub prev: Vec<u8>,
    pub link: Vec<u8>,
}

/// A page of an issue's steps, oldest first.
pub(crate) async fn steps(tx: &mut Tx, issue: IssueId, after: i64, limit: i64) -> Result<Vec<Step>, Error> {
    store::rows!(
        tx,
        "read the trace",
        Step,
        "SELECT seq, issue_event.event_id, kind, at, client, address, CAST(payload AS TEXT) AS payload, state, prev,
            link
        FROM issue_event
        LEFT JOIN client_address ON client_address.event_id = issue_event.event_id
        WHERE issue_id = $1 AND seq > $2
        ORDER BY seq
        LIMIT $3",
        issue.uuid(),
        after,
        limit
    )
}

/// Places in an issue's chain of the replies that never reached the firm, and of the one that has not yet.
pub(crate) async fn unheard_replies(tx: &mut Tx, issue: IssueId) -> Result<Vec<i64>, Error> {
    let rows = store::rows!(
        tx,
        "look for replies that were not fed back",
        (i64, String),
        "SELECT seq, kind FROM issue_event
        WHERE issue_id = $1 AND kind IN ('replied', 'fed_back', 'reply_sent_back')
        ORDER BY seq",
        issue.uuid()
    )?;
    let follows = rows.iter().skip(1).map(Some).chain([None]);
    let unheard = rows
        .iter()
        .zip(follows)
        .filter(|((_, kind), next)| kind == "replied" && next.is_none_or(|(_, kind)| kind != "fed_back"));
    Ok(unheard.map(|((seq, _), _)| *seq).collect())
}

/// A text of a step; `body` is absent once it was erased.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct NoteText {
    pub note_id: Uuid,
    pub seq: i64,
    pub field: String,
    pub body: Option<String>,
}

/// The texts of an issue's steps from `from` to `to`, both included.
pub(crate) async fn notes(tx: &mut Tx, issue: IssueId, from: i64, to: i64) -> Result<Vec<NoteText>, Error> {
    store::rows!(
        tx,
        "read the texts of the trace",
        NoteText,
        "SELECT note_id, seq, field, body FROM note
        WHERE issue_id = $1 AND seq >= $2 AND seq <= $3
        ORDER BY seq, note_id",
        issue.uuid(),
        from,
        to
    )
}

fn hash(bytes: &[u8]) -> Option<Hash> {
    Hash::try_from(bytes).ok()
}
