//! The story: who does what, and what must be true after it.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use proto::{
    registry::v1::{RecordVisitRequest, VisitKind, visit_service_client::VisitServiceClient},
    workflow::v1::{
        AcceptIssueRequest, AssignIssueRequest, AuditDecision, AuditIssueRequest, Channel, Difficulty,
        DispatchIssueRequest, FeedBackIssueRequest, GetIssueRequest, Issue, IssueState, Outcome,
        PlanIssueRequest, RateIssueRequest, RecordContactRequest, RecordInterimMeasureRequest,
        RecordProgressRequest, ReplyIssueRequest, SignIssueRequest, SubmitIssueRequest,
        issue_service_client::IssueServiceClient,
    },
};
use qinqing::{
    city::{City, request_id},
    desk::{Desk, Seat, told},
};
use rpc::Bearer;

use super::narrator::Narrator;

const FIRM: &str = "firm";
const FIRMS_USCC: &str = "91370299MA3Q00A01U";
const OPERATOR: &str = "operator";
const LIAISON: &str = "liaison";
const HANDLER: &str = "handler";
const MANAGER: &str = "manager";
const AUDITOR: &str = "auditor";

/// Plays the story; fails at the first thing that is not as it must be.
pub async fn play(
    desk: &Desk,
    city: &City,
    settle: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut seats = BTreeMap::new();
    for who in [FIRM, OPERATOR, LIAISON, HANDLER, MANAGER, AUDITOR, "leader"] {
        seats.insert(who.to_owned(), city.seat(desk, who).await?);
    }
    let narrator = Narrator::new(city, &seats).await?;
    let mut play = Play { city, seats: &seats, narrator, settle, issue: Issue::default() };
    println!("\nS328 省道缺少警示标志，工人出行有危险\n");
    play.until_dispatched().await?;
    play.until_planned().await?;
    play.until_closed().await?;
    println!("\n全程完毕：{} 步，办结 {}。", play.narrator.n_steps(), play.issue.number);
    Ok(())
}

struct Play<'a, F> {
    city: &'a City,
    seats: &'a BTreeMap<String, Seat>,
    narrator: Narrator<'a>,
    settle: F,
    issue: Issue,
}

/// One step by one person: calls, keeps the issue as it stands then, and tells.
macro_rules! step {
    ($play:ident, $who:expr, $what:expr, $rpc:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }, $state:ident) => {{
        let request = $request {
            issue_id: $play.issue.issue_id.clone(),
            etag: $play.issue.etag.clone(),
            request_id: request_id(),
            $($field: $value,)*
        };
        let answer = $play.issues($who).$rpc(request).await.map_err(told).context($what)?;
        let issue = answer.into_inner().issue.context("no issue in the answer")?;
        $play.goes_on($who, $what, issue, IssueState::$state).await?;
    }};
}

impl<F: AsyncFn() -> anyhow::Result<()>> Play<'_, F> {
    fn issues(&self, who: &str) -> IssueServiceClient<Bearer> {
        IssueServiceClient::new(self.seats[who].channel())
    }

    async fn goes_on(
        &mut self,
        who: &str,
        what: &str,
        issue: Issue,
        state: IssueState,
    ) -> anyhow::Result<()> {
        ensure!(issue.state() == state, "after {what:?} the issue is {:?}, not {state:?}", issue.state());
        self.issue = issue;
        (self.settle)().await?;
        let request = GetIssueRequest { issue_id: self.issue.issue_id.clone() };
        let seen = self.issues(who).get_issue(request).await.map_err(told)?.into_inner().issue;
        self.issue = seen.context("the issue is gone")?;
        self.narrator.tell(who, what, &self.issue).await?;
        let solved = state == IssueState::Closed;
        ensure!(
            self.narrator.is_counted_as_closed(&self.issue).await? == solved,
            "after {what:?} the issue must {} as closed",
            if solved { "count" } else { "not count" }
        );
        Ok(())
    }

    async fn until_dispatched(&mut self) -> anyhow::Result<()> {
        let enterprise_id = self.city.enterprises[FIRMS_USCC].clone();
        let request = SubmitIssueRequest {
            enterprise_id,
            category: "other".to_owned(),
            title: "S328省道厂区路段缺少警示标志".to_owned(),
            description: "厂区门前约三百米路段车速快、无警示标志，职工上下班穿行有危险，请尽快处理。"
                .to_owned(),
            division_code: self.city.division_code.clone(),
            request_id: request_id(),
            about_department_id: String::new(),
            confidential: false,
            draft_id: String::new(),
        };
        let answer = self.issues(FIRM).submit_issue(request).await.map_err(told).context("提报")?;
        let issue = answer.into_inner().issue.context("no issue in the answer")?;
        self.goes_on(FIRM, "企业提报", issue, IssueState::Triage).await?;
        let department_id = self.city.departments["police"].clone();
        step!(
            self,
            OPERATOR,
            "运营分派至市公安局",
            assign_issue,
            AssignIssueRequest { department_id: department_id },
            Submitted
        );
        step!(
            self,
            LIAISON,
            "联络员第一时间签收",
            sign_issue,
            SignIssueRequest { difficulty: Difficulty::Normal.into() },
            Signed
        );
        let section_id = self.city.sections["police"][0].clone();
        step!(
            self,
            LIAISON,
            "联络员第一时间转交交警支队",
            dispatch_issue,
            DispatchIssueRequest {
                section_id: section_id,
                note: "请现场查看并联系企业。".to_owned(),
                co_sections: Vec::new()
            },
            Dispatched
        );
        Ok(())
    }

    async fn until_planned(&mut self) -> anyhow::Result<()> {
        step!(self, HANDLER, "交警支队受理", accept_issue, AcceptIssueRequest {}, InProgress);
        step!(
            self,
            HANDLER,
            "现场查看并首次联系企业",
            record_contact,
            RecordContactRequest {
                channel: Channel::Visit.into(),
                note: "已到现场查看，与企业负责人见面。".to_owned()
            },
            InProgress
        );
        self.manager_visits().await?;
        step!(
            self,
            HANDLER,
            "临时措施：上下班时段民警值守巡逻",
            record_interim_measure,
            RecordInterimMeasureRequest {
                measure: "问题解决前，每日上下班时段安排民警到场值守巡逻。".to_owned()
            },
            InProgress
        );
        let responsible = self.city.login(HANDLER)?.account_id.clone();
        let committed = Narrator::working_day_in(5)?;
        step!(
            self,
            HANDLER,
            "列入计划解决：安装警示标志，明确责任人和日期",
            plan_issue,
            PlanIssueRequest {
                responsible_id: responsible,
                committed_date: Some(committed),
                note: "采购并安装警示标志和爆闪灯。".to_owned()
            },
            Planned
        );
        Ok(())
    }

    async fn manager_visits(&mut self) -> anyhow::Result<()> {
        let request = RecordVisitRequest {
            enterprise_id: self.issue.enterprise_id.clone(),
            visit_date: Some(Narrator::today()),
            kind: VisitKind::OnSite.into(),
            officials: 2,
            findings: "陪同交警到现场，了解职工通行情况。".to_owned(),
            issue_ids: vec![self.issue.issue_id.clone()],
            request_id: request_id(),
        };
        let mut visits = VisitServiceClient::new(self.seats[MANAGER].channel());
        visits.record_visit(request).await.map_err(told).context("走访")?;
        (self.settle)().await?;
        self.narrator.aside(MANAGER, "经理人陪同走访并留痕")
    }

    async fn until_closed(&mut self) -> anyhow::Result<()> {
        step!(
            self,
            HANDLER,
            "警示标志安装到位",
            record_progress,
            RecordProgressRequest {
                note: "标志牌四块、爆闪灯两处已安装并通电。".to_owned()
            },
            Planned
        );
        step!(
            self,
            HANDLER,
            "按计划兑现并答复",
            reply_issue,
            ReplyIssueRequest {
                outcome: Outcome::PlannedDelivered.into(),
                text: "警示标志已全部安装到位，值守转为日常巡逻。".to_owned(),
                legal_basis: String::new(),
                override_note: String::new(),
                evidence_ids: Vec::new(),
            },
            Replied
        );
        step!(
            self,
            LIAISON,
            "联络员第一时间反馈企业",
            feed_back_issue,
            FeedBackIssueRequest {
                channel: Channel::Telephone.into(),
                receipt: "企业负责人电话确认收到。".to_owned()
            },
            FedBack
        );
        step!(
            self,
            FIRM,
            "企业五星评价",
            rate_issue,
            RateIssueRequest {
                stars: 5,
                speed: 5,
                attitude: 5,
                result: 5,
                comment: "处理很快，感谢。".to_owned()
            },
            PendingAudit
        );
        step!(
            self,
            AUDITOR,
            "审核通过，办结",
            audit_issue,
            AuditIssueRequest {
                decision: AuditDecision::Passed.into(),
                failure_code: String::new(),
                note: "现场照片与企业评价一致。".to_owned()
            },
            Closed
        );
        Ok(())
    }
}
