//! What the reader of an export trusts already.

use std::fmt;

use crate::hash::Hash;
use crate::head::SignedHead;
use crate::suite::{Sha256Ed25519, Suite};

/// What the reader of an export trusts already.
#[derive(Clone)]
pub struct Trust {
    pub(super) keys: Keys,
    pub(super) log_id: Option<String>,
    pub(super) suites: Vec<&'static dyn Suite>,
    /// By size.
    pub(super) witnesses: Vec<Witness>,
}

/// Public keys that may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Each key of the header must be one of these.
    Expected(Vec<Vec<u8>>),
    /// Those that the file itself states. This finds damage and every change made without the private key; who holds that
    /// key is for a person to find out.
    InHeader,
}

/// A head of the same log that was kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    pub head: SignedHead,
    /// For the export of one chain, where the heads' sizes differ: proof between this head and that of the export,
    /// from the smaller to the larger. The export of a whole log needs none.
    pub consistency: Option<Vec<Hash>>,
}

impl Trust {
    /// Trusts these keys, the suite `sha256-ed25519`, and no witness yet.
    pub fn new(keys: Keys) -> Self {
        Self { keys, log_id: None, suites: vec![&Sha256Ed25519], witnesses: Vec::new() }
    }

    /// Expects the export of this log.
    #[must_use]
    pub fn log_id(mut self, log_id: impl Into<String>) -> Self {
        self.log_id = Some(log_id.into());
        self
    }

    /// Accepts these suites instead.
    #[must_use]
    pub fn suites(mut self, suites: Vec<&'static dyn Suite>) -> Self {
        self.suites = suites;
        self
    }

    /// Holds the export against this head too.
    #[must_use]
    pub fn witness(self, witness: Witness) -> Self {
        self.witnesses([witness])
    }

    /// Holds the export against all of these heads too, such as those of a witness's file.
    #[must_use]
    pub fn witnesses(mut self, witnesses: impl IntoIterator<Item = Witness>) -> Self {
        self.witnesses.extend(witnesses);
        self.witnesses.sort_by_key(|witness| witness.head.head.size);
        self
    }
}

impl From<SignedHead> for Witness {
    fn from(head: SignedHead) -> Self {
        Self { head, consistency: None }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suites: Vec<_> = self.suites.iter().map(|suite| suite.name()).collect();
        f.debug_struct("Trust")
            .field("keys", &self.keys)
            .field("log_id", &self.log_id)
            .field("suites", &suites)
            .field("witnesses", &self.witnesses)
            .finish()
    }
}
