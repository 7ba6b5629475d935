use proto::workflow::v1::{
    AuditDecision::{Failed, Passed},
    Outcome,
};
use testkit::TestSuite;

use crate::world::{HANDLER, Issue, LIAISON, check_books, entries_of, points, tell};

both_engines! {
    async fn points_are_pending_at_the_reply_and_posted_when_the_audit_passes(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.signed(app, true),
            issue.dispatched(app, false),
            issue.contacted(app, true),
            issue.replied(app, Outcome::Resolved),
            issue.rated(app, 5, false),
        ]).await;
        assert_eq!(points(app, LIAISON).await, (0, 2, 0));
        assert_eq!(points(app, HANDLER).await, (8, 1, 0));
        check_books(app).await;

        tell(app, "workflow", [issue.audited(app, Passed)]).await;
        assert_eq!(entries_of(app, &issue).await, [
            "issue_signed_on_time +1 POSTED",
            "issue_dispatched_on_time +1 POSTED",
            "firm_contacted_on_time +1 POSTED",
            "issue_resolved +5 POSTED",
            "rated_five_stars +3 POSTED",
        ]);
        assert_eq!(points(app, HANDLER).await, (0, 9, 0));
        check_books(app).await;
    }

    async fn a_failed_audit_voids_what_was_promised_and_costs_three_points(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.replied(app, Outcome::Resolved),
            issue.rated(app, 4, false),
            issue.audited(app, Failed),
        ]).await;
        assert_eq!(entries_of(app, &issue).await, [
            "issue_resolved +5 VOIDED",
            "rated_four_stars +1 VOIDED",
            "audit_failed -3 POSTED",
        ]);
        assert_eq!(points(app, HANDLER).await, (0, -3, 6));

        tell(app, "workflow", [issue.replied(app, Outcome::Resolved), issue.audited(app, Passed)]).await;
        assert_eq!(points(app, HANDLER).await, (0, 2, 6));
        check_books(app).await;
    }

    async fn a_reopening_takes_back_what_the_audit_posted_and_keeps_what_was_done_on_time(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.signed(app, true),
            issue.replied(app, Outcome::Resolved),
            issue.rated(app, 5, false),
            issue.audited(app, Passed),
            issue.reopened(app),
        ]).await;
        assert_eq!(entries_of(app, &issue).await, [
            "issue_signed_on_time +1 POSTED",
            "issue_resolved +5 VOIDED",
            "rated_five_stars +3 VOIDED",
        ]);
        assert_eq!(points(app, HANDLER).await, (0, 0, 8));
        check_books(app).await;
    }

    async fn only_the_reply_that_stands_is_paid(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.replied(app, Outcome::Resolved),
            issue.sent_back(app),
            issue.replied(app, Outcome::Resolved),
            issue.disputed(app),
            issue.replied(app, Outcome::Resolved),
            issue.rated(app, 2, false),
            issue.replied(app, Outcome::Resolved),
            issue.rated(app, 4, true),
            issue.audited(app, Passed),
        ]).await;
        assert_eq!(entries_of(app, &issue).await, [
            "issue_resolved +5 VOIDED",
            "issue_resolved +5 VOIDED",
            "issue_resolved +5 VOIDED",
            "rated_low -3 POSTED",
            "issue_resolved +5 POSTED",
            "rated_four_stars +1 POSTED",
            "rectified +2 POSTED",
        ]);
        assert_eq!(points(app, HANDLER).await, (0, 5, 15));
        check_books(app).await;
    }

    async fn a_plan_is_paid_by_whether_its_date_was_kept(app: TestSuite) {
        let (mut kept, mut late) = (Issue::new(app, 1), Issue::new(app, 2));
        tell(app, "workflow", [
            kept.replied(app, Outcome::PlannedDelivered),
            kept.audited(app, Passed),
            late.replied_late(app, Outcome::PlannedDelivered, 2 * 27_000),
            late.audited(app, Passed),
        ]).await;
        assert_eq!(entries_of(app, &kept).await, ["plan_kept +5 POSTED"]);
        assert_eq!(entries_of(app, &late).await, ["plan_delivered_late +2 POSTED", "reply_overdue -2 POSTED"]);
        check_books(app).await;
    }

    async fn what_is_late_repeated_or_not_solved_earns_nothing(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.signed(app, false),
            issue.dispatched(app, true),
            issue.contacted(app, false),
            issue.replied(app, Outcome::Explained),
            issue.replied(app, Outcome::Partial),
            issue.replied(app, Outcome::Infeasible),
            issue.rated(app, 3, false),
            issue.audited(app, Passed),
        ]).await;
        assert_eq!(entries_of(app, &issue).await, Vec::<String>::new());
    }

    async fn a_late_reply_costs_ten_points_an_issue_at_most(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.replied_late(app, Outcome::Explained, 3 * 27_000),
            issue.sent_back(app),
            issue.replied_late(app, Outcome::Explained, 7 * 27_000),
            issue.sent_back(app),
            issue.replied_late(app, Outcome::Explained, 40 * 27_000),
        ]).await;
        assert_eq!(entries_of(app, &issue).await, [
            "reply_overdue -3 POSTED",
            "reply_overdue -4 POSTED",
            "reply_overdue -3 POSTED",
        ]);
        assert_eq!(points(app, HANDLER).await, (0, -10, 0));
        check_books(app).await;
    }

    async fn nobodys_own_audit_or_rating_brings_them_points(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [
            issue.replied(app, Outcome::Resolved),
            issue.audited_by(app, HANDLER, Passed),
        ]).await;
        assert_eq!(entries_of(app, &issue).await, ["issue_resolved +5 PENDING"]);

        let mut issue = Issue::new(app, 2).handled_by(crate::world::OWNER);
        tell(app, "workflow", [issue.rated(app, 5, false)]).await;
        assert_eq!(entries_of(app, &issue).await, Vec::<String>::new());
    }
}
