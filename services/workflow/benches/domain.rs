//! What every step pays for in the domain: deciding, evolving, deadlines, and why they lie where they do.

use std::{hint::black_box, num::NonZeroU32};

use criterion::{Criterion, criterion_group, criterion_main};
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, NoteId, Timestamp};
use qinqing_workflow::domain::{
    Actor, Command, Desk, Issue, NoteRef, Party, Rulebook, SubmitIssue, clocks, create, decide, evolve,
    submit,
};
use uuid::Uuid;
use worktime::{Calendar, Limit};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn submission() -> SubmitIssue {
    let desk = Desk {
        department: DepartmentId::new(Uuid::from_u128(1)),
        liaison: AccountId::new(Uuid::from_u128(2)),
    };
    SubmitIssue {
        issue_id: IssueId::new(Uuid::from_u128(3)),
        number: "QQ-2026-000001".parse().expect("a number"),
        enterprise_id: EnterpriseId::new(Uuid::from_u128(4)),
        category: "municipal_facilities".parse().expect("a category"),
        title: NoteRef { note_id: NoteId::new(Uuid::from_u128(7)), digest: trail::Hash::ZERO },
        description: NoteRef { note_id: NoteId::new(Uuid::from_u128(5)), digest: trail::Hash::ZERO },
        division: "330482101".parse().expect("a division code"),
        manager: None,
        desk: Some(desk),
        about: None,
        confidential: false,
    }
}

fn issue(rulebook: &Rulebook, submitted_at: Timestamp) -> Issue {
    let firm = Actor::person(AccountId::new(Uuid::from_u128(6)), [Party::Firm]);
    let rules = rulebook.in_force(submitted_at);
    let events = submit(submission(), rules, submitted_at, &firm).expect("the firm may submit");
    create(&events[0]).expect("a submission begins a history")
}

fn domain(criterion: &mut Criterion) {
    let rulebook = Rulebook::built_in();
    let submitted_at = at("2026-03-02T09:00:00+08:00");
    let rules = rulebook.in_force(submitted_at);
    let issue = issue(&rulebook, submitted_at);
    let liaison = Actor::person(AccountId::new(Uuid::from_u128(2)), [Party::Liaison]);
    let sign = || Command::Sign { difficulty: None };
    let now = at("2026-03-02T09:30:00+08:00");
    criterion.bench_function("decide a signature", |bench| {
        bench.iter(|| decide(black_box(&issue), sign(), rules, now, &liaison).expect("the liaison may sign"));
    });
    let events = decide(&issue, sign(), rules, now, &liaison).expect("the liaison may sign");
    criterion.bench_function("evolve by a signature", |bench| {
        bench.iter(|| evolve(black_box(issue.clone()), &events[0]).expect("it fits"));
    });
    criterion.bench_function("all clocks of an issue", |bench| {
        bench.iter(|| clocks(black_box(&issue), rules, now).expect("within the calendar"));
    });
    let calendar = Calendar::china();
    for limit in [Limit::WorkingHours(2), Limit::WorkingDays(15)] {
        criterion.bench_function(&format!("deadline of {limit}"), |bench| {
            bench.iter(|| calendar.deadline(black_box(submitted_at), limit).expect("within the calendar"));
        });
    }
    let half = (1, NonZeroU32::new(2).expect("two is not zero"));
    let due = calendar.deadline(submitted_at, Limit::WorkingDays(15)).expect("within the calendar");
    criterion.bench_function("half of 15 working days", |bench| {
        bench.iter(|| {
            calendar.fraction(black_box(submitted_at), due, half.0, half.1).expect("within the calendar")
        });
    });
    let all = clocks(&issue, rules, now).expect("within the calendar");
    for clock in &all {
        criterion.bench_function(&format!("explain {} ({})", clock.key, clock.limit), |bench| {
            bench.iter(|| black_box(clock).explained(rules).expect("within the calendar"));
        });
    }
    let explained = all[0].explained(rules).expect("within the calendar");
    criterion.bench_function("put an explanation into words", |bench| {
        bench.iter(|| (black_box(&explained).chinese(), explained.english()));
    });
}

criterion_group!(benches, domain);
criterion_main!(benches);
