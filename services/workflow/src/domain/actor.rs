//! Who acts.

use kernel::{AccountId, ClientId};
use serde::{Deserialize, Serialize};

use super::Party;

/// Whoever takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    Account(AccountId),
    Client(ClientId),
    System,
}

/// Who took a step, and in which capacity: what the trail keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct By {
    pub who: Who,
    pub party: Party,
}

impl Who {
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(account),
            Self::Client(_) | Self::System => None,
        }
    }
}

impl By {
    pub const fn account(self) -> Option<AccountId> {
        self.who.account()
    }
}

/// Who wants to take a step, with every capacity in which that person may take it. That the firm, the department or the
/// section is theirs was found by the caller of the domain; the table then chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub who: Who,
    pub parties: Vec<Party>,
    /// Every capacity in which the person stands to this very issue, whether or not the step is for it.
    pub stands_as: Vec<Party>,
    /// Whether the person is the manager of the firm now, whatever role let them in.
    pub manages_firm: bool,
    /// The co-section tasks of the issue that are for a section of theirs.
    pub co_tasks: Vec<u32>,
    /// What ties the person to an issue that was merged into this one, beyond auditing.
    pub tied_by_merged: Option<Party>,
}

impl Actor {
    pub fn person(account: AccountId, parties: impl Into<Vec<Party>>) -> Self {
        let parties = parties.into();
        Self {
            who: Who::Account(account),
            stands_as: parties.clone(),
            parties,
            manages_firm: false,
            co_tasks: Vec::new(),
            tied_by_merged: None,
        }
    }

    /// In other capacities, too, than those that the step is for.
    #[must_use]
    pub fn standing_as(self, stands_as: impl Into<Vec<Party>>) -> Self {
        Self { stands_as: stands_as.into(), ..self }
    }

    #[must_use]
    pub fn managing_the_firm(self, manages_firm: bool) -> Self {
        Self { manages_firm, ..self }
    }

    #[must_use]
    pub fn helping_with(self, co_tasks: Vec<u32>) -> Self {
        Self { co_tasks, ..self }
    }

    pub fn client(client: ClientId) -> Self {
        Self {
            who: Who::Client(client),
            parties: vec![Party::Client],
            stands_as: Vec::new(),
            manages_firm: false,
            co_tasks: Vec::new(),
            tied_by_merged: None,
        }
    }

    pub fn system() -> Self {
        Self {
            who: Who::System,
            parties: vec![Party::System],
            stands_as: Vec::new(),
            manages_firm: false,
            co_tasks: Vec::new(),
            tied_by_merged: None,
        }
    }
}
