//! Exports: JSON Lines that prove themselves.

mod line;
mod report;
mod trust;
mod verifier;
mod witness;
mod writer;

pub use line::Record;
pub use report::{Fault, FaultKind, MAX_FAULTS, Report};
pub use trust::{Keys, Trust, Witness};
pub use verifier::{Verifier, verify_export, verify_export_with};
pub use writer::{ChainExportWriter, ExportError, ExportWriter, Start};

/// Longest line of an export, without its newline.
pub const MAX_LINE_BYTES: usize = 1 << 20;
