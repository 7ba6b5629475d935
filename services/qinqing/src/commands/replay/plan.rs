//! What happens when: made up from one seed, so that every run plays the same history.

use chrono::{NaiveDate, TimeDelta};
use kernel::Timestamp;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use worktime::{Calendar, Limit, ZONE};

pub const N_MANAGERS: usize = 1_000;
pub const N_DEPARTMENTS: usize = 35;
/// The police are the first department; so many managers are theirs.
pub const N_POLICE_MANAGERS: usize = 32;
pub const POLICE: usize = 0;

const SEED: u64 = 201_611;
const N_VISITS_BEFORE_2019: usize = 11_140;
const N_VISITS_2019: usize = 1_560;
/// Of those, by managers of the police.
const N_POLICE_VISITS: usize = 1_050;
const N_CLOSED_BEFORE_2019: usize = 761;
const N_CARRIED_OVER: usize = 80;
const N_CARRIED_OVER_CLOSED: usize = 62;
const N_NEW_2019: usize = 68;
const N_NEW_2019_CLOSED: usize = 53;
/// Issues for the police: each eighth, a little more than 80 in all.
const POLICE_EVERY: usize = 8;

/// One thing that somebody does, in the order of time.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    pub at: Timestamp,
    pub what: What,
}

#[derive(Debug, Clone, Copy)]
pub enum What {
    Visit { manager: usize, id: usize },
    Confirm { id: usize },
    Step { issue: usize, step: Step },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Submit,
    Assign,
    Sign,
    Dispatch,
    Accept,
    Contact,
    Reply,
    FeedBack,
    Rate { stars: i32 },
    Pass,
}

/// What is known of an issue beforehand.
#[derive(Debug, Clone, Copy)]
pub struct PlannedIssue {
    /// The enterprise of the manager of the same number.
    pub enterprise: usize,
    pub category: &'static str,
    /// Which department has to do with it.
    pub department: usize,
}

pub struct Plan {
    pub issues: Vec<PlannedIssue>,
    pub n_visits: usize,
    /// In the order of time.
    pub deeds: Vec<Deed>,
}

/// Categories that route to a department, with its number; `other` waits for the operator.
const CATEGORIES: [(&str, usize); 6] = [
    ("labour", 1),
    ("policy_support", 2),
    ("municipal_facilities", 3),
    ("funding", 4),
    ("procedures", 5),
    ("land", 6),
];

/// Codes of the departments, in their order; those past the list are numbered.
pub fn department_code(department: usize) -> String {
    const CODES: [&str; 7] = [
        "police",
        "human-resources",
        "commerce",
        "housing",
        "finance",
        "administrative-approval",
        "natural-resources",
    ];
    CODES
        .get(department)
        .map_or_else(|| format!("department-{:02}", department + 1), |code| (*code).to_owned())
}

/// The evening before it begins.
pub fn start() -> Timestamp {
    local(day(2016, 10, 31), 9, 0)
}

/// The end of it.
pub fn end() -> Timestamp {
    local(day(2019, 5, 31), 23, 0)
}

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the plan")
}

pub fn local(day: NaiveDate, hour: u32, minute: u32) -> Timestamp {
    let at = day.and_hms_opt(hour, minute, 0).expect("a time of day");
    at.and_local_timezone(ZONE).single().expect("a fixed offset has each time once").to_utc()
}

impl Plan {
    pub fn jiaozhou() -> Self {
        let mut maker =
            Maker { rng: StdRng::seed_from_u64(SEED), issues: Vec::new(), deeds: Vec::new(), n_visits: 0 };
        maker.issues();
        maker.visits(day(2016, 11, 1), day(2018, 12, 28), N_VISITS_BEFORE_2019);
        maker.visits(day(2019, 1, 2), day(2019, 5, 30), N_VISITS_2019);
        let Maker { issues, mut deeds, n_visits, .. } = maker;
        // Stable: deeds of one instant keep the order in which they were thought of.
        deeds.sort_by_key(|deed| deed.at);
        Self { issues, n_visits, deeds }
    }
}

struct Maker {
    rng: StdRng,
    issues: Vec<PlannedIssue>,
    deeds: Vec<Deed>,
    n_visits: usize,
}

impl Maker {
    fn issues(&mut self) {
        for _ in 0..N_CLOSED_BEFORE_2019 {
            let at = self.moment(day(2016, 11, 7), day(2018, 11, 16));
            self.issue(at, Course::Closed { reply_from: None });
        }
        for n in 0..N_CARRIED_OVER {
            let at = self.moment(day(2018, 10, 8), day(2018, 12, 21));
            let course = if n < N_CARRIED_OVER_CLOSED {
                Course::Closed { reply_from: Some((day(2019, 1, 2), day(2019, 4, 26))) }
            } else {
                Course::Open
            };
            self.issue(at, course);
        }
        for n in 0..N_NEW_2019 {
            if n < N_NEW_2019_CLOSED {
                let at = self.moment(day(2019, 1, 2), day(2019, 4, 26));
                self.issue(at, Course::Closed { reply_from: None });
            } else {
                let at = self.moment(day(2019, 5, 6), day(2019, 5, 29));
                self.issue(at, Course::Open);
            }
        }
    }

    fn issue(&mut self, at: Timestamp, course: Course) {
        let number = self.issues.len();
        let police = number.is_multiple_of(POLICE_EVERY);
        let (category, department) =
            if police { ("other", POLICE) } else { CATEGORIES[self.rng.random_range(0..CATEGORIES.len())] };
        let enterprise = self.rng.random_range(0..N_MANAGERS);
        self.issues.push(PlannedIssue { enterprise, category, department });

        let mut at = self.step(number, at, Step::Submit);
        if police {
            at = self.soon(at, 1);
            self.step(number, at, Step::Assign);
        }
        // One in twenty is signed too late.
        let late = self.rng.random_ratio(1, 20);
        for (hours, step) in [
            (if late { 4 } else { 1 }, Step::Sign),
            (3, Step::Dispatch),
            (2, Step::Accept),
            (4, Step::Contact),
        ] {
            at = self.soon(at, hours);
            self.step(number, at, step);
        }
        match course {
            Course::Open => return,
            Course::Closed { reply_from: None } => {
                let hours = self.rng.random_range(8..30);
                at = self.soon(at, hours);
            }
            Course::Closed { reply_from: Some((from, until)) } => at = self.moment(from, until).max(at),
        }
        self.step(number, at, Step::Reply);
        at = self.soon(at, 3);
        self.step(number, at, Step::FeedBack);
        let stars = if self.rng.random_ratio(1, 25) { 2 } else { self.rng.random_range(3..=5) };
        let hours = self.rng.random_range(1..20);
        at = self.soon(at, hours);
        self.step(number, at, Step::Rate { stars });
        if stars == 2 {
            // Rectified, told again, and better liked the second time.
            for (hours, step) in [(10, Step::Reply), (3, Step::FeedBack), (8, Step::Rate { stars: 4 })] {
                at = self.soon(at, hours);
                self.step(number, at, step);
            }
        }
        at = self.soon(at, 6);
        self.step(number, at, Step::Pass);
    }

    fn step(&mut self, issue: usize, at: Timestamp, step: Step) -> Timestamp {
        self.deeds.push(Deed { at, what: What::Step { issue, step } });
        at
    }

    fn visits(&mut self, from: NaiveDate, until: NaiveDate, n: usize) {
        let n_police = N_POLICE_VISITS * n / (N_VISITS_BEFORE_2019 + N_VISITS_2019);
        for number in 0..n {
            let manager = if number < n_police {
                self.rng.random_range(0..N_POLICE_MANAGERS)
            } else {
                self.rng.random_range(N_POLICE_MANAGERS..N_MANAGERS)
            };
            let at = self.moment(from, until);
            let id = self.n_visits;
            self.n_visits += 1;
            self.deeds.push(Deed { at, what: What::Visit { manager, id } });
            // Most firms confirm within the day; some never do.
            if !self.rng.random_ratio(1, 12) {
                let minutes = self.rng.random_range(20..600);
                self.deeds.push(Deed { at: at + TimeDelta::minutes(minutes), what: What::Confirm { id } });
            }
        }
    }

    /// Some working moment of the days from `from` to `until`.
    fn moment(&mut self, from: NaiveDate, until: NaiveDate) -> Timestamp {
        let n_days = (until - from).num_days();
        let date = from + TimeDelta::days(self.rng.random_range(0..=n_days));
        let at = local(date, 8, 30) + TimeDelta::minutes(self.rng.random_range(0..540));
        let at = Calendar::china().next_opening(at).expect("the plan lies within the calendar");
        at.min(local(until, 17, 30))
    }

    /// Up to `hours` working hours later, and at least some minutes.
    fn soon(&mut self, at: Timestamp, hours: u32) -> Timestamp {
        let whole = self.rng.random_range(0..hours);
        let calendar = Calendar::china();
        let at = at + TimeDelta::minutes(self.rng.random_range(5..50));
        let at = calendar.next_opening(at).expect("the plan lies within the calendar");
        if whole == 0 {
            return at;
        }
        calendar.deadline(at, Limit::WorkingHours(whole)).expect("the plan lies within the calendar")
    }
}

#[derive(Clone, Copy)]
enum Course {
    Open,
    /// With a reply in these days, or soon.
    Closed {
        reply_from: Option<(NaiveDate, NaiveDate)>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(plan: &Plan, what: impl Fn(&Deed) -> bool) -> usize {
        plan.deeds.iter().filter(|deed| what(deed)).count()
    }

    #[test]
    fn the_plan_has_the_citys_numbers() {
        let plan = Plan::jiaozhou();
        let new_year = local(day(2019, 1, 1), 0, 0);
        let submitted = |deed: &Deed| matches!(deed.what, What::Step { step: Step::Submit, .. });
        let passed = |deed: &Deed| matches!(deed.what, What::Step { step: Step::Pass, .. });
        assert_eq!(count(&plan, submitted), 909);
        assert_eq!(count(&plan, passed), 876);
        assert_eq!(count(&plan, |deed| submitted(deed) && deed.at < new_year), 841);
        assert_eq!(count(&plan, |deed| passed(deed) && deed.at < new_year), 761);
        assert_eq!(plan.n_visits, 12_700);
        let visited = |deed: &Deed| matches!(deed.what, What::Visit { .. });
        assert_eq!(count(&plan, |deed| visited(deed) && deed.at >= new_year), 1_560);
        let police =
            |deed: &Deed| matches!(deed.what, What::Visit { manager, .. } if manager < N_POLICE_MANAGERS);
        assert!(count(&plan, police) >= 1_000);
        assert!(plan.issues.iter().filter(|issue| issue.department == POLICE).count() >= 80);
        assert!(plan.deeds.last().unwrap().at < end());
        assert!(plan.deeds.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn the_plan_is_the_same_in_every_run() {
        let times = |plan: &Plan| plan.deeds.iter().map(|deed| deed.at).collect::<Vec<_>>();
        assert_eq!(times(&Plan::jiaozhou()), times(&Plan::jiaozhou()));
    }
}
