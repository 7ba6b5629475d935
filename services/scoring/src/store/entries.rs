//! Reads entries for those who ask.

use access::Scope;
use kernel::{AccountId, EntryId, IssueId, Page, PageSize, Timestamp, VisitId};
use store::{Error, Filter, Select, Tx};
use uuid::Uuid;

use crate::domain::{Kind, Period, RuleId, RuleVersion, State};

/// Which entries are wanted; what is `None` or empty lets every one pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntryFilter {
    pub account: Option<AccountId>,
    pub period: Option<Period>,
    pub states: Vec<State>,
    pub rule: Option<RuleId>,
    pub kind: Option<Kind>,
    pub issue: Option<IssueId>,
}

/// An entry, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub id: EntryId,
    pub account: AccountId,
    pub kind: Kind,
    pub rule: RuleId,
    pub rule_version: RuleVersion,
    pub amount: i64,
    pub state: State,
    pub effective_at: Timestamp,
    pub recorded_at: Timestamp,
    pub event: Uuid,
    pub event_type: String,
    pub about: About,
}

/// What an entry goes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    Issue { id: IssueId, number: String },
    Visit(VisitId),
}

/// A posting, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShownPosting {
    pub id: Uuid,
    pub state: State,
    /// What it added to pending and posted points together.
    pub amount: i64,
    pub reverses: Option<Uuid>,
    pub event: Uuid,
    pub recorded_at: Timestamp,
}

/// How many entries match, and the sum of their amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Total {
    pub n_entries: i64,
    pub amount: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    entry_id: Uuid,
    account_id: Uuid,
    kind: String,
    rule_id: String,
    rule_version: i64,
    amount: i64,
    step: i64,
    effective_at: Timestamp,
    recorded_at: Timestamp,
    event_id: Uuid,
    event_type: String,
    subject_id: Uuid,
    subject_kind: String,
    issue_number: String,
}

const COLUMNS: &str = "SELECT e.entry_id, e.account_id, e.kind, e.rule_id, e.rule_version, e.amount,
        (SELECT MAX(p.step) FROM posting AS p WHERE p.entry_id = e.entry_id) AS step,
        e.effective_at, e.recorded_at, e.event_id, s.type AS event_type,
        e.subject_id, b.kind AS subject_kind, b.issue_number
     FROM entry AS e
     JOIN source_event AS s ON s.event_id = e.event_id
     JOIN subject AS b ON b.subject_id = e.subject_id";

/// Whether there is such an entry, and which.
pub(crate) async fn find(tx: &mut Tx, id: EntryId) -> Result<Option<Entry>, Error> {
    let row =
        Select::new(COLUMNS).filter("e.entry_id = ?", id.uuid()).row::<Row>(tx, "get the entry").await?;
    row.map(Entry::try_from).transpose()
}

#[derive(sqlx::FromRow)]
struct PostingRow {
    posting_id: Uuid,
    step: i64,
    amount: i64,
    reverses: Option<Uuid>,
    event_id: Uuid,
    recorded_at: Timestamp,
}

/// The postings of an entry, first to last.
pub(crate) async fn postings(tx: &mut Tx, entry: &Entry) -> Result<Vec<ShownPosting>, Error> {
    let rows = store::rows!(
        tx,
        "list the entry's postings",
        PostingRow,
        "SELECT p.posting_id, p.step, p.reverses, p.event_id, p.recorded_at,
                CAST(COALESCE(SUM(l.amount), 0) AS BIGINT) AS amount
         FROM posting AS p
         LEFT JOIN leg AS l ON l.posting_id = p.posting_id AND l.account_id = $2 AND l.book <> 'VOIDED'
         WHERE p.entry_id = $1
         GROUP BY p.posting_id, p.step, p.reverses, p.event_id, p.recorded_at
         ORDER BY p.step",
        entry.id.uuid(),
        entry.account.uuid()
    )?;
    rows.into_iter()
        .map(|row| {
            let PostingRow { posting_id, step, amount, reverses, event_id, recorded_at } = row;
            let state =
                State::from_step(step).ok_or_else(|| Error::unreadable("posting", "step", &posting_id))?;
            Ok(ShownPosting { id: posting_id, state, amount, reverses, event: event_id, recorded_at })
        })
        .collect()
}

/// A page of entries in `scope`, latest event first. The cursor is an instant in microseconds and an id.
pub(crate) async fn list(
    tx: &mut Tx,
    scope: &Scope,
    filter: &EntryFilter,
    after: Option<(Timestamp, EntryId)>,
    size: PageSize,
) -> Result<Page<Entry>, Error> {
    let mut select = narrowed(Select::new(COLUMNS), scope, filter);
    if let Some((at, id)) = after {
        let before = Filter::new("(e.effective_at, e.entry_id) < (?, ?)", [at.into(), id.uuid().into()]);
        select = select.filter_by(before);
    }
    let rows = select
        .raw(" ORDER BY e.effective_at DESC, e.entry_id DESC")
        .limit(size.limit())
        .rows::<Row>(tx, "list the entries")
        .await?;
    let entries = rows.into_iter().map(Entry::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(entries, size, |entry| format!("{}/{}", entry.effective_at.timestamp_micros(), entry.id)))
}

/// What the whole list comes to.
pub(crate) async fn total(tx: &mut Tx, scope: &Scope, filter: &EntryFilter) -> Result<Total, Error> {
    let select = Select::new(
        "SELECT COUNT(*) AS n_entries, CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS amount FROM entry AS e",
    );
    let total = narrowed(select, scope, filter).row(tx, "count the entries").await?;
    Ok(total.unwrap_or_default())
}

fn narrowed(select: Select, scope: &Scope, filter: &EntryFilter) -> Select {
    let EntryFilter { account, period, states, rule, kind, issue } = filter;
    let mut select = match scope.owner {
        _ if scope.all => select,
        Some(owner) => select.filter("e.account_id = ?", owner.uuid()),
        None => select.filter_by(Filter::nothing()),
    };
    if !states.is_empty() {
        let state = "(SELECT MAX(p.step) FROM posting AS p WHERE p.entry_id = e.entry_id)";
        select = select.filter_by(Filter::in_list(state, states.iter().map(|state| state.step())));
    }
    select
        .filter_some("e.account_id = ?", account.map(AccountId::uuid))
        .filter_some("e.year = ?", period.map(|period| period.year))
        .filter_some("e.quarter = ?", period.and_then(|period| period.quarter).map(i64::from))
        .filter_some("e.rule_id = ?", rule.as_ref().map(RuleId::as_str))
        .filter_some("e.kind = ?", kind.map(Kind::name))
        .filter_some("e.subject_id = ?", issue.map(IssueId::uuid))
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let Row {
            entry_id,
            account_id,
            kind,
            rule_id,
            rule_version,
            amount,
            step,
            effective_at,
            recorded_at,
            event_id,
            event_type,
            subject_id,
            subject_kind,
            issue_number,
        } = row;
        let unreadable = |column| Error::unreadable("entry", column, &entry_id);
        Ok(Self {
            id: EntryId::new(entry_id),
            account: AccountId::new(account_id),
            kind: kind.parse().map_err(|_| unreadable("kind"))?,
            rule: rule_id.parse().map_err(|_| unreadable("rule_id"))?,
            rule_version: RuleVersion(i32::try_from(rule_version).map_err(|_| unreadable("rule_version"))?),
            amount,
            state: State::from_step(step).ok_or_else(|| unreadable("step"))?,
            effective_at,
            recorded_at,
            event: event_id,
            event_type,
            about: match subject_kind.as_str() {
                "ISSUE" => About::Issue { id: IssueId::new(subject_id), number: issue_number },
                "VISIT" => About::Visit(VisitId::new(subject_id)),
                _ => return Err(Error::unreadable("subject", "kind", &subject_id)),
            },
        })
    }
}
