//! From what happened to the messages that others read.

use access::RoleGrant;
use events::Outgoing;
use kernel::{AccountId, EventId, GrantId};
use prost::{Message, Name};
use proto::identity::v1 as pb;
use store::Batch;

use crate::domain::{ClientScope, Event, GrantState, Happened, SessionEnd};

/// Puts what happened into the outbox.
pub(crate) fn append(batch: &mut Batch, event_id: EventId, happened: Happened, traceparent: &str) {
    let Happened { subject, version, at, by, event } = happened;
    let outgoing = Outgoing { event_id, subject, subject_version: version, time: at, traceparent };
    match event {
        Event::AccountCreated(id) => {
            put(batch, outgoing, &pb::AccountCreated { account_id: id.to_string(), by });
        }
        Event::AccountUpdated(id, fields) => {
            let fields = fields.into_iter().map(str::to_owned).collect();
            put(batch, outgoing, &pb::AccountUpdated { account_id: id.to_string(), fields, by });
        }
        Event::AccountDisabled(id) => {
            put(batch, outgoing, &pb::AccountDisabled { account_id: id.to_string(), by });
        }
        Event::AccountEnabled(id) => {
            put(batch, outgoing, &pb::AccountEnabled { account_id: id.to_string(), by });
        }
        Event::PasswordChanged(id) => {
            put(batch, outgoing, &pb::PasswordChanged { account_id: id.to_string() });
        }
        Event::Grant { grant, account, role, in_charge, state } => {
            put_grant(batch, outgoing, &state, Parts { grant, account, role, in_charge, by });
        }
        Event::SessionStarted(id, account) => put(
            batch,
            outgoing,
            &pb::SessionStarted { session_id: id.to_string(), account_id: account.to_string() },
        ),
        Event::SessionRevoked(id, account, why) => {
            let end = session_end(why).into();
            let (session_id, account_id) = (id.to_string(), account.to_string());
            put(batch, outgoing, &pb::SessionRevoked { session_id, account_id, end, by });
        }
        Event::DepartmentCreated { department, code, division } => {
            let department_id = department.to_string();
            let (code, division_code) = (code.as_str().to_owned(), division.as_str().to_owned());
            put(batch, outgoing, &pb::DepartmentCreated { department_id, code, division_code, by });
        }
        Event::DepartmentRenamed(id, name) => {
            let (department_id, name) = (id.to_string(), name.as_str().to_owned());
            put(batch, outgoing, &pb::DepartmentRenamed { department_id, name, by });
        }
        Event::LiaisonSet { department, liaison, deputy } => {
            let holder = |account: Option<AccountId>| account.map(|id| id.to_string()).unwrap_or_default();
            let (liaison_account_id, deputy_account_id) = (holder(liaison), holder(deputy));
            let department_id = department.to_string();
            put(
                batch,
                outgoing,
                &pb::LiaisonSet { department_id, liaison_account_id, deputy_account_id, by },
            );
        }
        Event::SectionCreated(id, department) => {
            let (section_id, department_id) = (id.to_string(), department.to_string());
            put(batch, outgoing, &pb::SectionCreated { section_id, department_id, by });
        }
        Event::SectionRenamed(id, department, name) => {
            let (section_id, department_id) = (id.to_string(), department.to_string());
            let name = name.as_str().to_owned();
            put(batch, outgoing, &pb::SectionRenamed { section_id, department_id, name, by });
        }
        Event::ClientCreated(id, scopes) => {
            let scopes = scopes.iter().map(ClientScope::as_str).map(str::to_owned).collect();
            put(batch, outgoing, &pb::ClientCreated { client_id: id.to_string(), scopes, by });
        }
        Event::ClientSecretRotated(id) => {
            put(batch, outgoing, &pb::ClientSecretRotated { client_id: id.to_string(), by });
        }
        Event::ClientDisabled(id) => {
            put(batch, outgoing, &pb::ClientDisabled { client_id: id.to_string(), by });
        }
    }
}

pub(crate) fn session_end(why: SessionEnd) -> pb::SessionEnd {
    match why {
        SessionEnd::Logout => pb::SessionEnd::Logout,
        SessionEnd::Revoked => pb::SessionEnd::Revoked,
        SessionEnd::TokenReused => pb::SessionEnd::TokenReused,
        SessionEnd::PasswordChanged => pb::SessionEnd::PasswordChanged,
        SessionEnd::AccountDisabled => pb::SessionEnd::AccountDisabled,
    }
}

/// What every event of a grant tells.
struct Parts {
    grant: GrantId,
    account: AccountId,
    role: RoleGrant,
    in_charge: bool,
    by: String,
}

macro_rules! grant_message {
    ($message:ident, $parts:expr) => {{
        let Parts { grant, account, role, in_charge, by } = $parts;
        let RoleGrant { role, enterprise, department, section } = role;
        pb::$message {
            grant_id: grant.to_string(),
            account_id: account.to_string(),
            role: role.wire().into(),
            enterprise_id: enterprise.map(|id| id.to_string()).unwrap_or_default(),
            department_id: department.map(|id| id.to_string()).unwrap_or_default(),
            section_id: section.map(|id| id.to_string()).unwrap_or_default(),
            by,
            in_charge,
        }
    }};
}

fn put_grant(batch: &mut Batch, outgoing: Outgoing<'_>, state: &GrantState, parts: Parts) {
    match state {
        GrantState::Requested => put(batch, outgoing, &grant_message!(RoleRequested, parts)),
        GrantState::Active { .. } => put(batch, outgoing, &grant_message!(RoleGranted, parts)),
        GrantState::Rejected { .. } => put(batch, outgoing, &grant_message!(RoleRejected, parts)),
        GrantState::Revoked { .. } => put(batch, outgoing, &grant_message!(RoleRevoked, parts)),
    }
}

fn put<M: Message + Name>(batch: &mut Batch, outgoing: Outgoing<'_>, payload: &M) {
    events::append(batch, outgoing, payload);
}
