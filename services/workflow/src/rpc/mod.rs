//! The RPCs, one file each.

use std::sync::Arc;

use ::trail::Ed25519Signer;
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
    domain::{Actor, Issue, Party, Rulebook, Rules},
    error::WorkflowError,
};

pub(crate) mod convert;

mod accept_issue;
mod assign_issue;
mod audit_issue;
mod clock;
mod confirm_issue;
mod count_issues;
mod directory;
mod dispatch_issue;
mod dispute_issue;
mod feed_back_issue;
mod figure;
mod filter;
mod get_issue;
mod list_issues;
mod list_next_actions;
mod notes;
mod object_issue;
mod plan_issue;
mod rate_issue;
mod record_contact;
mod record_interim_measure;
mod record_progress;
mod reopen_issue;
mod replan_issue;
mod reply_issue;
mod send_back_reply;
mod sign_issue;
mod step;
mod submit_issue;
mod trail;
mod urge_issue;
mod watch_issues;

use convert::Audience;

/// Whoever may call this for an issue has it in sight.
const SIGHT: &str = "/qinqing.workflow.v1.IssueService/GetIssue";

/// What every RPC of the workflow stands on.
#[derive(Debug, Clone)]
pub(crate) struct WorkflowRpc {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub page_key: PageKey,
    pub peers: Peers,
    pub drain: Drain,
    pub rulebook: Arc<Rulebook>,
    /// The rule of [`SIGHT`].
    sight: Arc<MethodRule>,
}

impl rpc::Service for WorkflowRpc {
    fn db(&self) -> &Db {
        &self.db
    }
}

impl WorkflowRpc {
    /// Fails when the contract has no rule of who sees issues.
    pub fn new(deps: &Deps) -> anyhow::Result<Self> {
        let rules = AccessRules::from_pool(proto::pool())?;
        let sight = rules.get(SIGHT).cloned().with_context(|| format!("there is no rule for {SIGHT}"))?;
        Ok(Self {
            db: deps.db.clone(),
            clock: Arc::clone(&deps.clock),
            ids: Arc::clone(&deps.ids),
            page_key: deps.page_key.clone(),
            peers: deps.peers.clone(),
            drain: deps.drain.clone(),
            rulebook: Arc::new(Rulebook::built_in()),
            sight,
        })
    }

    /// Adds the gRPC services; `signer` signs exports of the trail.
    pub fn add_to(self, signer: Arc<Ed25519Signer>, routes: &mut RoutesBuilder, limits: &Limits) {
        clock::add_to(self.clone(), routes, limits);
        figure::add_to(self.clone(), routes, limits);
        trail::add_to(self.clone(), signer, routes, limits);
        let issues = IssueServiceServer::new(self)
            .max_decoding_message_size(limits.max_request_bytes)
            .max_encoding_message_size(limits.max_response_bytes);
        routes.add_service(issues);
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

    /// The pack and the calendar that an issue is bound to.
    fn rules(&self, issue: &Issue) -> Result<Rules<'_>, WorkflowError> {
        self.rulebook.of(issue).ok_or_else(|| WorkflowError::rules_missing(issue))
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

/// What matters to access of an issue; `manager` manages its firm now.
fn facts(issue: &Issue, manager: Option<AccountId>) -> Facts {
    Facts {
        enterprise: Some(issue.enterprise_id),
        manager,
        department: issue.department().into_iter().collect(),
        section: issue.section().into_iter().collect(),
        assignee: issue.handler(),
        owner: None,
    }
}

/// The caller with every capacity in which the call's rule lets them in.
fn actor(call: &Call, facts: &Facts) -> Result<Actor, WorkflowError> {
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
        Role::Leader | Role::SystemAdmin | Role::SecurityAdmin | Role::AuditAdmin => None,
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
        urge_issue(pb::UrgeIssueRequest) -> pb::UrgeIssueResponse = urge_issue::handle;
    }
    query {
        get_issue(pb::GetIssueRequest) -> pb::GetIssueResponse = get_issue::handle;
        list_issues(pb::ListIssuesRequest) -> pb::ListIssuesResponse = list_issues::handle;
        count_issues(pb::CountIssuesRequest) -> pb::CountIssuesResponse = count_issues::handle;
        list_next_actions(pb::ListNextActionsRequest) -> pb::ListNextActionsResponse = list_next_actions::handle;
    }
    stream {
        watch_issues(pb::WatchIssuesRequest) -> WatchIssuesStream of pb::WatchIssuesResponse = watch_issues::handle;
    }
}
