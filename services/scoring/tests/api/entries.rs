use proto::{
    scoring::v1::{self as pb, BeneficiaryKind, EntryState},
    workflow::v1::Outcome,
};
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;

use crate::world::{
    HANDLER, Issue, LIAISON, MANAGER, OWNER, day_after_start, ledger, line, operator, period, tell, visit,
};

async fn lines(app: &TestSuite, request: pb::ListEntriesRequest) -> Vec<String> {
    let page = ledger(operator(app)).list_entries(request).await.unwrap().into_inner();
    assert_eq!(page.total_count, i64::try_from(page.entries.len()).unwrap());
    assert_eq!(page.total_amount, page.entries.iter().map(|entry| entry.amount).sum::<i64>());
    page.entries.iter().map(line).collect()
}

both_engines! {
    async fn entries_are_found_by_person_period_state_rule_and_kind(app: TestSuite) {
        let mut open = Issue::new(app, 2).on(day_after_start(app, 31));
        let mut events = Issue::new(app, 1).whole(app);
        events.push(open.replied(app, Outcome::Resolved));
        tell(app, "workflow", events).await;
        tell(app, "registry", [visit(app, MANAGER, 51, app.now().date_naive(), app.now(), OWNER)]).await;

        let all = pb::ListEntriesRequest::default;
        assert_eq!(lines(app, all()).await, [
            "issue_resolved +5 PENDING",
            "rated_five_stars +3 POSTED",
            "issue_resolved +5 POSTED",
            "firm_contacted_on_time +1 POSTED",
            "issue_dispatched_on_time +1 POSTED",
            "issue_signed_on_time +1 POSTED",
            "visit_confirmed +1 POSTED",
        ]);
        let of = |account: kernel::AccountId| pb::ListEntriesRequest { account_id: account.to_string(), ..all() };
        assert_eq!(lines(app, of(LIAISON)).await.len(), 2);
        assert_eq!(lines(app, of(OWNER)).await.len(), 0);
        let in_period = |quarter| pb::ListEntriesRequest { period: Some(period(quarter)), ..all() };
        assert_eq!(lines(app, in_period(1)).await.len(), 6);
        assert_eq!(lines(app, in_period(2)).await, ["issue_resolved +5 PENDING"]);
        assert_eq!(lines(app, in_period(0)).await.len(), 7);
        let by_rule = pb::ListEntriesRequest { rule_id: "issue_resolved".to_owned(), ..of(HANDLER) };
        assert_eq!(lines(app, by_rule.clone()).await.len(), 2);
        let pending = pb::ListEntriesRequest { states: vec![EntryState::Pending.into()], ..by_rule.clone() };
        assert_eq!(lines(app, pending).await, ["issue_resolved +5 PENDING"]);
        let voided = pb::ListEntriesRequest { states: vec![EntryState::Voided.into()], ..by_rule };
        assert_eq!(lines(app, voided).await.len(), 0);
        let visits = pb::ListEntriesRequest { kind: BeneficiaryKind::Manager.into(), ..all() };
        assert_eq!(lines(app, visits).await, ["visit_confirmed +1 POSTED"]);
    }

    async fn pages_together_hold_every_entry_once(app: TestSuite) {
        tell(app, "workflow", (0..7).map(|n| Issue::new(app, n).signed(app, true))).await;
        let mut seen = Vec::new();
        let mut page_token = String::new();
        for expected in [3, 3, 1] {
            let request = pb::ListEntriesRequest { page_size: 3, page_token, ..Default::default() };
            let page = ledger(operator(app)).list_entries(request).await.unwrap().into_inner();
            assert_eq!((page.entries.len(), page.total_count, page.total_amount), (expected, 7, 7));
            seen.extend(page.entries.into_iter().map(|entry| entry.entry_id));
            page_token = page.next_page_token;
        }
        assert_eq!(page_token, "");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 7);
    }

    async fn a_page_token_is_good_for_its_own_list_alone(app: TestSuite) {
        tell(app, "workflow", (0..3).map(|n| Issue::new(app, n).signed(app, true))).await;
        let request = pb::ListEntriesRequest { page_size: 1, ..Default::default() };
        let page = ledger(operator(app)).list_entries(request.clone()).await.unwrap().into_inner();
        let page_token = page.next_page_token;
        let other = pb::ListEntriesRequest { page_token: page_token.clone(), rule_id: "rectified".to_owned(), ..request };
        let refused = ledger(operator(app)).list_entries(other).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
    }

    async fn every_bad_field_is_named(app: TestSuite) {
        let request = pb::ListEntriesRequest {
            account_id: "x".to_owned(),
            period: Some(pb::Period { year: 26, quarter: 5 }),
            states: vec![1, 1, 99],
            rule_id: "No Rule".to_owned(),
            kind: 77,
            issue_id: "y".to_owned(),
            page_size: -1,
            page_token: String::new(),
        };
        let refused = ledger(operator(app)).list_entries(request).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "FIELD_INVALID".to_owned()));
        assert_eq!(bad_fields(&refused), [
            "account_id", "period", "states", "states", "rule_id", "kind", "issue_id", "page_size",
        ]);

        let request = pb::GetEntryRequest { entry_id: String::new() };
        let refused = ledger(operator(app)).get_entry(request).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["entry_id"]);
        let request = pb::GetBalanceRequest { account_id: "x".to_owned(), period: Some(pb::Period::default()) };
        let refused = ledger(operator(app)).get_balance(request).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["account_id", "period"]);
    }
}
