use testkit::TestSuite;

use crate::world::{MANAGER, OWNER, account, check_books, points, tell, visit};

both_engines! {
    async fn a_confirmed_visit_is_paid_once_a_firm_in_thirty_days(app: TestSuite) {
        let day = |text: &str| text.parse().unwrap();
        let confirmed = |firm, on| visit(app, MANAGER, firm, day(on), app.now(), OWNER);
        tell(app, "registry", [confirmed(51, "2026-01-05")]).await;
        assert_eq!(points(app, MANAGER).await, (0, 1, 0));
        tell(app, "registry", [confirmed(51, "2026-02-03"), confirmed(51, "2026-01-05")]).await;
        assert_eq!(points(app, MANAGER).await, (0, 1, 0));
        tell(app, "registry", [confirmed(51, "2026-02-04"), confirmed(52, "2026-02-04")]).await;
        assert_eq!(points(app, MANAGER).await, (0, 3, 0));
        check_books(app).await;
    }

    async fn visits_bring_eight_points_a_quarter_at_most(app: TestSuite) {
        let events = |first: u128| (first..first + 10).map(|firm| {
            visit(app, MANAGER, firm, app.now().date_naive(), app.now(), OWNER)
        });
        tell(app, "registry", events(1000)).await;
        assert_eq!(points(app, MANAGER).await, (0, 8, 0));
        app.clock.advance(chrono::TimeDelta::days(30)); // 1 April
        tell(app, "registry", events(2000)).await;
        assert_eq!(points(app, MANAGER).await, (0, 16, 0));
        check_books(app).await;
    }

    async fn a_visit_confirmed_by_the_manager_brings_nothing(app: TestSuite) {
        let own = visit(app, MANAGER, 51, app.now().date_naive(), app.now(), MANAGER);
        let other = visit(app, account(102), 51, app.now().date_naive(), app.now(), OWNER);
        tell(app, "registry", [own, other]).await;
        assert_eq!(points(app, MANAGER).await, (0, 0, 0));
        assert_eq!(points(app, account(102)).await, (0, 1, 0));
    }
}
