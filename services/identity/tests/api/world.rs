//! The first administrators, and people made by them.

use access::{Role, RoleGrant, SigningKey};
use kernel::{AccountId, FixedIds};
use proto::identity::v1::{
    self as pb, account_service_client::AccountServiceClient, auth_service_client::AuthServiceClient,
    client_service_client::ClientServiceClient, grant_service_client::GrantServiceClient,
    organization_service_client::OrganizationServiceClient,
};
use qinqing_identity::{BootstrapAccount, bootstrap};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::{Code, Status};

/// What people in tests take for a password.
pub const PASSWORD: &str = "correct horse battery";

/// An identity service with its first administrators.
pub struct World<'a> {
    pub app: &'a TestSuite,
    first: Vec<BootstrapAccount>,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: AccountId,
    pub login_name: String,
    pub etag: String,
}

impl<'a> World<'a> {
    pub async fn new(app: &'a TestSuite) -> World<'a> {
        trust_the_key_of_tests(app).await;
        let (db, ids) = (app.suite.db("identity").unwrap(), FixedIds::starting_at(1 << 50));
        let first = bootstrap(db, &*app.clock, &ids).await.unwrap();
        Self { app, first }
    }

    pub fn first(&self, login: &str) -> &BootstrapAccount {
        self.first.iter().find(|account| account.login == login).unwrap()
    }

    /// A connection as one of the first administrators.
    pub fn admin(&self, login: &str) -> Bearer {
        let account = self.first(login);
        self.app.person(account.account_id, vec![RoleGrant::of(account.role)])
    }

    pub fn organizations(&self) -> OrganizationServiceClient<Bearer> {
        OrganizationServiceClient::new(self.admin("operator"))
    }

    pub fn accounts(&self) -> AccountServiceClient<Bearer> {
        AccountServiceClient::new(self.admin("security-admin-1"))
    }

    /// Grants as the first or the second security administrator.
    pub fn grants(&self, n: u8) -> GrantServiceClient<Bearer> {
        GrantServiceClient::new(self.admin(&format!("security-admin-{n}")))
    }

    pub fn clients(&self) -> ClientServiceClient<Bearer> {
        ClientServiceClient::new(self.admin("security-admin-1"))
    }

    pub fn auth(&self) -> AuthServiceClient<Bearer> {
        AuthServiceClient::new(self.app.anonymous())
    }

    /// Somebody new, whose initial password is given beside.
    pub async fn newcomer(&self, login_name: &str) -> (Person, String) {
        let request = pb::CreateAccountRequest {
            login_name: login_name.to_owned(),
            display_name: format!("{login_name} 的名字"),
            phone: "13812345678".to_owned(),
            email: format!("{login_name}@example.cn"),
            request_id: self.app.request_id(),
        };
        let answer = self.accounts().create_account(request).await.unwrap().into_inner();
        let account = answer.account.unwrap();
        let id = account.account_id.parse().unwrap();
        (Person { id, login_name: account.login_name, etag: account.etag }, answer.initial_password)
    }

    /// Somebody who has changed the initial password to [`PASSWORD`].
    pub async fn person(&self, login_name: &str) -> Person {
        let (person, initial) = self.newcomer(login_name).await;
        let request = pb::ChangePasswordRequest {
            login_name: login_name.to_owned(),
            password: initial,
            new_password: PASSWORD.to_owned(),
        };
        self.auth().change_password(request).await.unwrap();
        Person { etag: "v2".to_owned(), ..person }
    }

    pub async fn login(&self, login_name: &str, password: &str) -> Result<pb::LoginResponse, Status> {
        let request = pb::LoginRequest { login_name: login_name.to_owned(), password: password.to_owned() };
        Ok(self.auth().login(request).await?.into_inner())
    }

    /// A session of somebody whose password is [`PASSWORD`].
    pub async fn session(&self, person: &Person) -> pb::LoginResponse {
        self.login(&person.login_name, PASSWORD).await.unwrap()
    }

    pub async fn department(&self, code: &str) -> pb::Department {
        let request = pb::CreateDepartmentRequest {
            code: code.to_owned(),
            name: "公安局".to_owned(),
            division_code: "321200".to_owned(),
            request_id: self.app.request_id(),
        };
        self.organizations().create_department(request).await.unwrap().into_inner().department.unwrap()
    }

    /// Asks for a role as the first security administrator.
    pub async fn request(
        &self,
        person: AccountId,
        role: Role,
        department_id: &str,
    ) -> Result<pb::Grant, Status> {
        self.ask(pb::RequestGrantRequest {
            account_id: person.to_string(),
            role: role.wire().into(),
            department_id: department_id.to_owned(),
            ..Default::default()
        })
        .await
    }

    pub async fn ask(&self, request: pb::RequestGrantRequest) -> Result<pb::Grant, Status> {
        let (reason, request_id) = ("岗位需要".to_owned(), self.app.request_id());
        let request = pb::RequestGrantRequest { reason, request_id, ..request };
        Ok(self.grants(1).request_grant(request).await?.into_inner().grant.unwrap())
    }

    /// The grant, in force, of a leader of the department.
    pub async fn lead(&self, person: &Person, department_id: &str) -> pb::Grant {
        let asked = self.ask(pb::RequestGrantRequest {
            account_id: person.id.to_string(),
            role: Role::Liaison.wire().into(),
            department_id: department_id.to_owned(),
            in_charge: true,
            ..Default::default()
        });
        self.approve(&asked.await.unwrap()).await.unwrap()
    }

    /// Approves as the second security administrator.
    pub async fn approve(&self, grant: &pb::Grant) -> Result<pb::Grant, Status> {
        let request = pb::ApproveGrantRequest {
            grant_id: grant.grant_id.clone(),
            etag: grant.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.grants(2).approve_grant(request).await?.into_inner().grant.unwrap())
    }

    pub async fn revoke(&self, grant: &pb::Grant) -> Result<pb::Grant, Status> {
        let request = pb::RevokeGrantRequest {
            grant_id: grant.grant_id.clone(),
            reason: "调离".to_owned(),
            etag: grant.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.grants(1).revoke_grant(request).await?.into_inner().grant.unwrap())
    }

    /// A role in force.
    pub async fn give(&self, person: &Person, role: Role, department_id: &str) -> pb::Grant {
        let grant = self.request(person.id, role, department_id).await.unwrap();
        self.approve(&grant).await.unwrap()
    }
}

/// Code and reason of a refusal.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    testkit::reason(&answer.unwrap_err())
}

/// As [`refused`] with `FAILED_PRECONDITION`; gives the reason alone.
pub fn precondition<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let (code, reason) = refused(answer);
    assert_eq!(code, Code::FailedPrecondition, "{reason}");
    reason
}

/// Lets tokens of [`TestSuite::person`] pass: their key is entered beside the service's own.
async fn trust_the_key_of_tests(app: &TestSuite) {
    let key = SigningKey::from_seed(&[42; 32]).unwrap();
    let mut tx = app.suite.db("identity").unwrap().begin().await.unwrap();
    store::execute!(
        &mut tx,
        "enter the key of tests",
        "INSERT INTO signing_key (kid, public_key, not_before) VALUES ($1, $2, $3)",
        key.kid(),
        key.public().bytes().as_slice(),
        app.now()
    )
    .unwrap();
    tx.commit().await.unwrap();
}
