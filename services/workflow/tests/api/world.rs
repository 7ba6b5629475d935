//! What the tests start from: a few firms, offices and people, and short ways to say what they do.

use std::collections::HashMap;

use access::{Role, RoleGrant};
use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, EventId, SectionId, Version};
use proto::{
    common::v1::Date,
    identity::v1 as identity,
    registry::v1 as registry,
    workflow::v1::{
        self as pb, duplicate_service_client::DuplicateServiceClient,
        issue_service_client::IssueServiceClient,
    },
};
use rpc::Bearer;
use runtime::ModuleSpec;
use store::{Batch, Db};
use testkit::{TestSuite, fake, fake::Fake};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

/// Manager of the dairy.
pub const WANG: AccountId = account(101);
/// Manager of no firm.
pub const LI: AccountId = account(102);
pub const OWNER: AccountId = account(201);
pub const STEEL_OWNER: AccountId = account(202);
/// Liaison of the housing department.
pub const LIAISON: AccountId = account(301);
pub const HANDLER: AccountId = account(401);
pub const OPERATOR: AccountId = account(501);
pub const AUDITOR: AccountId = account(601);

pub const DAIRY: EnterpriseId = EnterpriseId::new(Uuid::from_u128(11));
/// What the registry calls every firm.
pub const FIRM_NAME: &str = "禾城市晨露乳业有限公司";
pub const STEEL: EnterpriseId = EnterpriseId::new(Uuid::from_u128(12));
pub const RETIRED: EnterpriseId = EnterpriseId::new(Uuid::from_u128(13));
/// In charge of municipal facilities.
pub const HOUSING: DepartmentId = DepartmentId::new(Uuid::from_u128(21));
/// In charge of roads.
pub const TRAFFIC: DepartmentId = DepartmentId::new(Uuid::from_u128(23));
/// In charge of policy support. When the issue came, another was its liaison than is now.
pub const COMMERCE: DepartmentId = DepartmentId::new(Uuid::from_u128(24));
/// Nobody is on duty there.
pub const FINANCE: DepartmentId = DepartmentId::new(Uuid::from_u128(22));
pub const ROADS: SectionId = SectionId::new(Uuid::from_u128(31));
/// Also of the housing department.
pub const BRIDGES: SectionId = SectionId::new(Uuid::from_u128(33));
/// Of the finance department.
pub const BUDGET: SectionId = SectionId::new(Uuid::from_u128(32));

pub const fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

fn not_found(reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "fake.qinqing", HashMap::new());
    Status::with_error_details(Code::NotFound, "there is none", details)
}

/// Identity, as far as the workflow asks it.
pub fn identity() -> ModuleSpec {
    let organization = "/qinqing.identity.v1.OrganizationService";
    fake::identity()
        .on(&format!("{organization}/GetDepartment"), |req: identity::GetDepartmentRequest| {
            let department = |id: DepartmentId, liaison: &str| identity::Department {
                department_id: id.to_string(),
                liaison_account_id: liaison.to_owned(),
                ..Default::default()
            };
            let found = if req.code == "housing" || req.department_id == HOUSING.to_string() {
                department(HOUSING, &LIAISON.to_string())
            } else if req.department_id == TRAFFIC.to_string() {
                department(TRAFFIC, &account(303).to_string())
            } else if req.code == "commerce" {
                department(COMMERCE, &account(304).to_string())
            } else if req.department_id == COMMERCE.to_string() {
                department(COMMERCE, &account(305).to_string())
            } else if req.code == "finance" || req.department_id == FINANCE.to_string() {
                department(FINANCE, "")
            } else {
                return Err(not_found("DEPARTMENT_NOT_FOUND"));
            };
            Ok(identity::GetDepartmentResponse { department: Some(found) })
        })
        .on(&format!("{organization}/GetSection"), |req: identity::GetSectionRequest| {
            let department = match req.section_id.parse().ok() {
                Some(ROADS | BRIDGES) => HOUSING,
                Some(BUDGET) => FINANCE,
                _ => return Err(not_found("SECTION_NOT_FOUND")),
            };
            let department_id = department.to_string();
            let section =
                identity::Section { section_id: req.section_id, department_id, ..Default::default() };
            Ok(identity::GetSectionResponse { section: Some(section) })
        })
        .on("/qinqing.identity.v1.GrantService/ListGrants", |req: identity::ListGrantsRequest| {
            let works_there =
                req.account_id == HANDLER.to_string() && req.department_id == HOUSING.to_string();
            let grant = identity::Grant { account_id: req.account_id, ..Default::default() };
            let grants = if works_there { vec![grant] } else { Vec::new() };
            Ok(identity::ListGrantsResponse { grants, ..Default::default() })
        })
        .on(
            "/qinqing.identity.v1.AccountService/BatchGetAccounts",
            |req: identity::BatchGetAccountsRequest| {
                let named = |account_id: String| identity::Account {
                    display_name: if account_id == HANDLER.to_string() {
                        "欧阳小满".to_owned()
                    } else {
                        String::new()
                    },
                    account_id,
                    ..Default::default()
                };
                let accounts = req.account_ids.into_iter().map(named).collect();
                Ok(identity::BatchGetAccountsResponse { accounts })
            },
        )
        .spec("identity")
}

/// The registry, as far as the workflow asks it.
pub fn registry() -> ModuleSpec {
    Fake::new()
        .on("/qinqing.registry.v1.EnterpriseService/GetEnterprise", |req: registry::GetEnterpriseRequest| {
            let state = match req.enterprise_id.parse().ok() {
                Some(DAIRY | STEEL) => registry::EnterpriseState::Active,
                Some(RETIRED) => registry::EnterpriseState::Retired,
                _ => return Err(not_found("ENTERPRISE_NOT_FOUND")),
            };
            let enterprise = registry::Enterprise {
                enterprise_id: req.enterprise_id,
                name: FIRM_NAME.to_owned(),
                address: "禾城市文昌路128号".to_owned(),
                state: state.into(),
                ..Default::default()
            };
            Ok(registry::GetEnterpriseResponse { enterprise: Some(enterprise) })
        })
        .on(
            "/qinqing.registry.v1.EnterpriseService/ListEnterprises",
            |req: registry::ListEnterprisesRequest| {
                let firms = [(DAIRY, "云杉乳业有限公司"), (STEEL, "青石钢构有限公司")];
                let enterprises: Vec<_> = firms
                    .into_iter()
                    .filter(|(_, name)| name.contains(&req.name_contains))
                    .map(|(id, name)| registry::Enterprise {
                        enterprise_id: id.to_string(),
                        name: name.to_owned(),
                        ..Default::default()
                    })
                    .collect();
                // A city has more of them than there are here.
                let n_others = if "有限公司".contains(&req.name_contains) { 1_000 } else { 0 };
                let total_count = n_others + i64::try_from(enterprises.len()).unwrap_or_default();
                Ok(registry::ListEnterprisesResponse {
                    enterprises,
                    next_page_token: String::new(),
                    total_count,
                })
            },
        )
        .on("/qinqing.registry.v1.AppointmentService/GetManager", |req: registry::GetManagerRequest| {
            let manager = match req.enterprise_id.parse().ok() {
                Some(DAIRY) => Some(WANG),
                Some(STEEL | RETIRED) => None,
                _ => return Err(not_found("ENTERPRISE_NOT_FOUND")),
            };
            let appointment = manager.map(|manager| registry::Appointment {
                enterprise_id: req.enterprise_id,
                manager_id: manager.to_string(),
                ..Default::default()
            });
            Ok(registry::GetManagerResponse { appointment })
        })
        .spec("registry")
}

pub type Answer<T> = Result<T, Status>;

/// Somebody who calls; each call with a fresh token.
#[derive(Clone)]
pub struct Person<'a> {
    app: &'a TestSuite,
    account: AccountId,
    roles: Vec<RoleGrant>,
}

pub fn person(app: &TestSuite, account: AccountId, roles: Vec<RoleGrant>) -> Person<'_> {
    Person { app, account, roles }
}

pub fn owner(app: &TestSuite) -> Person<'_> {
    person(app, OWNER, vec![RoleGrant::enterprise(DAIRY)])
}

pub fn steel_owner(app: &TestSuite) -> Person<'_> {
    person(app, STEEL_OWNER, vec![RoleGrant::enterprise(STEEL)])
}

pub fn manager(app: &TestSuite, account: AccountId) -> Person<'_> {
    person(app, account, vec![RoleGrant::of(Role::Manager)])
}

pub fn liaison(app: &TestSuite) -> Person<'_> {
    person(app, LIAISON, vec![RoleGrant::liaison(HOUSING)])
}

/// Another liaison of the same department.
pub fn deputy(app: &TestSuite) -> Person<'_> {
    person(app, account(302), vec![RoleGrant::liaison(HOUSING)])
}

pub fn handler(app: &TestSuite) -> Person<'_> {
    person(app, HANDLER, vec![RoleGrant::section_handler(HOUSING, ROADS)])
}

pub fn operator(app: &TestSuite) -> Person<'_> {
    person(app, OPERATOR, vec![RoleGrant::of(Role::Operator)])
}

pub fn auditor(app: &TestSuite) -> Person<'_> {
    person(app, AUDITOR, vec![RoleGrant::of(Role::Auditor)])
}

/// A step of the contract that needs nothing but the issue and a text or two.
macro_rules! steps {
    ($($name:ident($request:ident { $($field:ident: $value:expr),* $(,)? });)*) => {$(
        #[allow(dead_code, clippy::allow_attributes, reason = "not every step is taken on its own")]
        pub async fn $name(&self, issue: &pb::Issue) -> Answer<pb::Issue> {
            let request = pb::$request {
                issue_id: issue.issue_id.clone(),
                etag: issue.etag.clone(),
                request_id: self.app.request_id(),
                $($field: $value,)*
            };
            Ok(self.issues().$name(request).await?.into_inner().issue.unwrap())
        }
    )*};
}

impl Person<'_> {
    pub fn issues(&self) -> IssueServiceClient<Bearer> {
        IssueServiceClient::new(self.connection())
    }

    pub fn app(&self) -> &TestSuite {
        self.app
    }

    pub fn connection(&self) -> Bearer {
        self.app.person(self.account, self.roles.clone())
    }

    pub fn duplicates(&self) -> DuplicateServiceClient<Bearer> {
        DuplicateServiceClient::new(self.app.person(self.account, self.roles.clone()))
    }

    pub async fn submit(&self, enterprise: EnterpriseId, category: &str) -> Answer<pb::Issue> {
        let request = submission(self.app, enterprise, category);
        Ok(self.issues().submit_issue(request).await?.into_inner().issue.unwrap())
    }

    steps! {
        confirm_issue(ConfirmIssueRequest {});
        assign_issue(AssignIssueRequest { department_id: HOUSING.to_string() });
        sign_issue(SignIssueRequest { difficulty: 0 });
        dispatch_issue(DispatchIssueRequest { section_id: ROADS.to_string(), note: "请尽快处理".to_owned(), co_sections: Vec::new() });
        accept_issue(AcceptIssueRequest {});
        object_issue(ObjectIssueRequest { reason: "不属于本科室职责".to_owned() });
        record_contact(RecordContactRequest {
            channel: pb::Channel::Telephone.into(), note: "已电话联系企业".to_owned(),
        });
        record_progress(RecordProgressRequest { note: "已到现场踏勘".to_owned() });
        record_interim_measure(RecordInterimMeasureRequest { measure: "安排人员执勤".to_owned() });
        plan_issue(PlanIssueRequest {
            responsible_id: HANDLER.to_string(), committed_date: date("04-30"), note: "四月底前安装".to_owned(),
        });
        replan_issue(ReplanIssueRequest {
            responsible_id: HANDLER.to_string(), committed_date: date("05-15"), reason: "材料未到".to_owned(),
        });
        reply_issue(ReplyIssueRequest {
            outcome: pb::Outcome::Resolved.into(), text: "警示标志已安装".to_owned(), legal_basis: String::new(),
            override_note: String::new(),
            evidence_ids: Vec::new(),
        });
        send_back_reply(SendBackReplyRequest { reason: "请附照片".to_owned() });
        feed_back_issue(FeedBackIssueRequest {
            channel: pb::Channel::Telephone.into(), receipt: "张经理，三月三日".to_owned(),
        });
        dispute_issue(DisputeIssueRequest { reason: "标志已倒".to_owned() });
        reopen_issue(ReopenIssueRequest { reason: "问题再次出现".to_owned() });
        urge_issue(UrgeIssueRequest { note: String::new() });
        request_return(RequestReturnRequest { reason: "属于交通部门职责".to_owned(), new_fact: String::new() });
        reject_out_of_scope(RejectOutOfScopeRequest { reason: "属于司法程序".to_owned() });
        appeal_scope(AppealScopeRequest { reason: "尚未起诉".to_owned() });
        add_co_section(AddCoSectionRequest { section_id: BUDGET.to_string(), note: "请落实经费".to_owned() });
        reply_co_task(ReplyCoTaskRequest { task: 1, text: "经费已落实".to_owned() });
        ask_firm(AskFirmRequest { question: "请提供具体位置".to_owned() });
        supply_information(SupplyInformationRequest { text: "厂门口以东五十米".to_owned() });
        request_extension(RequestExtensionRequest { working_days: 3, reason: "等待采购".to_owned() });
        review_plan(ReviewPlanRequest { note: "采购按期进行".to_owned() });
        request_withdrawal(RequestWithdrawalRequest { reason: "已自行解决".to_owned() });
        unmerge_issue(UnmergeIssueRequest { reason: "并非同一路段".to_owned() });
        supervise_issue(SuperviseIssueRequest { level: 2, note: "群众反映强烈".to_owned() });
        instruct_issue(InstructIssueRequest { text: "请尽快解决".to_owned() });
        answer_instruction(AnswerInstructionRequest { instruction: 1, text: "已安排".to_owned() });
    }

    pub async fn rate(&self, issue: &pb::Issue, stars: i32) -> Answer<pb::Issue> {
        let request = pb::RateIssueRequest {
            issue_id: issue.issue_id.clone(),
            stars,
            speed: 4,
            attitude: 0,
            result: 0,
            comment: "谢谢".to_owned(),
            etag: issue.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.issues().rate_issue(request).await?.into_inner().issue.unwrap())
    }

    pub fn bearer(&self) -> Bearer {
        self.app.person(self.account, self.roles.clone())
    }

    pub async fn deny_return(&self, issue: &pb::Issue) -> Answer<pb::Issue> {
        let request = pb::RuleOnReturnRequest {
            issue_id: issue.issue_id.clone(),
            ruling: pb::ReturnRuling::Denied.into(),
            department_id: String::new(),
            reason: "属于本部门职责".to_owned(),
            etag: issue.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.issues().rule_on_return(request).await?.into_inner().issue.unwrap())
    }

    pub async fn grant_extension(&self, issue: &pb::Issue) -> Answer<pb::Issue> {
        let request = pb::DecideExtensionRequest {
            issue_id: issue.issue_id.clone(),
            decision: pb::ExtensionDecision::Granted.into(),
            note: String::new(),
            etag: issue.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.issues().decide_extension(request).await?.into_inner().issue.unwrap())
    }

    pub async fn decide_withdrawal(
        &self,
        issue: &pb::Issue,
        decision: pb::WithdrawalDecision,
    ) -> Answer<pb::Issue> {
        let request = pb::DecideWithdrawalRequest {
            issue_id: issue.issue_id.clone(),
            decision: decision.into(),
            channel: pb::Channel::Telephone.into(),
            note: "企业负责人电话答复".to_owned(),
            etag: issue.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.issues().decide_withdrawal(request).await?.into_inner().issue.unwrap())
    }

    pub async fn comment(
        &self,
        issue: &pb::Issue,
        audience: pb::CommentAudience,
        comment: &str,
    ) -> Answer<pb::Issue> {
        let request = pb::AddCommentRequest {
            issue_id: issue.issue_id.clone(),
            audience: audience.into(),
            comment: comment.to_owned(),
            etag: issue.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.issues().add_comment(request).await?.into_inner().issue.unwrap())
    }

    pub async fn pass(&self, issue: &pb::Issue) -> Answer<pb::Issue> {
        self.audit(issue, pb::AuditDecision::Passed, "", "").await
    }

    pub async fn fail(&self, issue: &pb::Issue) -> Answer<pb::Issue> {
        self.audit(issue, pb::AuditDecision::Failed, "not_solved", "标志仍未安装").await
    }

    pub async fn audit(
        &self,
        issue: &pb::Issue,
        decision: pb::AuditDecision,
        code: &str,
        note: &str,
    ) -> Answer<pb::Issue> {
        let request = pb::AuditIssueRequest {
            issue_id: issue.issue_id.clone(),
            decision: decision.into(),
            failure_code: code.to_owned(),
            note: note.to_owned(),
            etag: issue.etag.clone(),
            request_id: self.app.request_id(),
        };
        Ok(self.issues().audit_issue(request).await?.into_inner().issue.unwrap())
    }

    pub async fn get(&self, issue: &pb::Issue) -> Answer<pb::Issue> {
        let request = pb::GetIssueRequest { issue_id: issue.issue_id.clone() };
        Ok(self.issues().get_issue(request).await?.into_inner().issue.unwrap())
    }

    pub async fn next_actions(&self, issue: &pb::Issue) -> Answer<Vec<pb::IssueAction>> {
        let request = pb::ListNextActionsRequest { issue_id: issue.issue_id.clone() };
        Ok(self.issues().list_next_actions(request).await?.into_inner().actions().collect())
    }

    pub async fn list(&self, filter: pb::IssueFilter) -> Answer<pb::ListIssuesResponse> {
        let request = pb::ListIssuesRequest { filter: Some(filter), ..Default::default() };
        Ok(self.issues().list_issues(request).await?.into_inner())
    }

    pub async fn count(&self, filter: pb::IssueFilter) -> Answer<pb::CountIssuesResponse> {
        let request = pb::CountIssuesRequest { filter: Some(filter) };
        Ok(self.issues().count_issues(request).await?.into_inner())
    }
}

pub fn submission(app: &TestSuite, enterprise: EnterpriseId, category: &str) -> pb::SubmitIssueRequest {
    pb::SubmitIssueRequest {
        enterprise_id: enterprise.to_string(),
        category: category.to_owned(),
        title: "S328 省道缺少警示标志".to_owned(),
        description: "厂门口路段没有警示标志，职工上下班有危险。".to_owned(),
        division_code: "330482101".to_owned(),
        request_id: app.request_id(),
        about_department_id: String::new(),
        confidential: false,
        draft_id: String::new(),
    }
}

/// "04-30" is the last day of April 2026; every test begins on 2 March.
#[expect(clippy::unnecessary_wraps, reason = "the fields of messages that it goes into are optional")]
pub fn date(text: &str) -> Option<Date> {
    let date: NaiveDate = text.parse().or_else(|_| format!("2026-{text}").parse()).unwrap();
    Some(rpc::parse::date(date))
}

/// An issue of the dairy that waits for the liaison's signature.
pub async fn submitted(app: &TestSuite) -> pb::Issue {
    owner(app).submit(DAIRY, "municipal_facilities").await.unwrap()
}

/// The same of another firm.
pub async fn submitted_by_steel(app: &TestSuite) -> pb::Issue {
    steel_owner(app).submit(STEEL, "municipal_facilities").await.unwrap()
}

/// An issue that a section works on.
pub async fn in_progress(app: &TestSuite) -> pb::Issue {
    let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
    let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
    handler(app).accept_issue(&issue).await.unwrap()
}

/// An issue that the firm is asked to rate.
pub async fn fed_back(app: &TestSuite) -> pb::Issue {
    let issue = handler(app).record_contact(&in_progress(app).await).await.unwrap();
    let issue = handler(app).reply_issue(&issue).await.unwrap();
    liaison(app).feed_back_issue(&issue).await.unwrap()
}

pub async fn closed(app: &TestSuite) -> pb::Issue {
    let issue = owner(app).rate(&fed_back(app).await, 5).await.unwrap();
    auditor(app).pass(&issue).await.unwrap()
}

pub fn db(app: &TestSuite) -> &Db {
    app.suite.db("workflow").unwrap()
}

/// The registry tells of an appointment.
pub async fn appointed(app: &TestSuite, manager: AccountId, enterprise: EnterpriseId, from: &str) -> Uuid {
    let appointment = app.uuid();
    let payload = registry::ManagerAppointed {
        appointment_id: appointment.to_string(),
        enterprise_id: enterprise.to_string(),
        manager_id: manager.to_string(),
        from_date: date(from),
        end_date: None,
    };
    tell(app, appointment, 1, &payload).await;
    appointment
}

/// The registry tells of the end of an appointment.
pub async fn ended(
    app: &TestSuite,
    appointment: Uuid,
    (manager, enterprise): (AccountId, EnterpriseId),
    (from, end): (&str, &str),
) {
    let payload = registry::AppointmentEnded {
        appointment_id: appointment.to_string(),
        enterprise_id: enterprise.to_string(),
        manager_id: manager.to_string(),
        from_date: date(from),
        end_date: date(end),
        reason: registry::AppointmentEndReason::HandedOver.into(),
    };
    tell(app, appointment, 2, &payload).await;
}

async fn tell<M: prost::Message + prost::Name>(
    app: &TestSuite,
    appointment: Uuid,
    version: i64,
    payload: &M,
) {
    let mut batch = Batch::new();
    let outgoing = ::events::Outgoing {
        event_id: EventId::new(app.uuid()),
        subject: format!("appointment/{appointment}"),
        subject_version: Version::new(version),
        time: app.now(),
        traceparent: "",
    };
    ::events::append(&mut batch, outgoing, payload);
    let mut tx = app.suite.db("registry").unwrap().begin().await.unwrap();
    batch.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    app.settle().await;
}

/// Code and reason of a refusal.
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(answer: Answer<T>) -> (Code, String) {
    testkit::reason(&answer.unwrap_err())
}

pub fn was(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}
