//! Acts as requests of the contract.

use proto::{
    common::v1::Date,
    workflow::v1::{self as pb, issue_service_client::IssueServiceClient},
};
use rpc::Bearer;
use tonic::Status;

use super::{
    city::{Dept, Section, account_id},
    reference::{
        act::{Act, Submission},
        calendar,
    },
};

/// What an act is sent with.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub issue_id: String,
    pub etag: String,
    pub request_id: String,
    /// Ids and etags of issues that the act names besides.
    pub others: Vec<(String, String)>,
}

/// The issue of the answer, and whether it is the answer to an earlier request with the same id.
pub type Sent = Result<(pb::Issue, bool), Status>;

macro_rules! send {
    ($client:ident, $envelope:ident, $method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let Envelope { issue_id, etag, request_id, others: _ } = $envelope;
        let answer = $client.$method(pb::$request { issue_id, etag, request_id, $($field: $value,)* }).await?;
        let replayed = answer.metadata().contains_key(rpc::REPLAYED);
        Ok((answer.into_inner().issue.unwrap(), replayed))
    }};
}

fn word() -> String {
    "字".to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "the field that it goes into is optional")]
fn date(day: i64) -> Option<Date> {
    use chrono::Datelike as _;
    let date = calendar::date(day);
    let small = |number: u32| i32::try_from(number).unwrap();
    Some(Date { year: date.year(), month: small(date.month()), day: small(date.day()) })
}

fn section_id(section: Section) -> String {
    section.id().to_string()
}

pub async fn submit(client: &mut IssueServiceClient<Bearer>, asked: &Submission, request_id: String) -> Sent {
    let request = pb::SubmitIssueRequest {
        enterprise_id: asked.firm.id().to_string(),
        category: asked.category.to_owned(),
        title: word(),
        description: word(),
        division_code: "330482101".to_owned(),
        request_id,
        about_department_id: asked.about.map(|dept| dept.id().to_string()).unwrap_or_default(),
        confidential: asked.confidential,
        draft_id: String::new(),
    };
    let answer = client.submit_issue(request).await?;
    let replayed = answer.metadata().contains_key(rpc::REPLAYED);
    Ok((answer.into_inner().issue.unwrap(), replayed))
}

fn ruling(upheld: Option<Dept>) -> (i32, String) {
    match upheld {
        Some(dept) => (pb::ReturnRuling::Upheld.into(), dept.id().to_string()),
        None => (pb::ReturnRuling::Denied.into(), String::new()),
    }
}

pub async fn act(client: &mut IssueServiceClient<Bearer>, act: &Act, to: Envelope) -> Sent {
    match act {
        Act::Confirm => send!(client, to, confirm_issue, ConfirmIssueRequest {}),
        Act::Assign(dept) => {
            send!(client, to, assign_issue, AssignIssueRequest { department_id: dept.id().to_string() })
        }
        Act::Sign(difficulty) => {
            let difficulty = difficulty.map_or(0, i32::from);
            send!(client, to, sign_issue, SignIssueRequest { difficulty: difficulty })
        }
        Act::RequestReturn { new_fact } => {
            let new_fact = if *new_fact { word() } else { String::new() };
            send!(client, to, request_return, RequestReturnRequest { reason: word(), new_fact: new_fact })
        }
        Act::Uphold(_) | Act::Deny => {
            let (ruling, department_id) =
                ruling(if let Act::Uphold(dept) = act { Some(*dept) } else { None });
            send!(
                client,
                to,
                rule_on_return,
                RuleOnReturnRequest { ruling: ruling, department_id: department_id, reason: word() }
            )
        }
        Act::Reject => send!(client, to, reject_out_of_scope, RejectOutOfScopeRequest { reason: word() }),
        Act::Appeal => send!(client, to, appeal_scope, AppealScopeRequest { reason: word() }),
        Act::Dispatch { section, help } => {
            let helper =
                |section: &Section| pb::CoSectionRequest { section_id: section_id(*section), note: word() };
            let co_sections = help.iter().map(helper).collect();
            send!(
                client,
                to,
                dispatch_issue,
                DispatchIssueRequest {
                    section_id: section_id(*section),
                    note: String::new(),
                    co_sections: co_sections,
                }
            )
        }
        Act::AddCoSection(section) => {
            send!(
                client,
                to,
                add_co_section,
                AddCoSectionRequest { section_id: section_id(*section), note: word() }
            )
        }
        Act::ReplyCoTask(task) => {
            let task = i32::try_from(*task).unwrap();
            send!(client, to, reply_co_task, ReplyCoTaskRequest { task: task, text: word() })
        }
        Act::Accept => send!(client, to, accept_issue, AcceptIssueRequest {}),
        Act::Object => send!(client, to, object_issue, ObjectIssueRequest { reason: word() }),
        Act::Contact => send!(
            client,
            to,
            record_contact,
            RecordContactRequest { channel: pb::Channel::Telephone.into(), note: word() }
        ),
        Act::Progress => send!(client, to, record_progress, RecordProgressRequest { note: word() }),
        Act::Interim => {
            send!(client, to, record_interim_measure, RecordInterimMeasureRequest { measure: word() })
        }
        Act::Ask => send!(client, to, ask_firm, AskFirmRequest { question: word() }),
        Act::Supply => send!(client, to, supply_information, SupplyInformationRequest { text: word() }),
        Act::RequestExtension(days) => {
            send!(
                client,
                to,
                request_extension,
                RequestExtensionRequest { working_days: *days, reason: word() }
            )
        }
        Act::DecideExtension(granted) => {
            let decision =
                if *granted { pb::ExtensionDecision::Granted } else { pb::ExtensionDecision::Denied };
            send!(
                client,
                to,
                decide_extension,
                DecideExtensionRequest { decision: decision.into(), note: word() }
            )
        }
        Act::Plan { by, day } => send!(
            client,
            to,
            plan_issue,
            PlanIssueRequest {
                responsible_id: account_id(*by).to_string(),
                committed_date: date(*day),
                note: word(),
            }
        ),
        Act::Replan { by, day } => send!(
            client,
            to,
            replan_issue,
            ReplanIssueRequest {
                responsible_id: account_id(*by).to_string(),
                committed_date: date(*day),
                reason: word(),
            }
        ),
        Act::Review => send!(client, to, review_plan, ReviewPlanRequest { note: word() }),
        Act::Reply { outcome, basis, without_help } => {
            let maybe = |given: &bool| if *given { word() } else { String::new() };
            let (legal_basis, override_note) = (maybe(basis), maybe(without_help));
            send!(
                client,
                to,
                reply_issue,
                ReplyIssueRequest {
                    outcome: (*outcome).into(),
                    text: word(),
                    legal_basis: legal_basis,
                    override_note: override_note,
                    evidence_ids: Vec::new(),
                }
            )
        }
        Act::Explain => {
            send!(client, to, explain_rating, ExplainRatingRequest { text: word(), legal_basis: word() })
        }
        Act::SendBack => send!(client, to, send_back_reply, SendBackReplyRequest { reason: word() }),
        Act::FeedBack => send!(
            client,
            to,
            feed_back_issue,
            FeedBackIssueRequest { channel: pb::Channel::Visit.into(), receipt: word() }
        ),
        Act::Rate(stars) => send!(
            client,
            to,
            rate_issue,
            RateIssueRequest { stars: *stars, speed: 0, attitude: 3, result: 0, comment: String::new() }
        ),
        Act::Dispute => send!(client, to, dispute_issue, DisputeIssueRequest { reason: word() }),
        Act::Audit(passed) => {
            let (decision, failure_code, note) = match passed {
                true => (pb::AuditDecision::Passed, String::new(), String::new()),
                false => (pb::AuditDecision::Failed, "not_solved".to_owned(), word()),
            };
            send!(
                client,
                to,
                audit_issue,
                AuditIssueRequest { decision: decision.into(), failure_code: failure_code, note: note }
            )
        }
        Act::Reopen => send!(client, to, reopen_issue, ReopenIssueRequest { reason: word() }),
        Act::RequestWithdrawal => {
            send!(client, to, request_withdrawal, RequestWithdrawalRequest { reason: word() })
        }
        Act::DecideWithdrawal(confirmed, channel) => {
            let decision =
                if *confirmed { pb::WithdrawalDecision::Confirmed } else { pb::WithdrawalDecision::Denied };
            send!(
                client,
                to,
                decide_withdrawal,
                DecideWithdrawalRequest {
                    decision: decision.into(),
                    channel: (*channel).into(),
                    note: word(),
                }
            )
        }
        Act::Merge(_) => {
            let merged = |(issue_id, etag): &(String, String)| pb::MergedIssue {
                issue_id: issue_id.clone(),
                etag: etag.clone(),
            };
            let merged = to.others.iter().map(merged).collect();
            send!(client, to, merge_issues, MergeIssuesRequest { merged: merged })
        }
        Act::Unmerge => send!(client, to, unmerge_issue, UnmergeIssueRequest { reason: word() }),
        Act::Supervise(level) => {
            send!(client, to, supervise_issue, SuperviseIssueRequest { level: *level, note: word() })
        }
        Act::Instruct => send!(client, to, instruct_issue, InstructIssueRequest { text: word() }),
        Act::AnswerInstruction(number) => {
            let instruction = i32::try_from(*number).unwrap();
            send!(
                client,
                to,
                answer_instruction,
                AnswerInstructionRequest { instruction: instruction, text: word() }
            )
        }
        Act::Comment(audience) => {
            send!(
                client,
                to,
                add_comment,
                AddCommentRequest { audience: (*audience).into(), comment: word() }
            )
        }
        Act::Urge => send!(client, to, urge_issue, UrgeIssueRequest { note: String::new() }),
    }
}
