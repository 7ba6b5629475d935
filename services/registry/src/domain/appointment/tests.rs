use uuid::Uuid;

use super::*;
use crate::domain::enterprise::tests::at;

const FIRM: EnterpriseId = EnterpriseId::new(Uuid::from_u128(1));

fn day(text: &str) -> NaiveDate {
    format!("2026-{text}").parse().unwrap()
}

fn person(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

fn id(number: u128) -> AppointmentId {
    AppointmentId::new(Uuid::from_u128(number))
}

/// A course under way: what a store would hold.
struct Story {
    all: Vec<Appointment>,
    today: NaiveDate,
}

impl Story {
    fn begin(today: &str) -> Self {
        Self { all: Vec::new(), today: day(today) }
    }

    fn course(&self) -> Course {
        Course::new(self.all.clone())
    }

    fn appoint(&mut self, manager: u128, from: &str) -> Result<AppointmentId, Refused> {
        let id = id(100 + self.all.len() as u128);
        let new = self.course().appoint(id, FIRM, person(manager), day(from), None, at(0))?;
        self.all.push(new);
        Ok(id)
    }

    fn put(&mut self, changed: Appointment) {
        match self.all.iter_mut().find(|known| known.id == changed.id) {
            Some(known) => *known = changed,
            None => self.all.push(changed),
        }
    }

    fn end(&mut self, id: AppointmentId, date: &str) -> Result<(), Refused> {
        let ended = self.course().end(id, day(date), EndReason::Ended, self.today, at(0))?;
        self.put(ended);
        Ok(())
    }

    fn hand_over(&mut self, from: u128, to: u128, date: &str) -> Result<bool, Refused> {
        let handover = Handover {
            from_manager: person(from),
            to_manager: person(to),
            day: day(date),
            today: self.today,
        };
        let new_id = id(100 + self.all.len() as u128);
        let Some(handed_over) = self.course().hand_over(&handover, new_id, at(0))? else { return Ok(false) };
        self.put(handed_over.ended);
        self.put(handed_over.new);
        Ok(true)
    }

    /// Manager of a day; 0 when there is none.
    fn on(&self, date: &str) -> u128 {
        self.course().on(day(date)).map_or(0, |appointment| appointment.manager.uuid().as_u128())
    }

    fn managers<const N: usize>(&self, dates: [&str; N]) -> [u128; N] {
        dates.map(|date| self.on(date))
    }
}

#[test]
fn who_was_the_manager_on_a_day_is_always_answerable() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "03-01").unwrap();
    story.end(first, "03-20").unwrap();
    story.appoint(2, "03-25").unwrap();
    assert_eq!(
        story.managers(["02-28", "03-01", "03-19", "03-20", "03-24", "03-25", "12-31"]),
        [0, 1, 1, 0, 0, 2, 2]
    );
}

#[test]
fn an_appointment_begins_after_the_latest_one() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "03-01").unwrap();
    let refused = |free_from| Err(Refused::Overlaps { enterprise: FIRM, latest: first, free_from });
    assert_eq!(story.appoint(2, "04-01"), refused(None));
    assert_eq!(story.appoint(2, "02-01"), refused(None));
    story.end(first, "03-20").unwrap();
    assert_eq!(story.appoint(2, "03-19"), refused(Some(day("03-20"))));
    assert!(story.appoint(2, "03-20").is_ok());
}

#[test]
fn the_past_is_not_rewritten() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "03-01").unwrap();
    assert_eq!(story.end(first, "03-09"), Err(Refused::EndDatePast { today: day("03-10") }));
    story.end(first, "03-10").unwrap();
    assert_eq!(story.end(first, "03-11"), Err(Refused::AppointmentOver(first)));
    assert_eq!(story.hand_over(1, 2, "03-10"), Ok(false));
}

#[test]
fn an_end_ahead_can_be_moved_while_nobody_follows() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "03-01").unwrap();
    story.end(first, "03-20").unwrap();
    story.end(first, "03-25").unwrap();
    story.end(first, "03-15").unwrap();
    assert_eq!(story.managers(["03-14", "03-15"]), [1, 0]);
    let second = story.appoint(2, "03-15").unwrap();
    assert_eq!(
        story.end(first, "03-12"),
        Err(Refused::SuccessorPlanned { enterprise: FIRM, successor: second })
    );
}

#[test]
fn an_appointment_ended_before_it_began_never_took_effect_and_frees_its_place() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "04-01").unwrap();
    story.end(first, "03-11").unwrap();
    assert_eq!(story.all[0].end.map(|end| end.date), Some(day("04-01")));
    assert_eq!(story.all[0].place, None);
    assert_eq!(story.on("04-01"), 0);
    story.appoint(2, "03-10").unwrap();
    assert_eq!(story.managers(["03-10", "04-01"]), [2, 2]);
    assert_eq!(story.end(first, "05-01"), Err(Refused::AppointmentOver(first)));
}

#[test]
fn a_handover_leaves_no_gap_and_no_overlap() {
    let mut story = Story::begin("03-10");
    story.appoint(1, "03-01").unwrap();
    assert_eq!(story.hand_over(1, 2, "03-15"), Ok(true));
    assert_eq!(story.managers(["03-14", "03-15"]), [1, 2]);
    assert_eq!(story.all[0].end, Some(End { date: day("03-15"), reason: EndReason::HandedOver }));
}

#[test]
fn a_handover_takes_what_has_not_begun_and_keeps_a_planned_end() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "04-01").unwrap();
    story.end(first, "06-01").unwrap();
    assert_eq!(story.hand_over(1, 2, "03-10"), Ok(true));
    assert_eq!(story.managers(["03-31", "04-01", "05-31", "06-01"]), [0, 2, 2, 0]);
    assert_eq!(story.all[0].place, None);
    assert_eq!(story.all[1].place, Some(Place { number: 1, after: None }));
}

#[test]
fn a_handover_before_a_planned_successor_is_refused() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "03-01").unwrap();
    story.end(first, "06-01").unwrap();
    let second = story.appoint(3, "06-01").unwrap();
    assert_eq!(
        story.hand_over(1, 2, "03-10"),
        Err(Refused::SuccessorPlanned { enterprise: FIRM, successor: second })
    );
    assert_eq!(story.hand_over(3, 2, "03-10"), Ok(true));
    assert_eq!(story.managers(["05-31", "06-01"]), [1, 2]);
}

#[test]
fn retiring_ends_what_runs_and_cancels_what_is_planned() {
    let mut story = Story::begin("03-10");
    let first = story.appoint(1, "03-01").unwrap();
    story.end(first, "06-01").unwrap();
    let second = story.appoint(2, "06-01").unwrap();
    let course = story.course();
    let ended = course.end_all(EndReason::EnterpriseRetired, story.today, at(9));
    assert_eq!(ended.iter().map(|(appointment, _)| appointment.id).collect::<Vec<_>>(), [second, first]);
    for (_, appointment) in ended {
        story.put(appointment);
    }
    assert_eq!(story.managers(["03-09", "03-10", "06-01"]), [1, 0, 0]);
    assert_eq!(story.course().end_all(EndReason::EnterpriseRetired, story.today, at(9)), []);
}

/// A small deterministic walk: whatever is asked for, no day ever has two managers and no past day changes hands.
#[test]
fn no_sequence_of_steps_gives_a_day_two_managers_or_changes_the_past() {
    let days: Vec<NaiveDate> = (0..60).map(|n| day("01-01") + chrono::TimeDelta::days(n)).collect();
    for seed in 1..200_u64 {
        let mut random = seed;
        let mut pick = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % below
        };
        let mut story = Story::begin("01-01");
        let mut past: Vec<(NaiveDate, Option<AccountId>)> = Vec::new();
        for _ in 0..40 {
            let date = days[pick(days.len())].format("%m-%d").to_string();
            let some = story.all.get(pick(story.all.len().max(1))).map_or(id(0), |known| known.id);
            // Refusals are as good as steps here; only what is let through can do harm.
            let _ = match pick(4) {
                0 if date.as_str() >= story.today.format("%m-%d").to_string().as_str() => {
                    story.appoint(1 + pick(3) as u128, &date).map(|_| ())
                }
                1 => story.end(some, &date),
                2 => story.hand_over(1 + pick(3) as u128, 4, &date).map(|_| ()),
                _ => {
                    let course = story.course();
                    past.push((story.today, course.on(story.today).map(|known| known.manager)));
                    story.today = (story.today + chrono::TimeDelta::days(1)).min(days[59]);
                    Ok(())
                }
            };
            for date in &days {
                let in_force = story.all.iter().filter(|known| known.is_in_force(*date)).count();
                assert!(in_force <= 1, "seed {seed}: {in_force} managers on {date}");
            }
        }
        for (date, manager) in past.into_iter().filter(|(date, _)| *date < story.today) {
            assert_eq!(story.course().on(date).map(|known| known.manager), manager, "seed {seed}: {date}");
        }
    }
}
