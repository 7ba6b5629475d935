use worktime::Calendar;

use super::world::*;
use crate::domain::*;

#[test]
fn a_step_under_another_pack_or_calendar_is_refused() {
    let world = World::submitted();
    let newer = Policy { version: PolicyVersion::of_default(2), ..Policy::default_pack().clone() };
    let rules = Rules { policy: &newer, ..rules() };
    let command = Command::Sign { difficulty: None };
    let refused = decide(&world.issue, command, rules, world.now, &actor(Party::Liaison));
    let calendar = Calendar::china().version().to_owned();
    assert_eq!(refused, Err(Refused::NotBound { policy: PolicyVersion::of_default(1), calendar }));
}

#[test]
fn a_submission_whose_deadlines_the_calendar_does_not_reach_is_refused() {
    let refused = submit(submission(Some(desk())), rules(), at("2027-12-30 09:00"), &actor(Party::Firm));
    assert!(matches!(refused, Err(Refused::Calendar(out)) if out.last_year == 2027), "{refused:?}");
}

#[test]
fn a_category_that_the_pack_does_not_know_is_refused() {
    let category: Code = "weather".parse().unwrap();
    let command = SubmitIssue { category: category.clone(), ..submission(None) };
    let refused = submit(command, rules(), at("2026-03-02 09:00"), &actor(Party::Firm));
    assert_eq!(refused, Err(Refused::UnknownCategory(category)));
}

#[test]
fn time_that_goes_back_does_not_go_back_in_the_history() {
    let mut world = World::submitted();
    world.set("2026-03-02 08:00").step(Command::Sign { difficulty: None });
    assert_eq!(world.issue.updated_at, at("2026-03-02 09:00"));
    assert_eq!(world.clock("C1").on_time(), Some(true));
}
