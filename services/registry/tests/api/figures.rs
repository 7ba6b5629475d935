use kernel::AccountId;
use proto::registry::v1 as pb;
use testkit::{TestSuite, bad_fields};

use crate::world::{LI, OWNER, WANG, client, date, day, firm, manager, operator};

fn february(manager: Option<AccountId>) -> pb::GetVisitFiguresRequest {
    pb::GetVisitFiguresRequest {
        from_date: date("02-01"),
        to_date: date("02-28"),
        manager_id: manager.map(|manager| manager.to_string()).unwrap_or_default(),
    }
}

fn coverage(covered: Option<bool>) -> pb::ListCoverageRequest {
    pb::ListCoverageRequest {
        from_date: date("02-01"),
        to_date: date("02-28"),
        covered,
        ..Default::default()
    }
}

/// Wang has three firms and Li one since January; a fifth has no manager. In February Wang visits the first twice
/// and the second once, and Li his own; each visit is of three officials.
async fn winter(app: &TestSuite) -> Vec<String> {
    let mut ids = Vec::new();
    for (number, who) in [(1, Some(WANG)), (2, Some(WANG)), (3, Some(WANG)), (4, Some(LI)), (5, None)] {
        ids.push(operator(app).create(number).await.unwrap().enterprise_id);
        if let Some(who) = who {
            operator(app).appoint(&ids[ids.len() - 1], who, Some("01-05")).await.unwrap();
        }
    }
    let first = manager(app, WANG).visit(&ids[0], Some("02-01")).await.unwrap();
    firm(app, OWNER, &ids[0]).confirm(&first).await.unwrap();
    manager(app, WANG).visit(&ids[0], Some("02-28")).await.unwrap();
    let disputed = manager(app, WANG).visit(&ids[1], Some("02-10")).await.unwrap();
    firm(app, OWNER, &ids[1]).dispute(&disputed, "没有来过").await.unwrap();
    let own = manager(app, LI).visit(&ids[3], Some("02-20")).await.unwrap();
    firm(app, OWNER, &ids[3]).confirm(&own).await.unwrap();
    // Outside the period, and taken back.
    let early = manager(app, WANG).visit(&ids[2], Some("01-31")).await.unwrap();
    firm(app, OWNER, &ids[2]).confirm(&early).await.unwrap();
    let cancelled = manager(app, WANG).visit(&ids[2], Some("02-03")).await.unwrap();
    manager(app, WANG).cancel(&cancelled).await.unwrap();
    ids
}

both_engines! {
    async fn visits_are_counted_in_visits_and_in_person_times(app: TestSuite) {
        winter(app).await;
        let figures = operator(app).visits().get_visit_figures(february(None)).await.unwrap().into_inner();
        assert_eq!((figures.visits, figures.person_times, figures.confirmed_visits), (3, 9, 2));
        assert_eq!((figures.excluded_disputed, figures.excluded_cancelled), (1, 1));
        assert_eq!((figures.covered_enterprises, figures.managed_enterprises), (2, 4));
        assert_eq!((figures.coverage_per_mille, day(figures.as_of_date)), (Some(500), "02-28".to_owned()));
    }

    async fn a_count_is_the_length_of_the_list_behind_it_under_every_scope(app: TestSuite) {
        winter(app).await;
        let counted = vec![pb::VisitState::Recorded.into(), pb::VisitState::Confirmed.into()];
        let list = pb::ListVisitsRequest {
            from_date: date("02-01"),
            to_date: date("02-28"),
            states: counted,
            ..Default::default()
        };
        for (person, visits, [managed, covered]) in [
            (operator(app), 3, [4, 2]),
            (manager(app, WANG), 2, [3, 1]),
            (manager(app, LI), 1, [1, 1]),
            (manager(app, crate::world::account(110)), 0, [0, 0]),
            (client(app, &["visits.read"]), 3, [4, 2]),
        ] {
            let figures = person.visits().get_visit_figures(february(None)).await.unwrap().into_inner();
            assert_eq!(figures.visits, visits);
            let listed = person.list_visits(list.clone()).await.unwrap();
            assert_eq!((listed.visits.len(), listed.total_count), (usize::try_from(visits).unwrap(), visits));
            assert_eq!(figures.person_times, listed.visits.iter().map(|visit| i64::from(visit.officials)).sum::<i64>());
            assert_eq!([figures.managed_enterprises, figures.covered_enterprises], [managed, covered]);
            for (wanted, n) in [(None, managed), (Some(true), covered), (Some(false), managed - covered)] {
                let listed = person.visits().list_coverage(coverage(wanted)).await.unwrap().into_inner();
                assert_eq!((i64::try_from(listed.enterprises.len()).unwrap(), listed.total_count), (n, n));
            }
        }
    }

    async fn figures_of_one_manager_are_those_of_his_visits_and_his_firms(app: TestSuite) {
        winter(app).await;
        let of = february(Some(LI));
        let figures = operator(app).visits().get_visit_figures(of).await.unwrap().into_inner();
        assert_eq!((figures.visits, figures.managed_enterprises, figures.coverage_per_mille), (1, 1, Some(1_000)));
        let nobody = february(Some(crate::world::account(110)));
        let figures = operator(app).visits().get_visit_figures(nobody).await.unwrap().into_inner();
        assert_eq!((figures.visits, figures.managed_enterprises, figures.coverage_per_mille), (0, 0, None));
    }

    async fn coverage_tells_who_was_visited_and_when_last(app: TestSuite) {
        let ids = winter(app).await;
        let mut request = pb::ListCoverageRequest { page_size: 3, ..coverage(None) };
        let mut rows = Vec::new();
        loop {
            let page = operator(app).visits().list_coverage(request.clone()).await.unwrap().into_inner();
            rows.extend(page.enterprises);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.enterprise_id.as_str(), row.confirmed_visits, day(row.last_visit_date)))
            .collect();
        assert_eq!(rows, [
            (ids[0].as_str(), 1, "02-01".to_owned()),
            (ids[1].as_str(), 0, String::new()),
            (ids[2].as_str(), 0, String::new()),
            (ids[3].as_str(), 1, "02-20".to_owned()),
        ]);
    }

    async fn a_period_has_two_ends_in_order(app: TestSuite) {
        let turned = pb::GetVisitFiguresRequest { from_date: date("02-28"), to_date: date("02-01"), ..february(None) };
        let error = operator(app).visits().get_visit_figures(turned).await.unwrap_err();
        assert_eq!(bad_fields(&error), ["to_date"]);
        let open = pb::GetVisitFiguresRequest { from_date: None, to_date: None, ..february(None) };
        let error = operator(app).visits().get_visit_figures(open).await.unwrap_err();
        assert_eq!(bad_fields(&error), ["from_date", "to_date"]);
    }
}
