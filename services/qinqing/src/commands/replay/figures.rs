//! The figures of the replayed city, asked of the services, beside those that the real one published.

use access::{Role, RoleGrant};
use anyhow::Context as _;
use chrono::NaiveDate;
use proto::{
    registry::v1::{
        GetVisitFiguresRequest, GetVisitFiguresResponse, visit_service_client::VisitServiceClient,
    },
    workflow::v1::{
        CountIssuesRequest, Figure, IssueFilter, QueryFiguresRequest,
        figure_service_client::FigureServiceClient, issue_service_client::IssueServiceClient,
    },
};
use qinqing::desk::told;
use rpc::Bearer;

use super::{
    actors::Actors,
    cast::Cast,
    plan::{self, N_POLICE_MANAGERS, POLICE, Plan, day, local},
};

/// Prints each figure; answers whether all are as published.
pub async fn report(actors: &Actors<'_>, _plan: &Plan, cast: &Cast) -> anyhow::Result<bool> {
    let leader = || actors.seat(cast.leader, vec![RoleGrant::of(Role::Leader)]);
    let mut report = Report { agreed: true };
    println!("\n指标（分子/分母）");
    let end_2018 = local(day(2018, 12, 31), 23, 59);
    let first_months = (day(2019, 1, 1), day(2019, 5, 31));
    let figure = async |id: &str, period, as_of| figure(leader()?, id, period, as_of).await;
    report.ratio("办结率 2019-05 末", &figure("M1", None, plan::end()).await?, (876, 909), "96.4");
    report.ratio("办结率 2018 年末", &figure("M1", None, end_2018).await?, (761, 841), "90.5");
    report.ratio(
        "流量比 2019 年 1–5 月",
        &figure("M4", Some(first_months), plan::end()).await?,
        (115, 68),
        "169.1",
    );
    report.ratio(
        "清办率 2019 年 1–5 月",
        &figure("M3", Some(first_months), plan::end()).await?,
        (115, 148),
        "77.7",
    );

    let all = visits(leader()?, (day(2016, 11, 1), first_months.1), None).await?;
    report.number("走访（人次）", all.person_times, 12_700);
    let recent = visits(leader()?, first_months, None).await?;
    report.number("走访（人次）2019 年 1–5 月", recent.person_times, 1_560);
    let mut police_visits = 0;
    for firm in &cast.firms[..N_POLICE_MANAGERS] {
        let manager = Some(firm.manager.to_string());
        police_visits += visits(leader()?, (day(2016, 11, 1), first_months.1), manager).await?.person_times;
    }
    report.at_least("公安经理人走访（人次）", police_visits, 1_000);
    let filter = IssueFilter {
        department_id: cast.offices[POLICE].department_id.to_string(),
        ..IssueFilter::default()
    };
    let request = CountIssuesRequest { filter: Some(filter) };
    let police = IssueServiceClient::new(leader()?).count_issues(request).await.map_err(told)?.into_inner();
    report.at_least("公安承办诉求", police.total_count, 80);
    Ok(report.agreed)
}

async fn figure(
    seat: Bearer,
    id: &str,
    period: Option<(NaiveDate, NaiveDate)>,
    as_of: kernel::Timestamp,
) -> anyhow::Result<Figure> {
    let request = QueryFiguresRequest {
        figure_ids: vec![id.to_owned()],
        start_date: period.map(|(from, _)| rpc::parse::date(from)),
        end_date: period.map(|(_, until)| rpc::parse::date(until)),
        as_of_time: Some(rpc::parse::timestamp(as_of)),
        ..QueryFiguresRequest::default()
    };
    let answer = FigureServiceClient::new(seat).query_figures(request).await.map_err(told)?.into_inner();
    answer.figures.into_iter().next().with_context(|| format!("no figure {id}"))
}

async fn visits(
    seat: Bearer,
    (from, until): (NaiveDate, NaiveDate),
    manager: Option<String>,
) -> anyhow::Result<GetVisitFiguresResponse> {
    let request = GetVisitFiguresRequest {
        from_date: Some(rpc::parse::date(from)),
        to_date: Some(rpc::parse::date(until)),
        manager_id: manager.unwrap_or_default(),
    };
    Ok(VisitServiceClient::new(seat).get_visit_figures(request).await.map_err(told)?.into_inner())
}

struct Report {
    agreed: bool,
}

impl Report {
    fn ratio(&mut self, name: &str, figure: &Figure, (numerator, denominator): (i64, i64), percent: &str) {
        let value =
            figure.per_mille.map_or("n/a".to_owned(), |value| format!("{}.{}", value / 10, value % 10));
        let as_published =
            (figure.numerator, figure.denominator) == (numerator, denominator) && value == percent;
        self.line(name, &format!("{}/{} = {value} %", figure.numerator, figure.denominator), as_published);
    }

    fn number(&mut self, name: &str, value: i64, published: i64) {
        self.line(name, &value.to_string(), value == published);
    }

    fn at_least(&mut self, name: &str, value: i64, least: i64) {
        self.line(name, &format!("{value}（不少于 {least}）"), value >= least);
    }

    fn line(&mut self, name: &str, value: &str, as_published: bool) {
        self.agreed &= as_published;
        println!("  {} {name} {value}", if as_published { "✓" } else { "✗" });
    }
}
