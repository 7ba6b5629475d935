//! The small city that the actions take place in: who is what, and what the other services say of it.

use access::{Role, RoleGrant};
use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId};
use proto::{identity::v1 as identity, registry::v1 as registry};
use runtime::ModuleSpec;
use testkit::{fake, fake::Fake};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Firm {
    Dairy = 11,
    Steel = 12,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dept {
    Housing = 21,
    /// Nobody is on duty there.
    Finance = 22,
    Traffic = 23,
    /// There is none.
    Nowhere = 29,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    Roads = 31,
    Budget = 32,
    Bridges = 33,
    Signals = 34,
    Signs = 35,
    /// There is none.
    Nowhere = 39,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    Firm(Firm),
    Manager,
    Liaison(Dept),
    Handler(Section),
    Operator,
    Auditor,
    Leader,
}

/// An account with what it is. The same account may be listed with other posts: then somebody has come by them.
#[derive(Debug)]
pub struct Person {
    pub account: u32,
    pub posts: &'static [Post],
}

const fn person(account: u32, posts: &'static [Post]) -> Person {
    Person { account, posts }
}

pub const PEOPLE: &[Person] = &[
    person(201, &[Post::Firm(Firm::Dairy)]),
    person(202, &[Post::Firm(Firm::Steel)]),
    person(203, &[Post::Firm(Firm::Dairy)]),
    person(101, &[Post::Manager]),
    person(102, &[Post::Manager]),
    person(103, &[Post::Manager]),
    person(301, &[Post::Liaison(Dept::Housing)]),
    person(302, &[Post::Liaison(Dept::Housing)]),
    person(303, &[Post::Liaison(Dept::Traffic)]),
    person(304, &[Post::Liaison(Dept::Traffic)]),
    person(305, &[Post::Liaison(Dept::Finance)]),
    person(401, &[Post::Handler(Section::Roads)]),
    person(403, &[Post::Handler(Section::Roads)]),
    person(404, &[Post::Handler(Section::Bridges)]),
    person(405, &[Post::Handler(Section::Signals)]),
    person(406, &[Post::Handler(Section::Signs)]),
    person(402, &[Post::Handler(Section::Budget)]),
    person(501, &[Post::Operator]),
    person(502, &[Post::Operator]),
    person(601, &[Post::Auditor]),
    person(602, &[Post::Auditor]),
    person(701, &[Post::Leader]),
    // From here on: people with more than one post, who meet the rules of duty.
    person(101, &[Post::Manager, Post::Liaison(Dept::Housing), Post::Auditor]),
    person(301, &[Post::Operator, Post::Liaison(Dept::Housing)]),
    person(302, &[Post::Liaison(Dept::Housing), Post::Handler(Section::Roads)]),
    person(401, &[Post::Handler(Section::Roads), Post::Auditor, Post::Operator]),
    person(501, &[Post::Operator, Post::Auditor]),
    person(201, &[Post::Firm(Firm::Dairy), Post::Operator, Post::Auditor]),
    person(102, &[Post::Firm(Firm::Steel), Post::Operator]),
    person(303, &[Post::Firm(Firm::Dairy), Post::Auditor]),
    person(405, &[Post::Firm(Firm::Steel), Post::Liaison(Dept::Traffic)]),
    person(701, &[Post::Leader, Post::Auditor, Post::Operator]),
];

/// People with a single post are the first of them.
pub const N_PLAIN: usize = 22;

pub const SECTIONS: [Section; 5] =
    [Section::Roads, Section::Budget, Section::Bridges, Section::Signals, Section::Signs];

pub fn manager_of(firm: Firm) -> u32 {
    match firm {
        Firm::Dairy => 101,
        Firm::Steel => 102,
    }
}

/// Who signs in a department.
pub fn on_duty(dept: Dept) -> Option<u32> {
    match dept {
        Dept::Housing => Some(301),
        Dept::Traffic => Some(303),
        Dept::Finance | Dept::Nowhere => None,
    }
}

pub fn dept_of(section: Section) -> Option<Dept> {
    match section {
        Section::Roads | Section::Bridges => Some(Dept::Housing),
        Section::Signals | Section::Signs => Some(Dept::Traffic),
        Section::Budget => Some(Dept::Finance),
        Section::Nowhere => None,
    }
}

/// The department that works on a category; `None`: there is no such department in this city.
pub fn routed(category: &str) -> Option<Dept> {
    match category {
        "municipal_facilities" => Some(Dept::Housing),
        "land" => Some(Dept::Traffic),
        "funding" => Some(Dept::Finance),
        _ => None,
    }
}

/// Whether this account works for the department.
pub fn works_for(account: u32, dept: Dept) -> bool {
    PEOPLE[..N_PLAIN].iter().filter(|person| person.account == account).flat_map(|person| person.posts).any(
        |post| match post {
            Post::Liaison(at) => *at == dept,
            Post::Handler(section) => dept_of(*section) == Some(dept),
            _ => false,
        },
    )
}

fn uuid(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

pub fn account_id(number: u32) -> AccountId {
    AccountId::new(uuid(number))
}

impl Firm {
    pub fn id(self) -> EnterpriseId {
        EnterpriseId::new(uuid(self as u32))
    }
}

impl Dept {
    pub fn id(self) -> DepartmentId {
        DepartmentId::new(uuid(self as u32))
    }
}

impl Section {
    pub fn id(self) -> SectionId {
        SectionId::new(uuid(self as u32))
    }
}

pub fn grants(person: &Person) -> Vec<RoleGrant> {
    let grant = |post: &Post| match *post {
        Post::Firm(firm) => RoleGrant::enterprise(firm.id()),
        Post::Manager => RoleGrant::of(Role::Manager),
        Post::Liaison(dept) => RoleGrant::liaison(dept.id()),
        Post::Handler(section) => RoleGrant::section_handler(dept_of(section).unwrap().id(), section.id()),
        Post::Operator => RoleGrant::of(Role::Operator),
        Post::Auditor => RoleGrant::of(Role::Auditor),
        Post::Leader => RoleGrant::of(Role::Leader),
    };
    person.posts.iter().map(grant).collect()
}

fn not_found(reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "fake.qinqing", []);
    Status::with_error_details(Code::NotFound, "there is none", details)
}

/// Identity, as far as the workflow asks it.
pub fn identity() -> ModuleSpec {
    let organization = "/qinqing.identity.v1.OrganizationService";
    fake::identity()
        .on(&format!("{organization}/GetDepartment"), |req: identity::GetDepartmentRequest| {
            let codes = [
                (Dept::Housing, "housing"),
                (Dept::Traffic, "natural-resources"),
                (Dept::Finance, "finance"),
            ];
            let found = codes.into_iter().find(|(dept, code)| {
                req.code == *code || req.code.is_empty() && req.department_id == dept.id().to_string()
            });
            let (dept, _) = found.ok_or_else(|| not_found("DEPARTMENT_NOT_FOUND"))?;
            let department = identity::Department {
                department_id: dept.id().to_string(),
                liaison_account_id: on_duty(dept)
                    .map(|account| account_id(account).to_string())
                    .unwrap_or_default(),
                ..Default::default()
            };
            Ok(identity::GetDepartmentResponse { department: Some(department) })
        })
        .on(&format!("{organization}/GetSection"), |req: identity::GetSectionRequest| {
            let found = SECTIONS.into_iter().find(|section| section.id().to_string() == req.section_id);
            let dept = found.and_then(dept_of).ok_or_else(|| not_found("SECTION_NOT_FOUND"))?;
            let section = identity::Section {
                section_id: req.section_id,
                department_id: dept.id().to_string(),
                ..Default::default()
            };
            Ok(identity::GetSectionResponse { section: Some(section) })
        })
        .on("/qinqing.identity.v1.GrantService/ListGrants", |req: identity::ListGrantsRequest| {
            let depts = [Dept::Housing, Dept::Traffic, Dept::Finance];
            let works_there = PEOPLE[..N_PLAIN].iter().any(|person| {
                let here = |dept: &Dept| {
                    dept.id().to_string() == req.department_id && works_for(person.account, *dept)
                };
                account_id(person.account).to_string() == req.account_id && depts.iter().any(here)
            });
            let grant = identity::Grant { account_id: req.account_id, ..Default::default() };
            let grants = if works_there { vec![grant] } else { Vec::new() };
            Ok(identity::ListGrantsResponse { grants, ..Default::default() })
        })
        .spec("identity")
}

/// The registry, as far as the workflow asks it.
pub fn registry() -> ModuleSpec {
    let firm = |id: &str| [Firm::Dairy, Firm::Steel].into_iter().find(|firm| firm.id().to_string() == id);
    Fake::new()
        .on(
            "/qinqing.registry.v1.EnterpriseService/GetEnterprise",
            move |req: registry::GetEnterpriseRequest| {
                firm(&req.enterprise_id).ok_or_else(|| not_found("ENTERPRISE_NOT_FOUND"))?;
                let enterprise = registry::Enterprise {
                    enterprise_id: req.enterprise_id,
                    name: "云杉乳业有限公司".to_owned(),
                    state: registry::EnterpriseState::Active.into(),
                    ..Default::default()
                };
                Ok(registry::GetEnterpriseResponse { enterprise: Some(enterprise) })
            },
        )
        .on("/qinqing.registry.v1.AppointmentService/GetManager", move |req: registry::GetManagerRequest| {
            let found = firm(&req.enterprise_id).ok_or_else(|| not_found("ENTERPRISE_NOT_FOUND"))?;
            let appointment = registry::Appointment {
                enterprise_id: req.enterprise_id,
                manager_id: account_id(manager_of(found)).to_string(),
                ..Default::default()
            };
            Ok(registry::GetManagerResponse { appointment: Some(appointment) })
        })
        .spec("registry")
}
