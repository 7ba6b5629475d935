use std::collections::BTreeSet;

use proto::workflow::v1 as workflow;

use super::*;
use crate::domain::rules::{Happening, RULES};

/// The table speaks of nothing that no event brings about.
#[test]
fn every_event_that_is_consumed_is_one_of_the_workflow() {
    let events = WorkflowEvents {
        clock: Arc::new(kernel::SystemClock),
        ids: Arc::new(kernel::UuidV7),
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
    };
    let types = events.types();
    let known: BTreeSet<_> = types.iter().collect();
    assert_eq!(known.len(), types.len());
    for name in &types {
        assert!(proto::pool().get_message_by_name(name).is_some(), "{name}");
    }
    let rung = <workflow::ClockRungReached as prost::Name>::full_name();
    assert!(known.contains(&rung));
}

#[test]
fn every_happening_is_told_to_somebody() {
    let told: BTreeSet<Happening> = RULES.iter().map(|rule| rule.happening).collect();
    assert_eq!(told.len(), Happening::ClockOverdue as usize + 1);
}
