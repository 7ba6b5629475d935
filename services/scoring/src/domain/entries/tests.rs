use kernel::{EventId, IssueId, VisitId};

use super::*;
use crate::domain::{Effect, Happening, Lateness, Occasion, Parties, Subject};

const MANAGER: AccountId = account(1);
const LIAISON: AccountId = account(2);
const HANDLER: AccountId = account(3);
const OWNER: AccountId = account(4);

const fn account(n: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(n))
}

fn occurrence(occasion: Occasion) -> Occurrence {
    let visit = occasion.is_of_visits();
    let id = Uuid::from_u128(100);
    let issue = Subject::Issue { id: IssueId::new(id), number: "QQ-2026-000001".to_owned() };
    Occurrence {
        event: EventId::new(Uuid::from_u128(1000)),
        event_type: "some.Event".to_owned(),
        version: Version::new(5),
        at: "2026-03-02T01:00:00Z".parse().unwrap(),
        what: Happening {
            subject: if visit { Subject::Visit(VisitId::new(id)) } else { issue },
            enterprise: EnterpriseId::new(Uuid::from_u128(200)),
            actor: Some(OWNER),
            parties: Parties { manager: Some(MANAGER), liaison: Some(LIAISON), handler: Some(HANDLER) },
            occasions: vec![occasion],
            lateness: None,
            on_day: visit.then(|| day("2026-03-02")),
            effect: Effect::None,
        },
    }
}

fn late(clock: &str, working_seconds: i64) -> Occurrence {
    let mut occurrence = occurrence(Occasion::ReplyOverdue);
    occurrence.what.lateness = Some(Lateness { clock: clock.to_owned(), working_seconds });
    occurrence
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn recorded(rule: &str, account: AccountId, amount: i64) -> Recorded {
    Recorded {
        id: EntryId::new(Uuid::from_u128(300)),
        rule: rule.parse().unwrap(),
        account,
        kind: Kind::Liaison,
        amount,
        settlement: Settlement::Final,
        subject: Uuid::from_u128(101),
        enterprise: EnterpriseId::new(Uuid::from_u128(200)),
        clock: String::new(),
        on_day: None,
        quarter: Quarter { year: 2026, quarter: 1 },
        version: Version::new(1),
        state: State::Posted,
        last_posting: PostingId(Uuid::from_u128(400)),
    }
}

/// Whom the occurrence pays how much, by the starter rules.
fn paid(occurrence: &Occurrence, recorded: &[Recorded]) -> Vec<(AccountId, i64)> {
    let drafts = entries_for(occurrence, RuleSet::starter(), recorded);
    drafts.iter().map(|draft| (draft.account, draft.amount)).collect()
}

#[test]
fn each_occasion_pays_or_charges_the_one_whose_deed_it_is() {
    for (occasion, account, amount) in [
        (Occasion::IssueSignedOnTime, LIAISON, 1),
        (Occasion::IssueDispatchedOnTime, LIAISON, 1),
        (Occasion::FirmContactedOnTime, HANDLER, 1),
        (Occasion::IssueResolved, HANDLER, 5),
        (Occasion::PlanKept, HANDLER, 5),
        (Occasion::PlanDeliveredLate, HANDLER, 2),
        (Occasion::RatedFiveStars, HANDLER, 3),
        (Occasion::RatedFourStars, HANDLER, 1),
        (Occasion::RatedLow, HANDLER, -3),
        (Occasion::Rectified, HANDLER, 2),
        (Occasion::AuditFailed, HANDLER, -3),
        (Occasion::VisitConfirmed, MANAGER, 1),
    ] {
        assert_eq!(paid(&occurrence(occasion), &[]), [(account, amount)], "{occasion:?}");
    }
}

#[test]
fn nobody_is_paid_where_nobody_is_known() {
    let mut occurrence = occurrence(Occasion::IssueResolved);
    occurrence.what.parties.handler = None;
    assert_eq!(paid(&occurrence, &[]), []);
}

#[test]
fn nobody_earns_by_their_own_judgement() {
    for occasion in [Occasion::RatedFiveStars, Occasion::Rectified, Occasion::VisitConfirmed] {
        let mut occurrence = occurrence(occasion);
        let (account, _) = paid(&occurrence, &[])[0];
        occurrence.what.actor = Some(account);
        assert_eq!(paid(&occurrence, &[]), [], "{occasion:?}");
    }
    let mut low = occurrence(Occasion::RatedLow);
    low.what.actor = Some(HANDLER);
    assert_eq!(paid(&low, &[]), [(HANDLER, -3)]);
}

#[test]
fn a_cap_counts_the_quarter_the_rule_and_the_person() {
    let signed = occurrence(Occasion::IssueSignedOnTime);
    let full = |n: usize| vec![recorded("issue_signed_on_time", LIAISON, 1); n];
    assert_eq!(paid(&signed, &full(19)), [(LIAISON, 1)]);
    assert_eq!(paid(&signed, &full(20)), []);
    let but_one = |change: fn(&mut Recorded)| {
        let mut entries = full(20);
        change(&mut entries[7]);
        paid(&signed, &entries)
    };
    assert_eq!(but_one(|entry| entry.quarter.quarter = 2), [(LIAISON, 1)]);
    assert_eq!(but_one(|entry| entry.quarter.year = 2025), [(LIAISON, 1)]);
    assert_eq!(but_one(|entry| entry.account = HANDLER), [(LIAISON, 1)]);
    assert_eq!(but_one(|entry| entry.rule = "issue_dispatched_on_time".parse().unwrap()), [(LIAISON, 1)]);
    assert_eq!(but_one(|entry| entry.state = State::Voided), [(LIAISON, 1)]);
}

#[test]
fn lateness_costs_a_point_for_each_working_day_begun() {
    for (seconds, expected) in
        [(1, -1), (27_000, -1), (27_001, -2), (54_000, -2), (270_000, -10), (i64::MAX, -10)]
    {
        assert_eq!(paid(&late("C4", seconds), &[]), [(HANDLER, expected)], "{seconds}");
    }
    for seconds in [0, -1, i64::MIN] {
        assert_eq!(paid(&late("C4", seconds), &[]), [], "{seconds}");
    }
}

#[test]
fn a_clock_that_stops_again_is_charged_for_the_rest_alone_and_an_issue_for_ten_in_all() {
    let charged = |clock: &str, points: i64| {
        let mut entry = recorded("reply_overdue", HANDLER, -points);
        entry.subject = Uuid::from_u128(100);
        clock.clone_into(&mut entry.clock);
        entry
    };
    assert_eq!(paid(&late("C4", 5 * 27_000), &[charged("C4", 2)]), [(HANDLER, -3)]);
    assert_eq!(paid(&late("C4", 2 * 27_000), &[charged("C4", 5)]), []);
    assert_eq!(paid(&late("C8.1", 5 * 27_000), &[charged("C4", 2)]), [(HANDLER, -5)]);
    assert_eq!(paid(&late("C8.1", 5 * 27_000), &[charged("C4", 7)]), [(HANDLER, -3)]);
    assert_eq!(paid(&late("C8.2", 27_000), &[charged("C4", 7), charged("C8.1", 3)]), []);
    let elsewhere = Recorded { subject: Uuid::from_u128(101), ..charged("C4", 10) };
    assert_eq!(paid(&late("C4", 27_000), &[elsewhere]), [(HANDLER, -1)]);
}

#[test]
fn a_firm_pays_for_one_visit_of_a_manager_in_thirty_days() {
    let visited = |on: &str| Recorded { on_day: Some(day(on)), ..recorded("visit_confirmed", MANAGER, 1) };
    let again = occurrence(Occasion::VisitConfirmed); // on 2026-03-02
    for (on, expected) in [
        ("2026-01-31", vec![(MANAGER, 1)]),
        ("2026-02-01", vec![]),
        ("2026-03-02", vec![]),
        ("2026-03-31", vec![]),
        ("2026-04-01", vec![(MANAGER, 1)]),
    ] {
        assert_eq!(paid(&again, &[visited(on)]), expected, "{on}");
    }
    let other_firm =
        Recorded { enterprise: EnterpriseId::new(Uuid::from_u128(201)), ..visited("2026-03-01") };
    let other_manager = Recorded { account: OWNER, ..visited("2026-03-01") };
    assert_eq!(paid(&again, &[other_firm, other_manager]), [(MANAGER, 1)]);
}

#[test]
fn one_event_may_pay_by_several_rules() {
    let mut rated = occurrence(Occasion::RatedFiveStars);
    rated.what.occasions.push(Occasion::Rectified);
    assert_eq!(paid(&rated, &[]), [(HANDLER, 3), (HANDLER, 2)]);
}
