use store::Error;
use testkit::TestSuite;

use crate::world::{Issue, check_books, ledger, operator, tell};

async fn run(app: &TestSuite, sql: &str) -> Result<(), Error> {
    let mut tx = app.suite.db("scoring").unwrap().begin().await?;
    store::execute!(&mut tx, "tamper", sql.to_owned())?;
    tx.commit().await
}

both_engines! {
    async fn nothing_that_the_ledger_wrote_can_be_changed_or_deleted(app: TestSuite) {
        tell(app, "workflow", Issue::new(app, 1).whole(app)).await;
        let before = check_books(app).await;
        for (table, column) in [
            ("rule_set", "body"), ("source_event", "type"), ("entry", "amount"), ("posting", "step"), ("leg", "amount"),
        ] {
            let update = format!("UPDATE {table} SET {column} = {column}");
            run(app, &update).await.expect_err(&update);
            let delete = format!("DELETE FROM {table}");
            run(app, &delete).await.expect_err(&delete);
        }
        let after = check_books(app).await;
        assert_eq!((before.entries, before.postings), (after.entries, after.postings));
    }

    async fn one_event_rule_and_person_make_one_entry_in_the_database_too(app: TestSuite) {
        tell(app, "workflow", [Issue::new(app, 1).signed(app, true)]).await;
        let copy = "INSERT INTO entry (entry_id, event_id, rule_id, rule_version, account_id, kind, amount, settlement,
                        subject_id, enterprise_id, clock, on_day, year, quarter, effective_at, recorded_at)
                    SELECT subject_id, event_id, rule_id, rule_version, account_id, kind, amount, settlement,
                        subject_id, enterprise_id, clock, on_day, year, quarter, effective_at, recorded_at
                    FROM entry";
        let error = run(app, copy).await.unwrap_err();
        assert_eq!(error.constraint(), Some("entry_once_key"));
    }

    async fn a_balance_that_was_tampered_with_is_found(app: TestSuite) {
        tell(app, "workflow", Issue::new(app, 1).whole(app)).await;
        check_books(app).await;
        let person = "UPDATE balance SET posted = posted + 100 WHERE kind = 'SECTION_HANDLER'";
        run(app, person).await.unwrap();
        let request = proto::scoring::v1::CheckLedgerRequest {};
        let check = ledger(operator(app)).check_ledger(request).await.unwrap().into_inner();
        assert_eq!((check.sum, check.wrong_balances), (100, 1));
        // Also when the sum is made to fit.
        run(app, "UPDATE balance SET posted = posted - 100 WHERE kind = 'ISSUER'").await.unwrap();
        let check = ledger(operator(app)).check_ledger(request).await.unwrap().into_inner();
        assert_eq!((check.sum, check.wrong_balances), (0, 2));
    }
}
