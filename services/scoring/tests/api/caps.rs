use testkit::TestSuite;

use crate::world::{Issue, LIAISON, account, check_books, day_after_start, period, points, points_of, tell};

both_engines! {
    async fn signing_on_time_brings_twenty_points_a_quarter_at_most(app: TestSuite) {
        let signed = |count: u32, days: i64| -> Vec<_> {
            let issue = |n| Issue::new(app, n).on(day_after_start(app, days)).signed(app, true);
            (0..count).map(issue).collect()
        };
        tell(app, "workflow", signed(25, 0)).await;
        assert_eq!(points(app, LIAISON).await, (0, 20, 0));
        // The first of April, and the last of March heard of late.
        tell(app, "workflow", signed(3, 30)).await;
        tell(app, "workflow", signed(3, 29)).await;
        assert_eq!(points(app, LIAISON).await, (0, 23, 0));
        assert_eq!(points_of(app, LIAISON, Some(period(1))).await, (0, 20, 0));
        assert_eq!(points_of(app, LIAISON, Some(period(2))).await, (0, 3, 0));
        assert_eq!(points_of(app, LIAISON, Some(period(0))).await, (0, 23, 0));
        check_books(app).await;
    }

    async fn each_rule_and_each_person_has_a_cap_of_their_own(app: TestSuite) {
        let mut events = Vec::new();
        for n in 0..21 {
            let mut issue = Issue::new(app, n);
            events.push(issue.signed(app, true));
            events.push(issue.dispatched(app, false));
            events.push(Issue::new(app, 100 + n).signed_by(account(202)).signed(app, true));
        }
        tell(app, "workflow", events).await;
        assert_eq!(points(app, LIAISON).await, (0, 40, 0));
        assert_eq!(points(app, account(202)).await, (0, 20, 0));
    }
}
