//! An event, as far as somebody is told of it.

use kernel::{AccountId, IssueId, Timestamp};

use crate::domain::{
    Audience, Parties, Placeholder, Values,
    rules::{Happening, Recipient, Rule},
};

/// An event, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub happenings: Vec<Happening>,
    /// The issue that it is about, or that its case tells of.
    pub issue: Option<IssueId>,
    /// Empty if there is no issue.
    pub issue_number: String,
    pub parties: Parties,
    /// Who caused it; `None` for the system and for machines.
    pub actor: Option<AccountId>,
    pub values: Values,
    /// Whom the event itself wants told.
    pub named: Vec<Audience>,
}

impl Told {
    pub fn happened(&mut self, happening: Happening) {
        self.happenings.push(happening);
    }

    pub fn value(&mut self, placeholder: Placeholder, value: impl Into<String>) {
        self.values.insert(placeholder, value.into());
    }

    pub fn at(&mut self, placeholder: Placeholder, instant: Timestamp) {
        self.value(placeholder, instant.to_rfc3339());
    }

    /// The event names whoever these are.
    pub fn name(&mut self, recipients: impl IntoIterator<Item = Recipient>) {
        let parties = &self.parties;
        self.named.extend(recipients.into_iter().filter_map(|recipient| parties.audience(recipient)));
    }

    /// The people whom a rule means.
    pub fn audiences(&self, rule: &Rule) -> Vec<Audience> {
        let by_table = rule.recipients.iter().filter_map(|recipient| self.parties.audience(*recipient));
        let named: &[Audience] =
            if rule.recipients.contains(&Recipient::AsNamed) { &self.named } else { &[] };
        let mut audiences: Vec<Audience> = by_table.chain(named.iter().copied()).collect();
        audiences.sort_unstable();
        audiences.dedup();
        audiences
    }
}

/// `types` and `read` for events whose payloads tell who has to do with their subject in the same field: `read` takes
/// the payload as each of the types in turn, lets `$parties` read that field, and each arm add to what it told.
macro_rules! event_readers {
    ($subject:ident by $parties:path:
        $($name:ident { $($field:ident),* $(,)? } => |$told:ident, $state:ident| $body:block)*
    ) => {
        /// Full names of the payloads that are read here.
        pub(super) fn types() -> Vec<String> {
            vec![$(<pb::$name as prost::Name>::full_name()),*]
        }

        /// What an event tells; `None` if it is not one of these.
        pub(super) fn read(event: &events::Received) -> Result<Option<Told>, EventError> {
            $(if let Some(payload) = event.payload::<pb::$name>()? {
                let pb::$name { $subject, $($field,)* .. } = payload;
                let (mut told, state) = $parties($subject)?;
                let ($told, $state) = (&mut told, state);
                $body
                return Ok(Some(told));
            })*
            Ok(None)
        }
    };
}

pub(super) use event_readers;
