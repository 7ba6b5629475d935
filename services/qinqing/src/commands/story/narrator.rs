//! Tells each step: who, what state, which clocks, who was told, who got points for it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate};
use kernel::{Clock as _, SystemClock};
use proto::{
    common::v1::Date,
    notification::v1::{ListMessagesRequest, inbox_service_client::InboxServiceClient},
    scoring::v1::{Balance, GetBalanceRequest, ledger_service_client::LedgerServiceClient},
    workflow::v1::{DrillDownRequest, FigurePart, Issue, figure_service_client::FigureServiceClient},
};
use qinqing::{
    city::City,
    desk::{Seat, told},
};
use worktime::{Calendar, ZONE};

/// Who sees all figures.
const LEADER: &str = "leader";
/// Roles that points are kept for.
const SCORED: [&str; 3] = ["MANAGER", "LIAISON", "SECTION_HANDLER"];

pub struct Narrator<'a> {
    city: &'a City,
    seats: &'a BTreeMap<String, Seat>,
    told: BTreeSet<String>,
    points: BTreeMap<String, (i64, i64)>,
    n_steps: usize,
}

impl<'a> Narrator<'a> {
    pub async fn new(city: &'a City, seats: &'a BTreeMap<String, Seat>) -> anyhow::Result<Self> {
        let mut narrator = Self { city, seats, told: BTreeSet::new(), points: BTreeMap::new(), n_steps: 0 };
        // What happened before the story is none of it.
        narrator.new_messages().await?;
        narrator.new_points().await?;
        Ok(narrator)
    }

    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Prints one step of the issue.
    pub async fn tell(&mut self, who: &str, what: &str, issue: &Issue) -> anyhow::Result<()> {
        self.aside(who, what)?;
        println!(
            "      状态 {} · 灯 {} · 当前由 {} 办理 · 编号 {}",
            short(issue.state().as_str_name(), "ISSUE_STATE_"),
            short(issue.light().as_str_name(), "LIGHT_"),
            short(issue.holder().as_str_name(), "HOLDER_"),
            issue.number
        );
        for clock in &issue.clocks {
            let due = clock.due_time.as_ref().map(moment).unwrap_or_default();
            let fate = match (&clock.stop_time, clock.late) {
                (Some(stop), false) => format!("按时完成 {}", moment(stop)),
                (Some(stop), true) => format!("超时完成 {}", moment(stop)),
                (None, false) => "进行中".to_owned(),
                (None, true) => "已超时".to_owned(),
            };
            println!("      时钟 {} 期限 {due}（{}）{fate}", clock.clock, clock.limit);
        }
        for (login_name, subject) in self.new_messages().await? {
            println!("      通知 → {}：{subject}", self.city.login(&login_name)?.display_name);
        }
        for (login_name, (pending, posted)) in self.new_points().await? {
            let name = &self.city.login(&login_name)?.display_name;
            println!("      积分 {name}：待核 {pending}，已入账 {posted}");
        }
        Ok(())
    }

    /// Prints what belongs to the story and is no step of the issue.
    pub fn aside(&mut self, who: &str, what: &str) -> anyhow::Result<()> {
        self.n_steps += 1;
        let login = self.city.login(who)?;
        println!("{:>4}. {}（{}）{what}", self.n_steps, login.display_name, login.title);
        Ok(())
    }

    /// Whether the issue is among those that the completion figure counts as closed.
    pub async fn is_counted_as_closed(&self, issue: &Issue) -> anyhow::Result<bool> {
        let mut figures = FigureServiceClient::new(self.seats[LEADER].channel());
        let mut request = DrillDownRequest {
            figure_id: "M1".to_owned(),
            part: FigurePart::Numerator.into(),
            page_size: 500,
            ..DrillDownRequest::default()
        };
        loop {
            let page = figures.drill_down(request.clone()).await.map_err(told).context("M1")?.into_inner();
            if page.issue_ids.contains(&issue.issue_id) {
                return Ok(true);
            }
            if page.next_page_token.is_empty() {
                return Ok(false);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The day in China.
    pub fn today() -> Date {
        rpc::parse::date(local_day())
    }

    /// The `n`-th working day from now.
    pub fn working_day_in(n: u32) -> anyhow::Result<Date> {
        Ok(rpc::parse::date(Calendar::china().working_day_after(local_day(), n)?))
    }

    async fn new_messages(&mut self) -> anyhow::Result<Vec<(String, String)>> {
        let mut fresh = Vec::new();
        for (login_name, seat) in self.seats {
            let request = ListMessagesRequest { page_size: 50, ..ListMessagesRequest::default() };
            let page = InboxServiceClient::new(seat.channel()).list_messages(request).await.map_err(told)?;
            for message in page.into_inner().messages {
                if self.told.insert(message.message_id) {
                    fresh.push((login_name.clone(), message.subject));
                }
            }
        }
        Ok(fresh)
    }

    async fn new_points(&mut self) -> anyhow::Result<Vec<(String, (i64, i64))>> {
        let mut changed = Vec::new();
        for (login_name, seat) in self.seats {
            if !seat.roles.iter().any(|role| SCORED.contains(&role.as_str())) {
                continue;
            }
            let request = GetBalanceRequest { account_id: seat.account_id.clone(), period: None };
            let answer = LedgerServiceClient::new(seat.channel()).get_balance(request).await.map_err(told)?;
            let Balance { pending, posted, .. } = answer.into_inner().balance.unwrap_or_default();
            if self.points.insert(login_name.clone(), (pending, posted)) != Some((pending, posted)) {
                changed.push((login_name.clone(), (pending, posted)));
            }
        }
        Ok(changed)
    }
}

fn local_day() -> NaiveDate {
    SystemClock.now().with_timezone(&ZONE).date_naive()
}

fn moment(at: &prost_types::Timestamp) -> String {
    DateTime::from_timestamp(at.seconds, 0)
        .map(|at| at.with_timezone(&ZONE).format("%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}
