//! Files of issues and of drafts, without their bytes.

use chrono::TimeDelta;
use kernel::{AccountId, AttachmentId, DraftId, EnterpriseId, IssueId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use trail::Hash;
use uuid::Uuid;

use super::count_gate;
use crate::domain::{Attachment, AttachmentRef, Audience, Owner, ScanState};

const TABLE: &str = "attachment";
const COLUMNS: &str = "attachment_id, issue_id, draft_id, enterprise_id, audience, file_name, media_type, n_bytes, \
                       sha256, received_sha256, blob_key, state, finding, failed_scans, uploader_id, of_firm, \
                       uploaded_at, version, \
                       EXISTS (SELECT 1 FROM attachment_reference \
                        WHERE attachment_reference.attachment_id = attachment.attachment_id) AS is_referred";

#[derive(sqlx::FromRow)]
struct Row {
    attachment_id: Uuid,
    issue_id: Option<Uuid>,
    draft_id: Option<Uuid>,
    enterprise_id: Uuid,
    audience: String,
    file_name: String,
    media_type: String,
    n_bytes: i64,
    sha256: Vec<u8>,
    received_sha256: Vec<u8>,
    blob_key: String,
    state: String,
    finding: Option<String>,
    failed_scans: i64,
    uploader_id: Uuid,
    of_firm: bool,
    uploaded_at: Timestamp,
    version: i64,
    is_referred: bool,
}

impl Row {
    fn read(self) -> Result<Attachment, Error> {
        let id = self.attachment_id;
        let unreadable = |column| Error::unreadable(TABLE, column, &id);
        let hash = |bytes: &[u8], column| Hash::try_from(bytes).map_err(|_| unreadable(column));
        let owner = match (self.issue_id, self.draft_id) {
            (Some(issue), None) => Owner::Issue(IssueId::new(issue)),
            (None, Some(draft)) => Owner::Draft(DraftId::new(draft)),
            _ => return Err(unreadable("issue_id")),
        };
        Ok(Attachment {
            id: AttachmentId::new(id),
            owner,
            enterprise: EnterpriseId::new(self.enterprise_id),
            audience: self.audience.parse().map_err(|_| unreadable("audience"))?,
            file_name: self.file_name,
            media_type: self.media_type,
            n_bytes: self.n_bytes,
            sha256: hash(&self.sha256, "sha256")?,
            received: hash(&self.received_sha256, "received_sha256")?,
            blob_key: self.blob_key,
            state: self.state.parse().map_err(|_| unreadable("state"))?,
            finding: self.finding,
            failed_scans: self.failed_scans,
            uploader: AccountId::new(self.uploader_id),
            of_firm: self.of_firm,
            uploaded_at: self.uploaded_at,
            is_referred: self.is_referred,
            version: Version::new(self.version),
        })
    }
}

/// A file that was not removed.
pub(crate) async fn find(tx: &mut Tx, id: AttachmentId) -> Result<Option<Attachment>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM attachment WHERE attachment_id = $1 AND removed_at IS NULL");
    store::row!(tx, "get the file", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// The same, locked until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: AttachmentId) -> Result<Option<Attachment>, Error> {
    // Locked first, and read then: on PostgreSQL the subquery would tell of the time before a wait.
    let sql = format!("SELECT attachment_id FROM attachment WHERE attachment_id = $1{}", tx.for_update());
    store::row!(tx, "lock the file", (Uuid,), sql, id.uuid())?;
    find(tx, id).await
}

fn of(owner: Owner) -> Filter {
    match owner {
        Owner::Issue(id) => Filter::new("issue_id = ?", binds![id.uuid()]),
        Owner::Draft(id) => Filter::new("draft_id = ?", binds![id.uuid()]),
    }
}

/// What a caller sees of the files of an owner that they see.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub audiences: Vec<Audience>,
    /// Whose own files they are in any case.
    pub account: Option<AccountId>,
}

impl Sight {
    pub fn contains(&self, file: &Attachment) -> bool {
        self.audiences.contains(&file.audience) || self.account == Some(file.uploader)
    }

    /// The same, for a query.
    fn filter(&self) -> Filter {
        let by_audience = Filter::in_list("audience", self.audiences.iter().map(|audience| audience.name()));
        let own = self.account.map(|id| Filter::new("uploader_id = ?", binds![id.uuid()]));
        Filter::any([by_audience].into_iter().chain(own))
    }
}

/// A page of the files in sight, oldest first.
pub(crate) async fn list(
    tx: &mut Tx,
    owner: Owner,
    sight: &Sight,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<Attachment>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM attachment WHERE removed_at IS NULL"))
        .filter_by(of(owner))
        .filter_by(sight.filter())
        .filter_some("attachment_id > ?", after.map(AttachmentId::uuid))
        .raw(" ORDER BY attachment_id")
        .limit(limit)
        .rows::<Row>(tx, "list the files")
        .await?;
    rows.into_iter().map(Row::read).collect()
}

/// How many files [`list`] lists on all pages.
pub(crate) async fn count(tx: &mut Tx, owner: Owner, sight: &Sight) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM attachment WHERE removed_at IS NULL")
        .filter_by(of(owner))
        .filter_by(sight.filter())
        .scalar(tx, "count the files")
        .await
}

/// How many files an owner has, whoever sees them. The owner's row is locked, so that it stays so.
pub(crate) async fn count_all(tx: &mut Tx, owner: Owner) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM attachment WHERE removed_at IS NULL")
        .filter_by(of(owner))
        .scalar(tx, "count all files")
        .await
}

/// Bytes that a firm's files take, those to be deleted included. Nobody adds to them before the transaction ends.
pub(crate) async fn room_taken(tx: &mut Tx, enterprise: EnterpriseId, now: Timestamp) -> Result<i64, Error> {
    count_gate::pass(tx, enterprise.uuid(), now).await?;
    store::scalar!(
        tx,
        "add up the firm's files",
        i64,
        "SELECT CAST(COALESCE(SUM(n_bytes), 0) AS BIGINT) FROM attachment
        WHERE enterprise_id = $1 AND of_firm AND erased_at IS NULL",
        enterprise.uuid()
    )
}

/// `client` is the program and address that it came from.
pub(crate) fn insert(batch: &mut Batch, file: &Attachment, client: &str) {
    let (issue, draft) = match file.owner {
        Owner::Issue(id) => (Some(id.uuid()), None),
        Owner::Draft(id) => (None, Some(id.uuid())),
    };
    let scan_at = (file.state == ScanState::Quarantined).then_some(file.uploaded_at);
    batch.add(
        "insert the file",
        "INSERT INTO attachment (attachment_id, issue_id, draft_id, enterprise_id, audience, file_name, media_type,
            n_bytes, sha256, received_sha256, blob_key, state, finding, failed_scans, scan_at, uploader_id, of_firm,
            client, uploaded_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        binds![
            file.id.uuid(),
            issue,
            draft,
            file.enterprise.uuid(),
            file.audience.name(),
            &file.file_name,
            &file.media_type,
            file.n_bytes,
            file.sha256.as_bytes().as_slice(),
            file.received.as_bytes().as_slice(),
            &file.blob_key,
            file.state.name(),
            file.finding.clone(),
            file.failed_scans,
            scan_at,
            file.uploader.uuid(),
            file.of_firm,
            client,
            file.uploaded_at,
            file.version.number()
        ],
    );
}

/// The file is gone for everybody; its bytes go at `erase_at`. It is locked.
pub(crate) fn remove(batch: &mut Batch, file: &Attachment, now: Timestamp, erase_at: Timestamp) {
    batch.add_one(
        "remove the file",
        "UPDATE attachment
        SET removed_at = $3, erase_at = $4, scan_at = NULL, version = version + 1
        WHERE attachment_id = $1 AND version = $2 AND removed_at IS NULL",
        binds![file.id.uuid(), file.version.number(), now, erase_at],
    );
}

pub(super) fn remove_of_draft(batch: &mut Batch, draft: DraftId, now: Timestamp, erase_at: Timestamp) {
    batch.add(
        "remove the draft's files",
        "UPDATE attachment
        SET removed_at = $2, erase_at = $3, scan_at = NULL, version = version + 1
        WHERE draft_id = $1 AND removed_at IS NULL",
        binds![draft.uuid(), now, erase_at],
    );
}

pub(super) fn move_to_issue(batch: &mut Batch, draft: DraftId, issue: IssueId) {
    batch.add(
        "move the draft's files to the issue",
        "UPDATE attachment
        SET issue_id = $2, draft_id = NULL
        WHERE draft_id = $1 AND removed_at IS NULL",
        binds![draft.uuid(), issue.uuid()],
    );
}

/// Why a step cannot refer to files.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// There is no such file of this issue, or none that the caller sees.
    Missing(AttachmentId),
    Infected(AttachmentId),
    Store(Error),
}

impl From<Error> for Unfit {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// The files of an issue that a step of somebody with this sight refers to, in the order asked for; locked, so that
/// none is removed before [`referred`] is written. One that waits for the scanner is taken: it cannot be fetched until
/// it is found clean, whoever refers to it.
pub(crate) async fn refer(
    tx: &mut Tx,
    issue: IssueId,
    sight: &Sight,
    ids: &[AttachmentId],
) -> Result<Vec<AttachmentRef>, Unfit> {
    // Locked in one order, whatever the caller's.
    let mut in_order = ids.to_vec();
    in_order.sort_unstable();
    in_order.dedup();
    let mut files = Vec::with_capacity(in_order.len());
    for id in in_order {
        let found = lock(tx, id).await?;
        let file = found.filter(|file| file.owner == Owner::Issue(issue) && sight.contains(file));
        let file = file.ok_or(Unfit::Missing(id))?;
        if file.state == ScanState::Infected {
            return Err(Unfit::Infected(id));
        }
        files.push(AttachmentRef { attachment_id: id, sha256: file.sha256 });
    }
    let found = |id: &AttachmentId| files.iter().copied().find(|file| file.attachment_id == *id);
    let mut refs: Vec<AttachmentRef> = Vec::with_capacity(files.len());
    for file in ids.iter().filter_map(found) {
        if !refs.contains(&file) {
            refs.push(file);
        }
    }
    Ok(refs)
}

/// The event `seq` of the issue refers to these files. It is inserted before this in the same batch.
pub(crate) fn referred(batch: &mut Batch, issue: IssueId, seq: i64, refs: &[AttachmentRef]) {
    for AttachmentRef { attachment_id, sha256: _ } in refs {
        batch.add(
            "refer to the file",
            "INSERT INTO attachment_reference (attachment_id, issue_id, seq) VALUES ($1, $2, $3)",
            binds![attachment_id.uuid(), issue.uuid(), seq],
        );
    }
}

/// A file that the scanner is to be asked about.
#[derive(Debug, Clone)]
pub(crate) struct Suspect {
    pub id: AttachmentId,
    pub blob_key: String,
    pub n_bytes: i64,
    pub failed_scans: i64,
}

/// Claims files that wait for the scanner; nobody else asks about them for the time of `lease`.
pub(crate) async fn claim_suspects(
    tx: &mut Tx,
    now: Timestamp,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Suspect>, Error> {
    let sql = format!(
        "UPDATE attachment
        SET scan_at = $2
        WHERE attachment_id IN (
            SELECT attachment_id FROM attachment WHERE scan_at <= $1 ORDER BY scan_at LIMIT $3{}
        )
        RETURNING attachment_id, blob_key, n_bytes, failed_scans",
        tx.for_update_skip_locked()
    );
    let rows =
        store::rows!(tx, "claim files to scan", (Uuid, String, i64, i64), sql, now, now + lease, limit)?;
    Ok(rows
        .into_iter()
        .map(|(id, blob_key, n_bytes, failed_scans)| Suspect {
            id: AttachmentId::new(id),
            blob_key,
            n_bytes,
            failed_scans,
        })
        .collect())
}

/// The scanner's verdict; `finding` with the time at which the bytes go, when it found something.
pub(crate) fn judge(batch: &mut Batch, id: AttachmentId, finding: Option<(String, Timestamp)>) {
    let state = if finding.is_some() { ScanState::Infected } else { ScanState::Clean };
    let (finding, erase_at) = finding.unzip();
    batch.add(
        "note the verdict on the file",
        "UPDATE attachment
        SET state = $2, finding = $3, scan_at = NULL, erase_at = COALESCE(erase_at, $4), version = version + 1
        WHERE attachment_id = $1 AND state = 'QUARANTINED' AND removed_at IS NULL",
        binds![id.uuid(), state.name(), finding, erase_at],
    );
}

/// The scanner gave no verdict; it is asked again at `again_at`.
pub(crate) fn unscanned(batch: &mut Batch, id: AttachmentId, again_at: Timestamp) {
    batch.add(
        "note that the file was not scanned",
        "UPDATE attachment
        SET failed_scans = failed_scans + 1, scan_at = $2
        WHERE attachment_id = $1 AND state = 'QUARANTINED' AND removed_at IS NULL",
        binds![id.uuid(), again_at],
    );
}

#[cfg(test)]
mod tests;
