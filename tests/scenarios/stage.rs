//! Plays a scenario through the whole suite, as the people in it would: signed in, by the public RPCs.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, bail, ensure};
use chrono::TimeDelta;
use kernel::{Clock as _, Timestamp};
use proto::{
    notification::v1::{ListMessagesRequest, Message, inbox_service_client::InboxServiceClient},
    scoring::v1::{CheckLedgerRequest, GetBalanceRequest, ledger_service_client::LedgerServiceClient},
    workflow::v1::{
        self as pb, ExplainDeadlinesRequest, GetIssueRequest, QueryFiguresRequest,
        clock_service_client::ClockServiceClient, figure_service_client::FigureServiceClient,
        issue_service_client::IssueServiceClient,
    },
};
use qinqing::desk::{Desk, Seat, told};
use store::Engine;

use super::{
    act::Act,
    ask::{Scene, ask},
    cast::Cast,
    file::{Scenario, Step},
    truths::{Differences, Found, check},
    words::Moment,
};
use crate::world::World;

/// Sees every issue, all figures and everybody's points.
const READER: &str = "leader";
/// Somewhat less than an access token lives.
const SIGNED_IN: TimeDelta = TimeDelta::minutes(14);
/// An hour and a minute after it the close of business is past, and whatever falls due with it has happened.
const AFTER_CLOSE: (u32, u32) = (17, 31);

struct Stage {
    world: World,
    cast: Cast,
    /// Issues by their names; the only one of a scenario may have none.
    issues: BTreeMap<String, String>,
    seats: HashMap<String, (Seat, Timestamp)>,
    last_visit: Option<(String, String)>,
}

/// Plays it from the beginning to the end, or to the first step that does not come out as written.
pub async fn play(scenario: &Scenario, engine: Engine) -> anyhow::Result<()> {
    let world = World::start(engine).await;
    let cast = Cast::gather(&world, &scenario.people, &scenario.firms).await.context("people and firms")?;
    let (issues, seats) = (BTreeMap::new(), HashMap::new());
    let mut stage = Stage { world, cast, issues, seats, last_visit: None };
    for (number, step) in (1..).zip(&scenario.steps) {
        stage.take(step).await.with_context(|| format!("step {number} at {}", step.at))?;
    }
    stage.balance_the_ledger().await?;
    stage.world.stop().await;
    Ok(())
}

impl Stage {
    async fn take(&mut self, step: &Step) -> anyhow::Result<()> {
        let before = self.world.clock.now();
        ensure!(before < step.at.0, "the clock stands at {} already", Moment(before));
        self.let_time_pass(step.at.0).await?;
        if let (Some(who), Some(act)) = (&step.who, &step.does) {
            self.act(step, who, act).await?;
            self.world.suite.settle().await?;
        }
        let mut differences = Differences::default();
        self.check_issues(step, &mut differences).await?;
        self.check_inboxes(step, before, &mut differences).await?;
        self.check_points(step, &mut differences).await?;
        self.check_figures(step, &mut differences).await?;
        differences.into_result()
    }

    /// Lets happen what falls due on the way. What falls due with the close of business happens on its day, as it does
    /// where time is not skipped.
    async fn let_time_pass(&self, until: Timestamp) -> anyhow::Result<()> {
        let clock = &self.world.clock;
        let (hour, minute) = AFTER_CLOSE;
        let mut day = clock.now().with_timezone(&worktime::ZONE).date_naive();
        while !self.issues.is_empty() {
            let close = day.and_hms_opt(hour, minute, 0).context("no such time of the day")?;
            let close = (close - worktime::ZONE).and_utc();
            if until <= close {
                break;
            }
            if clock.now() < close {
                clock.set(close);
                self.world.suite.settle().await?;
            }
            day = day.succ_opt().context("no such day")?;
        }
        clock.set(until);
        self.world.suite.settle().await
    }

    async fn act(&mut self, step: &Step, who: &str, act: &Act) -> anyhow::Result<()> {
        let name = step.issue.clone().unwrap_or_default();
        let mut all = BTreeMap::new();
        for (name, issue_id) in self.issues.clone() {
            all.insert(name, self.read(&issue_id).await?);
        }
        let nothing = pb::Issue::default();
        let issue = match (all.get(&name), act) {
            (Some(_), Act::Submit { .. }) => bail!("there is an issue {name:?} already"),
            (None, Act::Submit { .. }) => &nothing,
            (found, _) => found.with_context(|| format!("there is no issue {name:?}"))?,
        };
        let seat = self.seat(who).await?;
        let now = self.world.clock.now();
        let last_visit = &mut self.last_visit;
        let scene = Scene { cast: &self.cast, seat: &seat, issue, all: &all, last_visit, now };
        match (ask(act, scene).await?, &step.refused) {
            (Ok(issue), None) => {
                if let (Act::Submit { .. }, Some(issue)) = (act, issue) {
                    self.issues.insert(name, issue.issue_id);
                }
                Ok(())
            }
            (Ok(_), Some(reason)) => bail!("expected a refusal with {reason}, found none"),
            (Err(status), None) => Err(told(status)).context("expected no refusal, found"),
            (Err(status), Some(reason)) => {
                let (_, found) = testkit::reason(&status);
                ensure!(*reason == found, "expected a refusal with {reason}, found {found}: {status}");
                Ok(())
            }
        }
    }

    /// Somebody, signed in anew where the last time is too long ago.
    async fn seat(&mut self, who: &str) -> anyhow::Result<Seat> {
        let now = self.world.clock.now();
        if let Some((seat, since)) = self.seats.get(who)
            && now - since < SIGNED_IN
        {
            return Ok(seat.clone());
        }
        let login = self.cast.login(who)?;
        let desk = Desk::new(self.world.suite.here());
        let seat = desk.sign_in(&login.login_name, &login.password).await?;
        self.seats.insert(who.to_owned(), (seat.clone(), now));
        Ok(seat)
    }

    async fn read(&mut self, issue_id: &str) -> anyhow::Result<pb::Issue> {
        let reader = self.seat(READER).await?;
        let request = GetIssueRequest { issue_id: issue_id.to_owned() };
        let answer = IssueServiceClient::new(reader.channel()).get_issue(request).await.map_err(told)?;
        answer.into_inner().issue.context("no issue in the answer")
    }

    async fn check_issues(&mut self, step: &Step, differences: &mut Differences) -> anyhow::Result<()> {
        let names = self.issues.iter().map(|(name, id)| (id.clone(), name.clone())).collect();
        let own = step.issue.clone().unwrap_or_default();
        let expected = step.others.iter().chain([(&own, &step.then)]);
        for (name, then) in expected {
            let issue_id = self.issues.get(name).with_context(|| format!("there is no issue {name:?}"))?;
            let issue_id = issue_id.clone();
            let issue = self.read(&issue_id).await?;
            let reader = self.seat(READER).await?.channel();
            let request = ExplainDeadlinesRequest { issue_id };
            let explained = ClockServiceClient::new(reader).explain_deadlines(request).await.map_err(told)?;
            let explained = &explained.into_inner();
            let about = if name.is_empty() { String::new() } else { format!("{name}: ") };
            let found = Found { cast: &self.cast, issue: &issue, explained, names: &names };
            check(differences, &about, then, &found);
        }
        Ok(())
    }

    /// What came since `before`: the clock stands still while something happens, so nothing of an earlier step is later.
    async fn check_inboxes(
        &mut self,
        step: &Step,
        before: Timestamp,
        differences: &mut Differences,
    ) -> anyhow::Result<()> {
        for (who, templates) in &step.notified {
            let seat = self.seat(who).await?;
            let request = ListMessagesRequest { page_size: 500, ..ListMessagesRequest::default() };
            let page = InboxServiceClient::new(seat.channel()).list_messages(request).await.map_err(told)?;
            let is_new =
                |message: &Message| message.create_time.is_some_and(|at| before < Moment::from(at).0);
            let found = page.into_inner().messages.into_iter().filter(is_new);
            let found = found.map(|message| message.template_code).collect();
            differences.check_set(&format!("notified {who}"), Some(templates), found);
        }
        Ok(())
    }

    async fn check_points(&mut self, step: &Step, differences: &mut Differences) -> anyhow::Result<()> {
        for (who, expected) in &step.points {
            let account_id = self.cast.account(who)?;
            let reader = self.seat(READER).await?;
            let request = GetBalanceRequest { account_id, period: None };
            let answer =
                LedgerServiceClient::new(reader.channel()).get_balance(request).await.map_err(told)?;
            let found = answer.into_inner().balance.unwrap_or_default();
            differences.check(&format!("points of {who}, pending"), expected.pending.as_ref(), found.pending);
            differences.check(&format!("points of {who}, posted"), expected.posted.as_ref(), found.posted);
            differences.check(&format!("points of {who}, voided"), expected.voided.as_ref(), found.voided);
        }
        Ok(())
    }

    async fn check_figures(&mut self, step: &Step, differences: &mut Differences) -> anyhow::Result<()> {
        for (figure_id, expected) in &step.figures {
            let reader = self.seat(READER).await?;
            let request =
                QueryFiguresRequest { figure_ids: vec![figure_id.clone()], ..QueryFiguresRequest::default() };
            let answer =
                FigureServiceClient::new(reader.channel()).query_figures(request).await.map_err(told)?;
            // "M5" stands for those that begin with it, too.
            let figures = answer.into_inner().figures;
            let found = figures.iter().find(|figure| figure.figure_id == *figure_id);
            let found = found.with_context(|| format!("there is no figure {figure_id:?}"))?;
            let found = format!("{}/{}", found.numerator, found.denominator);
            differences.check(figure_id, Some(expected), found);
        }
        Ok(())
    }

    /// However a story went, the books come to zero.
    async fn balance_the_ledger(&mut self) -> anyhow::Result<()> {
        let operator = self.seat("operator").await?;
        let answer = LedgerServiceClient::new(operator.channel()).check_ledger(CheckLedgerRequest {}).await;
        let books = answer.map_err(told)?.into_inner();
        let faults = (books.sum, books.unbalanced_postings, books.wrong_balances);
        ensure!(faults == (0, 0, 0), "the ledger does not balance: {faults:?}");
        Ok(())
    }
}
