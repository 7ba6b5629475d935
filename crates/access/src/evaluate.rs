//! The one evaluator: whether a caller may do something, and what they see of a list.

use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId};

use crate::{Caller, Client, MethodRule, Person, Relation, Role, RoleGrant, Scope};

/// What of an object matters to access. A fact that is missing relates nobody to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The enterprise that the object belongs to.
    pub enterprise: Option<EnterpriseId>,
    /// The manager of that enterprise now.
    pub manager: Option<AccountId>,
    /// The departments that it is with.
    pub department: Vec<DepartmentId>,
    /// The sections that it is with.
    pub section: Vec<SectionId>,
    /// The account that it waits for.
    pub assignee: Option<AccountId>,
    /// The account whose own it is.
    pub owner: Option<AccountId>,
}

/// Whether the caller may call at all, by role or scope alone: what is known before the object is.
pub fn may_call(caller: &Caller, rule: &MethodRule) -> bool {
    unconditional(caller, rule) || openings(caller, rule).next().is_some()
}

/// Whether the caller may call for an object with these facts.
pub fn allows(caller: &Caller, rule: &MethodRule, facts: &Facts) -> bool {
    unconditional(caller, rule) || openings(caller, rule).any(|opening| opening.leads_to(facts))
}

/// Which of the caller's roles let them in here, each once, in the order of the contract. Empty for
/// whoever needs no role.
pub fn roles_allowed(caller: &Caller, rule: &MethodRule, facts: &Facts) -> Vec<Role> {
    let mut roles: Vec<_> = openings(caller, rule)
        .filter(|opening| opening.leads_to(facts))
        .map(|opening| opening.grant.role)
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// What the caller sees of a list: exactly the objects whose facts [`allows`] lets pass.
pub fn scope(caller: &Caller, rule: &MethodRule) -> Scope {
    if unconditional(caller, rule) {
        return Scope::everything();
    }
    let mut scope = Scope::default();
    for Opening { person, grant, relation } in openings(caller, rule) {
        match relation {
            Relation::OwnFirm => scope.enterprises.extend(grant.enterprise),
            Relation::Appointed => scope.managed_by = Some(person.account_id),
            Relation::Department => scope.departments.extend(grant.department),
            Relation::Section => scope.sections.extend(grant.section),
            Relation::Assignee => scope.assignee = Some(person.account_id),
            Relation::SelfSame => scope.owner = Some(person.account_id),
            Relation::Any => return Scope::everything(),
        }
    }
    sort_once(&mut scope.enterprises);
    sort_once(&mut scope.departments);
    sort_once(&mut scope.sections);
    scope
}

/// Whether the rule lets the caller in whatever the object is.
fn unconditional(caller: &Caller, rule: &MethodRule) -> bool {
    rule.public
        || match caller {
            Caller::Anonymous | Caller::Person(_) => false,
            Caller::Client(Client { client_id: _, scopes }) => {
                scopes.iter().any(|scope| rule.scopes.contains(scope))
            }
            Caller::Service(_) => rule.services,
        }
}

/// A pair of the rule that fits a role of the caller.
struct Opening<'a> {
    person: &'a Person,
    grant: &'a RoleGrant,
    relation: Relation,
}

fn openings<'a>(caller: &'a Caller, rule: &'a MethodRule) -> impl Iterator<Item = Opening<'a>> {
    caller.person().into_iter().flat_map(move |person| {
        person.roles.iter().flat_map(move |grant| {
            let fits = rule.grants.iter().filter(move |(role, _)| *role == grant.role);
            fits.map(move |(_, relation)| Opening { person, grant, relation: *relation })
        })
    })
}

impl Opening<'_> {
    fn leads_to(&self, facts: &Facts) -> bool {
        let Self { person, grant, relation } = self;
        match relation {
            Relation::OwnFirm => grant.enterprise.is_some() && grant.enterprise == facts.enterprise,
            Relation::Appointed => facts.manager == Some(person.account_id),
            Relation::Department => grant.department.is_some_and(|id| facts.department.contains(&id)),
            Relation::Section => grant.section.is_some_and(|id| facts.section.contains(&id)),
            Relation::Assignee => facts.assignee == Some(person.account_id),
            Relation::SelfSame => facts.owner == Some(person.account_id),
            Relation::Any => true,
        }
    }
}

fn sort_once<T: Ord>(ids: &mut Vec<T>) {
    ids.sort_unstable();
    ids.dedup();
}

#[cfg(test)]
mod tests;
