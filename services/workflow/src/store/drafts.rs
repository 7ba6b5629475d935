//! Drafts.

use access::Scope;
use kernel::{AccountId, DraftId, EnterpriseId, IssueId, Timestamp, Version};
use store::{Batch, Bind, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{attachments, count_gate};
use crate::domain::{Draft, DraftText};

const COLUMNS: &str = "draft_id, enterprise_id, author_id, on_behalf, category, title, description, division_code, \
                       created_at, updated_at, touched_at, version, \
                       (SELECT COUNT(*) FROM attachment \
                        WHERE attachment.draft_id = draft.draft_id AND removed_at IS NULL) AS n_files";

/// A draft, and how many files belong to it.
#[derive(Debug, Clone)]
pub(crate) struct FoundDraft {
    pub draft: Draft,
    pub n_files: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    draft_id: Uuid,
    enterprise_id: Uuid,
    author_id: Uuid,
    on_behalf: bool,
    category: String,
    title: String,
    description: String,
    division_code: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    touched_at: Timestamp,
    version: i64,
    n_files: i64,
}

impl From<Row> for FoundDraft {
    fn from(row: Row) -> Self {
        let Row { category, title, description, division_code, .. } = row;
        let draft = Draft {
            id: DraftId::new(row.draft_id),
            enterprise: EnterpriseId::new(row.enterprise_id),
            author: AccountId::new(row.author_id),
            on_behalf: row.on_behalf,
            text: DraftText { category, title, description, division_code },
            created_at: row.created_at,
            updated_at: row.updated_at,
            touched_at: row.touched_at,
            version: Version::new(row.version),
        };
        Self { draft, n_files: row.n_files }
    }
}

pub(crate) async fn find(tx: &mut Tx, id: DraftId) -> Result<Option<FoundDraft>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM draft WHERE draft_id = $1");
    Ok(store::row!(tx, "get the draft", Row, sql, id.uuid())?.map(FoundDraft::from))
}

/// Locks the draft until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: DraftId) -> Result<Option<FoundDraft>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM draft WHERE draft_id = $1{}", tx.for_update());
    Ok(store::row!(tx, "lock the draft", Row, sql, id.uuid())?.map(FoundDraft::from))
}

/// The drafts in sight: the same as the facts of each single one tell.
fn sees(scope: &Scope, enterprise: Option<EnterpriseId>) -> Filter {
    let Scope { all: _, enterprises, owner, managed_by: _, departments: _, sections: _, assignee: _ } = scope;
    let of_firms = Filter::all([
        Filter::new("NOT on_behalf", []),
        Filter::in_list("enterprise_id", enterprises.iter().map(|id| id.uuid())),
    ]);
    let own = owner.map(|author| Filter::new("on_behalf AND author_id = ?", binds![author.uuid()]));
    let asked = enterprise.map(|id| Filter::new("enterprise_id = ?", binds![id.uuid()]));
    Filter::all([Filter::any([of_firms].into_iter().chain(own))].into_iter().chain(asked))
}

/// A page of the drafts in sight, last begun first.
pub(crate) async fn list(
    tx: &mut Tx,
    scope: &Scope,
    enterprise: Option<EnterpriseId>,
    before: Option<DraftId>,
    limit: i64,
) -> Result<Vec<FoundDraft>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM draft"))
        .filter_by(sees(scope, enterprise))
        .filter_some("draft_id < ?", before.map(DraftId::uuid))
        .raw(" ORDER BY draft_id DESC")
        .limit(limit)
        .rows::<Row>(tx, "list the drafts")
        .await?;
    Ok(rows.into_iter().map(FoundDraft::from).collect())
}

/// How many drafts [`list`] lists on all pages.
pub(crate) async fn count(
    tx: &mut Tx,
    scope: &Scope,
    enterprise: Option<EnterpriseId>,
) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM draft")
        .filter_by(sees(scope, enterprise))
        .scalar(tx, "count the drafts")
        .await
}

/// How many drafts an author has. Nobody begins another one for them before the transaction ends.
pub(crate) async fn count_of_author(tx: &mut Tx, author: AccountId, now: Timestamp) -> Result<i64, Error> {
    count_gate::pass(tx, author.uuid(), now).await?;
    store::scalar!(
        tx,
        "count the author's drafts",
        i64,
        "SELECT COUNT(*) FROM draft WHERE author_id = $1",
        author.uuid()
    )
}

pub(crate) fn insert(batch: &mut Batch, draft: &Draft) {
    let Draft { id, enterprise, author, on_behalf, text, created_at, updated_at, touched_at, version } =
        draft;
    let mut values: Vec<Bind> = binds![id.uuid(), enterprise.uuid(), author.uuid(), *on_behalf];
    values.extend(words(text));
    values.extend(binds![*created_at, *updated_at, *touched_at, version.number()]);
    batch.add(
        "begin the draft",
        "INSERT INTO draft (draft_id, enterprise_id, author_id, on_behalf, category, title, description,
            division_code, created_at, updated_at, touched_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        values,
    );
}

/// Writes over the version that was read.
pub(crate) fn save(batch: &mut Batch, before: Version, after: &Draft) {
    let mut values = words(&after.text);
    values.extend(binds![
        after.updated_at,
        after.touched_at,
        after.version.number(),
        after.id.uuid(),
        before.number()
    ]);
    batch.add_one(
        "save the draft",
        "UPDATE draft
        SET category = $1, title = $2, description = $3, division_code = $4, updated_at = $5, touched_at = $6,
            version = $7
        WHERE draft_id = $8 AND version = $9",
        values,
    );
}

fn words(text: &DraftText) -> Vec<Bind> {
    let DraftText { category, title, description, division_code } = text;
    binds![category, title, description, division_code]
}

/// The draft is in use: it lasts from now on.
pub(crate) fn touch(batch: &mut Batch, id: DraftId, now: Timestamp) {
    batch.add_one(
        "touch the draft",
        "UPDATE draft SET touched_at = $2 WHERE draft_id = $1",
        binds![id.uuid(), now],
    );
}

/// The draft goes, and its files with it; their bytes later.
pub(crate) fn discard(batch: &mut Batch, draft: &Draft, now: Timestamp, erase_at: Timestamp) {
    remove(batch, draft);
    attachments::remove_of_draft(batch, draft.id, now, erase_at);
}

/// The draft becomes an issue, which takes over its files. The issue is inserted before this in the same batch. The
/// draft is locked.
pub(crate) fn consume(batch: &mut Batch, draft: &Draft, issue: IssueId) {
    remove(batch, draft);
    attachments::move_to_issue(batch, draft.id, issue);
}

fn remove(batch: &mut Batch, draft: &Draft) {
    batch.add_one(
        "remove the draft",
        "DELETE FROM draft WHERE draft_id = $1 AND version = $2",
        binds![draft.id.uuid(), draft.version.number()],
    );
}

/// Locks drafts that nobody touched since `before`, passing over those that somebody works with.
pub(crate) async fn lock_untouched(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<Vec<Draft>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM draft WHERE touched_at <= $1 ORDER BY touched_at LIMIT $2{}",
        tx.for_update_skip_locked()
    );
    let rows = store::rows!(tx, "find drafts that nobody touched", Row, sql, before, limit)?;
    Ok(rows.into_iter().map(|row| FoundDraft::from(row).draft).collect())
}
