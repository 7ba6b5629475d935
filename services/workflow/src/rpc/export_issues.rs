//! Issues as a file to take away.
//!
//! Everything is read in one snapshot, 500 rows at a time, into a temporary file; what memory holds does not grow with
//! the export. Only when the file is whole and the export is on record is its first byte sent, so that a slow reader
//! holds no snapshot, and nothing leaves unrecorded.

use std::sync::Arc;

use futures::Stream;
use kernel::Timestamp;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, put_on_record};
use sha2::{Digest as _, Sha256};
use store::Batch;
use tokio::{io::AsyncReadExt as _, sync::Semaphore};

use super::{WorkflowRpc, convert, facts, filter, rules};
use crate::{
    domain::{Issue, Rulebook, clocks, local_date},
    error::WorkflowError,
    store::{
        export_log::{self, Exported},
        issues::{self, IssueFilter, Order, Viewer},
    },
};
use columns::{Locale, N_COLUMNS, Row, cells, header, local};
use spool::{Format, Spool, Spooled};
use xlsx::Properties;

mod columns;
mod csv;
mod spool;
#[cfg(test)]
mod tests;
mod xlsx;

/// Rows read at a time.
const PAGE: i64 = 500;
/// Bytes of a piece, at most.
const CHUNK: usize = 64 * 1024;
/// Files written at once by this process; further callers wait.
const AT_ONCE: usize = 4;

/// What all exports of this process share.
#[derive(Debug, Clone)]
pub(super) struct Exports {
    /// Rows of one export, at most.
    max_rows: i64,
    slots: Arc<Semaphore>,
}

impl Exports {
    pub(super) fn new(config: &runtime::Export) -> Self {
        Self { max_rows: config.max_rows.into(), slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ExportIssuesRequest,
) -> Result<impl Stream<Item = Result<pb::ExportIssuesResponse, WorkflowError>> + Send + 'static, WorkflowError>
{
    let pb::ExportIssuesRequest { filter, format, locale } = req;
    let mut f = Fields::new();
    let filter = filter::parse(&mut f, filter);
    let format = match f.enumeration_optional("format", format) {
        Some(pb::ExportFormat::Xlsx) => Format::Xlsx,
        Some(pb::ExportFormat::Csv | pb::ExportFormat::Unspecified) | None => Format::Csv,
    };
    let locale = match locale.as_str() {
        "" | "zh-CN" => Locale::Chinese,
        "en" => Locale::English,
        _ => {
            f.reject("locale", "must be zh-CN or en");
            Locale::Chinese
        }
    };
    f.finish()?;
    // Nobody closes the semaphore.
    let slot = rpc.exports.slots.clone().acquire_owned().await.ok();
    let now = rpc.clock.now();
    let export_id = rpc.ids.uuid(now).to_string();
    let export = Export { rpc: &rpc, call: &call, filter, format, locale, id: export_id, now };
    let (spooled, row_count) = export.write().await?;
    drop(slot);
    let Spooled { file, digest } = spooled;
    let record = export.record(row_count, digest);
    let disclosing = call.clone();
    put_on_record(&rpc.db, move || {
        let mut batch = Batch::new();
        export_log::append(&mut batch, record.clone());
        disclosing.disclose(&mut batch, format!("export/{}", record.export_id), now);
        batch
    })
    .await?;
    tracing::info!(export.id = export.id, rows = row_count, "issues were exported");

    let first = pb::ExportIssuesResponse {
        chunk: Vec::new().into(),
        content_type: format.content_type().to_owned(),
        file_name: export.file_name(),
        export_id: export.id.clone(),
        row_count,
    };
    Ok(pieces(first, tokio::fs::File::from_std(file)))
}

struct Export<'a> {
    rpc: &'a WorkflowRpc,
    call: &'a Call,
    filter: IssueFilter,
    format: Format,
    locale: Locale,
    id: String,
    now: Timestamp,
}

impl Export<'_> {
    /// Writes the file: the header, a row an issue, and whose export it is.
    async fn write(&self) -> Result<(Spooled, i64), WorkflowError> {
        let scope = self.call.scope();
        let viewer = Viewer { scope: &scope, now: self.now, today: local_date(self.now) };
        let comment = self.watermark(0).join(" ");
        let title = match self.locale {
            Locale::Chinese => "诉求",
            Locale::English => "Issues",
        };
        let properties = Properties { title, export_id: &self.id, comment: comment.trim_end() };
        let mut tx = self.rpc.db.snapshot().await?;
        let counted = issues::count(&mut tx, &viewer, &self.filter).await?;
        let row_count: i64 = counted.iter().map(|(_, _, count)| count).sum();
        let max_row_count = self.rpc.exports.max_rows;
        if max_row_count < row_count {
            return Err(WorkflowError::ExportTooLarge { row_count, max_row_count });
        }
        let mut spool = Spool::begin(self.format, &properties)?;
        spool.record(&header(self.locale))?;
        let (mut n_written, mut after) = (0, None);
        // More than were counted are an error, not a reason to go on.
        while n_written <= row_count {
            let order = Order::Oldest;
            let page = issues::list(&mut tx, &viewer, &self.filter, order, after.as_ref(), PAGE).await?;
            let book = self.rpc.books.covering(&mut tx, page.iter().map(|(issue, _)| issue)).await?;
            for (issue, title) in &page {
                spool.record(&self.row(&book, issue, title.clone())?)?;
                n_written += 1;
            }
            // Oldest first goes by the time of submission.
            let Some((last, _)) = page.last() else { break };
            after = Some(order.cursor(last, None));
        }
        tx.commit().await?;
        if n_written != row_count {
            return Err(WorkflowError::ExportIncomplete { row_count, n_written });
        }
        let watermark = self.watermark(row_count);
        // Packing a workbook is work for a processor.
        let spooled = tokio::task::spawn_blocking(move || spool.finish(&watermark))
            .await
            .map_err(|error| WorkflowError::Spool(std::io::Error::other(error)))??;
        Ok((spooled, row_count))
    }

    fn row(&self, book: &Rulebook, issue: &Issue, title: String) -> Result<Vec<String>, WorkflowError> {
        let rules = rules(book, issue)?;
        let beyond = WorkflowError::beyond(&issue.calendar_version);
        let audience = self.rpc.audience(&self.call.caller, &facts(issue, None));
        let now = self.now.max(issue.updated_at);
        let shown = convert::listed(issue, title, rules, now, audience).map_err(&beyond)?;
        let clocks = clocks(issue, rules, now).map_err(&beyond)?;
        Ok(cells(&Row { issue, shown: &shown, clocks: &clocks }))
    }

    /// The last record of a CSV file: it has as many cells as the others.
    fn watermark(&self, row_count: i64) -> Vec<String> {
        let mut cells = vec![
            "#export".to_owned(),
            self.id.clone(),
            self.call.caller.principal(),
            local(self.now),
            row_count.to_string(),
        ];
        cells.resize(N_COLUMNS, String::new());
        cells
    }

    fn record(&self, row_count: i64, file_digest: Vec<u8>) -> Exported {
        let asked = format!("{:?} {}", self.filter, self.call.scope().fingerprint());
        Exported {
            export_id: self.id.parse().expect("it was written from a UUID"),
            principal: self.call.caller.principal(),
            client: self.call.client.clone(),
            at: self.now,
            format: self.format.name(),
            filter_digest: Sha256::digest(asked.as_bytes()).to_vec(),
            row_count,
            file_digest,
        }
    }

    fn file_name(&self) -> String {
        let day = local_date(self.now).format("%Y%m%d");
        format!("issues-{day}-{}.{}", self.id, self.format.name())
    }
}

/// What the file is, then the file; no faster than it is taken.
fn pieces(
    first: pb::ExportIssuesResponse,
    file: tokio::fs::File,
) -> impl Stream<Item = Result<pb::ExportIssuesResponse, WorkflowError>> + Send {
    futures::stream::try_unfold((Some(first), file), |(first, mut file)| async move {
        if let Some(first) = first {
            return Ok(Some((first, (None, file))));
        }
        let mut piece = vec![0; CHUNK];
        let n_read = file.read(&mut piece).await.map_err(WorkflowError::Spool)?;
        piece.truncate(n_read);
        let response = pb::ExportIssuesResponse { chunk: piece.into(), ..Default::default() };
        Ok((0 < n_read).then_some((response, (None, file))))
    })
}
