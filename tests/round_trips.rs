//! F9: what a write costs between BEGIN and COMMIT on PostgreSQL: one statement that reads, one that writes.

use std::fmt::Write as _;

use kernel::{Clock as _, IdGen as _, UuidV7};
use proto::{
    identity::v1::{
        CreateDepartmentRequest, CreateSectionRequest, ListDepartmentsRequest,
        organization_service_client::OrganizationServiceClient,
    },
    registry::v1::{
        ConfirmVisitRequest, CreateEnterpriseRequest, RecordVisitRequest, VisitKind,
        enterprise_service_client::EnterpriseServiceClient, visit_service_client::VisitServiceClient,
    },
    workflow::v1::{
        AcceptIssueRequest, AssignIssueRequest, AuditDecision, AuditIssueRequest, Channel, Difficulty,
        DispatchIssueRequest, FeedBackIssueRequest, Issue, Outcome, PlanIssueRequest, RateIssueRequest,
        RecordContactRequest, RecordInterimMeasureRequest, RecordProgressRequest, ReplyIssueRequest,
        SignIssueRequest, SubmitIssueRequest, UrgeIssueRequest, issue_service_client::IssueServiceClient,
    },
};
use rpc::Bearer;
use store::Engine;

use crate::{golden, world::World};

const USCC: &str = "91370299MA3Q00A01U";

struct Meter {
    world: World,
    table: String,
    too_many: Vec<String>,
}

impl Meter {
    /// Runs one call and notes what its service sent to the database meanwhile. Nothing else runs.
    async fn note<T>(&mut self, service: &str, name: &str, call: impl Future<Output = T>) -> T {
        let db = self.world.suite.db(service).unwrap().clone();
        let before = db.counters();
        let answer = call.await;
        let after = db.counters();
        let (n_statements, n_transactions) =
            (after.statements - before.statements, after.transactions - before.transactions);
        let _ = writeln!(self.table, "{service:<10} {name:<24} {n_statements} in {n_transactions}");
        if service == "workflow" && (n_statements > 2 || n_transactions > 1) {
            self.too_many.push(format!("{name}: {n_statements} statements in {n_transactions} transactions"));
        }
        answer
    }
}

macro_rules! step {
    ($meter:ident, $issue:ident, $to:expr, $rpc:ident, $name:literal, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let request = $request {
            issue_id: $issue.issue_id.clone(),
            etag: $issue.etag.clone(),
            request_id: id(),
            $($field: $value,)*
        };
        let mut client = IssueServiceClient::new($to.clone());
        let answer = $meter.note("workflow", $name, client.$rpc(request)).await;
        $issue = answer.unwrap().into_inner().issue.unwrap();
    }};
}

fn id() -> String {
    UuidV7.uuid(kernel::SystemClock.now()).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_one_statement_that_reads_and_one_that_writes() {
    let world = World::quiet(Engine::Postgres).await;
    let mut seats = std::collections::BTreeMap::new();
    for who in ["operator", "firm", "manager", "liaison", "handler", "auditor"] {
        seats.insert(who, world.seat(who).await.channel());
    }
    let department_id = world.city.departments["police"].clone();
    let section_id = world.city.sections["police"][0].clone();
    let enterprise_id = world.city.enterprises[USCC].clone();
    let handler_id = world.city.login("handler").unwrap().account_id.clone();
    let mut meter = Meter { world, table: String::new(), too_many: Vec::new() };
    offices_and_firms(&mut meter, &seats["operator"]).await;
    visits(&mut meter, &seats["manager"], &seats["firm"], &enterprise_id).await;

    let request = SubmitIssueRequest {
        enterprise_id,
        category: "other".to_owned(),
        title: "路段缺少警示标志".to_owned(),
        description: "请尽快处理。".to_owned(),
        division_code: "370299".to_owned(),
        request_id: id(),
        about_department_id: String::new(),
        confidential: false,
        draft_id: String::new(),
    };
    let mut client = IssueServiceClient::new(seats["firm"].clone());
    let answer = meter.note("workflow", "SubmitIssue", client.submit_issue(request)).await;
    let mut issue: Issue = answer.unwrap().into_inner().issue.unwrap();
    let note = || "说明。".to_owned();
    step!(
        meter,
        issue,
        seats["operator"],
        assign_issue,
        "AssignIssue",
        AssignIssueRequest { department_id: department_id }
    );
    step!(
        meter,
        issue,
        seats["liaison"],
        sign_issue,
        "SignIssue",
        SignIssueRequest { difficulty: Difficulty::Normal.into() }
    );
    step!(
        meter,
        issue,
        seats["liaison"],
        dispatch_issue,
        "DispatchIssue",
        DispatchIssueRequest { section_id: section_id, note: note(), co_sections: Vec::new() }
    );
    step!(meter, issue, seats["firm"], urge_issue, "UrgeIssue", UrgeIssueRequest { note: note() });
    step!(meter, issue, seats["handler"], accept_issue, "AcceptIssue", AcceptIssueRequest {});
    step!(
        meter,
        issue,
        seats["handler"],
        record_contact,
        "RecordContact",
        RecordContactRequest { channel: Channel::Visit.into(), note: note() }
    );
    step!(
        meter,
        issue,
        seats["handler"],
        record_progress,
        "RecordProgress",
        RecordProgressRequest { note: note() }
    );
    step!(
        meter,
        issue,
        seats["handler"],
        record_interim_measure,
        "RecordInterimMeasure",
        RecordInterimMeasureRequest { measure: note() }
    );
    let committed = proto::common::v1::Date { year: 2026, month: 3, day: 9 };
    step!(
        meter,
        issue,
        seats["handler"],
        plan_issue,
        "PlanIssue",
        PlanIssueRequest { responsible_id: handler_id, committed_date: Some(committed), note: note() }
    );
    step!(
        meter,
        issue,
        seats["handler"],
        reply_issue,
        "ReplyIssue",
        ReplyIssueRequest {
            outcome: Outcome::PlannedDelivered.into(),
            text: note(),
            legal_basis: String::new(),
            override_note: String::new(),
            evidence_ids: Vec::new(),
        }
    );
    step!(
        meter,
        issue,
        seats["liaison"],
        feed_back_issue,
        "FeedBackIssue",
        FeedBackIssueRequest { channel: Channel::Telephone.into(), receipt: note() }
    );
    step!(
        meter,
        issue,
        seats["firm"],
        rate_issue,
        "RateIssue",
        RateIssueRequest { stars: 5, speed: 5, attitude: 5, result: 5, comment: String::new() }
    );
    step!(
        meter,
        issue,
        seats["auditor"],
        audit_issue,
        "AuditIssue",
        AuditIssueRequest {
            decision: AuditDecision::Passed.into(),
            failure_code: String::new(),
            note: String::new()
        }
    );
    assert!(issue.close_time.is_some());

    let Meter { world, table, too_many } = meter;
    world.stop().await;
    assert!(too_many.is_empty(), "{}", too_many.join("\n"));
    golden::check("round-trips.txt", &table);
}

async fn offices_and_firms(meter: &mut Meter, operator: &Bearer) {
    let mut organization = OrganizationServiceClient::new(operator.clone());
    // The first call of all fetches the keys that tokens are checked with.
    organization.list_departments(ListDepartmentsRequest::default()).await.unwrap();
    let request = CreateDepartmentRequest {
        code: "measured".to_owned(),
        name: "部门".to_owned(),
        division_code: "370299".to_owned(),
        request_id: id(),
    };
    let made =
        meter.note("identity", "CreateDepartment", organization.create_department(request)).await.unwrap();
    let department_id = made.into_inner().department.unwrap().department_id;
    let request = CreateSectionRequest { department_id, name: "科室".to_owned(), request_id: id() };
    meter.note("identity", "CreateSection", organization.create_section(request)).await.unwrap();
    let request = CreateEnterpriseRequest {
        uscc: "91370299MA3Q00C03D".to_owned(),
        name: "某某有限公司".to_owned(),
        industry_code: "C3411".to_owned(),
        division_code: "370299".to_owned(),
        address: "某路1号".to_owned(),
        employees: Some(10),
        revenue_yuan: None,
        assets_yuan: None,
        request_id: id(),
    };
    let mut enterprises = EnterpriseServiceClient::new(operator.clone());
    meter.note("registry", "CreateEnterprise", enterprises.create_enterprise(request)).await.unwrap();
}

async fn visits(meter: &mut Meter, manager: &Bearer, firm: &Bearer, enterprise_id: &str) {
    let request = RecordVisitRequest {
        enterprise_id: enterprise_id.to_owned(),
        visit_date: Some(proto::common::v1::Date { year: 2026, month: 3, day: 2 }),
        kind: VisitKind::OnSite.into(),
        officials: 2,
        findings: "走访。".to_owned(),
        issue_ids: Vec::new(),
        request_id: id(),
    };
    let mut visits = VisitServiceClient::new(manager.clone());
    let visit = meter.note("registry", "RecordVisit", visits.record_visit(request)).await.unwrap();
    let visit = visit.into_inner().visit.unwrap();
    let request = ConfirmVisitRequest { visit_id: visit.visit_id, etag: visit.etag, request_id: id() };
    let mut visits = VisitServiceClient::new(firm.clone());
    meter.note("registry", "ConfirmVisit", visits.confirm_visit(request)).await.unwrap();
}
