use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::rules::{Happening, RULES};

/// Messages in the files of events that are none: parts of others.
const PARTS: [&str; 4] = ["CaseParties", "IssueParties", "OfferingParties", "OrderParties"];

/// Events of which nobody is told, and why.
const UNTOLD: [(&str, &str); 6] = [
    (
        "CalendarChanged",
        "comes for every open issue at once; what is due by the new calendar is told by its rungs",
    ),
    ("OrderCalendarChanged", "likewise, of every open order"),
    ("DeliveryNoted", "the liaison did it, and the firm is told by the event of its own issue"),
    ("OfferingCreated", "what can be ordered is looked up; nobody has to act"),
    ("OfferingUpdated", "likewise; orders keep what they were placed under"),
    ("OfferingRetired", "likewise; orders that were placed go on"),
];

fn consumed() -> Vec<String> {
    let events = WorkflowEvents {
        clock: Arc::new(kernel::SystemClock),
        ids: Arc::new(kernel::UuidV7),
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
    };
    events.types()
}

/// Every event in the workflow's contract; a new one is here as soon as its message is written.
fn published() -> BTreeSet<String> {
    let files = proto::pool()
        .files()
        .filter(|file| file.package_name() == "qinqing.workflow.v1" && file.name().ends_with("event.proto"));
    let messages = files.flat_map(|file| file.messages().collect::<Vec<_>>());
    messages
        .filter(|message| !PARTS.contains(&message.name()))
        .map(|message| message.full_name().to_owned())
        .collect()
}

#[test]
fn every_event_of_the_workflow_is_told_to_somebody_or_to_nobody_for_a_reason() {
    let types = consumed();
    let known: BTreeSet<String> = types.iter().cloned().collect();
    assert_eq!(known.len(), types.len(), "each once");
    let untold: BTreeMap<String, &str> =
        UNTOLD.iter().map(|(name, why)| (format!("qinqing.workflow.v1.{name}"), *why)).collect();
    assert!(untold.keys().all(|name| !known.contains(name)), "consumed after all");
    let decided: BTreeSet<String> = known.into_iter().chain(untold.into_keys()).collect();
    assert_eq!(decided, published());
}

#[test]
fn the_contract_has_the_files_that_the_walk_looks_for() {
    let published = published();
    for name in ["IssueSubmitted", "OrderPlaced", "CaseNominated", "CalendarEnding"] {
        assert!(published.contains(&format!("qinqing.workflow.v1.{name}")), "{name}");
    }
}

#[test]
fn every_happening_is_told_to_somebody() {
    let told: BTreeSet<Happening> = RULES.iter().map(|rule| rule.happening).collect();
    assert_eq!(told.len(), Happening::CalendarEnded as usize + 1);
}

/// A person gets one message of each template for an event: what comes together is told in different ones.
#[test]
fn what_happens_together_is_told_in_different_templates() {
    let together: &[&[Happening]] = &[
        &[Happening::Unrouted, Happening::RaisedOnBehalf],
        &[Happening::Submitted, Happening::RaisedOnBehalf],
        &[Happening::Rated, Happening::AwaitsAudit],
        &[Happening::RatingLapsed, Happening::AwaitsAudit],
        &[Happening::OrderPlaced, Happening::OrderPlacedForFirm],
    ];
    let alone = RULES.iter().map(|rule| vec![rule.happening]);
    for happenings in together.iter().map(|happenings| happenings.to_vec()).chain(alone) {
        let templates: Vec<_> =
            happenings.iter().flat_map(|happening| happening.rules()).map(|rule| rule.template).collect();
        let different: BTreeSet<_> = templates.iter().collect();
        assert_eq!(different.len(), templates.len(), "{happenings:?}");
    }
}
