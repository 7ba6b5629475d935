//! Files from strangers: taken in ([`Spool`]), looked into ([`inspect`]), scanned ([`Scan`]) and kept ([`Blobs`]). It
//! knows nothing of whose they are.

mod blobs;
mod inspect;
mod name;
mod scan;
mod spool;

pub use blobs::{BlobError, Blobs, Content, S3};
pub use inspect::{Inspected, MediaType, Refused, Why, inspect};
pub use name::{FileName, InvalidFileName};
pub use scan::{AddressError, Clamd, Scan, ScanError, Verdict};
pub use spool::{Spool, SpoolError, Spooled, sha256};
