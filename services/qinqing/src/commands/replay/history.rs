//! Plays the plan, deed by deed, each at its own time.

use std::sync::Arc;

use access::{Role, RoleGrant};
use anyhow::{Context as _, bail};
use kernel::ManualClock;
use proto::{
    registry::v1::{
        ConfirmVisitRequest, RecordVisitRequest, Visit, VisitKind, visit_service_client::VisitServiceClient,
    },
    workflow::v1::{
        AcceptIssueRequest, AssignIssueRequest, AuditDecision, AuditIssueRequest, Channel, Difficulty,
        DispatchIssueRequest, FeedBackIssueRequest, GetIssueRequest, Issue, Outcome, RateIssueRequest,
        RecordContactRequest, ReplyIssueRequest, SignIssueRequest, SubmitIssueRequest,
        issue_service_client::IssueServiceClient,
    },
};
use qinqing::{city::request_id, desk::told};
use rpc::Bearer;
use runtime::Suite;
use tonic::{Code, Status};
use worktime::ZONE;

use super::{
    actors::Actors,
    cast::Cast,
    plan::{self, Deed, Plan, Step, What},
};
use crate::commands::progress;

pub struct History<'a> {
    pub suite: &'a Suite,
    pub clock: &'a Arc<ManualClock>,
    pub actors: &'a Actors<'a>,
    pub plan: &'a Plan,
    pub cast: &'a Cast,
}

/// What is known of the issues and visits so far.
struct Memory {
    issues: Vec<Option<Issue>>,
    visits: Vec<Option<(usize, Visit)>>,
}

/// Carries a step out on an issue; when the issue has moved on by itself meanwhile (a rung of a clock was reached),
/// looks at it again and repeats.
macro_rules! step {
    ($history:ident, $seat:expr, $issue:ident, $rpc:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let mut known = $issue.clone();
        loop {
            let request = $request {
                issue_id: known.issue_id.clone(),
                etag: known.etag.clone(),
                request_id: request_id(),
                $($field: $value,)*
            };
            match IssueServiceClient::new($seat.clone()).$rpc(request).await {
                Ok(answer) => break answer.into_inner().issue,
                Err(status) if status.code() == Code::Aborted => known = $history.look(&$seat, &known).await?,
                Err(status) => return Err(told(status)),
            }
        }
    }};
}

impl History<'_> {
    pub async fn play(&self) -> anyhow::Result<()> {
        let bar = progress("历程", self.plan.deeds.len() as u64);
        let mut memory =
            Memory { issues: vec![None; self.plan.issues.len()], visits: vec![None; self.plan.n_visits] };
        self.suite.settle().await?;
        let mut today = plan::start().date_naive();
        for deed in &self.plan.deeds {
            let date = deed.at.with_timezone(&ZONE).date_naive();
            if date != today {
                // At the end of each day everything that is due has happened and everybody has been told.
                self.clock.set(plan::local(today, 23, 0).max(kernel::Clock::now(self.clock.as_ref())));
                self.suite.settle().await?;
                today = date;
                bar.set_message(today.to_string());
            }
            self.clock.set(deed.at);
            Box::pin(self.deed(deed, &mut memory))
                .await
                .with_context(|| format!("{:?} at {}", deed.what, deed.at))?;
            bar.inc(1);
        }
        self.clock.set(plan::end());
        self.suite.settle().await?;
        bar.finish();
        Ok(())
    }

    async fn deed(&self, deed: &Deed, memory: &mut Memory) -> anyhow::Result<()> {
        match deed.what {
            What::Visit { manager, id } => {
                let visit = self.visit(manager, deed).await?;
                memory.visits[id] = Some((manager, visit));
            }
            What::Confirm { id } => {
                let (firm, visit) = memory.visits[id].take().context("the visit was not recorded")?;
                self.confirm(firm, visit).await?;
            }
            What::Step { issue, step } => {
                let known = memory.issues[issue].take();
                memory.issues[issue] = Some(Box::pin(self.step(issue, known, step)).await?);
            }
        }
        Ok(())
    }

    async fn visit(&self, manager: usize, deed: &Deed) -> anyhow::Result<Visit> {
        let firm = &self.cast.firms[manager];
        let request = RecordVisitRequest {
            enterprise_id: firm.enterprise_id.to_string(),
            visit_date: Some(rpc::parse::date(deed.at.with_timezone(&ZONE).date_naive())),
            kind: VisitKind::OnSite.into(),
            officials: 1,
            findings: "走访企业，了解生产经营情况。".to_owned(),
            issue_ids: Vec::new(),
            request_id: request_id(),
        };
        let seat = self.actors.seat(firm.manager, vec![RoleGrant::of(Role::Manager)])?;
        let answer = VisitServiceClient::new(seat).record_visit(request).await.map_err(told)?;
        answer.into_inner().visit.context("no visit was recorded")
    }

    async fn confirm(&self, firm: usize, visit: Visit) -> anyhow::Result<()> {
        let request =
            ConfirmVisitRequest { visit_id: visit.visit_id, etag: visit.etag, request_id: request_id() };
        VisitServiceClient::new(self.firm(firm)?).confirm_visit(request).await.map_err(told)?;
        Ok(())
    }

    fn firm(&self, firm: usize) -> anyhow::Result<Bearer> {
        let firm = &self.cast.firms[firm];
        self.actors.seat(firm.agent, vec![RoleGrant::enterprise(firm.enterprise_id)])
    }

    async fn step(&self, number: usize, known: Option<Issue>, step: Step) -> anyhow::Result<Issue> {
        let planned = &self.plan.issues[number];
        let office = &self.cast.offices[planned.department];
        let firm = || self.firm(planned.enterprise);
        let liaison = || self.actors.seat(office.liaison, vec![RoleGrant::liaison(office.department_id)]);
        let handler = || {
            let role = RoleGrant::section_handler(office.department_id, office.section_id);
            self.actors.seat(office.handler, vec![role])
        };
        let (issue, step) = match (known, step) {
            (None, Step::Submit) => return self.submit(number, firm()?).await,
            (Some(issue), step) => (issue, step),
            (None, step) => bail!("{step:?} before the issue was submitted"),
        };
        let after = match step {
            Step::Submit => bail!("submitted twice"),
            Step::Assign => {
                let seat = self.actors.seat(self.cast.operator, vec![RoleGrant::of(Role::Operator)])?;
                step!(
                    self,
                    seat,
                    issue,
                    assign_issue,
                    AssignIssueRequest { department_id: office.department_id.to_string() }
                )
            }
            Step::Sign => {
                let seat = liaison()?;
                step!(
                    self,
                    seat,
                    issue,
                    sign_issue,
                    SignIssueRequest { difficulty: Difficulty::Normal.into() }
                )
            }
            Step::Dispatch => {
                let seat = liaison()?;
                step!(
                    self,
                    seat,
                    issue,
                    dispatch_issue,
                    DispatchIssueRequest {
                        section_id: office.section_id.to_string(),
                        note: "请办理。".to_owned(),
                        co_sections: Vec::new()
                    }
                )
            }
            Step::Accept => {
                let seat = handler()?;
                step!(self, seat, issue, accept_issue, AcceptIssueRequest {})
            }
            Step::Contact => {
                let seat = handler()?;
                step!(
                    self,
                    seat,
                    issue,
                    record_contact,
                    RecordContactRequest {
                        channel: Channel::Telephone.into(),
                        note: "已联系企业了解情况。".to_owned()
                    }
                )
            }
            Step::Reply => {
                let seat = handler()?;
                step!(
                    self,
                    seat,
                    issue,
                    reply_issue,
                    ReplyIssueRequest {
                        outcome: Outcome::Resolved.into(),
                        text: "已协调解决。".to_owned(),
                        legal_basis: String::new(),
                        override_note: String::new(),
                        evidence_ids: Vec::new(),
                    }
                )
            }
            Step::FeedBack => {
                let seat = liaison()?;
                step!(
                    self,
                    seat,
                    issue,
                    feed_back_issue,
                    FeedBackIssueRequest {
                        channel: Channel::Telephone.into(),
                        receipt: "企业电话确认。".to_owned()
                    }
                )
            }
            Step::Rate { stars } => {
                let seat = firm()?;
                step!(
                    self,
                    seat,
                    issue,
                    rate_issue,
                    RateIssueRequest {
                        stars: stars,
                        speed: stars,
                        attitude: stars,
                        result: stars,
                        comment: String::new()
                    }
                )
            }
            Step::Pass => {
                let seat = self.actors.seat(self.cast.auditor, vec![RoleGrant::of(Role::Auditor)])?;
                step!(
                    self,
                    seat,
                    issue,
                    audit_issue,
                    AuditIssueRequest {
                        decision: AuditDecision::Passed.into(),
                        failure_code: String::new(),
                        note: String::new()
                    }
                )
            }
        };
        after.context("no issue in the answer")
    }

    async fn submit(&self, number: usize, seat: Bearer) -> anyhow::Result<Issue> {
        let planned = &self.plan.issues[number];
        let request = SubmitIssueRequest {
            enterprise_id: self.cast.firms[planned.enterprise].enterprise_id.to_string(),
            category: planned.category.to_owned(),
            title: format!("企业诉求第{}件", number + 1),
            description: "请协调解决。".to_owned(),
            division_code: "370281".to_owned(),
            request_id: request_id(),
            about_department_id: String::new(),
            confidential: false,
            draft_id: String::new(),
        };
        let answer = IssueServiceClient::new(seat).submit_issue(request).await.map_err(told)?;
        answer.into_inner().issue.context("no issue in the answer")
    }

    async fn look(&self, seat: &Bearer, issue: &Issue) -> anyhow::Result<Issue> {
        let request = GetIssueRequest { issue_id: issue.issue_id.clone() };
        let answer = IssueServiceClient::new(seat.clone()).get_issue(request).await;
        answer.map_err(|status: Status| told(status))?.into_inner().issue.context("the issue is gone")
    }
}
