//! An event, as far as somebody is told of it.

use kernel::{AccountId, IssueId};

use crate::domain::{
    Audience, Parties, Values,
    rules::{Happening, Recipient, Rule},
};

/// An event, read.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub happenings: Vec<Happening>,
    pub issue: IssueId,
    pub issue_number: String,
    pub parties: Parties,
    /// Who caused it; `None` for the system and for machines.
    pub actor: Option<AccountId>,
    pub values: Values,
    /// Whom the event itself wants told.
    pub named: Vec<Recipient>,
}

impl Told {
    /// The people whom the event names, for a rule that leaves it to the event.
    pub fn named_by(&self, rule: &Rule) -> impl Iterator<Item = Audience> {
        let named: &[Recipient] =
            if rule.recipients.contains(&Recipient::AsNamed) { &self.named } else { &[] };
        named.iter().filter_map(|recipient| self.parties.audience(*recipient))
    }
}
