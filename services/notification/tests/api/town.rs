//! What the tests start from: a firm, the people who look after it, and short ways to say what happens.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use access::{Role, RoleGrant};
use events::Outgoing;
use kernel::{AccountId, DepartmentId, EnterpriseId, EventId, IssueId, SectionId, Version};
use prost::{Message, Name};
use proto::{
    identity::v1 as identity,
    notification::v1::{
        self as pb, delivery_service_client::DeliveryServiceClient, inbox_service_client::InboxServiceClient,
        preference_service_client::PreferenceServiceClient, template_service_client::TemplateServiceClient,
    },
    registry::v1 as registry,
    workflow::v1::{self as workflow, IssueParties, IssueParty, IssueState},
};
use rpc::Bearer;
use runtime::{Deps, ModuleSpec, Smtp};
use store::Batch;
use testkit::{Engine, TestSuite, fake::Fake};
use tokio::time::timeout;
use tonic::Status;
use uuid::Uuid;

use crate::mail::MailServer;

pub const OPERATOR: AccountId = account(1);
pub const MANAGER: AccountId = account(101);
/// The two who act for the firm.
pub const OWNER: AccountId = account(201);
pub const AGENT: AccountId = account(202);
/// Of another firm.
pub const STRANGER: AccountId = account(203);
pub const LIAISON: AccountId = account(301);
/// The department's other liaison.
pub const DEPUTY: AccountId = account(302);
pub const HANDLER: AccountId = account(401);
/// In the handler's section.
pub const COLLEAGUE: AccountId = account(402);
/// The liaison of another department.
pub const NEIGHBOUR: AccountId = account(303);
/// In a section of that department.
pub const HELPER: AccountId = account(403);
pub const AUDITOR: AccountId = account(501);
pub const LEADER: AccountId = account(601);

pub const FIRM: EnterpriseId = EnterpriseId::new(Uuid::from_u128(1));
pub const DEPARTMENT: DepartmentId = DepartmentId::new(Uuid::from_u128(2));
pub const SECTION: SectionId = SectionId::new(Uuid::from_u128(3));
pub const OTHER_DEPARTMENT: DepartmentId = DepartmentId::new(Uuid::from_u128(4));
/// Of the other department.
pub const CO_SECTION: SectionId = SectionId::new(Uuid::from_u128(5));

pub const fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

pub fn issue(number: u128) -> IssueId {
    IssueId::new(Uuid::from_u128(0x1000 + number))
}

pub fn issue_subject(number: u128) -> String {
    format!("issue/{}", issue(number))
}

/// What the other services do just now.
#[derive(Default)]
pub struct Around {
    pub registry_is_away: bool,
    pub identity_is_away: bool,
    pub closed: HashSet<AccountId>,
    pub without_email: HashSet<AccountId>,
    /// Who is in charge of their section or department.
    pub in_charge: HashSet<AccountId>,
    /// Runs once while the registry is asked for the firm's members.
    pub meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

pub struct Town {
    pub app: TestSuite,
    pub mail: MailServer,
    pub around: Arc<Mutex<Around>>,
    n_emitted: AtomicI64,
}

impl Town {
    pub async fn start(engine: Engine) -> Self {
        let mail = MailServer::start().await;
        let notification = with_mail(&mail);
        Self::start_with(engine, notification, mail).await
    }

    /// The same with the service configured otherwise.
    pub async fn start_with(engine: Engine, notification: ModuleSpec, mail: MailServer) -> Self {
        let around = Arc::new(Mutex::new(Around::default()));
        let modules = [notification, identity(&around), registry(&around), Fake::new().spec("workflow")];
        let app = TestSuite::start(engine, &modules).await.unwrap();
        Self { app, mail, around, n_emitted: AtomicI64::new(0) }
    }

    pub fn around<T>(&self, change: impl FnOnce(&mut Around) -> T) -> T {
        change(&mut self.around.lock().unwrap())
    }

    pub fn db(&self) -> store::Db {
        self.app.suite.db("notification").unwrap().clone()
    }

    /// Lets everything that has happened take its course: every event is consumed, then come the jobs. A feed on a
    /// PostgreSQL that others use too may show an event only a while after its commit.
    pub async fn settle(&self) {
        let mut progress = self.app.suite.consumers()[0].progress();
        let consumed = async {
            while self.n_consumed().await < self.n_emitted.load(Relaxed) {
                progress.changed().await.unwrap();
            }
        };
        timeout(Duration::from_mins(1), consumed).await.expect("every event is consumed");
        self.app.settle().await;
    }

    async fn n_consumed(&self) -> i64 {
        let mut tx = self.db().snapshot().await.unwrap();
        let sql = "SELECT (SELECT COUNT(*) FROM inbox) + (SELECT COUNT(*) FROM dead_event)";
        let n_events = store::scalar!(&mut tx, "count what was consumed", i64, sql).unwrap();
        tx.commit().await.unwrap();
        n_events
    }

    /// An event of the workflow about issue `number`, not yet consumed.
    pub async fn emit<M: Message + Name>(&self, number: u128, payload: &M) -> EventId {
        self.emit_about(issue_subject(number), payload).await
    }

    /// An event of the workflow, not yet consumed.
    pub async fn emit_about<M: Message + Name>(&self, subject: String, payload: &M) -> EventId {
        let event_id = EventId::new(self.app.uuid());
        let outgoing = Outgoing {
            event_id,
            subject,
            subject_version: Version::FIRST,
            time: self.app.now(),
            traceparent: "",
        };
        let db = self.app.suite.db("workflow").unwrap();
        let mut tx = db.begin().await.unwrap();
        let mut batch = Batch::new();
        events::append(&mut batch, outgoing, payload);
        batch.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        self.n_emitted.fetch_add(1, Relaxed);
        event_id
    }

    /// The firm's issue `number` was signed: the shortest way to a message for the firm and its manager.
    pub async fn signed(&self, number: u128) -> EventId {
        let issue = Some(parties(number, IssueState::Signed, LIAISON, IssueParty::Liaison));
        let event =
            self.emit(number, &workflow::IssueSigned { issue, on_time: true, late_working_seconds: 0 }).await;
        self.settle().await;
        event
    }

    /// The firm's issue `number` was fed back: a statutory notice for the firm.
    pub async fn fed_back(&self, number: u128) {
        let payload = workflow::IssueFedBack {
            issue: Some(parties(number, IssueState::FedBack, LIAISON, IssueParty::Liaison)),
            round: 1,
            outcome: workflow::Outcome::Resolved.into(),
            on_time: true,
            late_working_seconds: 0,
            rate_until_time: Some(rpc::parse::timestamp(self.app.now())),
        };
        self.emit(number, &payload).await;
        self.settle().await;
    }

    pub fn as_person(&self, account: AccountId) -> Person<'_> {
        let role = match account {
            OWNER | AGENT | STRANGER => RoleGrant::enterprise(FIRM),
            MANAGER => RoleGrant::of(Role::Manager),
            LIAISON | DEPUTY => RoleGrant::liaison(DEPARTMENT),
            NEIGHBOUR => RoleGrant::liaison(OTHER_DEPARTMENT),
            HANDLER | COLLEAGUE => RoleGrant::section_handler(DEPARTMENT, SECTION),
            HELPER => RoleGrant::section_handler(OTHER_DEPARTMENT, CO_SECTION),
            AUDITOR => RoleGrant::of(Role::Auditor),
            LEADER => RoleGrant::of(Role::Leader),
            _ => RoleGrant::of(Role::Operator),
        };
        self.as_holder(account, role)
    }

    pub fn as_holder(&self, account: AccountId, role: RoleGrant) -> Person<'_> {
        Person { town: self, account, role }
    }
}

/// The parties of the firm's issue `number` in a state; `actor` did it.
pub fn parties(number: u128, state: IssueState, actor: AccountId, party: IssueParty) -> IssueParties {
    let accepted = !matches!(
        state,
        IssueState::Triage | IssueState::Submitted | IssueState::Signed | IssueState::Dispatched
    );
    let dispatched = accepted || state == IssueState::Dispatched;
    let routed = state != IssueState::Triage;
    let some = |there: bool, id: String| if there { id } else { String::new() };
    IssueParties {
        issue_id: issue(number).to_string(),
        issue_number: format!("2026-{number:06}"),
        enterprise_id: FIRM.to_string(),
        category: "facilities".to_owned(),
        manager_id: MANAGER.to_string(),
        department_id: some(routed, DEPARTMENT.to_string()),
        liaison_id: some(routed, LIAISON.to_string()),
        section_id: some(dispatched, SECTION.to_string()),
        handler_id: some(accepted, HANDLER.to_string()),
        actor_id: some(party != IssueParty::System, actor.to_string()),
        actor_party: party.into(),
        state: state.into(),
        confidential: false,
    }
}

/// Someone who is signed in.
pub struct Person<'a> {
    town: &'a Town,
    account: AccountId,
    role: RoleGrant,
}

impl Person<'_> {
    fn bearer(&self) -> Bearer {
        self.town.app.person(self.account, vec![self.role])
    }

    pub fn inbox(&self) -> InboxServiceClient<Bearer> {
        InboxServiceClient::new(self.bearer())
    }

    pub fn templates(&self) -> TemplateServiceClient<Bearer> {
        TemplateServiceClient::new(self.bearer())
    }

    pub fn deliveries(&self) -> DeliveryServiceClient<Bearer> {
        DeliveryServiceClient::new(self.bearer())
    }

    pub fn preferences(&self) -> PreferenceServiceClient<Bearer> {
        PreferenceServiceClient::new(self.bearer())
    }

    /// The whole inbox, the newest first.
    pub async fn messages(&self) -> Vec<pb::Message> {
        let request = pb::ListMessagesRequest { page_size: 500, ..Default::default() };
        self.inbox().list_messages(request).await.unwrap().into_inner().messages
    }

    /// Codes of the templates of the whole inbox, the oldest first.
    pub async fn told(&self) -> Vec<String> {
        self.messages().await.into_iter().rev().map(|message| message.template_code).collect()
    }

    /// All deliveries to somebody, the oldest first; for operators.
    pub async fn deliveries_to(&self, account: AccountId) -> Vec<pb::Delivery> {
        let request = pb::ListDeliveriesRequest { account_id: account.to_string(), ..Default::default() };
        let mut found = self.deliveries().list_deliveries(request).await.unwrap().into_inner().deliveries;
        found.reverse();
        found
    }

    /// A delivery with its attempts; for operators.
    pub async fn delivery(&self, id: &str) -> (pb::Delivery, Vec<pb::DeliveryAttempt>) {
        let request = pb::GetDeliveryRequest { delivery_id: id.to_owned() };
        let found = self.deliveries().get_delivery(request).await.unwrap().into_inner();
        (found.delivery.unwrap(), found.attempts)
    }
}

/// The service under test, sending by `mail`.
fn with_mail(mail: &MailServer) -> ModuleSpec {
    let url = mail.url.clone();
    ModuleSpec::new("notification", &qinqing_notification::MIGRATIONS, move |deps| {
        let from = "亲清平台 <qinqing@example.cn>".to_owned();
        let mut config = (*deps.config).clone();
        config.smtp = Some(Smtp { url: url.clone(), from, password_file: None });
        Box::pin(async move { qinqing_notification::module(Deps { config: Arc::new(config), ..deps }) })
    })
}

/// Identity, as far as it is asked.
fn identity(around: &Arc<Mutex<Around>>) -> ModuleSpec {
    let (of_accounts, of_grants) = (Arc::clone(around), Arc::clone(around));
    testkit::fake::identity()
        .on(
            "/qinqing.identity.v1.AccountService/BatchGetAccounts",
            move |req: identity::BatchGetAccountsRequest| {
                let around = of_accounts.lock().unwrap();
                if around.identity_is_away {
                    return Err(Status::unavailable("away"));
                }
                let account = |account_id: String| {
                    let id: AccountId = account_id.parse().unwrap();
                    let closed = around.closed.contains(&id);
                    let address = format!("person.{}@example.cn", id.uuid().as_u128());
                    let state = if closed {
                        identity::AccountState::Disabled
                    } else {
                        identity::AccountState::Active
                    };
                    identity::Account {
                        account_id,
                        email: if around.without_email.contains(&id) { String::new() } else { address },
                        state: state.into(),
                        ..Default::default()
                    }
                };
                Ok(identity::BatchGetAccountsResponse {
                    accounts: req.account_ids.into_iter().map(account).collect(),
                })
            },
        )
        .on("/qinqing.identity.v1.GrantService/ListGrants", move |req: identity::ListGrantsRequest| {
            let around = of_grants.lock().unwrap();
            if around.identity_is_away {
                return Err(Status::unavailable("away"));
            }
            assert_eq!(req.state(), identity::GrantState::Active);
            let holders: &[AccountId] = match Role::from_wire(req.role()).unwrap() {
                Role::Operator => &[OPERATOR],
                Role::Auditor => &[AUDITOR],
                Role::Leader => &[LEADER],
                Role::Liaison if req.department_id == DEPARTMENT.to_string() => &[LIAISON, DEPUTY],
                Role::Liaison if req.department_id == OTHER_DEPARTMENT.to_string() => &[NEIGHBOUR],
                Role::SectionHandler if req.section_id == SECTION.to_string() => &[HANDLER, COLLEAGUE],
                Role::SectionHandler if req.section_id == CO_SECTION.to_string() => &[HELPER],
                _ => &[],
            };
            let grant = |id: &AccountId| identity::Grant {
                account_id: id.to_string(),
                in_charge: around.in_charge.contains(id),
                ..Default::default()
            };
            Ok(identity::ListGrantsResponse {
                grants: holders.iter().map(grant).collect(),
                ..Default::default()
            })
        })
        .spec("identity")
}

/// The registry, as far as it is asked: one member a page.
fn registry(around: &Arc<Mutex<Around>>) -> ModuleSpec {
    let around = Arc::clone(around);
    Fake::new()
        .on("/qinqing.registry.v1.EnterpriseService/ListMembers", move |req: registry::ListMembersRequest| {
            let meanwhile = {
                let mut around = around.lock().unwrap();
                if around.registry_is_away {
                    return Err(Status::unavailable("away"));
                }
                around.meanwhile.take()
            };
            if let Some(meanwhile) = meanwhile {
                meanwhile();
            }
            if req.enterprise_id != FIRM.to_string() {
                return Err(Status::not_found("no such enterprise"));
            }
            assert!(!req.include_removed);
            let (member, next) = if req.page_token.is_empty() { (OWNER, "2") } else { (AGENT, "") };
            let member = registry::EnterpriseMember { account_id: member.to_string(), ..Default::default() };
            Ok(registry::ListMembersResponse {
                members: vec![member],
                next_page_token: next.to_owned(),
                total_count: 2,
            })
        })
        .spec("registry")
}
