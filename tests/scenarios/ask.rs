//! How what people do is asked of the services.

use std::collections::BTreeMap;

use anyhow::Context as _;
use kernel::Timestamp;
use proto::{
    registry::v1::{
        ConfirmVisitRequest, RecordVisitRequest, VisitKind, visit_service_client::VisitServiceClient,
    },
    workflow::v1::{self as pb, issue_service_client::IssueServiceClient},
};
use qinqing::{city::request_id, desk::Seat};
use tonic::Status;

use super::{act::Act, cast::Cast};

/// Who acts on what.
pub struct Scene<'a> {
    pub cast: &'a Cast,
    pub seat: &'a Seat,
    /// As it was before the step; nothing before it is submitted.
    pub issue: &'a pb::Issue,
    /// All issues by their names, as they were before the step.
    pub all: &'a BTreeMap<String, pb::Issue>,
    pub last_visit: &'a mut Option<(String, String)>,
    pub now: Timestamp,
}

/// What came of it: the issue after the step, or nothing where it was none of the issue's; or a refusal.
pub type Answer = Result<Option<pb::Issue>, Status>;

/// Value of an enum of the contract by its short name.
fn value<E: Into<i32>>(from_name: fn(&str) -> Option<E>, prefix: &str, name: &str) -> anyhow::Result<i32> {
    from_name(&format!("{prefix}{name}"))
        .map(Into::into)
        .with_context(|| format!("there is no {prefix}{name}"))
}

fn difficulty(name: &str) -> anyhow::Result<i32> {
    value(pb::Difficulty::from_str_name, "DIFFICULTY_", name)
}

fn channel(name: &str) -> anyhow::Result<i32> {
    value(pb::Channel::from_str_name, "CHANNEL_", name)
}

/// Asks it. The outer error is that of a file that names what is not there.
pub async fn ask(act: &Act, scene: Scene<'_>) -> anyhow::Result<Answer> {
    let Scene { cast, seat, issue, all, last_visit, now } = scene;
    let mut issues = IssueServiceClient::new(seat.channel());
    let issue_id = issue.issue_id.clone();
    /// A step of an issue: what every request of one has, and what this one has besides.
    macro_rules! step {
        ($rpc:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
            let request = pb::$request {
                issue_id,
                etag: issue.etag.clone(),
                request_id: request_id(),
                $($field: $value,)*
            };
            issues.$rpc(request).await.map(|answer| answer.into_inner().issue)
        }};
    }
    Ok(match act {
        Act::Submit { firm, category, title, text } => {
            let request = pb::SubmitIssueRequest {
                enterprise_id: cast.firm(firm)?,
                category: category.clone(),
                title: title.clone(),
                description: text.clone(),
                division_code: cast.division.clone(),
                request_id: request_id(),
                about_department_id: String::new(),
                confidential: false,
                draft_id: String::new(),
            };
            issues.submit_issue(request).await.map(|answer| answer.into_inner().issue)
        }
        Act::Confirm => step!(confirm_issue, ConfirmIssueRequest {}),
        Act::Assign(to) => step!(assign_issue, AssignIssueRequest { department_id: cast.department(to)? }),
        Act::Sign(hard) => step!(sign_issue, SignIssueRequest { difficulty: difficulty(hard)? }),
        Act::RequestReturn { reason, new_fact } => {
            step!(request_return, RequestReturnRequest { reason: reason.clone(), new_fact: new_fact.clone() })
        }
        Act::Rule { ruling, department, reason } => {
            let ruling = value(pb::ReturnRuling::from_str_name, "RETURN_RULING_", ruling)?;
            let department_id =
                if department.is_empty() { String::new() } else { cast.department(department)? };
            step!(
                rule_on_return,
                RuleOnReturnRequest { ruling: ruling, department_id: department_id, reason: reason.clone() }
            )
        }
        Act::Dispatch { section, co_sections } => {
            let section_id = cast.section(section)?;
            let co_sections = co_sections.iter().map(|helper| {
                let section_id = cast.section(&helper.section)?;
                Ok(pb::CoSectionRequest { section_id, note: helper.task.clone() })
            });
            let co_sections = co_sections.collect::<anyhow::Result<Vec<_>>>()?;
            step!(
                dispatch_issue,
                DispatchIssueRequest {
                    section_id: section_id,
                    note: String::new(),
                    co_sections: co_sections
                }
            )
        }
        Act::Accept => step!(accept_issue, AcceptIssueRequest {}),
        Act::Contact { by, note } => {
            step!(record_contact, RecordContactRequest { channel: channel(by)?, note: note.clone() })
        }
        Act::Progress(note) => step!(record_progress, RecordProgressRequest { note: note.clone() }),
        Act::InterimMeasure(measure) => {
            step!(record_interim_measure, RecordInterimMeasureRequest { measure: measure.clone() })
        }
        Act::ReplyCoTask { task, text } => {
            step!(reply_co_task, ReplyCoTaskRequest { task: *task, text: text.clone() })
        }
        Act::RequestExtension { working_days, reason } => step!(
            request_extension,
            RequestExtensionRequest { working_days: *working_days, reason: reason.clone() }
        ),
        Act::DecideExtension { decision, note } => {
            let decision = value(pb::ExtensionDecision::from_str_name, "EXTENSION_DECISION_", decision)?;
            step!(decide_extension, DecideExtensionRequest { decision: decision, note: note.clone() })
        }
        Act::Plan { responsible, committed, note } => {
            let responsible_id = cast.account(responsible)?;
            step!(
                plan_issue,
                PlanIssueRequest {
                    responsible_id: responsible_id,
                    committed_date: Some(rpc::parse::date(*committed)),
                    note: note.clone(),
                }
            )
        }
        Act::Replan { responsible, committed, reason } => {
            let responsible_id = cast.account(responsible)?;
            step!(
                replan_issue,
                ReplanIssueRequest {
                    responsible_id: responsible_id,
                    committed_date: Some(rpc::parse::date(*committed)),
                    reason: reason.clone(),
                }
            )
        }
        Act::Reply { outcome, text } => {
            let outcome = value(pb::Outcome::from_str_name, "OUTCOME_", outcome)?;
            step!(
                reply_issue,
                ReplyIssueRequest {
                    outcome: outcome,
                    text: text.clone(),
                    legal_basis: String::new(),
                    override_note: String::new(),
                    evidence_ids: Vec::new(),
                }
            )
        }
        Act::FeedBack { by, receipt } => {
            step!(feed_back_issue, FeedBackIssueRequest { channel: channel(by)?, receipt: receipt.clone() })
        }
        Act::Rate { stars, comment } => step!(
            rate_issue,
            RateIssueRequest { stars: *stars, speed: 0, attitude: 0, result: 0, comment: comment.clone() }
        ),
        Act::Audit { decision, code, note } => {
            let decision = value(pb::AuditDecision::from_str_name, "AUDIT_DECISION_", decision)?;
            step!(
                audit_issue,
                AuditIssueRequest { decision: decision, failure_code: code.clone(), note: note.clone() }
            )
        }
        Act::Reopen(reason) => step!(reopen_issue, ReopenIssueRequest { reason: reason.clone() }),
        Act::RequestWithdrawal(reason) => {
            step!(request_withdrawal, RequestWithdrawalRequest { reason: reason.clone() })
        }
        Act::DecideWithdrawal { decision, by, note } => {
            let decision = value(pb::WithdrawalDecision::from_str_name, "WITHDRAWAL_DECISION_", decision)?;
            step!(
                decide_withdrawal,
                DecideWithdrawalRequest { decision: decision, channel: channel(by)?, note: note.clone() }
            )
        }
        Act::Merge(names) => {
            let merged = names.iter().map(|name| {
                let issue = all.get(name).with_context(|| format!("there is no issue {name:?}"))?;
                Ok(pb::MergedIssue { issue_id: issue.issue_id.clone(), etag: issue.etag.clone() })
            });
            let merged = merged.collect::<anyhow::Result<Vec<_>>>()?;
            step!(merge_issues, MergeIssuesRequest { merged: merged })
        }
        Act::Urge(note) => step!(urge_issue, UrgeIssueRequest { note: note.clone() }),
        Act::Supervise { level, note } => {
            step!(supervise_issue, SuperviseIssueRequest { level: *level, note: note.clone() })
        }
        Act::Visit { officials, findings } => {
            let request = RecordVisitRequest {
                enterprise_id: issue.enterprise_id.clone(),
                visit_date: Some(rpc::parse::date(now.with_timezone(&worktime::ZONE).date_naive())),
                kind: VisitKind::OnSite.into(),
                officials: *officials,
                findings: findings.clone(),
                issue_ids: vec![issue_id],
                request_id: request_id(),
            };
            let answer = VisitServiceClient::new(seat.channel()).record_visit(request).await;
            answer.map(|answer| {
                *last_visit = answer.into_inner().visit.map(|visit| (visit.visit_id, visit.etag));
                None
            })
        }
        Act::ConfirmVisit => {
            let (visit_id, etag) = last_visit.take().context("nobody has visited")?;
            let request = ConfirmVisitRequest { visit_id, etag, request_id: request_id() };
            VisitServiceClient::new(seat.channel()).confirm_visit(request).await.map(|_| None)
        }
    })
}
