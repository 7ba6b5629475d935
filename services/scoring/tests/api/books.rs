use proto::{
    scoring::v1 as pb,
    workflow::v1::{AuditDecision::Passed, Outcome},
};
use testkit::TestSuite;

use crate::world::{HANDLER, Issue, check_books, ledger, operator, points, tell};

both_engines! {
    async fn an_entry_tells_its_reason_and_every_step_in_the_books(app: TestSuite) {
        let mut issue = Issue::new(app, 7);
        let events =
            [issue.replied(app, Outcome::Resolved), issue.audited(app, Passed), issue.reopened(app)];
        let ids: Vec<_> = events.iter().map(|event| event.event_id.to_string()).collect();
        tell(app, "workflow", events).await;

        let request = pb::ListEntriesRequest { issue_id: issue.id().to_owned(), ..Default::default() };
        let listed = ledger(operator(app)).list_entries(request).await.unwrap().into_inner().entries.remove(0);
        assert!(listed.postings.is_empty());
        let request = pb::GetEntryRequest { entry_id: listed.entry_id.clone() };
        let answer = ledger(operator(app)).get_entry(request).await.unwrap().into_inner();
        assert_eq!(answer.rule_zh, "诉求已解决并通过办结审核，每件 5 分");
        assert_eq!(answer.rule_en, "Resolved an issue that passed its audit: 5 points");
        let entry = answer.entry.unwrap();
        assert_eq!((entry.account_id.as_str(), entry.rule_version), (HANDLER.to_string().as_str(), 1));
        assert_eq!(entry.kind(), pb::BeneficiaryKind::SectionHandler);
        let source = entry.source.clone().unwrap();
        assert_eq!(source, pb::EntrySource {
            event_id: ids[0].clone(),
            event_type: "qinqing.workflow.v1.IssueReplied".to_owned(),
            issue_id: issue.id().to_owned(),
            issue_number: "QQ-2026-000007".to_owned(),
            visit_id: String::new(),
        });

        let steps: Vec<_> = entry.postings.iter().map(|p| (p.state(), p.amount, p.event_id.clone())).collect();
        assert_eq!(steps, [
            (pb::EntryState::Pending, 5, ids[0].clone()),
            (pb::EntryState::Posted, 0, ids[1].clone()),
            (pb::EntryState::Voided, -5, ids[2].clone()),
        ]);
        let [pending, posted, voided] = entry.postings.as_slice() else { panic!("three steps") };
        assert_eq!(pending.reverses_posting_id, "");
        assert_eq!(posted.reverses_posting_id, pending.posting_id);
        assert_eq!(voided.reverses_posting_id, posted.posting_id);
    }

    async fn the_books_come_to_zero_after_every_single_event(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        let mut events = issue.clone().whole(app);
        events.push(issue.replied_late(app, Outcome::Resolved, 27_000));
        events.push(issue.disputed(app));
        for event in events {
            tell(app, "workflow", [event]).await;
            check_books(app).await;
        }
        // All five that the whole course earned, what it cost to be late, and what the later reply promised.
        assert_eq!(check_books(app).await.entries, 7);
    }

    async fn events_that_no_points_hang_on_leave_no_trace(app: TestSuite) {
        let mut issue = Issue::new(app, 1);
        tell(app, "workflow", [issue.signed(app, false), issue.contacted(app, false)]).await;
        assert_eq!(check_books(app).await.entries, 0);
        assert_eq!(points(app, HANDLER).await, (0, 0, 0));
    }
}
