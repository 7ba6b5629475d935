//! The RPCs, one file each.

use std::sync::Arc;

use access::{Caller, Client, Facts, MethodRule, Role, Rules as AccessRules};
use anyhow::Context as _;
use kernel::{AccountId, Clock, IdGen, IssueId, PageKey};
use proto::workflow::v1::{
    self as pb,
    issue_service_server::{IssueService, IssueServiceServer},
};
use rpc::{Call, Drain, Limits, Peers};
use runtime::Deps;
use store::Db;
use tonic::service::RoutesBuilder;

use crate::{
    config::{self, DraftLimits, FileRoom},
    domain::{Actor, Clocked, CoTask, Issue, Party, Rulebook, Rules, figure::Limits as FigureLimits},
    error::WorkflowError,
};

pub(crate) mod case;
pub(crate) mod convert;
pub(crate) mod order;

mod accept_issue;
mod add_co_section;
mod add_comment;
mod answer_instruction;
mod appeal_scope;
mod ask_firm;
mod assign_issue;
pub(crate) mod attachment;
mod audit_issue;
pub(crate) mod books;
mod clock;
mod confirm_issue;
mod count_issues;
mod decide_extension;
mod decide_withdrawal;
mod directory;
mod dispatch_issue;
mod dispute_issue;
pub(crate) mod draft;
mod duplicate;
mod explain_rating;
mod export_issues;
mod feed_back_issue;
mod figure;
mod filter;
mod firms_named;
mod get_issue;
mod instruct_issue;
mod list_issues;
mod list_next_actions;
mod merge_issues;
mod notes;
mod object_issue;
mod plan_issue;
pub(crate) mod policy;
mod rate_issue;
mod record_contact;
mod record_interim_measure;
mod record_progress;
mod reject_out_of_scope;
mod reopen_issue;
mod replan_issue;
mod reply_co_task;
mod reply_issue;
mod request_extension;
mod request_return;
mod request_withdrawal;
mod review_plan;
mod rule_on_return;
mod search_issues;
mod send_back_reply;
mod sign_issue;
mod step;
mod submit_issue;
mod suggest_departments;
mod supervise_issue;
mod supply_information;
mod texts;
mod trail;
mod unmerge_issue;
mod urge_issue;
mod watch_issues;

use books::Books;
use convert::Audience;
pub(crate) use trail::TrailDeps;

/// Whoever may call this for an issue has it in sight.
const SIGHT: &str = "/qinqing.workflow.v1.IssueService/GetIssue";
/// Whoever may call this for a draft has it in sight.
const DRAFT_SIGHT: &str = "/qinqing.workflow.v1.DraftService/GetDraft";

/// What every RPC of the workflow stands on.
#[derive(Debug, Clone)]
pub(crate) struct WorkflowRpc {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub page_key: PageKey,
    pub peers: Peers,
    pub drain: Drain,
    pub books: Books,
    pub figure_limits: Arc<FigureLimits>,
    exports: export_issues::Exports,
    /// The rule of [`SIGHT`].
    sight: Arc<MethodRule>,
    /// The rule of [`DRAFT_SIGHT`].
    draft_sight: Arc<MethodRule>,
    /// The rule of [`order::SIGHT`].
    order_sight: Arc<MethodRule>,
}

impl rpc::Service for WorkflowRpc {
    fn db(&self) -> &Db {
        &self.db
    }
}

impl WorkflowRpc {
    /// Fails when the contract has no rule of who sees issues, the packs in force cannot be read, or the limits of
    /// figures that are configured are none.
    pub async fn new(deps: &Deps) -> anyhow::Result<Self> {
        let rules = AccessRules::from_pool(proto::pool())?;
        let rule = |path| rules.get(path).cloned().with_context(|| format!("there is no rule for {path}"));
        Ok(Self {
            db: deps.db.clone(),
            clock: Arc::clone(&deps.clock),
            ids: Arc::clone(&deps.ids),
            page_key: deps.page_key.clone(),
            peers: deps.peers.clone(),
            drain: deps.drain.clone(),
            books: Books::open(&deps.db, &deps.clock).await?,
            figure_limits: config::figure_limits(&deps.config)?,
            exports: export_issues::Exports::new(&deps.config.export),
            sight: rule(SIGHT)?,
            draft_sight: rule(DRAFT_SIGHT)?,
            order_sight: rule(order::SIGHT)?,
        })
    }

    /// Adds the gRPC services.
    pub fn add_to(self, trail_deps: TrailDeps, routes: &mut RoutesBuilder, limits: &Limits) {
        clock::add_to(self.clone(), routes, limits);
        duplicate::add_to(self.clone(), routes, limits);
        figure::add_to(self.clone(), routes, limits);
        trail::add_to(self.clone(), trail_deps, routes, limits);
        order::add_to(self.clone(), routes, limits);
        policy::add_to(self.clone(), routes, limits);
        case::add_to(self.clone(), routes, limits);
        let issues = IssueServiceServer::new(self)
            .max_decoding_message_size(limits.max_request_bytes)
            .max_encoding_message_size(limits.max_response_bytes);
        routes.add_service(issues);
    }

    /// Adds the gRPC services of files and drafts.
    pub fn add_files_to(
        self,
        room: FileRoom,
        drafts: DraftLimits,
        routes: &mut RoutesBuilder,
        limits: &Limits,
    ) {
        draft::add_to(self.clone(), drafts, room.keep_removed, routes, limits);
        attachment::add_to(self, room, routes, limits);
    }

    /// Refuses a call for an issue with these facts that no role or scope lets in. Out of sight it does not exist.
    fn admit(&self, call: &Call, issue: IssueId, facts: &Facts) -> Result<(), WorkflowError> {
        if call.allows(facts) {
            Ok(())
        } else if access::allows(&call.caller, &self.sight, facts) {
            Err(call.not_permitted().into())
        } else {
            Err(WorkflowError::IssueNotFound(issue))
        }
    }

    /// For whom an issue with these facts is shown.
    fn audience(&self, caller: &Caller, facts: &Facts) -> Audience {
        let is_office = match caller {
            Caller::Service(_) => true,
            Caller::Anonymous | Caller::Client(_) => false,
            Caller::Person(_) => access::roles_allowed(caller, &self.sight, facts)
                .iter()
                .any(|role| !matches!(role, Role::Enterprise | Role::Manager)),
        };
        if is_office { Audience::Office } else { Audience::Firm }
    }
}

/// The pack and the calendar that an issue or order is bound to; the book comes of [`Books::covering`].
pub(crate) fn rules<'a>(book: &'a Rulebook, bound: &impl Clocked) -> Result<Rules<'a>, WorkflowError> {
    book.of(bound).ok_or_else(|| WorkflowError::rules_missing(bound))
}

/// What matters to access of an issue; `manager` manages its firm now. A confidential one is kept from the manager,
/// unless they raised it, from those in the section who do not handle it, and from the offices that only help. Who
/// handles another one is let in as one of the section.
fn facts(issue: &Issue, manager: Option<AccountId>) -> Facts {
    let lead = lead_facts(issue, manager);
    if issue.confidential {
        return lead;
    }
    let tasks = &issue.co_tasks;
    Facts {
        department: lead.department.into_iter().chain(tasks.iter().map(|task| task.department)).collect(),
        section: lead.section.into_iter().chain(tasks.iter().map(|task| task.section)).collect(),
        ..lead
    }
}

/// The same without those who only help.
fn lead_facts(issue: &Issue, manager: Option<AccountId>) -> Facts {
    let open = !issue.confidential;
    Facts {
        enterprise: Some(issue.enterprise_id),
        manager: manager.filter(|manager| issue.is_open_to_manager(*manager)),
        department: issue.department().into_iter().collect(),
        section: issue.section().into_iter().filter(|_| open || issue.handler().is_none()).collect(),
        assignee: issue.handler().filter(|_| issue.confidential),
        owner: None,
    }
}

impl WorkflowRpc {
    /// The caller with every capacity in which the call's rule lets them in to this issue.
    fn actor(&self, call: &Call, issue: &Issue, manager: Option<AccountId>) -> Result<Actor, WorkflowError> {
        let mut actor = submitter(call, &lead_facts(issue, manager))?;
        actor.manages_firm = actor.who.account().is_some_and(|account| manager == Some(account));
        actor.co_tasks = tasks_of(call, &call.rule, issue);
        if !actor.co_tasks.is_empty() && !issue.confidential {
            actor.parties.push(Party::CoSection);
        }
        actor.stands_as = self.stands_as(call, issue);
        Ok(actor)
    }

    /// Every capacity in which the caller stands to the issue, also where it is kept from them as confidential, and
    /// where the call is for others.
    fn stands_as(&self, call: &Call, issue: &Issue) -> Vec<Party> {
        let belongs = Facts {
            enterprise: Some(issue.enterprise_id),
            department: issue.department().into_iter().collect(),
            section: issue.section().into_iter().collect(),
            ..Facts::default()
        };
        let roles = access::roles_allowed(&call.caller, &self.sight, &belongs);
        let helps = (!tasks_of(call, &self.sight, issue).is_empty()).then_some(Party::CoSection);
        roles.into_iter().filter_map(party).chain(helps).collect()
    }
}

/// The co-section tasks that are for a section or a department of the caller's, by their numbers.
fn tasks_of(call: &Call, rule: &MethodRule, issue: &Issue) -> Vec<u32> {
    let helps = |task: &CoTask| {
        let facts =
            Facts { department: vec![task.department], section: vec![task.section], ..Facts::default() };
        let roles = access::roles_allowed(&call.caller, rule, &facts);
        roles.iter().any(|role| matches!(role, Role::Liaison | Role::SectionHandler))
    };
    (1..).zip(&issue.co_tasks).filter(|(_, task)| helps(task)).map(|(n, _)| n).collect()
}

/// The caller with every capacity in which the call's rule lets them in by these facts.
fn submitter(call: &Call, facts: &Facts) -> Result<Actor, WorkflowError> {
    match &call.caller {
        Caller::Person(person) => {
            let roles = access::roles_allowed(&call.caller, &call.rule, facts);
            let parties: Vec<_> = roles.into_iter().filter_map(party).collect();
            let manages_firm = facts.manager == Some(person.account_id);
            Ok(Actor::person(person.account_id, parties).managing_the_firm(manages_firm))
        }
        Caller::Client(Client { client_id, scopes: _ }) => Ok(Actor::client(*client_id)),
        // No rule lets them take steps.
        Caller::Anonymous | Caller::Service(_) => Err(call.not_permitted().into()),
    }
}

/// `None`: the role takes no steps.
const fn party(role: Role) -> Option<Party> {
    match role {
        Role::Enterprise => Some(Party::Firm),
        Role::Manager => Some(Party::Manager),
        Role::Liaison => Some(Party::Liaison),
        Role::SectionHandler => Some(Party::Section),
        Role::Operator => Some(Party::Operator),
        Role::Auditor => Some(Party::Auditor),
        Role::Leader => Some(Party::Leader),
        Role::SystemAdmin | Role::SecurityAdmin | Role::AuditAdmin => None,
    }
}

rpc::service! {
    impl IssueService, for WorkflowRpc;
    mutation {
        submit_issue(pb::SubmitIssueRequest) -> pb::SubmitIssueResponse = submit_issue::handle;
        confirm_issue(pb::ConfirmIssueRequest) -> pb::ConfirmIssueResponse = confirm_issue::handle;
        assign_issue(pb::AssignIssueRequest) -> pb::AssignIssueResponse = assign_issue::handle;
        sign_issue(pb::SignIssueRequest) -> pb::SignIssueResponse = sign_issue::handle;
        dispatch_issue(pb::DispatchIssueRequest) -> pb::DispatchIssueResponse = dispatch_issue::handle;
        accept_issue(pb::AcceptIssueRequest) -> pb::AcceptIssueResponse = accept_issue::handle;
        object_issue(pb::ObjectIssueRequest) -> pb::ObjectIssueResponse = object_issue::handle;
        record_contact(pb::RecordContactRequest) -> pb::RecordContactResponse = record_contact::handle;
        record_progress(pb::RecordProgressRequest) -> pb::RecordProgressResponse = record_progress::handle;
        record_interim_measure(pb::RecordInterimMeasureRequest) -> pb::RecordInterimMeasureResponse
            = record_interim_measure::handle;
        plan_issue(pb::PlanIssueRequest) -> pb::PlanIssueResponse = plan_issue::handle;
        replan_issue(pb::ReplanIssueRequest) -> pb::ReplanIssueResponse = replan_issue::handle;
        reply_issue(pb::ReplyIssueRequest) -> pb::ReplyIssueResponse = reply_issue::handle;
        send_back_reply(pb::SendBackReplyRequest) -> pb::SendBackReplyResponse = send_back_reply::handle;
        feed_back_issue(pb::FeedBackIssueRequest) -> pb::FeedBackIssueResponse = feed_back_issue::handle;
        rate_issue(pb::RateIssueRequest) -> pb::RateIssueResponse = rate_issue::handle;
        dispute_issue(pb::DisputeIssueRequest) -> pb::DisputeIssueResponse = dispute_issue::handle;
        audit_issue(pb::AuditIssueRequest) -> pb::AuditIssueResponse = audit_issue::handle;
        reopen_issue(pb::ReopenIssueRequest) -> pb::ReopenIssueResponse = reopen_issue::handle;
        request_return(pb::RequestReturnRequest) -> pb::RequestReturnResponse = request_return::handle;
        rule_on_return(pb::RuleOnReturnRequest) -> pb::RuleOnReturnResponse = rule_on_return::handle;
        reject_out_of_scope(pb::RejectOutOfScopeRequest) -> pb::RejectOutOfScopeResponse
            = reject_out_of_scope::handle;
        appeal_scope(pb::AppealScopeRequest) -> pb::AppealScopeResponse = appeal_scope::handle;
        add_co_section(pb::AddCoSectionRequest) -> pb::AddCoSectionResponse = add_co_section::handle;
        reply_co_task(pb::ReplyCoTaskRequest) -> pb::ReplyCoTaskResponse = reply_co_task::handle;
        ask_firm(pb::AskFirmRequest) -> pb::AskFirmResponse = ask_firm::handle;
        supply_information(pb::SupplyInformationRequest) -> pb::SupplyInformationResponse
            = supply_information::handle;
        request_extension(pb::RequestExtensionRequest) -> pb::RequestExtensionResponse
            = request_extension::handle;
        decide_extension(pb::DecideExtensionRequest) -> pb::DecideExtensionResponse
            = decide_extension::handle;
        review_plan(pb::ReviewPlanRequest) -> pb::ReviewPlanResponse = review_plan::handle;
        explain_rating(pb::ExplainRatingRequest) -> pb::ExplainRatingResponse = explain_rating::handle;
        request_withdrawal(pb::RequestWithdrawalRequest) -> pb::RequestWithdrawalResponse
            = request_withdrawal::handle;
        decide_withdrawal(pb::DecideWithdrawalRequest) -> pb::DecideWithdrawalResponse
            = decide_withdrawal::handle;
        merge_issues(pb::MergeIssuesRequest) -> pb::MergeIssuesResponse = merge_issues::handle;
        unmerge_issue(pb::UnmergeIssueRequest) -> pb::UnmergeIssueResponse = unmerge_issue::handle;
        supervise_issue(pb::SuperviseIssueRequest) -> pb::SuperviseIssueResponse = supervise_issue::handle;
        instruct_issue(pb::InstructIssueRequest) -> pb::InstructIssueResponse = instruct_issue::handle;
        answer_instruction(pb::AnswerInstructionRequest) -> pb::AnswerInstructionResponse
            = answer_instruction::handle;
        add_comment(pb::AddCommentRequest) -> pb::AddCommentResponse = add_comment::handle;
        urge_issue(pb::UrgeIssueRequest) -> pb::UrgeIssueResponse = urge_issue::handle;
    }
    query {
        get_issue(pb::GetIssueRequest) -> pb::GetIssueResponse = get_issue::handle;
        list_issues(pb::ListIssuesRequest) -> pb::ListIssuesResponse = list_issues::handle;
        count_issues(pb::CountIssuesRequest) -> pb::CountIssuesResponse = count_issues::handle;
        list_next_actions(pb::ListNextActionsRequest) -> pb::ListNextActionsResponse = list_next_actions::handle;
        suggest_departments(pb::SuggestDepartmentsRequest) -> pb::SuggestDepartmentsResponse
            = suggest_departments::handle;
        search_issues(pb::SearchIssuesRequest) -> pb::SearchIssuesResponse = search_issues::handle;
    }
    stream {
        watch_issues(pb::WatchIssuesRequest) -> WatchIssuesStream of pb::WatchIssuesResponse = watch_issues::handle;
        export_issues(pb::ExportIssuesRequest) -> ExportIssuesStream of pb::ExportIssuesResponse
            = export_issues::handle;
    }
}
