use proto::workflow::v1 as pb;
use qinqing_workflow::domain::{Event, Issue, fold};
use testkit::TestSuite;
use trail::{Entry, Link, Sha256Ed25519, Value};
use uuid::Uuid;

use crate::world::*;

type EventRow = (Uuid, String, Option<String>, String, String, Vec<u8>, Vec<u8>);

/// The events of an issue as the tables hold them, with their entries and links.
async fn history(app: &TestSuite, id: Uuid) -> Vec<(Event, Entry, Link, Link)> {
    let mut tx = db(app).snapshot().await.unwrap();
    let rows = store::rows!(
        &mut tx,
        "read the events",
        EventRow,
        "SELECT event_id, actor, on_behalf_of, client, CAST(payload AS TEXT), prev, link
        FROM issue_event WHERE issue_id = $1 ORDER BY seq",
        id
    )
    .unwrap();
    let link = |bytes: &[u8]| Link::try_from(bytes).unwrap();
    rows.into_iter()
        .map(|(event_id, actor, on_behalf_of, client, payload, prev, next)| {
            let event: Event = serde_json::from_str(&payload).unwrap();
            let json: serde_json::Value = serde_json::from_str(&payload).unwrap();
            let entry = Entry {
                chain: format!("issue/{id}"),
                seq: event.version.number().cast_unsigned(),
                id: event_id.to_string(),
                time_micros: event.at.timestamp_micros(),
                actor,
                on_behalf_of,
                client,
                action: event.kind().to_owned(),
                payload: Value::try_from(json).unwrap(),
            };
            (event, entry, link(&prev), link(&next))
        })
        .collect()
}

/// Every kind of step, over a few issues.
async fn eventful(app: &TestSuite) {
    closed(app).await;
    let issue = owner(app).rate(&fed_back(app).await, 2).await.unwrap();
    owner(app).urge_issue(&issue).await.unwrap();
    let issue = owner(app).submit(DAIRY, "other").await.unwrap();
    let issue = operator(app).assign_issue(&issue).await.unwrap();
    liaison(app).sign_issue(&issue).await.unwrap();
    let issue = handler(app).plan_issue(&in_progress(app).await).await.unwrap();
    handler(app).replan_issue(&issue).await.unwrap();
}

both_engines! {
    async fn every_row_is_the_fold_of_its_events(app: TestSuite) {
        Box::pin(eventful(app)).await;
        let mut tx = db(app).snapshot().await.unwrap();
        let rows = store::rows!(
            &mut tx,
            "read the issues",
            (Uuid, String, String, i64),
            "SELECT issue_id, CAST(fold AS TEXT), state, version FROM issue"
        )
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(rows.len(), 4);
        for (id, kept, state, version) in rows {
            let kept: Issue = serde_json::from_str(&kept).unwrap();
            let events: Vec<Event> = history(app, id).await.into_iter().map(|row| row.0).collect();
            assert_eq!(fold(&events).unwrap().unwrap(), kept);
            assert_eq!((kept.state().name(), kept.version.number()), (state.as_str(), version));
        }
    }

    async fn the_events_of_an_issue_are_one_unbroken_chain(app: TestSuite) {
        let issue = closed(app).await;
        let rows = history(app, issue.issue_id.parse().unwrap()).await;
        trail::chain::verify(&Sha256Ed25519, rows.iter().map(|(_, entry, _, link)| (entry, *link))).unwrap();
        assert_eq!(rows.last().unwrap().1.action, "closed");
        assert!(rows.windows(2).all(|pair| pair[0].3 == pair[1].2));
        let (_, first, prev, _) = &rows[0];
        assert_eq!((first.actor.as_str(), *prev), (format!("account:{OWNER}").as_str(), Link::ZERO));
        assert_eq!(first.on_behalf_of, Some(format!("enterprise/{DAIRY}")));
        assert_eq!(rows[1].1.on_behalf_of, None);
    }

    async fn texts_are_kept_beside_the_trail_and_fit_their_digests(app: TestSuite) {
        let issue = closed(app).await;
        let rows = history(app, issue.issue_id.parse().unwrap()).await;
        let mut tx = db(app).snapshot().await.unwrap();
        let mut n_notes = 0;
        for (event, entry, ..) in &rows {
            for (field, note) in event.fact.notes() {
                let (seq, name, salt, body) = store::row!(
                    &mut tx,
                    "read the note",
                    (i64, String, Vec<u8>, String),
                    "SELECT seq, field, salt, body FROM note WHERE note_id = $1",
                    note.note_id.uuid()
                )
                .unwrap()
                .unwrap();
                let salt: [u8; 16] = salt.try_into().unwrap();
                assert_eq!((seq, name.as_str()), (event.version.number(), field.name()));
                assert!(trail::verify_text(&Sha256Ed25519, &salt, &body, &note.digest));
                assert!(!format!("{entry:?}").contains(&body));
                n_notes += 1;
            }
        }
        // Title, description, dispatch note, contact note, reply, receipt, rating comment.
        assert_eq!(n_notes, 7);
    }

    async fn deadlines_are_kept_as_the_clocks_tell(app: TestSuite) {
        let issue = owner(app).rate(&fed_back(app).await, 1).await.unwrap();
        let mut tx = db(app).snapshot().await.unwrap();
        let rows = store::rows!(
            &mut tx,
            "read the deadlines",
            (String, kernel::Timestamp, Option<kernel::Timestamp>),
            "SELECT clock, due_at, stopped_at FROM deadline WHERE issue_id = $1 ORDER BY clock",
            issue.issue_id.parse::<Uuid>().unwrap()
        )
        .unwrap();
        let mut told: Vec<&pb::Clock> = issue.clocks.iter().collect();
        told.sort_by_key(|clock| clock.clock.clone());
        assert_eq!(rows.len(), told.len());
        for ((key, due, stopped), clock) in rows.into_iter().zip(told) {
            assert_eq!(key, clock.clock);
            assert_eq!(Some(rpc::parse::timestamp(due)), clock.due_time, "{key}");
            assert_eq!(stopped.map(rpc::parse::timestamp), clock.stop_time, "{key}");
        }
    }
}
