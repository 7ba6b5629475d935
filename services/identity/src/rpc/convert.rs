//! From domain values to messages.

use access::RoleGrant;
use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::parse::timestamp;

use crate::{
    domain::{
        Account, AccountState, Client, ClientScope, ClientState, Department, Email, Grant, GrantState, Phone,
        Post, Section, Session,
    },
    events::publish::session_end,
    store::tenures::Tenure,
};

/// `unmasked`: with contacts as they are.
pub(super) fn account(account: &Account, unmasked: bool) -> pb::Account {
    let (phone, email) = (account.contact.phone.as_ref(), account.contact.email.as_ref());
    let (phone, email) = if unmasked {
        (phone.map(|phone| phone.as_str().to_owned()), email.map(|email| email.as_str().to_owned()))
    } else {
        (phone.map(Phone::masked), email.map(Email::masked))
    };
    let state = match account.state {
        AccountState::Active => pb::AccountState::Active,
        AccountState::Disabled => pb::AccountState::Disabled,
    };
    pb::Account {
        account_id: account.id.to_string(),
        login_name: account.login_name.as_str().to_owned(),
        display_name: account.display_name.as_str().to_owned(),
        phone: phone.unwrap_or_default(),
        email: email.unwrap_or_default(),
        contact_masked: !unmasked,
        state: state.into(),
        must_change_password: account.must_change_password,
        create_time: Some(timestamp(account.created_at)),
        last_login_time: account.last_login_at.map(timestamp),
        etag: account.version.to_string(),
    }
}

pub(super) fn grant(grant: &Grant) -> pb::Grant {
    let Grant { id, account, role, in_charge, requested, reason, state, version } = grant;
    let RoleGrant { role, enterprise, department, section } = role;
    let (decided, revoked, end_reason) = match state {
        GrantState::Requested => (None, None, ""),
        GrantState::Active { decided } => (Some(decided), None, ""),
        GrantState::Rejected { decided, reason } => (Some(decided), None, reason.as_str()),
        GrantState::Revoked { decided, revoked, reason } => (Some(decided), Some(revoked), reason.as_str()),
    };
    let state = match state {
        GrantState::Requested => pb::GrantState::Requested,
        GrantState::Active { .. } => pb::GrantState::Active,
        GrantState::Rejected { .. } => pb::GrantState::Rejected,
        GrantState::Revoked { .. } => pb::GrantState::Revoked,
    };
    let by = |account: Option<AccountId>| account.map(|id| id.to_string()).unwrap_or_default();
    pb::Grant {
        grant_id: id.to_string(),
        account_id: account.to_string(),
        role: role.wire().into(),
        enterprise_id: enterprise.map(|id| id.to_string()).unwrap_or_default(),
        department_id: department.map(|id| id.to_string()).unwrap_or_default(),
        section_id: section.map(|id| id.to_string()).unwrap_or_default(),
        state: state.into(),
        reason: reason.clone(),
        requested_by: by(requested.by),
        request_time: Some(timestamp(requested.at)),
        decided_by: by(decided.and_then(|decided| decided.by)),
        decide_time: decided.map(|decided| timestamp(decided.at)),
        revoked_by: by(revoked.and_then(|revoked| revoked.by)),
        revoke_time: revoked.map(|revoked| timestamp(revoked.at)),
        end_reason: end_reason.to_owned(),
        in_charge: *in_charge,
        etag: version.to_string(),
    }
}

pub(super) fn department(department: &Department) -> pb::Department {
    let Department { id, code, name, division, liaison, deputy, created_at, version } = department;
    pb::Department {
        department_id: id.to_string(),
        code: code.as_str().to_owned(),
        name: name.as_str().to_owned(),
        division_code: division.as_str().to_owned(),
        liaison_account_id: liaison.map(|id| id.to_string()).unwrap_or_default(),
        deputy_account_id: deputy.map(|id| id.to_string()).unwrap_or_default(),
        create_time: Some(timestamp(*created_at)),
        etag: version.to_string(),
    }
}

pub(super) fn section(section: &Section) -> pb::Section {
    let Section { id, department, name, created_at, version } = section;
    pb::Section {
        section_id: id.to_string(),
        department_id: department.to_string(),
        name: name.as_str().to_owned(),
        create_time: Some(timestamp(*created_at)),
        etag: version.to_string(),
    }
}

pub(super) fn tenure(tenure: Tenure) -> pb::Tenure {
    let Tenure { id: _, department, post, account, display_name, from, until } = tenure;
    let post = match post {
        Post::Liaison => pb::LiaisonPost::Liaison,
        Post::Deputy => pb::LiaisonPost::Deputy,
    };
    pb::Tenure {
        department_id: department.to_string(),
        post: post.into(),
        account_id: account.to_string(),
        display_name,
        from_time: Some(timestamp(from)),
        until_time: until.map(timestamp),
    }
}

pub(super) fn session(session: Session) -> pb::Session {
    let Session { id, account, client, started_at, refreshed_at, expires_at, ended, version: _ } = session;
    pb::Session {
        session_id: id.to_string(),
        account_id: account.to_string(),
        client,
        start_time: Some(timestamp(started_at)),
        refresh_time: Some(timestamp(refreshed_at)),
        expire_time: Some(timestamp(expires_at)),
        end_time: ended.map(|(_, at)| timestamp(at)),
        end: ended.map_or(pb::SessionEnd::Unspecified, |(why, _)| session_end(why)).into(),
    }
}

pub(super) fn client(client: &Client) -> pb::Client {
    let Client { id, name, scopes, state, created_at, rotated_at, version } = client;
    let state = match state {
        ClientState::Active => pb::ClientState::Active,
        ClientState::Disabled => pb::ClientState::Disabled,
    };
    pb::Client {
        client_id: id.to_string(),
        name: name.as_str().to_owned(),
        scopes: scope_names(scopes),
        state: state.into(),
        create_time: Some(timestamp(*created_at)),
        rotate_time: Some(timestamp(*rotated_at)),
        etag: version.to_string(),
    }
}

pub(super) fn scope_names(scopes: &[ClientScope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}
