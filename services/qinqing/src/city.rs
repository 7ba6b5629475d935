//! An invented city, set up through the services' own RPCs by the people who would do it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, ensure};
use kernel::{Clock, IdGen as _};
use proto::{
    common::v1::Date,
    identity::v1::{
        ApproveGrantRequest, CreateAccountRequest, CreateDepartmentRequest, CreateSectionRequest,
        RequestGrantRequest, SetLiaisonRequest, account_service_client::AccountServiceClient,
        grant_service_client::GrantServiceClient, organization_service_client::OrganizationServiceClient,
    },
    options::v1::Role,
    registry::v1::{
        AddMemberRequest, AppointRequest, CreateEnterpriseRequest,
        appointment_service_client::AppointmentServiceClient,
        enterprise_service_client::EnterpriseServiceClient,
    },
};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use crate::desk::{Desk, Seat, told};

const PLAN: &str = include_str!("../demo/city.toml");

/// Who can sign in, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub login_name: String,
    pub password: String,
    pub display_name: String,
    pub role: String,
    pub title: String,
    pub account_id: String,
}

/// The city as it was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct City {
    pub name: String,
    pub division_code: String,
    pub logins: Vec<Login>,
    /// Id of each department by its code.
    pub departments: BTreeMap<String, String>,
    /// Ids of the sections of each department, by its code.
    pub sections: BTreeMap<String, Vec<String>>,
    /// Id of each enterprise by its USCC.
    pub enterprises: BTreeMap<String, String>,
}

/// An administrator whom the installation began with.
#[derive(Debug, Clone)]
pub struct Administrator {
    pub login_name: String,
    /// Given at the installation; to be changed at the first sign-in.
    pub password: String,
    pub title: String,
    pub role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    name: String,
    division_code: String,
    departments: Vec<PlannedDepartment>,
    people: Vec<PlannedPerson>,
    enterprises: Vec<PlannedEnterprise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedDepartment {
    code: String,
    name: String,
    sections: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedPerson {
    login_name: String,
    display_name: String,
    role: String,
    title: String,
    department: Option<String>,
    section: Option<usize>,
    #[serde(default)]
    in_charge: bool,
    enterprise: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedEnterprise {
    uscc: String,
    name: String,
    industry_code: String,
    division_code: String,
    address: String,
    employees: i64,
    manager: String,
}

impl City {
    pub fn login(&self, login_name: &str) -> anyhow::Result<&Login> {
        let found = self.logins.iter().find(|login| login.login_name == login_name);
        found.with_context(|| format!("nobody in the city signs in as {login_name:?}"))
    }

    /// Signs somebody of the city in.
    pub async fn seat(&self, desk: &Desk, login_name: &str) -> anyhow::Result<Seat> {
        let login = self.login(login_name)?;
        desk.sign_in(&login.login_name, &login.password).await
    }
}

/// Sets the city up. `settle` lets events take effect where nothing does so by itself.
pub async fn build(
    desk: &Desk,
    administrators: &[Administrator],
    clock: &dyn Clock,
    settle: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<City> {
    let plan: Plan = toml::from_str(PLAN).context("demo/city.toml")?;
    let mut builder = Builder { desk, clock, city: City::empty(&plan) };
    let staff = builder.administrators(administrators).await?;
    builder.departments(&plan, &staff).await?;
    for person in &plan.people {
        builder.person(person, &staff).await?;
    }
    builder.liaisons(&plan, &staff).await?;
    builder.enterprises(&plan, &staff).await?;
    settle().await?;
    builder.wait_for_members(&plan).await?;
    Ok(builder.city)
}

/// The administrators who set the city up, signed in.
struct Staff {
    requester: Seat,
    approver: Seat,
    operator: Seat,
}

struct Builder<'a> {
    desk: &'a Desk,
    clock: &'a dyn Clock,
    city: City,
}

impl City {
    fn empty(plan: &Plan) -> Self {
        Self {
            name: plan.name.clone(),
            division_code: plan.division_code.clone(),
            logins: Vec::new(),
            departments: BTreeMap::new(),
            sections: BTreeMap::new(),
            enterprises: BTreeMap::new(),
        }
    }
}

impl Builder<'_> {
    async fn administrators(&mut self, administrators: &[Administrator]) -> anyhow::Result<Staff> {
        for administrator in administrators {
            let password = new_password();
            self.desk.change_password(&administrator.login_name, &administrator.password, &password).await?;
            let seat = self.desk.sign_in(&administrator.login_name, &password).await?;
            self.city.logins.push(Login {
                login_name: administrator.login_name.clone(),
                password,
                display_name: seat.display_name,
                role: administrator.role.clone(),
                title: administrator.title.clone(),
                account_id: seat.account_id,
            });
        }
        let of_role = |role: &str| -> Vec<&Login> {
            self.city.logins.iter().filter(|login| login.role == role).collect()
        };
        let security = of_role("SECURITY_ADMIN");
        let operators = of_role("OPERATOR");
        ensure!(
            security.len() >= 2 && !operators.is_empty(),
            "two security administrators and an operator are needed"
        );
        let sign_in = async |login: &Login| self.desk.sign_in(&login.login_name, &login.password).await;
        Ok(Staff {
            requester: sign_in(security[0]).await?,
            approver: sign_in(security[1]).await?,
            operator: sign_in(operators[0]).await?,
        })
    }

    async fn departments(&mut self, plan: &Plan, staff: &Staff) -> anyhow::Result<()> {
        let mut organization = OrganizationServiceClient::new(staff.operator.channel());
        for department in &plan.departments {
            let request = CreateDepartmentRequest {
                code: department.code.clone(),
                name: department.name.clone(),
                division_code: plan.division_code.clone(),
                request_id: request_id(),
            };
            let made = organization.create_department(request).await.map_err(told)?.into_inner();
            let department_id = made.department.context("no department was made")?.department_id;
            let mut sections = Vec::new();
            for name in &department.sections {
                let request = CreateSectionRequest {
                    department_id: department_id.clone(),
                    name: name.clone(),
                    request_id: request_id(),
                };
                let made = organization.create_section(request).await.map_err(told)?.into_inner();
                sections.push(made.section.context("no section was made")?.section_id);
            }
            self.city.departments.insert(department.code.clone(), department_id);
            self.city.sections.insert(department.code.clone(), sections);
        }
        Ok(())
    }

    async fn person(&mut self, person: &PlannedPerson, staff: &Staff) -> anyhow::Result<()> {
        let request = CreateAccountRequest {
            login_name: person.login_name.clone(),
            display_name: person.display_name.clone(),
            phone: String::new(),
            email: String::new(),
            request_id: request_id(),
        };
        let mut accounts = AccountServiceClient::new(staff.requester.channel());
        let made = accounts.create_account(request).await.map_err(told)?.into_inner();
        let account_id = made.account.context("no account was made")?.account_id;
        // Membership of an enterprise gives the enterprise's role by itself.
        if person.role != "ENTERPRISE" {
            self.grant(&account_id, person, staff).await?;
        }
        let password = new_password();
        self.desk.change_password(&person.login_name, &made.initial_password, &password).await?;
        self.city.logins.push(Login {
            login_name: person.login_name.clone(),
            password,
            display_name: person.display_name.clone(),
            role: person.role.clone(),
            title: person.title.clone(),
            account_id,
        });
        Ok(())
    }

    async fn grant(&self, account_id: &str, person: &PlannedPerson, staff: &Staff) -> anyhow::Result<()> {
        let role = Role::from_str_name(&format!("ROLE_{}", person.role))
            .with_context(|| format!("{} is no role", person.role))?;
        let code = person.department.as_deref();
        let department_id =
            code.and_then(|code| self.city.departments.get(code)).cloned().unwrap_or_default();
        let section_id = match (code, person.section) {
            (Some(code), Some(place)) => self.city.sections[code].get(place - 1).cloned(),
            _ => None,
        };
        let request = RequestGrantRequest {
            account_id: account_id.to_owned(),
            role: role.into(),
            department_id,
            section_id: section_id.unwrap_or_default(),
            reason: "演示环境初始化".to_owned(),
            in_charge: person.in_charge,
            request_id: request_id(),
        };
        let mut requester = GrantServiceClient::new(staff.requester.channel());
        let grant = requester.request_grant(request).await.map_err(told)?.into_inner().grant;
        let grant = grant.context("no grant was made")?;
        let request =
            ApproveGrantRequest { grant_id: grant.grant_id, etag: grant.etag, request_id: request_id() };
        GrantServiceClient::new(staff.approver.channel()).approve_grant(request).await.map_err(told)?;
        Ok(())
    }

    async fn liaisons(&self, plan: &Plan, staff: &Staff) -> anyhow::Result<()> {
        let mut organization = OrganizationServiceClient::new(staff.operator.channel());
        for person in plan.people.iter().filter(|person| person.role == "LIAISON" && !person.in_charge) {
            let code = person.department.as_deref().context("a liaison without a department")?;
            let department_id = self.city.departments[code].clone();
            let request = proto::identity::v1::GetDepartmentRequest {
                department_id: department_id.clone(),
                code: String::new(),
            };
            let department =
                organization.get_department(request).await.map_err(told)?.into_inner().department;
            let request = SetLiaisonRequest {
                department_id,
                account_id: self.city.login(&person.login_name)?.account_id.clone(),
                etag: department.context("the department is gone")?.etag,
                request_id: request_id(),
            };
            organization.set_liaison(request).await.map_err(told)?;
        }
        Ok(())
    }

    async fn enterprises(&mut self, plan: &Plan, staff: &Staff) -> anyhow::Result<()> {
        let mut enterprises = EnterpriseServiceClient::new(staff.operator.channel());
        let mut appointments = AppointmentServiceClient::new(staff.operator.channel());
        for planned in &plan.enterprises {
            let request = CreateEnterpriseRequest {
                uscc: planned.uscc.clone(),
                name: planned.name.clone(),
                industry_code: planned.industry_code.clone(),
                division_code: planned.division_code.clone(),
                address: planned.address.clone(),
                employees: Some(planned.employees),
                revenue_yuan: None,
                assets_yuan: None,
                request_id: request_id(),
            };
            let made = enterprises.create_enterprise(request).await.map_err(told)?.into_inner();
            let enterprise_id = made.enterprise.context("no enterprise was made")?.enterprise_id;
            for person in plan.people.iter().filter(|p| p.enterprise.as_ref() == Some(&planned.uscc)) {
                let request = AddMemberRequest {
                    enterprise_id: enterprise_id.clone(),
                    account_id: self.city.login(&person.login_name)?.account_id.clone(),
                    title: person.title.clone(),
                    request_id: request_id(),
                };
                enterprises.add_member(request).await.map_err(told)?;
            }
            let request = AppointRequest {
                enterprise_id: enterprise_id.clone(),
                manager_id: self.city.login(&planned.manager)?.account_id.clone(),
                from_date: Some(today(self.clock)),
                request_id: request_id(),
            };
            appointments.appoint(request).await.map_err(told)?;
            self.city.enterprises.insert(planned.uscc.clone(), enterprise_id);
        }
        Ok(())
    }

    /// Members get their role by an event from the registry to identity.
    async fn wait_for_members(&self, plan: &Plan) -> anyhow::Result<()> {
        for person in plan.people.iter().filter(|person| person.role == "ENTERPRISE") {
            let mut n_tries = 0;
            while !self
                .city
                .seat(self.desk, &person.login_name)
                .await?
                .roles
                .iter()
                .any(|role| role == "ENTERPRISE")
            {
                n_tries += 1;
                ensure!(n_tries < 100, "{} did not become a member", person.login_name);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }
}

/// A fresh `request_id`.
pub fn request_id() -> String {
    kernel::UuidV7.uuid(kernel::SystemClock.now()).to_string()
}

/// The day in China.
fn today(clock: &dyn Clock) -> Date {
    let day = clock.now().with_timezone(&worktime::ZONE).date_naive();
    rpc::parse::date(day)
}

/// Twenty letters and digits by chance: about 100 bits, no two that look alike.
pub fn new_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut rng = rand::rng();
    let word: String = (0..18).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect();
    // Every class of character that a policy may ask for.
    format!("{word}-a7K")
}
