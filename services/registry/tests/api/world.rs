//! What the tests start from: a few people, and short ways to say what they do.

use std::collections::HashMap;

use access::{Role, RoleGrant};
use kernel::{AccountId, EnterpriseId};
use proto::{
    common::v1::Date,
    identity::v1 as identity,
    registry::v1::{
        self as pb, appointment_service_client::AppointmentServiceClient,
        enterprise_service_client::EnterpriseServiceClient, visit_service_client::VisitServiceClient,
    },
};
use rpc::Bearer;
use runtime::ModuleSpec;
use testkit::{TestSuite, fake};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

/// The operator of the platform.
pub const OPERATOR: AccountId = account(1);
/// Managers: 101 to 199.
pub const WANG: AccountId = account(101);
pub const LI: AccountId = account(102);
/// People of enterprises: 201 to 299.
pub const OWNER: AccountId = account(201);
pub const AGENT: AccountId = account(202);
/// In use no longer.
pub const DISABLED: AccountId = account(900);
/// Known to nobody.
pub const UNKNOWN: AccountId = account(999);

pub const fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

/// Identity, as far as the registry asks it.
pub fn identity() -> ModuleSpec {
    fake::identity()
        .on("/qinqing.identity.v1.AccountService/GetAccount", |req: identity::GetAccountRequest| {
            let state = match req.account_id.parse::<AccountId>().ok() {
                Some(UNKNOWN) | None => return Err(account_not_found()),
                Some(DISABLED) => identity::AccountState::Disabled,
                Some(_) => identity::AccountState::Active,
            };
            let account =
                identity::Account { account_id: req.account_id, state: state.into(), ..Default::default() };
            Ok(identity::GetAccountResponse { account: Some(account) })
        })
        .on("/qinqing.identity.v1.GrantService/ListGrants", |req: identity::ListGrantsRequest| {
            assert_eq!((req.role(), req.state()), (Role::Manager.wire(), identity::GrantState::Active));
            let number = req.account_id.parse().map_or(0, |id: AccountId| id.uuid().as_u128());
            let is_manager = (101..=199).contains(&number) || number == 900;
            let grants = if is_manager { vec![identity::Grant::default()] } else { vec![] };
            let total_count = i64::try_from(grants.len()).unwrap();
            Ok(identity::ListGrantsResponse { grants, total_count, ..Default::default() })
        })
        .spec("identity")
}

fn account_not_found() -> Status {
    let details = ErrorDetails::with_error_info("ACCOUNT_NOT_FOUND", "identity.qinqing", HashMap::new());
    Status::with_error_details(Code::NotFound, "there is no such account", details)
}

/// Credit codes that are right, each another one.
pub fn uscc(number: u32) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("91370281MA{number:07}");
    let mut weight = 1;
    let mut sum = 0;
    for character in body.bytes() {
        sum += weight * ALPHABET.iter().position(|known| *known == character).unwrap();
        weight = weight * 3 % 31;
    }
    let check = ALPHABET[(31 - sum % 31) % 31];
    format!("{body}{}", char::from(check))
}

/// "03-02" is the second of March 2026, the day on which every test begins.
#[expect(clippy::unnecessary_wraps, reason = "the fields of messages that it goes into are optional")]
pub fn date(text: &str) -> Option<Date> {
    let (month, day) = text.split_once('-').unwrap();
    Some(Date { year: 2026, month: month.parse().unwrap(), day: day.parse().unwrap() })
}

/// "03-02" for the second of March.
pub fn day(date: Option<Date>) -> String {
    date.map(|date| format!("{:02}-{:02}", date.month, date.day)).unwrap_or_default()
}

/// Some days later, in the morning.
pub fn wait_days(app: &TestSuite, n_days: i64) {
    app.clock.advance(chrono::TimeDelta::days(n_days));
}

pub type Answer<T> = Result<T, Status>;

/// Somebody who calls.
pub struct Person<'a> {
    app: &'a TestSuite,
    bearer: Bearer,
}

pub fn operator(app: &TestSuite) -> Person<'_> {
    person(app, OPERATOR, vec![RoleGrant::of(Role::Operator)])
}

pub fn manager(app: &TestSuite, account: AccountId) -> Person<'_> {
    person(app, account, vec![RoleGrant::of(Role::Manager)])
}

/// Somebody who acts for an enterprise.
pub fn firm<'a>(app: &'a TestSuite, account: AccountId, enterprise: &str) -> Person<'a> {
    let enterprise: EnterpriseId = enterprise.parse().unwrap();
    person(app, account, vec![RoleGrant::enterprise(enterprise)])
}

pub fn person(app: &TestSuite, account: AccountId, roles: Vec<RoleGrant>) -> Person<'_> {
    Person { app, bearer: app.person(account, roles) }
}

pub fn client<'a>(app: &'a TestSuite, scopes: &[&str]) -> Person<'a> {
    Person { app, bearer: app.client(scopes) }
}

impl Person<'_> {
    pub fn enterprises(&self) -> EnterpriseServiceClient<Bearer> {
        EnterpriseServiceClient::new(self.bearer.clone())
    }

    pub fn appointments(&self) -> AppointmentServiceClient<Bearer> {
        AppointmentServiceClient::new(self.bearer.clone())
    }

    pub fn visits(&self) -> VisitServiceClient<Bearer> {
        VisitServiceClient::new(self.bearer.clone())
    }

    /// A dairy with this number in its name and its credit code.
    pub async fn create(&self, number: u32) -> Answer<pb::Enterprise> {
        let request = pb::CreateEnterpriseRequest {
            uscc: uscc(number),
            name: format!("青岛乳业{number}有限公司"),
            industry_code: "C1441".to_owned(),
            division_code: "370281101".to_owned(),
            address: "泉州路 1 号".to_owned(),
            employees: Some(320),
            revenue_yuan: Some(50_000_000),
            assets_yuan: None,
            request_id: self.app.request_id(),
        };
        self.create_as(request).await
    }

    pub async fn create_as(&self, request: pb::CreateEnterpriseRequest) -> Answer<pb::Enterprise> {
        Ok(self.enterprises().create_enterprise(request).await?.into_inner().enterprise.unwrap())
    }

    pub async fn get(&self, enterprise_id: &str) -> Answer<pb::Enterprise> {
        let request = pb::GetEnterpriseRequest { enterprise_id: enterprise_id.to_owned() };
        Ok(self.enterprises().get_enterprise(request).await?.into_inner().enterprise.unwrap())
    }

    pub async fn list(&self, request: pb::ListEnterprisesRequest) -> Answer<pb::ListEnterprisesResponse> {
        Ok(self.enterprises().list_enterprises(request).await?.into_inner())
    }

    pub async fn retire(&self, enterprise_id: &str, etag: &str) -> Answer<pb::Enterprise> {
        let request = pb::RetireEnterpriseRequest {
            enterprise_id: enterprise_id.to_owned(),
            etag: etag.to_owned(),
            request_id: self.app.request_id(),
        };
        Ok(self.enterprises().retire_enterprise(request).await?.into_inner().enterprise.unwrap())
    }

    pub async fn add_member(&self, enterprise_id: &str, account: AccountId) -> Answer<pb::EnterpriseMember> {
        let request = pb::AddMemberRequest {
            enterprise_id: enterprise_id.to_owned(),
            account_id: account.to_string(),
            title: "经办人".to_owned(),
            request_id: self.app.request_id(),
        };
        Ok(self.enterprises().add_member(request).await?.into_inner().member.unwrap())
    }

    pub async fn remove_member(&self, member: &pb::EnterpriseMember) -> Answer<pb::EnterpriseMember> {
        let request = pb::RemoveMemberRequest {
            enterprise_id: member.enterprise_id.clone(),
            member_id: member.member_id.clone(),
            etag: member.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.enterprises().remove_member(request).await?.into_inner().member.unwrap())
    }

    pub async fn members(
        &self,
        enterprise_id: &str,
        include_removed: bool,
    ) -> Answer<Vec<pb::EnterpriseMember>> {
        let request = pb::ListMembersRequest {
            enterprise_id: enterprise_id.to_owned(),
            include_removed,
            ..Default::default()
        };
        Ok(self.enterprises().list_members(request).await?.into_inner().members)
    }

    /// From today on, unless a day is given.
    pub async fn appoint(
        &self,
        enterprise_id: &str,
        manager: AccountId,
        from: Option<&str>,
    ) -> Answer<pb::Appointment> {
        let request = pb::AppointRequest {
            enterprise_id: enterprise_id.to_owned(),
            manager_id: manager.to_string(),
            from_date: from.and_then(date),
            request_id: self.app.request_id(),
        };
        Ok(self.appointments().appoint(request).await?.into_inner().appointment.unwrap())
    }

    pub async fn end(&self, appointment: &pb::Appointment, on: Option<&str>) -> Answer<pb::Appointment> {
        let request = pb::EndAppointmentRequest {
            appointment_id: appointment.appointment_id.clone(),
            end_date: on.and_then(date),
            etag: appointment.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.appointments().end_appointment(request).await?.into_inner().appointment.unwrap())
    }

    /// All enterprises of one manager to another, on a day.
    pub async fn hand_over(
        &self,
        from: AccountId,
        to: AccountId,
        on: Option<&str>,
        expected_count: i32,
    ) -> Answer<Vec<pb::Appointment>> {
        let request = pb::HandOverRequest {
            from_manager_id: from.to_string(),
            to_manager_id: to.to_string(),
            as_of_date: on.and_then(date),
            enterprise_ids: vec![],
            expected_count,
            request_id: self.app.request_id(),
        };
        Ok(self.appointments().hand_over(request).await?.into_inner().appointments)
    }

    /// The manager on a day, or today; `None` when there is none.
    pub async fn manager_of(&self, enterprise_id: &str, on: Option<&str>) -> Answer<Option<AccountId>> {
        let request =
            pb::GetManagerRequest { enterprise_id: enterprise_id.to_owned(), as_of_date: on.and_then(date) };
        let appointment = self.appointments().get_manager(request).await?.into_inner().appointment;
        Ok(appointment.map(|appointment| appointment.manager_id.parse().unwrap()))
    }

    pub async fn list_appointments(
        &self,
        request: pb::ListAppointmentsRequest,
    ) -> Answer<pb::ListAppointmentsResponse> {
        Ok(self.appointments().list_appointments(request).await?.into_inner())
    }

    /// A visit of three officials, today unless a day is given.
    pub async fn visit(&self, enterprise_id: &str, on: Option<&str>) -> Answer<pb::Visit> {
        let request = pb::RecordVisitRequest {
            enterprise_id: enterprise_id.to_owned(),
            visit_date: on.and_then(date),
            kind: pb::VisitKind::OnSite.into(),
            officials: 3,
            findings: "校园奶从农场到教室可追溯".to_owned(),
            issue_ids: vec![],
            request_id: self.app.request_id(),
        };
        self.visit_as(request).await
    }

    pub async fn visit_as(&self, request: pb::RecordVisitRequest) -> Answer<pb::Visit> {
        Ok(self.visits().record_visit(request).await?.into_inner().visit.unwrap())
    }

    pub async fn confirm(&self, visit: &pb::Visit) -> Answer<pb::Visit> {
        let request = pb::ConfirmVisitRequest {
            visit_id: visit.visit_id.clone(),
            etag: visit.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.visits().confirm_visit(request).await?.into_inner().visit.unwrap())
    }

    pub async fn dispute(&self, visit: &pb::Visit, reason: &str) -> Answer<pb::Visit> {
        let request = pb::DisputeVisitRequest {
            visit_id: visit.visit_id.clone(),
            reason: reason.to_owned(),
            etag: visit.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.visits().dispute_visit(request).await?.into_inner().visit.unwrap())
    }

    pub async fn cancel(&self, visit: &pb::Visit) -> Answer<pb::Visit> {
        let request = pb::CancelVisitRequest {
            visit_id: visit.visit_id.clone(),
            etag: visit.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.visits().cancel_visit(request).await?.into_inner().visit.unwrap())
    }

    pub async fn get_visit(&self, visit_id: &str) -> Answer<pb::Visit> {
        let request = pb::GetVisitRequest { visit_id: visit_id.to_owned() };
        Ok(self.visits().get_visit(request).await?.into_inner().visit.unwrap())
    }

    pub async fn list_visits(&self, request: pb::ListVisitsRequest) -> Answer<pb::ListVisitsResponse> {
        Ok(self.visits().list_visits(request).await?.into_inner())
    }
}
