//! The events of a world read back: they give the very rows and deadlines that the service keeps.

use std::collections::BTreeMap;

use kernel::Timestamp;
use qinqing_workflow::domain::{Event, Issue, Rulebook, clocks, fold};
use uuid::Uuid;

use super::world::World;

/// A clock as it is kept: started, due, due at first, stopped, out of force, paused.
type Kept = (Timestamp, Timestamp, Timestamp, Option<Timestamp>, bool, Option<Timestamp>);
type Row = (Uuid, String, String, String, Timestamp, Timestamp, i64);

impl World {
    /// Gives the number of events that were read.
    pub async fn replay(&self) -> usize {
        let mut tx = self.app.suite.db("workflow").unwrap().snapshot().await.unwrap();
        let rows = store::rows!(
            &mut tx,
            "read the rows",
            Row,
            "SELECT issue_id, CAST(fold AS TEXT), state, holder, submitted_at, updated_at, version FROM issue"
        );
        let events = store::rows!(
            &mut tx,
            "read the events",
            (Uuid, String),
            "SELECT issue_id, CAST(payload AS TEXT) FROM issue_event ORDER BY issue_id, seq"
        );
        let deadlines = store::rows!(
            &mut tx,
            "read the deadlines",
            (Uuid, String, Timestamp, Timestamp, Timestamp, Option<Timestamp>, bool, Option<Timestamp>),
            "SELECT issue_id, clock, started_at, due_at, original_due_at, stopped_at, void, paused_at FROM deadline"
        );
        tx.commit().await.unwrap();
        let events = events.unwrap();
        let n_events = events.len();
        let mut histories = BTreeMap::<Uuid, Vec<Event>>::new();
        for (id, payload) in events {
            histories.entry(id).or_default().push(serde_json::from_str(&payload).unwrap());
        }
        let mut kept = BTreeMap::<Uuid, BTreeMap<String, Kept>>::new();
        for (id, clock, started, due, original, stopped, void, paused) in deadlines.unwrap() {
            kept.entry(id).or_default().insert(clock, (started, due, original, stopped, void, paused));
        }
        let rulebook = Rulebook::built_in();
        let rows = rows.unwrap();
        assert_eq!(rows.len(), histories.len());
        for (id, stored, state, holder, submitted, updated, version) in rows {
            let issue = fold(&histories[&id]).unwrap().unwrap();
            // Through a value, whose keys are in order: the engines keep JSON each in its own way.
            let bytes = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap().to_string();
            assert_eq!(bytes(&serde_json::to_string(&issue).unwrap()), bytes(&stored), "{id}");
            let columns = (issue.state().name(), issue.holder().name(), issue.submitted_at, issue.updated_at);
            assert_eq!((state.as_str(), holder.as_str(), submitted, updated), columns, "{id}");
            assert_eq!(issue.version.number(), version, "{id}");
            assert_eq!(recomputed(&issue, &rulebook), kept.remove(&id).unwrap_or_default(), "{id}");
        }
        assert!(kept.is_empty(), "deadlines of no issue");
        n_events
    }
}

fn recomputed(issue: &Issue, rulebook: &Rulebook) -> BTreeMap<String, Kept> {
    let rules = rulebook.of(issue).unwrap();
    clocks(issue, rules, issue.updated_at)
        .unwrap()
        .into_iter()
        .map(|clock| {
            let row = (
                clock.started_at,
                clock.due_at,
                clock.original_due_at,
                clock.stopped_at,
                clock.void,
                clock.paused_since(),
            );
            (clock.key.to_string(), row)
        })
        .collect()
}
