use chrono::TimeDelta;
use prost::Message as _;
use proto::{
    common::v1::Event,
    workflow::v1::{self as workflow, IssueParty, IssueState},
};
use store::Db;

use crate::town::{AGENT, LIAISON, MANAGER, OWNER, Town, issue, parties};

async fn count(db: &Db, sql: &'static str) -> i64 {
    let mut tx = db.snapshot().await.unwrap();
    let n_rows = store::scalar!(&mut tx, "count for a test", i64, sql).unwrap();
    tx.commit().await.unwrap();
    n_rows
}

/// Gives the announcements that are being worked on to another worker, who then dies.
async fn take_over(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let other = uuid::Uuid::from_u128(1);
    store::execute!(
        &mut tx,
        "take over",
        "UPDATE announcement SET claim = $1 WHERE claim IS NOT NULL",
        other
    )
    .unwrap();
    tx.commit().await.unwrap();
}

both_engines! {
    /// R6 for messages: even where the record of what was consumed is lost.
    async fn an_event_that_comes_again_tells_nobody_twice(town: &Town) {
        let event_id = town.signed(1).await;
        let payload = workflow::IssueSigned {
            issue: Some(parties(1, IssueState::Signed, LIAISON, IssueParty::Liaison)),
            on_time: true,
            late_working_seconds: 0,
        };
        let event = Event {
            id: event_id.to_string(),
            source: "/qinqing/workflow".to_owned(),
            r#type: "qinqing.workflow.v1.IssueSigned".to_owned(),
            subject: format!("issue/{}", issue(1)),
            time: Some(rpc::parse::timestamp(town.app.now())),
            subject_version: 1,
            traceparent: String::new(),
            data: Some(prost_types::Any { type_url: String::new(), value: payload.encode_to_vec() }),
        };
        let consumer = &town.app.suite.consumers()[0];
        let mut tx = town.db().begin().await.unwrap();
        store::execute!(&mut tx, "forget the event", "DELETE FROM inbox").unwrap();
        store::execute!(
            &mut tx,
            "put it aside",
            "INSERT INTO dead_event (consumer, event_id, subject, position, envelope, cause, tries, at)
            VALUES ($1, $2, $3, '', $4, '', 0, $5)",
            consumer.name(),
            event_id.uuid(),
            event.subject.as_str(),
            event.encode_to_vec(),
            town.app.now()
        )
        .unwrap();
        tx.commit().await.unwrap();

        assert_eq!(consumer.redrive().await.unwrap(), 1);
        town.settle().await;
        assert_eq!(town.as_person(OWNER).told().await, ["issue-signed"]);
        assert_eq!(count(&town.db(), "SELECT COUNT(*) FROM delivery").await, 6, "three people, two channels");
        assert_eq!(town.mail.mails().len(), 3);
    }

    async fn a_worker_whose_claim_was_taken_over_writes_nothing(town: &Town) {
        let db = town.db();
        town.around(|around| {
            around.meanwhile = Some(Box::new(move || {
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(take_over(db)));
            }));
        });
        town.signed(1).await;
        assert!(town.as_person(OWNER).told().await.is_empty());

        // The other worker died: its claim runs out.
        town.app.clock.advance(TimeDelta::seconds(61));
        town.settle().await;
        for somebody in [OWNER, AGENT, MANAGER] {
            assert_eq!(town.as_person(somebody).told().await, ["issue-signed"]);
        }
    }

    async fn while_the_registry_is_away_others_are_told_and_the_firm_afterwards(town: &Town) {
        town.around(|around| around.registry_is_away = true);
        let issue = Some(parties(1, IssueState::Replied, crate::town::HANDLER, IssueParty::Section));
        town.emit(1, &workflow::IssueReplied { issue, ..Default::default() }).await;
        town.settle().await;
        assert_eq!(town.as_person(LIAISON).told().await, ["issue-to-feed-back"]);
        assert!(town.as_person(OWNER).told().await.is_empty());

        town.around(|around| around.registry_is_away = false);
        town.app.clock.advance(TimeDelta::seconds(5));
        town.settle().await;
        assert_eq!(town.as_person(OWNER).told().await, ["issue-replied"]);
        assert_eq!(town.as_person(LIAISON).told().await, ["issue-to-feed-back"]);
    }

    /// R7: what cannot be read is put aside and seen; other issues go on.
    async fn an_event_that_cannot_be_read_holds_up_its_own_issue_alone(town: &Town) {
        town.emit(1, &workflow::IssueSigned::default()).await;
        town.signed(1).await;
        town.signed(2).await;
        let numbers: Vec<_> =
            town.as_person(OWNER).messages().await.into_iter().map(|message| message.issue_number).collect();
        assert_eq!(numbers, ["2026-000002"]);
        assert_eq!(count(&town.db(), "SELECT COUNT(*) FROM dead_event").await, 2);
    }

    /// T21, S9: addresses are asked for when they are needed, and kept nowhere.
    async fn no_table_holds_an_address(town: &Town) {
        for _ in 0..3 {
            town.mail.refuse("550 5.1.1 <person.201@example.cn>: Recipient address rejected");
        }
        town.signed(1).await;
        let sql = "SELECT (SELECT COUNT(*) FROM attempt WHERE receipt LIKE '%@%')
            + (SELECT COUNT(*) FROM message WHERE subject || body || issue_number LIKE '%@%')
            + (SELECT COUNT(*) FROM announcement
                WHERE CAST(audiences AS TEXT) || CAST(placeholder_values AS TEXT) || issue_number LIKE '%@%')";
        assert_eq!(count(&town.db(), sql).await, 0);
        let receipts = "SELECT COUNT(*) FROM attempt
            WHERE receipt = 'permanent error (550): 5.1.1 *** Recipient address rejected'";
        assert_eq!(count(&town.db(), receipts).await, 3);
    }
}
