use access::{Role, RoleGrant};
use kernel::AccountId;
use proto::{
    scoring::v1::{self as pb, BeneficiaryKind},
    workflow::v1::{AuditDecision::Passed, Outcome},
};
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;

use crate::world::{
    Issue, LIAISON, MANAGER, OWNER, account, day_after_start, operator, period, ranking, tell, visit,
};

fn board(kind: BeneficiaryKind, quarter: i32) -> pb::GetBoardRequest {
    pb::GetBoardRequest { kind: kind.into(), period: Some(period(quarter)), ..Default::default() }
}

/// The last digits of the account, rank, tier and points of each place.
fn lines(places: &[pb::BoardPlace]) -> Vec<String> {
    let line = |place: &pb::BoardPlace| {
        let account = &place.account_id[place.account_id.len() - 3..];
        format!("{account}: {} {} {}", place.rank, place.tier, place.points)
    };
    places.iter().map(line).collect()
}

/// So many resolved issues of a handler: 5 points each.
fn resolved(app: &TestSuite, handler: AccountId, count: u32, days: i64) -> Vec<store::outbox::OutboxRow> {
    let course = |n| {
        let mut issue = Issue::new(app, n).handled_by(handler).on(day_after_start(app, days));
        [issue.replied(app, Outcome::Resolved), issue.audited(app, Passed)]
    };
    (0..count).flat_map(course).collect()
}

both_engines! {
    async fn a_board_ranks_by_posted_points_and_ties_share_a_rank(app: TestSuite) {
        let mut events = Vec::new();
        for (handler, count) in [(301, 3), (302, 1), (303, 3), (304, 2), (305, 0)] {
            events.extend(resolved(app, account(handler), count, 0));
        }
        // Pending points do not count, and what is voided neither.
        events.push(Issue::new(app, 90).handled_by(account(305)).replied(app, Outcome::Resolved));
        events.push(Issue::new(app, 91).handled_by(account(306)).rated(app, 1, false));
        tell(app, "workflow", events).await;

        let answer = ranking(operator(app)).get_board(board(BeneficiaryKind::SectionHandler, 1)).await.unwrap();
        let answer = answer.into_inner();
        assert_eq!(lines(&answer.places), [
            // Ids are written in hexadecimal: 301 is 12d.
            "12d: 1 A 15", "12f: 1 A 15", "130: 3 B 10", "12e: 4 C 5", "131: 5 C 0", "132: 6 C -3",
        ]);
        assert_eq!((answer.total_count, answer.own_place), (6, None));
        assert_eq!((answer.places[0].tier_zh.as_str(), answer.places[0].tier_en.as_str()), ("优秀", "Excellent"));
    }

    async fn a_board_is_of_one_kind_and_one_period(app: TestSuite) {
        let mut events = resolved(app, account(301), 1, 0);
        events.extend(resolved(app, account(301), 2, 40));
        events.push(Issue::new(app, 90).signed(app, true));
        tell(app, "workflow", events).await;
        tell(app, "registry", [visit(app, MANAGER, 51, app.now().date_naive(), app.now(), OWNER)]).await;
        let points = |kind, quarter| {
            let operator = operator(app);
            async move {
                let answer = ranking(operator).get_board(board(kind, quarter)).await.unwrap().into_inner();
                answer.places.iter().map(|place| place.points).collect::<Vec<_>>()
            }
        };
        assert_eq!(points(BeneficiaryKind::SectionHandler, 1).await, [5]);
        assert_eq!(points(BeneficiaryKind::SectionHandler, 2).await, [10]);
        assert_eq!(points(BeneficiaryKind::SectionHandler, 0).await, [15]);
        assert_eq!(points(BeneficiaryKind::Liaison, 1).await, [1]);
        assert_eq!(points(BeneficiaryKind::Manager, 0).await, [1]);
        assert_eq!(points(BeneficiaryKind::Manager, 2).await, Vec::<i64>::new());
    }

    async fn pages_of_a_board_follow_each_other_and_show_ones_own_place_on_each(app: TestSuite) {
        let mut events = Vec::new();
        for n in 0..5_u32 {
            for m in 0..=n / 2 {
                let issue = Issue::new(app, 10 * n + m).signed_by(account(201 + u128::from(n)));
                events.push(issue.clone().signed(app, true));
            }
        }
        tell(app, "workflow", events).await;
        let own = app.person(LIAISON, vec![RoleGrant::of(Role::Manager)]);
        let mut request = pb::GetBoardRequest { page_size: 2, ..board(BeneficiaryKind::Liaison, 1) };
        let mut pages = Vec::new();
        for _ in 0..3 {
            let page = ranking(own.clone()).get_board(request.clone()).await.unwrap().into_inner();
            assert_eq!(page.total_count, 5);
            assert_eq!(lines(page.own_place.as_slice()), ["0c9: 4 C 1"]);
            pages.push(lines(&page.places));
            request.page_token = page.next_page_token;
        }
        assert_eq!(request.page_token, "");
        assert_eq!(pages, [
            vec!["0cd: 1 A 3".to_owned(), "0cb: 2 B 2".to_owned()],
            vec!["0cc: 2 B 2".to_owned(), "0c9: 4 C 1".to_owned()],
            vec!["0ca: 4 C 1".to_owned()],
        ]);
    }

    async fn a_board_needs_a_kind_and_a_period(app: TestSuite) {
        let request = pb::GetBoardRequest { page_size: -1, ..Default::default() };
        let refused = ranking(operator(app)).get_board(request).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["kind", "period", "page_size"]);
        let request = pb::GetBoardRequest { page_token: "AAAA".to_owned(), ..board(BeneficiaryKind::Manager, 1) };
        let refused = ranking(operator(app)).get_board(request).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
    }
}
