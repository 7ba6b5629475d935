//! Who takes part: the people and firms of the demonstration's city, and those whom a scenario adds.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use kernel::Clock as _;
use proto::{
    common::v1::Date,
    identity::v1::{
        ApproveGrantRequest, CreateAccountRequest, GetDepartmentRequest, ListDepartmentsRequest,
        ListSectionsRequest, RequestGrantRequest, SetLiaisonRequest,
        account_service_client::AccountServiceClient, grant_service_client::GrantServiceClient,
        organization_service_client::OrganizationServiceClient,
    },
    options::v1::Role,
    registry::v1::{
        AddMemberRequest, AppointRequest, CreateEnterpriseRequest, ListEnterprisesRequest,
        appointment_service_client::AppointmentServiceClient,
        enterprise_service_client::EnterpriseServiceClient,
    },
};
use qinqing::{
    city::{Login, new_password, request_id},
    desk::{Desk, Seat, told},
};

use super::file::{NewFirm, NewRole, Newcomer};
use crate::world::World;

/// Everybody and everything by the names that people use.
#[derive(Debug, Default)]
pub struct Cast {
    pub division: String,
    logins: Vec<Login>,
    departments: BTreeMap<String, String>,
    sections: BTreeMap<String, String>,
    firms: BTreeMap<String, String>,
}

/// Those who set things up, signed in.
struct Staff {
    requester: Seat,
    approver: Seat,
    operator: Seat,
    today: Date,
}

impl Cast {
    pub async fn gather(world: &World, people: &[Newcomer], firms: &[NewFirm]) -> anyhow::Result<Self> {
        let security = world.city.logins.iter().filter(|login| login.role == "SECURITY_ADMIN");
        let security: Vec<&str> = security.map(|login| login.login_name.as_str()).collect();
        ensure!(1 < security.len(), "a grant needs two security administrators");
        let staff = Staff {
            requester: world.seat(security[0]).await,
            approver: world.seat(security[1]).await,
            operator: world.seat("operator").await,
            today: rpc::parse::date(world.clock.now().with_timezone(&worktime::ZONE).date_naive()),
        };
        let mut cast = Self {
            division: world.city.division_code.clone(),
            logins: world.city.logins.clone(),
            departments: BTreeMap::new(),
            sections: BTreeMap::new(),
            firms: BTreeMap::new(),
        };
        cast.name_offices(&staff).await?;
        for newcomer in people {
            cast.add(newcomer, &staff, world).await?;
        }
        for firm in firms {
            cast.found(firm, &staff).await?;
        }
        cast.name_firms(&staff).await?;
        world.suite.settle().await?;
        Ok(cast)
    }

    pub fn login(&self, name: &str) -> anyhow::Result<&Login> {
        let found = self.logins.iter().find(|login| login.login_name == name);
        found.with_context(|| format!("nobody signs in as {name:?}"))
    }

    pub fn account(&self, name: &str) -> anyhow::Result<String> {
        Ok(self.login(name)?.account_id.clone())
    }

    pub fn department(&self, name: &str) -> anyhow::Result<String> {
        self.departments.get(name).cloned().with_context(|| format!("there is no department {name:?}"))
    }

    pub fn section(&self, name: &str) -> anyhow::Result<String> {
        self.sections.get(name).cloned().with_context(|| format!("there is no section {name:?}"))
    }

    pub fn firm(&self, name: &str) -> anyhow::Result<String> {
        self.firms.get(name).cloned().with_context(|| format!("there is no firm {name:?}"))
    }

    /// What somebody signs in as, by their account; "nobody" where there is none.
    pub fn name_of(&self, account_id: &str) -> String {
        let found = self.logins.iter().find(|login| login.account_id == account_id);
        match found {
            Some(login) => login.login_name.clone(),
            None if account_id.is_empty() => "nobody".to_owned(),
            None => account_id.to_owned(),
        }
    }

    pub fn department_of(&self, id: &str) -> String {
        name_in(&self.departments, id)
    }

    pub fn section_of(&self, id: &str) -> String {
        name_in(&self.sections, id)
    }

    async fn name_offices(&mut self, staff: &Staff) -> anyhow::Result<()> {
        let mut offices = OrganizationServiceClient::new(staff.operator.channel());
        let request = ListDepartmentsRequest { page_size: 500, ..ListDepartmentsRequest::default() };
        let page = offices.list_departments(request).await.map_err(told)?.into_inner();
        let named = page.departments.into_iter().map(|office| (office.name, office.department_id));
        self.departments = named.collect();
        let request = ListSectionsRequest { page_size: 500, ..ListSectionsRequest::default() };
        let page = offices.list_sections(request).await.map_err(told)?.into_inner();
        self.sections = page.sections.into_iter().map(|section| (section.name, section.section_id)).collect();
        Ok(())
    }

    async fn name_firms(&mut self, staff: &Staff) -> anyhow::Result<()> {
        let mut firms = EnterpriseServiceClient::new(staff.operator.channel());
        let request = ListEnterprisesRequest { page_size: 500, ..ListEnterprisesRequest::default() };
        let page = firms.list_enterprises(request).await.map_err(told)?.into_inner();
        self.firms = page.enterprises.into_iter().map(|firm| (firm.name, firm.enterprise_id)).collect();
        Ok(())
    }

    async fn add(&mut self, newcomer: &Newcomer, staff: &Staff, world: &World) -> anyhow::Result<()> {
        let Newcomer { login, name, roles } = newcomer;
        let request = CreateAccountRequest {
            login_name: login.clone(),
            display_name: name.clone(),
            phone: String::new(),
            email: String::new(),
            request_id: request_id(),
        };
        let mut accounts = AccountServiceClient::new(staff.requester.channel());
        let made = accounts.create_account(request).await.map_err(told)?.into_inner();
        let account_id = made.account.context("no account was made")?.account_id;
        for role in roles {
            self.grant(&account_id, role, staff).await?;
        }
        let password = new_password();
        Desk::new(world.suite.here()).change_password(login, &made.initial_password, &password).await?;
        self.logins.push(Login {
            login_name: login.clone(),
            password,
            display_name: name.clone(),
            role: String::new(),
            title: String::new(),
            account_id,
        });
        Ok(())
    }

    async fn grant(&self, account_id: &str, held: &NewRole, staff: &Staff) -> anyhow::Result<()> {
        let role = Role::from_str_name(&format!("ROLE_{}", held.role))
            .with_context(|| format!("{} is no role", held.role))?;
        let department_id = held.department.as_deref().map(|name| self.department(name)).transpose()?;
        let section_id = held.section.as_deref().map(|name| self.section(name)).transpose()?;
        let request = RequestGrantRequest {
            account_id: account_id.to_owned(),
            role: role.into(),
            department_id: department_id.clone().unwrap_or_default(),
            section_id: section_id.unwrap_or_default(),
            reason: "情景测试".to_owned(),
            in_charge: false,
            request_id: request_id(),
        };
        let mut requester = GrantServiceClient::new(staff.requester.channel());
        let grant = requester.request_grant(request).await.map_err(told)?.into_inner().grant;
        let grant = grant.context("no grant was made")?;
        let request =
            ApproveGrantRequest { grant_id: grant.grant_id, etag: grant.etag, request_id: request_id() };
        GrantServiceClient::new(staff.approver.channel()).approve_grant(request).await.map_err(told)?;
        match department_id {
            Some(department_id) if role == Role::Liaison => {
                self.put_in_charge(account_id, department_id, staff).await
            }
            _ => Ok(()),
        }
    }

    /// Makes them the liaison of the department, if it has none.
    async fn put_in_charge(
        &self,
        account_id: &str,
        department_id: String,
        staff: &Staff,
    ) -> anyhow::Result<()> {
        let mut offices = OrganizationServiceClient::new(staff.operator.channel());
        let request = GetDepartmentRequest { department_id: department_id.clone(), code: String::new() };
        let found = offices.get_department(request).await.map_err(told)?.into_inner().department;
        let found = found.context("the department is gone")?;
        if found.liaison_account_id.is_empty() {
            let request = SetLiaisonRequest {
                department_id,
                account_id: account_id.to_owned(),
                etag: found.etag,
                request_id: request_id(),
            };
            offices.set_liaison(request).await.map_err(told)?;
        }
        Ok(())
    }

    async fn found(&self, firm: &NewFirm, staff: &Staff) -> anyhow::Result<()> {
        let NewFirm { name, uscc, manager, members } = firm;
        let mut enterprises = EnterpriseServiceClient::new(staff.operator.channel());
        let request = CreateEnterpriseRequest {
            uscc: uscc.clone(),
            name: name.clone(),
            industry_code: "C3411".to_owned(),
            division_code: self.division.clone(),
            address: String::new(),
            employees: None,
            revenue_yuan: None,
            assets_yuan: None,
            request_id: request_id(),
        };
        let made = enterprises.create_enterprise(request).await.map_err(told)?.into_inner();
        let enterprise_id = made.enterprise.context("no enterprise was made")?.enterprise_id;
        for member in members {
            let request = AddMemberRequest {
                enterprise_id: enterprise_id.clone(),
                account_id: self.account(member)?,
                title: "经办人".to_owned(),
                request_id: request_id(),
            };
            enterprises.add_member(request).await.map_err(told)?;
        }
        let request = AppointRequest {
            enterprise_id,
            manager_id: self.account(manager)?,
            from_date: Some(staff.today),
            request_id: request_id(),
        };
        AppointmentServiceClient::new(staff.operator.channel()).appoint(request).await.map_err(told)?;
        Ok(())
    }
}

fn name_in(names: &BTreeMap<String, String>, id: &str) -> String {
    let found = names.iter().find(|(_, known)| *known == id);
    match found {
        Some((name, _)) => name.clone(),
        None if id.is_empty() => "none".to_owned(),
        None => id.to_owned(),
    }
}
