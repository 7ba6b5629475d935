//! Histories for tests: whatever may happen to issues, in an order that looks random and is the same in every run.

use chrono::TimeDelta;
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, SectionId, Timestamp};
use uuid::Uuid;

use crate::domain::{tests::world::*, *};

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub u64);

impl Dice {
    /// 0 to `n - 1`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// One in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        let n = self.below(u64::try_from(values.len()).unwrap());
        values[usize::try_from(n).unwrap()]
    }

    /// A moment within 70 days from the start, often at the same hour as another.
    pub fn moment(&mut self) -> Timestamp {
        start() + TimeDelta::hours(i64::try_from(self.below(70 * 24)).unwrap())
    }

    /// A period, and a moment of knowledge that often is its end.
    pub fn question(&mut self, now: Timestamp) -> figure::Question {
        let first = local_date(start()) + TimeDelta::days(i64::try_from(self.below(60)).unwrap());
        let last = first + TimeDelta::days(i64::try_from(self.below(40)).unwrap());
        let first = if self.one_in(4) { None } else { Some(first) };
        let as_of = match self.below(3) {
            0 => None,
            1 => Some(now),
            _ => Some(self.moment()),
        };
        figure::Question::new(first, Some(last), as_of, now).unwrap()
    }
}

/// When the first of the issues may be submitted.
pub(crate) fn start() -> Timestamp {
    at("2026-03-02 09:00")
}

/// The rules that the histories go by.
pub(crate) fn rulebook() -> Rulebook {
    Rulebook::built_in()
}

/// Histories of `n` issues.
pub(crate) fn histories(dice: &mut Dice, n: u128) -> Vec<Vec<Event>> {
    (1..=n).map(|n| history(dice, n)).collect()
}

/// A history of 1 to some 25 events.
pub(crate) fn history(dice: &mut Dice, n: u128) -> Vec<Event> {
    let departments = [DEPARTMENT, DepartmentId::new(Uuid::from_u128(32))];
    let desk = (!dice.one_in(5)).then(|| Desk { department: dice.one_of(&departments), liaison: LIAISON });
    let submission = SubmitIssue {
        issue_id: IssueId::new(Uuid::from_u128(9_000 + n)),
        number: format!("QQ-2026-{n:06}").parse().unwrap(),
        enterprise_id: EnterpriseId::new(Uuid::from_u128(700 + u128::from(dice.below(9)))),
        category: dice.one_of(&["municipal_facilities", "other", "land"]).parse().unwrap(),
        division: dice.one_of(&["330482101", "330482102003"]).parse().unwrap(),
        manager: dice.one_of(&[None, Some(MANAGER), Some(AccountId::new(Uuid::from_u128(8)))]),
        ..crate::domain::tests::world::submission(desk)
    };
    let mut now = dice.moment() - TimeDelta::days(30).min(dice.moment() - start());
    let events = submit(submission, rules(), now, &actor(Party::Firm)).unwrap();
    let mut world = World { issue: fold(&events).unwrap().unwrap(), events, now };
    for _ in 0..dice.below(22) {
        now += dice.one_of(&[
            TimeDelta::zero(),
            TimeDelta::minutes(10),
            TimeDelta::hours(3),
            TimeDelta::hours(20),
            TimeDelta::days(4),
        ]);
        world.now = now;
        // What the system does by itself.
        for command in due_now(&world.issue, rules(), now).unwrap() {
            if command.action() == Action::LapseRating {
                world.step(command);
            }
        }
        for _ in 0..20 {
            let command = command(dice, &world);
            let row = transition::TRANSITIONS
                .iter()
                .find(|row| (row.0, row.1) == (world.issue.state(), command.action()));
            if let Some(row) = row
                && world.try_step(command, &actor(row.2)).is_ok()
            {
                break;
            }
        }
    }
    world.events
}

fn command(dice: &mut Dice, world: &World) -> Command {
    let owed = owed(dice, &world.issue).filter(|_| dice.one_in(2));
    if let Some(command) = owed.or_else(|| aside(dice)) {
        return command;
    }
    let department = world.issue.department().unwrap_or(DEPARTMENT);
    let section = dice.one_of(&[SECTION, SectionId::new(Uuid::from_u128(22))]);
    let committed = (world.now + TimeDelta::days(9)).date_naive();
    match dice.below(24) {
        0 => Command::Object { reason: note() },
        1 => Command::Plan { responsible: HANDLER, committed, note: note() },
        2 => Command::SendBack { reason: note() },
        3 => Command::Dispute { reason: note() },
        4 => fail_audit(),
        5 | 6 => Command::Reopen { reason: note() },
        7 => reply(Outcome::Explained),
        8 => reply(Outcome::PlannedDelivered),
        9 => rate(1),
        10 => rate(3),
        11 => Command::Assign { desk: Desk { department, liaison: LIAISON } },
        12 => Command::Urge { note: None },
        13 | 14 => contact(),
        15 => rate(5),
        16 => Command::Sign { difficulty: None },
        17 => Command::Dispatch { section, department, note: None, co_sections: Vec::new() },
        18 => Command::Accept,
        19 | 20 => reply(Outcome::Resolved),
        21 => feed_back(),
        _ => Command::PassAudit { note: None },
    }
}

/// What somebody waits for beside the straight way.
fn owed(dice: &mut Dice, issue: &Issue) -> Option<Command> {
    match issue.state() {
        State::ReturnPending if dice.one_in(2) => {
            let desk = Desk { department: DepartmentId::new(Uuid::from_u128(33)), liaison: LIAISON };
            return Some(Command::UpholdReturn { desk, reason: note() });
        }
        State::ReturnPending => return Some(Command::DenyReturn { reason: note() }),
        State::WithdrawPending if dice.one_in(5) => {
            return Some(Command::ConfirmWithdrawal { channel: Channel::Letter, note: note() });
        }
        State::WithdrawPending => {
            return Some(Command::DenyWithdrawal { channel: Channel::Visit, note: note() });
        }
        State::Planned if dice.one_in(4) => return Some(Command::ReviewPlan { note: note() }),
        _ => {}
    }
    if let Some((task, _)) = issue.open_co_tasks().next() {
        return Some(Command::ReplyCoTask { task, text: note() });
    }
    let mut instructions = (1..).zip(&issue.instructions);
    let (instruction, _) = instructions.find(|(_, instruction)| instruction.answered_at.is_none())?;
    Some(Command::AnswerInstruction { instruction, text: note() })
}

/// What takes an issue off the straight way, now and then.
fn aside(dice: &mut Dice) -> Option<Command> {
    match dice.below(500) {
        0 | 1 => Some(Command::RequestReturn { reason: note(), new_fact: Some(note()) }),
        2 => Some(Command::RequestWithdrawal { reason: note() }),
        3 => Some(Command::Instruct { text: note() }),
        4 | 5 => Some(Command::AddCoSection(co_section(23))),
        _ => None,
    }
}
