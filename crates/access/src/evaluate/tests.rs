use kernel::{ClientId, SessionId};
use uuid::Uuid;

use super::*;
use crate::ServiceName;

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn account(n: u128) -> AccountId {
    AccountId::new(id(n))
}

fn firm(n: u128) -> EnterpriseId {
    EnterpriseId::new(id(n))
}

fn department(n: u128) -> DepartmentId {
    DepartmentId::new(id(n))
}

fn section(n: u128) -> SectionId {
    SectionId::new(id(n))
}

/// Account 1 with these roles.
fn person(roles: &[RoleGrant]) -> Caller {
    Caller::Person(Person {
        account_id: account(1),
        session_id: SessionId::new(id(9)),
        roles: roles.to_vec(),
    })
}

fn client(scopes: &[&str]) -> Caller {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    Caller::Client(Client { client_id: ClientId::new(id(1)), scopes })
}

fn service() -> Caller {
    Caller::Service(ServiceName::from_static("workflow"))
}

fn rule(grants: &[(Role, Relation)]) -> MethodRule {
    let path = "/qinqing.sample.v1.CaseService/GetCase".to_owned();
    MethodRule { path, public: false, services: false, grants: grants.to_vec(), scopes: vec![] }
}

/// An object of firm 1, managed by account 1, with department 1 and section 1, waiting for account 1, and
/// account 1's own.
fn related() -> Facts {
    Facts {
        enterprise: Some(firm(1)),
        manager: Some(account(1)),
        department: vec![department(3), department(1)],
        section: vec![section(3), section(1)],
        assignee: Some(account(1)),
        owner: Some(account(1)),
    }
}

/// The same object with everything somebody else's.
fn foreign() -> Facts {
    Facts {
        enterprise: Some(firm(2)),
        manager: Some(account(2)),
        department: vec![department(2)],
        section: vec![section(2)],
        assignee: Some(account(2)),
        owner: Some(account(2)),
    }
}

fn every_caller() -> Vec<Caller> {
    let mut callers = vec![Caller::Anonymous, service(), client(&["cases.read"]), client(&[]), person(&[])];
    callers.extend(Role::ALL.iter().map(|role| person(&[grant_of(*role, 1)])));
    callers
}

/// The role, held for enterprise, department or section `n` where it is held for one.
fn grant_of(role: Role, n: u128) -> RoleGrant {
    match role {
        Role::Enterprise => RoleGrant::enterprise(firm(n)),
        Role::Liaison => RoleGrant::liaison(department(n)),
        Role::SectionHandler => RoleGrant::section_handler(department(n), section(n)),
        other => RoleGrant::of(other),
    }
}

#[test]
fn a_rule_that_names_nobody_lets_nobody_in() {
    for caller in every_caller() {
        for facts in [related(), foreign(), Facts::default()] {
            assert!(!allows(&caller, &rule(&[]), &facts), "{caller:?}");
        }
        assert!(!may_call(&caller, &rule(&[])), "{caller:?}");
        assert!(scope(&caller, &rule(&[])).is_empty(), "{caller:?}");
    }
}

#[test]
fn a_public_rule_lets_everybody_in() {
    let public = MethodRule { public: true, ..rule(&[]) };
    for caller in every_caller() {
        assert!(may_call(&caller, &public) && allows(&caller, &public, &Facts::default()), "{caller:?}");
        assert!(scope(&caller, &public).all, "{caller:?}");
        assert_eq!(roles_allowed(&caller, &public, &related()), []);
    }
}

#[test]
fn services_come_in_by_their_flag_and_clients_by_a_shared_scope_alone() {
    let services = MethodRule { services: true, ..rule(&[]) };
    let scopes = MethodRule { scopes: vec!["cases.read".into(), "cases.export".into()], ..rule(&[]) };
    for caller in every_caller() {
        let facts = Facts::default();
        assert_eq!(allows(&caller, &services, &facts), matches!(caller, Caller::Service(_)), "{caller:?}");
        assert_eq!(allows(&caller, &scopes, &facts), caller == client(&["cases.read"]), "{caller:?}");
    }
    assert!(allows(&client(&["x", "cases.export"]), &scopes, &Facts::default()));
    for near in [&["cases"][..], &["cases.read "], &["cases.*"], &[""], &["CASES.READ"]] {
        assert!(!may_call(&client(near), &scopes), "{near:?}");
    }
}

#[test]
fn a_role_comes_in_by_its_own_pair_alone() {
    for &role in Role::ALL {
        let any = rule(&[(role, Relation::Any)]);
        for caller in every_caller() {
            assert_eq!(may_call(&caller, &any), caller.has_role(role), "{caller:?} {role}");
            assert_eq!(allows(&caller, &any, &Facts::default()), caller.has_role(role), "{caller:?} {role}");
        }
    }
}

/// A role and relation, what makes them meet the object, and a hand that takes that one fact away.
type Meeting = (Role, Relation, fn(&mut Facts));

#[rustfmt::skip]
const MEETINGS: &[Meeting] = &[
    (Role::Enterprise,     Relation::OwnFirm,    |facts| facts.enterprise = None),
    (Role::Manager,        Relation::Appointed,  |facts| facts.manager = None),
    (Role::Liaison,        Relation::Department, |facts| facts.department.clear()),
    (Role::SectionHandler, Relation::Department, |facts| facts.department.clear()),
    (Role::SectionHandler, Relation::Section,    |facts| facts.section.clear()),
    (Role::SectionHandler, Relation::Assignee,   |facts| facts.assignee = None),
    (Role::Leader,         Relation::SelfSame,   |facts| facts.owner = None),
];

#[test]
fn a_relation_is_met_by_its_own_fact_alone() {
    for &(role, relation, remove) in MEETINGS {
        let rule = rule(&[(role, relation)]);
        let caller = person(&[grant_of(role, 1)]);
        assert!(allows(&caller, &rule, &related()), "{role} {relation}");
        assert_eq!(roles_allowed(&caller, &rule, &related()), [role]);
        assert!(may_call(&caller, &rule), "{role} {relation}");
        assert!(!allows(&caller, &rule, &foreign()), "{role} {relation}: somebody else's");
        assert!(!allows(&caller, &rule, &Facts::default()), "{role} {relation}: no facts");
        assert_eq!(roles_allowed(&caller, &rule, &foreign()), []);
        let mut without = related();
        remove(&mut without);
        assert!(!allows(&caller, &rule, &without), "{role} {relation}: all facts but its own");
        assert!(!allows(&person(&[]), &rule, &related()), "{role} {relation}: the relation without the role");
    }
}

#[test]
fn a_grant_that_names_nothing_relates_to_no_object_that_names_nothing() {
    for &(role, relation, _) in MEETINGS {
        let bare = person(&[RoleGrant::of(role)]);
        assert!(!allows(&bare, &rule(&[(role, relation)]), &Facts::default()), "{role} {relation}");
    }
}

#[test]
fn the_scopes_of_one_role_do_not_serve_another() {
    let rule = rule(&[(Role::Liaison, Relation::Department), (Role::SectionHandler, Relation::Section)]);
    let caller = person(&[grant_of(Role::Liaison, 2), grant_of(Role::SectionHandler, 1)]);
    let in_department = |n| Facts { department: vec![department(n)], ..Facts::default() };
    assert!(allows(&caller, &rule, &in_department(2)));
    assert!(!allows(&caller, &rule, &in_department(1)), "department 1 is the handler's, not the liaison's");
}

#[test]
fn all_roles_that_let_in_are_named_once_each() {
    let rule = rule(&[(Role::Auditor, Relation::Any), (Role::Enterprise, Relation::OwnFirm)]);
    let caller = person(&[
        grant_of(Role::Auditor, 1),
        grant_of(Role::Enterprise, 2),
        grant_of(Role::Enterprise, 1),
        grant_of(Role::Enterprise, 1),
        grant_of(Role::Leader, 1),
    ]);
    assert_eq!(roles_allowed(&caller, &rule, &related()), [Role::Enterprise, Role::Auditor]);
    assert_eq!(roles_allowed(&caller, &rule, &Facts::default()), [Role::Auditor]);
}

#[test]
fn a_scope_is_the_union_of_what_each_role_sees() {
    let rule = rule(&[
        (Role::Enterprise, Relation::OwnFirm),
        (Role::Manager, Relation::Appointed),
        (Role::SectionHandler, Relation::Section),
    ]);
    let caller = person(&[
        grant_of(Role::Enterprise, 2),
        grant_of(Role::Enterprise, 1),
        grant_of(Role::Enterprise, 2),
        grant_of(Role::Manager, 0),
        grant_of(Role::Liaison, 1),
    ]);
    let expected =
        Scope { enterprises: vec![firm(1), firm(2)], managed_by: Some(account(1)), ..Scope::default() };
    assert_eq!(scope(&caller, &rule), expected);
}

/// A small generator with a fixed seed, so that a failure repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        // The multiplier and increment of Knuth's MMIX; the upper bits are the random ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn up_to<T>(&mut self, n: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(n + 1)).map(|_| make(self)).collect()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) != 0).then(|| make(self))
    }

    /// Few ids, so that they meet often.
    fn small(&mut self) -> u128 {
        u128::from(self.below(3) + 1)
    }

    /// Grants of any shape, the impossible ones too.
    fn grant(&mut self) -> RoleGrant {
        RoleGrant {
            role: self.one(Role::ALL),
            enterprise: self.maybe(|c| firm(c.small())),
            department: self.maybe(|c| department(c.small())),
            section: self.maybe(|c| section(c.small())),
        }
    }

    fn caller(&mut self) -> Caller {
        match self.below(8) {
            0 => Caller::Anonymous,
            1 => service(),
            2 => client(&self.up_to(2, |c| c.one(&["a", "b", "c"]))),
            _ => person(&self.up_to(4, Self::grant)),
        }
    }

    fn rule(&mut self) -> MethodRule {
        MethodRule {
            path: "/qinqing.sample.v1.CaseService/GetCase".to_owned(),
            public: self.below(10) == 0,
            services: self.below(2) == 0,
            grants: self.up_to(8, |c| (c.one(Role::ALL), c.one(Relation::ALL))),
            scopes: self.up_to(2, |c| c.one(&["a", "b", "c"]).to_owned()),
        }
    }

    fn facts(&mut self) -> Facts {
        Facts {
            enterprise: self.maybe(|c| firm(c.small())),
            manager: self.maybe(|c| account(c.small())),
            department: self.up_to(2, |c| department(c.small())),
            section: self.up_to(2, |c| section(c.small())),
            assignee: self.maybe(|c| account(c.small())),
            owner: self.maybe(|c| account(c.small())),
        }
    }
}

#[test]
fn a_list_shows_exactly_what_single_reads_allow() {
    let mut chance = Chance(20_260_302);
    let (mut n_allowed, mut n_by_relation) = (0, 0);
    for n in 0..200_000 {
        let (caller, rule, facts) = (chance.caller(), chance.rule(), chance.facts());
        let (allowed, seen) = (allows(&caller, &rule, &facts), scope(&caller, &rule));
        assert_eq!(allowed, seen.contains(&facts), "case {n}: {caller:?} {rule:?} {facts:?} {seen:?}");
        assert!(!allowed || may_call(&caller, &rule), "case {n}: {caller:?} {rule:?}");
        assert!(may_call(&caller, &rule) || seen.is_empty(), "case {n}: {caller:?} {rule:?}");
        let named = !roles_allowed(&caller, &rule, &facts).is_empty();
        let by_role = matches!(caller, Caller::Person(_)) && !rule.public;
        assert!(!by_role || named == allowed, "case {n}: {caller:?} {rule:?}");
        n_allowed += u32::from(allowed);
        n_by_relation += u32::from(allowed && !seen.all);
    }
    // Both answers must be frequent, or the comparison would say little.
    assert!((40_000..160_000).contains(&n_allowed), "{n_allowed}");
    assert!(5_000 < n_by_relation, "{n_by_relation}");
}
