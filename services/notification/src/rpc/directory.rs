//! Who people are, asked of the services that know: never inside a transaction.

use std::collections::{BTreeSet, HashMap};

use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId};
use proto::{
    identity::v1::{
        AccountState, BatchGetAccountsRequest, GrantState, ListGrantsRequest,
        account_service_client::AccountServiceClient, grant_service_client::GrantServiceClient,
    },
    options::v1::Role,
    registry::v1::{ListMembersRequest, enterprise_service_client::EnterpriseServiceClient},
};
use rpc::{Peers, Refusal};
use tonic::{Code, Status};

use crate::domain::Audience;

/// Rows asked for at a time.
const PAGE: i32 = 500;
/// Accounts asked for at a time.
const MOST_CONTACTS: usize = 500;

/// Asks the identity and registry services, with this service's own identity.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub peers: Peers,
}

/// Who holds a role.
struct Holder {
    account: AccountId,
    /// Of the section, or of the department.
    in_charge: bool,
}

/// How a person can be reached.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    pub active: bool,
    /// Empty if there is none.
    pub email: String,
}

impl Directory {
    /// The people of an audience, as they are now.
    pub(crate) async fn people(&self, audience: Audience) -> Result<Vec<AccountId>, Refusal> {
        let of = |role: Role| ListGrantsRequest { role: role.into(), ..ListGrantsRequest::default() };
        let of_department = |department: DepartmentId| ListGrantsRequest {
            department_id: department.to_string(),
            ..of(Role::Liaison)
        };
        let of_section = |section: SectionId| ListGrantsRequest {
            section_id: section.to_string(),
            ..of(Role::SectionHandler)
        };
        match audience {
            Audience::Account(account) => Ok(vec![account]),
            Audience::Firm(enterprise) => self.members(enterprise).await,
            Audience::Department(department) => {
                self.preferred(of_department(department), |holder| !holder.in_charge).await
            }
            Audience::DepartmentLeader(department) => {
                self.preferred(of_department(department), |holder| holder.in_charge).await
            }
            Audience::Section(section) => self.everybody(of_section(section)).await,
            Audience::SectionHead(section) => {
                self.preferred(of_section(section), |holder| holder.in_charge).await
            }
            Audience::Operators => self.everybody(of(Role::Operator)).await,
            Audience::Auditors => self.everybody(of(Role::Auditor)).await,
            Audience::Leaders => self.everybody(of(Role::Leader)).await,
        }
    }

    async fn members(&self, enterprise: EnterpriseId) -> Result<Vec<AccountId>, Refusal> {
        let failed = |status| peer("registry", "list the members of an enterprise", status);
        let mut members = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListMembersRequest {
                enterprise_id: enterprise.to_string(),
                include_removed: false,
                page_size: PAGE,
                page_token,
            };
            let ask = || async {
                EnterpriseServiceClient::new(self.peers.to("registry")).list_members(request.clone()).await
            };
            let answer = match self.peers.retrying(ask).await {
                Ok(answer) => answer.into_inner(),
                // It never was, so nobody acts for it.
                Err(status) if status.code() == Code::NotFound => return Ok(Vec::new()),
                Err(status) => return Err(failed(status)),
            };
            for member in answer.members {
                members.push(account(&member.account_id).map_err(failed)?);
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(members);
            }
        }
    }

    async fn everybody(&self, wanted: ListGrantsRequest) -> Result<Vec<AccountId>, Refusal> {
        Ok(each_once(self.holders(wanted).await?))
    }

    /// Those who fit; while none of them can sign in, the others, so that nothing is told to nobody.
    async fn preferred(
        &self,
        wanted: ListGrantsRequest,
        fits: impl Fn(&Holder) -> bool,
    ) -> Result<Vec<AccountId>, Refusal> {
        let (fitting, others): (Vec<_>, Vec<_>) = self.holders(wanted).await?.into_iter().partition(fits);
        let (fitting, others) = (each_once(fitting), each_once(others));
        for some in fitting.chunks(MOST_CONTACTS) {
            if self.contacts(some).await?.values().any(|contact| contact.active) {
                return Ok(fitting);
            }
        }
        Ok(if others.is_empty() { fitting } else { others })
    }

    /// Who holds a role now.
    async fn holders(&self, wanted: ListGrantsRequest) -> Result<Vec<Holder>, Refusal> {
        let failed = |status| peer("identity", "list who holds a role", status);
        let mut holders = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListGrantsRequest {
                state: GrantState::Active.into(),
                page_size: PAGE,
                page_token,
                ..wanted.clone()
            };
            let ask = || async {
                GrantServiceClient::new(self.peers.to("identity")).list_grants(request.clone()).await
            };
            let answer = self.peers.retrying(ask).await.map_err(failed)?.into_inner();
            for grant in answer.grants {
                let account = account(&grant.account_id).map_err(failed)?;
                holders.push(Holder { account, in_charge: grant.in_charge });
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(holders);
            }
        }
    }

    /// How these people can be reached; whoever does not exist is left out. At most 500 at a time.
    pub(crate) async fn contacts(
        &self,
        accounts: &[AccountId],
    ) -> Result<HashMap<AccountId, Contact>, Refusal> {
        let failed = |status| peer("identity", "tell addresses", status);
        let request =
            BatchGetAccountsRequest { account_ids: accounts.iter().map(ToString::to_string).collect() };
        let ask = || async {
            AccountServiceClient::new(self.peers.to("identity")).batch_get_accounts(request.clone()).await
        };
        let answer = self.peers.retrying(ask).await.map_err(failed)?.into_inner();
        let mut contacts = HashMap::new();
        for found in answer.accounts {
            let active = found.state == i32::from(AccountState::Active);
            // A masked address is none.
            let email = if found.contact_masked { String::new() } else { found.email };
            contacts.insert(account(&found.account_id).map_err(failed)?, Contact { active, email });
        }
        Ok(contacts)
    }
}

fn each_once(holders: Vec<Holder>) -> Vec<AccountId> {
    let accounts: BTreeSet<AccountId> = holders.into_iter().map(|holder| holder.account).collect();
    accounts.into_iter().collect()
}

fn account(id: &str) -> Result<AccountId, Status> {
    id.parse().map_err(|_| Status::internal("an account id that is none"))
}

fn peer(service: &'static str, doing: &'static str, status: Status) -> Refusal {
    Refusal::Peer { service, doing, source: Box::new(status) }
}
