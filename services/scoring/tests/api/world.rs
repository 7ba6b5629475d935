//! What the tests start from: people, issues that go their way, and short ways to ask.

use std::time::Duration;

use access::{Role, RoleGrant};
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId, Timestamp};
use prost::{Message, Name};
use proto::{
    common::v1::Date,
    registry::v1::VisitConfirmed,
    scoring::v1::{
        self as pb, ledger_service_client::LedgerServiceClient, ranking_service_client::RankingServiceClient,
        rule_service_client::RuleServiceClient,
    },
    workflow::v1::{self as wf, AuditDecision, IssueParties, IssueParty, Outcome},
};
use rpc::Bearer;
use runtime::ModuleSpec;
use store::{Batch, Filter, Select, outbox::OutboxRow};
use testkit::{
    TestSuite,
    fake::{self, Fake},
};
use uuid::Uuid;

pub const MANAGER: AccountId = account(101);
pub const LIAISON: AccountId = account(201);
pub const HANDLER: AccountId = account(301);
pub const AUDITOR: AccountId = account(401);
pub const OWNER: AccountId = account(501);
pub const OPERATOR: AccountId = account(601);

pub const fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

pub fn liaison_role() -> RoleGrant {
    RoleGrant::liaison(DepartmentId::new(Uuid::from_u128(21)))
}

pub fn handler_role() -> RoleGrant {
    RoleGrant::section_handler(DepartmentId::new(Uuid::from_u128(21)), SectionId::new(Uuid::from_u128(22)))
}

pub fn firm_role() -> RoleGrant {
    RoleGrant::enterprise(EnterpriseId::new(Uuid::from_u128(51)))
}

/// Scoring, with a workflow and a registry that say what a test lets them say.
pub fn modules() -> [ModuleSpec; 4] {
    [
        qinqing_scoring::spec(),
        fake::identity().spec("identity"),
        Fake::new().spec("workflow"),
        Fake::new().spec("registry"),
    ]
}

/// The day and hour at which every test begins, so many days later.
pub fn day_after_start(app: &TestSuite, days: i64) -> Timestamp {
    app.now() + TimeDelta::days(days)
}

/// The course of an issue, as the workflow tells it: one event after the other.
#[derive(Debug, Clone)]
pub struct Issue {
    pub parties: IssueParties,
    pub at: Timestamp,
    version: i64,
}

impl Issue {
    pub fn new(app: &TestSuite, number: u32) -> Self {
        let parties = IssueParties {
            issue_id: app.uuid().to_string(),
            issue_number: format!("QQ-2026-{number:06}"),
            enterprise_id: Uuid::from_u128(51).to_string(),
            category: "procedures".to_owned(),
            manager_id: MANAGER.to_string(),
            department_id: Uuid::from_u128(21).to_string(),
            liaison_id: LIAISON.to_string(),
            section_id: Uuid::from_u128(22).to_string(),
            handler_id: HANDLER.to_string(),
            actor_id: String::new(),
            actor_party: IssueParty::System.into(),
            state: 0,
            confidential: false,
        };
        Self { parties, at: app.now(), version: 1 }
    }

    pub fn handled_by(mut self, handler: AccountId) -> Self {
        self.parties.handler_id = handler.to_string();
        self
    }

    pub fn signed_by(mut self, liaison: AccountId) -> Self {
        self.parties.liaison_id = liaison.to_string();
        self
    }

    pub fn on(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    pub fn id(&self) -> &str {
        &self.parties.issue_id
    }

    fn by(&self, actor: AccountId, party: IssueParty) -> IssueParties {
        IssueParties { actor_id: actor.to_string(), actor_party: party.into(), ..self.parties.clone() }
    }

    fn firm(&self) -> IssueParties {
        self.by(OWNER, IssueParty::Firm)
    }

    fn section(&self) -> IssueParties {
        self.by(self.parties.handler_id.parse().unwrap(), IssueParty::Section)
    }

    fn liaison(&self) -> IssueParties {
        self.by(self.parties.liaison_id.parse().unwrap(), IssueParty::Liaison)
    }

    fn next<M: Message + Name>(&mut self, app: &TestSuite, payload: &M) -> OutboxRow {
        self.version += 1;
        self.at += TimeDelta::minutes(1);
        event(app, format!("issue/{}", self.parties.issue_id), self.version, self.at, payload)
    }

    pub fn signed(&mut self, app: &TestSuite, on_time: bool) -> OutboxRow {
        let late_working_seconds = if on_time { 0 } else { 60 };
        let payload = wf::IssueSigned { issue: Some(self.liaison()), on_time, late_working_seconds };
        self.next(app, &payload)
    }

    pub fn dispatched(&mut self, app: &TestSuite, again: bool) -> OutboxRow {
        let payload = wf::IssueDispatched {
            issue: Some(self.liaison()),
            on_time: true,
            late_working_seconds: 0,
            again,
        };
        self.next(app, &payload)
    }

    pub fn contacted(&mut self, app: &TestSuite, first: bool) -> OutboxRow {
        let payload =
            wf::IssueContacted { issue: Some(self.section()), first, on_time: true, late_working_seconds: 0 };
        self.next(app, &payload)
    }

    pub fn replied(&mut self, app: &TestSuite, outcome: Outcome) -> OutboxRow {
        self.replied_late(app, outcome, 0)
    }

    pub fn replied_late(&mut self, app: &TestSuite, outcome: Outcome, working_seconds: i64) -> OutboxRow {
        let payload = wf::IssueReplied {
            issue: Some(self.section()),
            outcome: outcome.into(),
            stopped_clock: "C4".to_owned(),
            on_time: working_seconds == 0,
            late_working_seconds: working_seconds,
            plan_kept: working_seconds == 0,
        };
        self.next(app, &payload)
    }

    pub fn sent_back(&mut self, app: &TestSuite) -> OutboxRow {
        let payload = wf::ReplySentBack { issue: Some(self.liaison()) };
        self.next(app, &payload)
    }

    /// Low are two stars and fewer.
    pub fn rated(&mut self, app: &TestSuite, stars: i32, rectified: bool) -> OutboxRow {
        let payload = wf::IssueRated {
            issue: Some(self.firm()),
            round: 1,
            stars,
            low: stars <= 2,
            rectified,
            ..Default::default()
        };
        self.next(app, &payload)
    }

    pub fn disputed(&mut self, app: &TestSuite) -> OutboxRow {
        let payload = wf::IssueDisputed { issue: Some(self.firm()), round: 1 };
        self.next(app, &payload)
    }

    pub fn audited(&mut self, app: &TestSuite, decision: AuditDecision) -> OutboxRow {
        self.audited_by(app, AUDITOR, decision)
    }

    pub fn audited_by(&mut self, app: &TestSuite, auditor: AccountId, decision: AuditDecision) -> OutboxRow {
        let issue = Some(self.by(auditor, IssueParty::Auditor));
        let payload =
            wf::IssueAudited { issue, decision: decision.into(), on_time: true, ..Default::default() };
        self.next(app, &payload)
    }

    pub fn reopened(&mut self, app: &TestSuite) -> OutboxRow {
        let payload = wf::IssueReopened { issue: Some(self.firm()), reopens: 1 };
        self.next(app, &payload)
    }

    /// From the signature to the passed audit: signed, dispatched and contacted on time, resolved, five stars.
    pub fn whole(mut self, app: &TestSuite) -> Vec<OutboxRow> {
        vec![
            self.signed(app, true),
            self.dispatched(app, false),
            self.contacted(app, true),
            self.replied(app, Outcome::Resolved),
            self.rated(app, 5, false),
            self.audited(app, AuditDecision::Passed),
        ]
    }
}

/// A visit that the firm confirmed at `at`.
pub fn visit(
    app: &TestSuite,
    manager: AccountId,
    firm: u128,
    on: NaiveDate,
    at: Timestamp,
    confirmed_by: AccountId,
) -> OutboxRow {
    let visit_id = app.uuid().to_string();
    let subject = format!("visit/{visit_id}");
    let visit_date = Date {
        year: on.year(),
        month: i32::try_from(on.month()).unwrap(),
        day: i32::try_from(on.day()).unwrap(),
    };
    let payload = VisitConfirmed {
        visit_id,
        enterprise_id: Uuid::from_u128(firm).to_string(),
        manager_id: manager.to_string(),
        visit_date: Some(visit_date),
        issue_ids: vec![],
        confirmed_by_id: confirmed_by.to_string(),
    };
    event(app, subject, 2, at, &payload)
}

fn event<M: Message + Name>(
    app: &TestSuite,
    subject: String,
    version: i64,
    time: Timestamp,
    payload: &M,
) -> OutboxRow {
    OutboxRow {
        event_id: app.uuid(),
        r#type: M::full_name(),
        subject,
        subject_version: version,
        time,
        traceparent: String::new(),
        data: payload.encode_to_vec(),
    }
}

/// Lets `service` tell the events, and waits until scoring has taken each of them in.
pub async fn tell(app: &TestSuite, service: &str, events: impl IntoIterator<Item = OutboxRow>) {
    let mut tx = app.suite.db(service).unwrap().begin().await.unwrap();
    let mut batch = Batch::new();
    let mut ids = Vec::new();
    for event in events {
        ids.push(event.event_id);
        store::outbox::append(&mut batch, event);
    }
    batch.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let taken_in = async {
        // An outbox shows an event only when no older transaction is open, be it another test's.
        while n_taken_in(app, &ids).await < ids.len() {
            app.settle().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), taken_in).await.expect("scoring takes the events in");
}

async fn n_taken_in(app: &TestSuite, ids: &[Uuid]) -> usize {
    let mut tx = app.suite.db("scoring").unwrap().snapshot().await.unwrap();
    let count = Select::new("SELECT COUNT(*) FROM inbox")
        .filter_by(Filter::in_list("event_id", ids.iter().copied()))
        .scalar::<i64>(&mut tx, "count the events taken in")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    usize::try_from(count).unwrap()
}

pub fn ledger(connection: Bearer) -> LedgerServiceClient<Bearer> {
    LedgerServiceClient::new(connection)
}

pub fn ranking(connection: Bearer) -> RankingServiceClient<Bearer> {
    RankingServiceClient::new(connection)
}

pub fn rule_book(connection: Bearer) -> RuleServiceClient<Bearer> {
    RuleServiceClient::new(connection)
}

pub fn operator(app: &TestSuite) -> Bearer {
    app.person(OPERATOR, vec![RoleGrant::of(Role::Operator)])
}

/// Pending, posted and voided points, as the operator sees them.
pub async fn points(app: &TestSuite, account: AccountId) -> (i64, i64, i64) {
    points_of(app, account, None).await
}

pub async fn points_of(app: &TestSuite, account: AccountId, period: Option<pb::Period>) -> (i64, i64, i64) {
    let request = pb::GetBalanceRequest { account_id: account.to_string(), period };
    let answer = ledger(operator(app)).get_balance(request).await.unwrap().into_inner();
    let balance = answer.balance.unwrap();
    (balance.pending, balance.posted, balance.voided)
}

/// Every entry of an issue, oldest first, as `rule amount state`.
pub async fn entries_of(app: &TestSuite, issue: &Issue) -> Vec<String> {
    let request = pb::ListEntriesRequest { issue_id: issue.id().to_owned(), ..Default::default() };
    let mut entries = ledger(operator(app)).list_entries(request).await.unwrap().into_inner().entries;
    entries.reverse();
    entries.iter().map(line).collect()
}

pub fn line(entry: &pb::Entry) -> String {
    let state = entry.state().as_str_name().trim_start_matches("ENTRY_STATE_");
    format!("{} {:+} {state}", entry.rule_id, entry.amount)
}

/// Adds up the ledger, and expects it to be right.
pub async fn check_books(app: &TestSuite) -> pb::CheckLedgerResponse {
    let check = ledger(operator(app)).check_ledger(pb::CheckLedgerRequest {}).await.unwrap().into_inner();
    assert_eq!((check.sum, check.unbalanced_postings, check.wrong_balances), (0, 0, 0), "{check:?}");
    check
}

/// Quarter of 2026; 0 for the year.
pub fn period(quarter: i32) -> pb::Period {
    pb::Period { year: 2026, quarter }
}
