use access::{Role, RoleGrant};
use kernel::AccountId;
use proto::scoring::v1 as pb;
use testkit::{TestSuite, reason};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{
    AUDITOR, HANDLER, Issue, LIAISON, MANAGER, OWNER, account, firm_role, handler_role, ledger, liaison_role,
    line, operator, period, ranking, rule_book, tell,
};

fn balance(of: Option<AccountId>) -> pb::GetBalanceRequest {
    pb::GetBalanceRequest { account_id: of.map(|id| id.to_string()).unwrap_or_default(), period: None }
}

fn board() -> pb::GetBoardRequest {
    let kind = pb::BeneficiaryKind::SectionHandler.into();
    pb::GetBoardRequest { kind, period: Some(period(1)), ..Default::default() }
}

/// What a refusal tells apart from the id that was asked for.
fn told(status: &Status, id: &str) -> (Code, String, String) {
    let details = String::from_utf8_lossy(status.details()).replace(id, "<id>");
    (status.code(), status.message().to_owned(), details)
}

both_engines! {
    async fn everybody_sees_their_own_points_and_no_one_elses(app: TestSuite) {
        tell(app, "workflow", Issue::new(app, 1).whole(app)).await;
        let handler = || app.person(HANDLER, vec![handler_role()]);
        for asked in [None, Some(HANDLER)] {
            let answer = ledger(handler()).get_balance(balance(asked)).await.unwrap().into_inner();
            assert_eq!(answer.balance.unwrap().posted, 9);
        }
        let known = ledger(handler()).get_balance(balance(Some(LIAISON))).await.unwrap_err();
        assert_eq!(reason(&known), (Code::NotFound, "ACCOUNT_NOT_FOUND".to_owned()));
        let unknown = ledger(handler()).get_balance(balance(Some(account(999)))).await.unwrap_err();
        assert_eq!(told(&known, &LIAISON.to_string()), told(&unknown, &account(999).to_string()));

        let listed = ledger(handler()).list_entries(pb::ListEntriesRequest::default()).await.unwrap().into_inner();
        let lines: Vec<_> = listed.entries.iter().map(line).collect();
        assert_eq!(lines, ["rated_five_stars +3 POSTED", "issue_resolved +5 POSTED", "firm_contacted_on_time +1 POSTED"]);
        assert_eq!((listed.total_count, listed.total_amount), (3, 9));
        let of_another = pb::ListEntriesRequest { account_id: LIAISON.to_string(), ..Default::default() };
        let listed = ledger(handler()).list_entries(of_another).await.unwrap().into_inner();
        assert_eq!((listed.entries.len(), listed.total_count, listed.total_amount), (0, 0, 0));
    }

    async fn an_entry_of_another_is_as_good_as_none(app: TestSuite) {
        tell(app, "workflow", Issue::new(app, 1).whole(app)).await;
        let all = ledger(operator(app)).list_entries(pb::ListEntriesRequest::default()).await.unwrap().into_inner();
        let id_of = |account: AccountId| {
            all.entries.iter().find(|entry| entry.account_id == account.to_string()).unwrap().entry_id.clone()
        };
        let get = |entry_id: String| {
            let liaison = app.person(LIAISON, vec![liaison_role()]);
            async move { ledger(liaison).get_entry(pb::GetEntryRequest { entry_id }).await }
        };
        assert!(get(id_of(LIAISON)).await.is_ok());
        let hidden = get(id_of(HANDLER)).await.unwrap_err();
        assert_eq!(reason(&hidden), (Code::NotFound, "ENTRY_NOT_FOUND".to_owned()));
        let none = Uuid::from_u128(4242).to_string();
        let unknown = get(none.clone()).await.unwrap_err();
        assert_eq!(told(&hidden, &id_of(HANDLER)), told(&unknown, &none));
    }

    async fn operators_auditors_and_leaders_see_everybodys_points(app: TestSuite) {
        tell(app, "workflow", Issue::new(app, 1).whole(app)).await;
        for role in [Role::Operator, Role::Auditor, Role::Leader] {
            let person = || app.person(AUDITOR, vec![RoleGrant::of(role)]);
            let answer = ledger(person()).get_balance(balance(Some(HANDLER))).await.unwrap().into_inner();
            assert_eq!(answer.balance.unwrap().posted, 9);
            let all = ledger(person()).list_entries(pb::ListEntriesRequest::default()).await.unwrap();
            assert_eq!(all.into_inner().total_count, 5);
        }
    }

    async fn an_enterprise_sees_nothing_of_points(app: TestSuite) {
        let not_permitted = (Code::PermissionDenied, "NOT_PERMITTED".to_owned());
        for is_client in [false, true] {
            let caller = || {
                if is_client {
                    app.client(&["enterprises.read", "issues.read"])
                } else {
                    app.person(OWNER, vec![firm_role()])
                }
            };
            let refusals = [
                ledger(caller()).get_balance(balance(None)).await.unwrap_err(),
                ledger(caller()).list_entries(pb::ListEntriesRequest::default()).await.unwrap_err(),
                ledger(caller()).get_entry(pb::GetEntryRequest::default()).await.unwrap_err(),
                ledger(caller()).check_ledger(pb::CheckLedgerRequest {}).await.unwrap_err(),
                ranking(caller()).get_board(board()).await.unwrap_err(),
                rule_book(caller()).list_rules(pb::ListRulesRequest::default()).await.unwrap_err(),
                rule_book(caller()).get_rule(pb::GetRuleRequest::default()).await.unwrap_err(),
            ];
            assert!(refusals.iter().all(|status| reason(status) == not_permitted), "{refusals:?}");
        }
        let nobody = ledger(app.anonymous()).get_balance(balance(None)).await.unwrap_err();
        assert_eq!(nobody.code(), Code::Unauthenticated);
    }

    async fn all_staff_read_boards_and_rules_and_only_few_check_the_books(app: TestSuite) {
        let staff = [RoleGrant::of(Role::Manager), liaison_role(), handler_role(), RoleGrant::of(Role::Leader)];
        for role in staff {
            let person = || app.person(MANAGER, vec![role]);
            ranking(person()).get_board(board()).await.unwrap();
            rule_book(person()).list_rules(pb::ListRulesRequest::default()).await.unwrap();
            let refused = ledger(person()).check_ledger(pb::CheckLedgerRequest {}).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied);
        }
    }
}
