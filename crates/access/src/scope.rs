//! What a caller sees of a list.

use std::fmt::{Display, Write as _};

use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId};

use crate::Facts;

/// The objects that a caller sees: those that fit any of the parts. With no part it holds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Everything; the other parts are empty then.
    pub all: bool,
    /// Objects of these enterprises.
    pub enterprises: Vec<EnterpriseId>,
    /// Objects of the enterprises whose manager this account is now.
    pub managed_by: Option<AccountId>,
    /// Objects that are with these departments.
    pub departments: Vec<DepartmentId>,
    /// Objects that are with these sections.
    pub sections: Vec<SectionId>,
    /// Objects that wait for this account.
    pub assignee: Option<AccountId>,
    /// Objects of this account's own.
    pub owner: Option<AccountId>,
}

impl Scope {
    pub fn everything() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Whether an object with these facts is in sight.
    pub fn contains(&self, facts: &Facts) -> bool {
        self.all
            || facts.enterprise.is_some_and(|id| self.enterprises.contains(&id))
            || same(facts.manager, self.managed_by)
            || facts.department.iter().any(|id| self.departments.contains(id))
            || facts.section.iter().any(|id| self.sections.contains(id))
            || same(facts.assignee, self.assignee)
            || same(facts.owner, self.owner)
    }

    /// Whether nothing at all can be in sight.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One text per scope, whatever the order of its parts: binds page tokens to what was visible.
    pub fn fingerprint(&self) -> String {
        let Self { all, enterprises, managed_by, departments, sections, assignee, owner } = self;
        if *all {
            return "all".to_owned();
        }
        let mut text = String::new();
        write_part(&mut text, "enterprise", enterprises);
        write_part(&mut text, "managed_by", managed_by.as_slice());
        write_part(&mut text, "department", departments);
        write_part(&mut text, "section", sections);
        write_part(&mut text, "assignee", assignee.as_slice());
        write_part(&mut text, "owner", owner.as_slice());
        text
    }
}

fn same(fact: Option<AccountId>, seen: Option<AccountId>) -> bool {
    fact.is_some() && fact == seen
}

fn write_part<T: Display + Ord + Copy>(text: &mut String, name: &str, ids: &[T]) {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        write!(text, "{name}={id};").expect("text takes every write");
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_fingerprint_tells_scopes_apart_and_ignores_order() {
        let (a, b) = (EnterpriseId::new(Uuid::from_u128(1)), EnterpriseId::new(Uuid::from_u128(2)));
        let account = Some(AccountId::new(Uuid::from_u128(1)));
        let ab = Scope { enterprises: vec![a, b], ..Scope::default() };
        let ba = Scope { enterprises: vec![b, a, b], ..Scope::default() };
        assert_eq!(ab.fingerprint(), ba.fingerprint());
        let others = [
            ab,
            Scope::default(),
            Scope::everything(),
            Scope { enterprises: vec![a], ..Scope::default() },
            Scope { departments: vec![DepartmentId::new(a.uuid())], ..Scope::default() },
            Scope { sections: vec![SectionId::new(a.uuid())], ..Scope::default() },
            Scope { managed_by: account, ..Scope::default() },
            Scope { assignee: account, ..Scope::default() },
            Scope { owner: account, ..Scope::default() },
        ];
        let mut prints: Vec<_> = others.iter().map(Scope::fingerprint).collect();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), others.len());
    }

    #[test]
    fn an_empty_scope_holds_nothing_not_even_an_object_without_facts() {
        assert!(Scope::default().is_empty() && !Scope::everything().is_empty());
        assert!(!Scope::default().contains(&Facts::default()));
        assert!(Scope::everything().contains(&Facts::default()));
    }
}
