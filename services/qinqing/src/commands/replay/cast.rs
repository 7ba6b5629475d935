//! The city's offices, people and firms, set up through the RPCs that would set them up.

use access::{Role, RoleGrant};
use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId};
use proto::{
    identity::v1::{
        ApproveGrantRequest, CreateAccountRequest, CreateDepartmentRequest, CreateSectionRequest, Department,
        ListAccountsRequest, RequestGrantRequest, SetDeputyRequest, SetLiaisonRequest,
        account_service_client::AccountServiceClient, grant_service_client::GrantServiceClient,
        organization_service_client::OrganizationServiceClient,
    },
    registry::v1::{
        AddMemberRequest, AppointRequest, CreateEnterpriseRequest,
        appointment_service_client::AppointmentServiceClient,
        enterprise_service_client::EnterpriseServiceClient,
    },
};
use qinqing::{city::request_id, desk::told};
use rpc::Bearer;

use super::{
    actors::Actors,
    plan::{self, N_DEPARTMENTS, N_MANAGERS, Plan},
};
use crate::commands::progress;

const DIVISION: &str = "370281";
/// How many firms and people are set up at once.
const AT_ONCE: usize = 4;

/// A department with its people.
pub struct Office {
    pub department_id: DepartmentId,
    pub section_id: SectionId,
    pub liaison: AccountId,
    pub handler: AccountId,
}

/// A firm with its agent and its manager.
pub struct Firm {
    pub enterprise_id: EnterpriseId,
    pub agent: AccountId,
    pub manager: AccountId,
}

pub struct Cast {
    pub operator: AccountId,
    pub auditor: AccountId,
    pub leader: AccountId,
    pub offices: Vec<Office>,
    /// The firm of the manager of the same number.
    pub firms: Vec<Firm>,
}

struct Assembly<'a> {
    actors: &'a Actors<'a>,
    operator: AccountId,
    security: [AccountId; 2],
}

impl Cast {
    pub async fn assemble(actors: &Actors<'_>, _plan: &Plan) -> anyhow::Result<Self> {
        let assembly = Assembly::of_first_administrators(actors).await?;
        let auditor = assembly.official("auditor", "审核员", RoleGrant::of(Role::Auditor)).await?;
        let leader = assembly.official("leader", "市领导", RoleGrant::of(Role::Leader)).await?;
        let bar = progress("机构与人员", (N_DEPARTMENTS + N_MANAGERS) as u64);
        let mut offices = Vec::new();
        for number in 0..N_DEPARTMENTS {
            offices.push(assembly.office(number).await.with_context(|| format!("department {number}"))?);
            bar.inc(1);
        }
        let firms = futures::stream::iter(0..N_MANAGERS)
            .map(|number| {
                let (assembly, bar) = (&assembly, &bar);
                async move {
                    let firm = assembly.firm(number).await.with_context(|| format!("firm {number}"));
                    bar.inc(1);
                    firm
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        bar.finish();
        Ok(Self { operator: assembly.operator, auditor, leader, offices, firms })
    }
}

impl<'a> Assembly<'a> {
    async fn of_first_administrators(actors: &'a Actors<'a>) -> anyhow::Result<Self> {
        // Their ids are told to whoever may list accounts; the first of them signs for himself.
        let nobody = AccountId::new(uuid::Uuid::nil());
        let seat = actors.seat(nobody, vec![RoleGrant::of(Role::SecurityAdmin)])?;
        let request = ListAccountsRequest { page_size: 100, ..ListAccountsRequest::default() };
        let listed = AccountServiceClient::new(seat).list_accounts(request).await.map_err(told)?.into_inner();
        let id_of = |login: &str| -> anyhow::Result<AccountId> {
            let account = listed.accounts.iter().find(|account| account.login_name == login);
            Ok(account.with_context(|| format!("no {login}"))?.account_id.parse()?)
        };
        let security = [id_of("security-admin-1")?, id_of("security-admin-2")?];
        Ok(Self { actors, operator: id_of("operator")?, security })
    }

    fn operator(&self) -> anyhow::Result<Bearer> {
        self.actors.seat(self.operator, vec![RoleGrant::of(Role::Operator)])
    }

    fn security(&self, which: usize) -> anyhow::Result<Bearer> {
        self.actors.seat(self.security[which], vec![RoleGrant::of(Role::SecurityAdmin)])
    }

    async fn account(&self, login_name: &str, display_name: &str) -> anyhow::Result<AccountId> {
        let request = CreateAccountRequest {
            login_name: login_name.to_owned(),
            display_name: display_name.to_owned(),
            phone: String::new(),
            email: String::new(),
            request_id: request_id(),
        };
        let made =
            AccountServiceClient::new(self.security(0)?).create_account(request).await.map_err(told)?;
        Ok(made.into_inner().account.context("no account was made")?.account_id.parse()?)
    }

    async fn official(
        &self,
        login_name: &str,
        display_name: &str,
        role: RoleGrant,
    ) -> anyhow::Result<AccountId> {
        let account_id = self.account(login_name, display_name).await?;
        let request = RequestGrantRequest {
            account_id: account_id.to_string(),
            role: role.role.wire().into(),
            department_id: role.department.map(|id| id.to_string()).unwrap_or_default(),
            section_id: role.section.map(|id| id.to_string()).unwrap_or_default(),
            reason: "任命".to_owned(),
            in_charge: false,
            request_id: request_id(),
        };
        let grant = GrantServiceClient::new(self.security(0)?).request_grant(request).await.map_err(told)?;
        let grant = grant.into_inner().grant.context("no grant was made")?;
        let request =
            ApproveGrantRequest { grant_id: grant.grant_id, etag: grant.etag, request_id: request_id() };
        GrantServiceClient::new(self.security(1)?).approve_grant(request).await.map_err(told)?;
        Ok(account_id)
    }

    async fn office(&self, number: usize) -> anyhow::Result<Office> {
        let mut organization = OrganizationServiceClient::new(self.operator()?);
        let code = plan::department_code(number);
        let request = CreateDepartmentRequest {
            name: format!("部门{:02}（{code}）", number + 1),
            code,
            division_code: DIVISION.to_owned(),
            request_id: request_id(),
        };
        let department = organization.create_department(request).await.map_err(told)?.into_inner().department;
        let department = department.context("no department was made")?;
        let department_id: DepartmentId = department.department_id.parse()?;
        let request = CreateSectionRequest {
            department_id: department_id.to_string(),
            name: "业务科".to_owned(),
            request_id: request_id(),
        };
        let section = organization.create_section(request).await.map_err(told)?.into_inner().section;
        let section_id: SectionId = section.context("no section was made")?.section_id.parse()?;
        let role = RoleGrant::liaison(department_id);
        let liaison = self.official(&format!("liaison-{:02}-1", number + 1), "联络员", role).await?;
        let deputy = self.official(&format!("liaison-{:02}-2", number + 1), "副联络员", role).await?;
        let role = RoleGrant::section_handler(department_id, section_id);
        let handler = self.official(&format!("handler-{:02}", number + 1), "经办人", role).await?;
        let department = self.set_liaison(&mut organization, department, liaison).await?;
        let request = SetDeputyRequest {
            department_id: department_id.to_string(),
            account_id: deputy.to_string(),
            etag: department.etag,
            request_id: request_id(),
        };
        organization.set_deputy(request).await.map_err(told)?;
        Ok(Office { department_id, section_id, liaison, handler })
    }

    async fn set_liaison(
        &self,
        organization: &mut OrganizationServiceClient<Bearer>,
        department: Department,
        liaison: AccountId,
    ) -> anyhow::Result<Department> {
        let request = SetLiaisonRequest {
            department_id: department.department_id,
            account_id: liaison.to_string(),
            etag: department.etag,
            request_id: request_id(),
        };
        let answer = organization.set_liaison(request).await.map_err(told)?.into_inner();
        answer.department.context("the department is gone")
    }

    async fn firm(&self, number: usize) -> anyhow::Result<Firm> {
        let manager = format!("manager-{:04}", number + 1);
        let manager = self.official(&manager, "经理人", RoleGrant::of(Role::Manager)).await?;
        let agent = self.account(&format!("firm-{:04}", number + 1), "企业代办人").await?;
        let mut enterprises = EnterpriseServiceClient::new(self.operator()?);
        let request = CreateEnterpriseRequest {
            uscc: uscc(number),
            name: format!("示例企业{:04}号有限公司", number + 1),
            industry_code: "C3411".to_owned(),
            division_code: DIVISION.to_owned(),
            address: format!("示例路{}号", number + 1),
            employees: Some(20 + i64::try_from(number % 400)?),
            revenue_yuan: None,
            assets_yuan: None,
            request_id: request_id(),
        };
        let made = enterprises.create_enterprise(request).await.map_err(told)?.into_inner();
        let enterprise_id: EnterpriseId =
            made.enterprise.context("no enterprise was made")?.enterprise_id.parse()?;
        let request = AddMemberRequest {
            enterprise_id: enterprise_id.to_string(),
            account_id: agent.to_string(),
            title: "代办人".to_owned(),
            request_id: request_id(),
        };
        enterprises.add_member(request).await.map_err(told)?;
        let request = AppointRequest {
            enterprise_id: enterprise_id.to_string(),
            manager_id: manager.to_string(),
            from_date: Some(rpc::parse::date(plan::start().with_timezone(&worktime::ZONE).date_naive())),
            request_id: request_id(),
        };
        AppointmentServiceClient::new(self.operator()?).appoint(request).await.map_err(told)?;
        Ok(Firm { enterprise_id, agent, manager })
    }
}

/// A well-formed credit code after GB 32100-2015, of a firm that does not exist.
fn uscc(number: usize) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("91{DIVISION}MA9Y{:05}", number + 1);
    let mut weight = 1;
    let mut sum = 0;
    for character in body.bytes() {
        let value = ALPHABET.iter().position(|known| *known == character).unwrap_or_default();
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    let check = char::from(ALPHABET[(31 - sum % 31) % 31]);
    format!("{body}{check}")
}
