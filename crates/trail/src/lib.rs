//! Canonical encoding, hash chain, tree heads and verifier of an append-only trail.
//!
//! An [`Entry`] says who did what, when and from where. Entries about one subject form a hash chain ([`chain`]); the
//! links of all chains, in log order, are the leaves of one RFC 6962 Merkle tree ([`merkle`]); its root is signed from
//! time to time ([`TreeHead`]). An export ([`ExportWriter`], [`ChainExportWriter`]) is a text file that
//! [`verify_export`] checks with nothing but the file and what the reader trusts. `docs/trail-format.md` of the
//! repository specifies every byte, so that a second verifier can be written from it.
//!
//! Nothing here does I/O beyond `std::io::{BufRead, Write}`, reads a clock or draws random numbers.

pub mod chain;
pub mod merkle;

mod digest;
mod encoding;
mod entry;
mod export;
mod fields;
mod hash;
mod head;
mod json;
mod suite;
mod value;

pub use chain::Link;
pub use digest::{digest_text, verify_text};
pub use encoding::DecodeError;
pub use entry::{Entry, InvalidEntry, InvalidEntryEncoding};
pub use export::{
    ChainExportWriter, ExportError, ExportWriter, Fault, FaultKind, Keys, MAX_FAULTS, MAX_LINE_BYTES, Record,
    Report, Start, Trust, Verifier, Witness, verify_export, verify_export_with,
};
pub use fields::WrongShape;
pub use hash::{Hash, InvalidHash};
pub use head::{InvalidHead, SignedHead, TreeHead};
pub use json::NotCanonical;
pub use suite::{Ed25519Signer, InvalidKey, Sha256Ed25519, SignError, Signer, Suite};
pub use value::{InvalidValue, MAX_DEPTH, Value};
