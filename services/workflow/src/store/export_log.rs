//! Who took which issues out of the system, when: written before the first byte of an export is handed out.

use kernel::{Origin, Timestamp};
use store::{Batch, binds};
use uuid::Uuid;

use super::addresses;

/// An export, as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    pub export_id: Uuid,
    pub principal: String,
    pub client: Origin,
    pub at: Timestamp,
    pub format: &'static str,
    pub filter_digest: Vec<u8>,
    pub row_count: i64,
    pub file_digest: Vec<u8>,
}

pub(crate) fn append(batch: &mut Batch, exported: Exported) {
    let Exported { export_id, principal, client, at, format, filter_digest, row_count, file_digest } =
        exported;
    batch.add_one(
        "keep a record of the export",
        "INSERT INTO export_log (export_id, principal, client, exported_at, format, filter_digest, row_count,
            file_digest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        binds![
            export_id,
            principal,
            client.program.as_ref(),
            at,
            format,
            filter_digest,
            row_count,
            file_digest
        ],
    );
    addresses::insert(batch, export_id, &client);
}
