//! A firm, its manager, an office and an issue, for tests.

use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use kernel::{AccountId, ClientId, DepartmentId, EnterpriseId, IssueId, NoteId, SectionId, Timestamp};
use uuid::Uuid;
use worktime::Calendar;

use crate::domain::*;

pub const FIRM: AccountId = account(1);
pub const MANAGER: AccountId = account(2);
pub const LIAISON: AccountId = account(3);
pub const HANDLER: AccountId = account(4);
pub const OPERATOR: AccountId = account(5);
pub const AUDITOR: AccountId = account(6);
pub const STRANGER: AccountId = account(7);
pub const HELPER: AccountId = account(8);
pub const LEADER: AccountId = account(9);
pub const SECTION: SectionId = SectionId::new(Uuid::from_u128(21));
pub const DEPARTMENT: DepartmentId = DepartmentId::new(Uuid::from_u128(31));

pub const fn account(n: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(n))
}

pub fn note() -> NoteRef {
    NoteRef { note_id: NoteId::new(Uuid::from_u128(41)), digest: trail::Hash::new([7; 32]) }
}

pub fn desk() -> Desk {
    Desk { department: DEPARTMENT, liaison: LIAISON }
}

pub fn rules() -> Rules<'static> {
    Rules { policy: Policy::default_pack(), calendar: Calendar::china(), calendars: CALENDARS.as_slice() }
}

/// A later version of the calendar: nobody works on Wednesday, 4 March 2026.
pub const LATER_VERSION: &str = "china-2026.1-later";

static CALENDARS: LazyLock<[Arc<Calendar>; 2]> =
    LazyLock::new(|| [Arc::new(Calendar::china().clone()), Arc::new(without("2026-03-04", LATER_VERSION))]);

/// The calendar of mainland China with one more day off in 2026.
pub fn without(day: &str, version: &str) -> Calendar {
    let mut data: serde_json::Value = serde_json::from_str(Calendar::china_data()).unwrap();
    data["version"] = version.into();
    let notice = data["notices"][0]["number"].clone();
    let years = data["years"].as_array_mut().unwrap();
    let year = years.iter_mut().find(|year| year["year"] == 2026).unwrap();
    let holiday = serde_json::json!({"name": "临时放假", "from": day, "to": day, "notice": notice});
    year["holidays"].as_array_mut().unwrap().push(holiday);
    Calendar::parse(&data.to_string()).unwrap()
}

/// A moment by the clock on the wall of the municipality, as "2026-03-02 09:00".
pub fn at(text: &str) -> Timestamp {
    format!("{}:00+08:00", text.replace(' ', "T")).parse().unwrap()
}

pub fn wall(at: Timestamp) -> String {
    at.with_timezone(&worktime::ZONE).format("%Y-%m-%d %H:%M").to_string()
}

/// Whoever usually acts in the capacity: a different person for each.
pub fn actor(party: Party) -> Actor {
    match party {
        Party::Firm => Actor::person(FIRM, [party]),
        Party::Manager => Actor::person(MANAGER, [party]).managing_the_firm(true),
        Party::Client => Actor::client(ClientId::new(Uuid::from_u128(51))),
        Party::Liaison => Actor::person(LIAISON, [party]),
        Party::Section => Actor::person(HANDLER, [party]),
        Party::CoSection => Actor::person(HELPER, [party]).helping_with((1..=20).collect()),
        Party::Leader => Actor::person(LEADER, [party]),
        Party::Operator => Actor::person(OPERATOR, [party]),
        Party::Auditor => Actor::person(AUDITOR, [party]),
        Party::System => Actor::system(),
    }
}

pub fn submission(desk: Option<Desk>) -> SubmitIssue {
    SubmitIssue {
        issue_id: IssueId::new(Uuid::from_u128(61)),
        number: "QQ-2026-000001".parse().unwrap(),
        enterprise_id: EnterpriseId::new(Uuid::from_u128(71)),
        category: "municipal_facilities".parse().unwrap(),
        title: note(),
        description: note(),
        division: "330482101".parse().unwrap(),
        manager: Some(MANAGER),
        desk,
        about: None,
        confidential: false,
    }
}

pub fn rating(stars: u8) -> Rating {
    Rating { stars: Stars::try_from(stars).unwrap(), speed: None, attitude: None, result: None }
}

pub fn rate(stars: u8) -> Command {
    Command::Rate { rating: rating(stars), comment: None }
}

pub fn dispatch() -> Command {
    Command::Dispatch { section: SECTION, department: DEPARTMENT, note: None, co_sections: Vec::new() }
}

pub fn reply(outcome: Outcome) -> Command {
    let legal_basis = (outcome == Outcome::Infeasible).then(note);
    Command::Reply { outcome, text: note(), legal_basis, override_note: None, evidence: Vec::new() }
}

pub fn feed_back() -> Command {
    Command::FeedBack { channel: Channel::Telephone, receipt: note() }
}

pub fn contact() -> Command {
    Command::RecordContact { channel: Channel::Visit, note: note() }
}

pub fn plan(day: &str) -> Command {
    Command::Plan { responsible: HANDLER, committed: day.parse().unwrap(), note: note() }
}

/// A department and its liaison that did not have the issue before.
pub fn other_desk() -> Desk {
    Desk { department: DepartmentId::new(Uuid::from_u128(32)), liaison: account(10) }
}

/// Another issue.
pub const OTHER: IssueId = IssueId::new(Uuid::from_u128(62));

pub fn co_section(n: u128) -> CoSection {
    CoSection { section: SectionId::new(Uuid::from_u128(n)), department: DEPARTMENT, note: note() }
}

/// What the firm of a merged issue is told.
pub fn feed_back_merged(at: Timestamp) -> Command {
    let post = Post { desk: desk(), section: SECTION };
    let reply = Reply {
        at,
        by: HANDLER,
        outcome: Outcome::Resolved,
        text: note(),
        legal_basis: None,
        stopped: ClockKey::first(ClockId::C4),
        rectifies: false,
        plan: None,
    };
    let work = Work { post, handler: HANDLER };
    Command::FeedBackMerged { channel: Channel::Telephone, receipt: note(), work, reply }
}

pub fn fail_audit() -> Command {
    Command::FailAudit { code: "not_solved".parse().unwrap(), note: note() }
}

/// An issue, its history, and the time.
#[derive(Debug, Clone)]
pub struct World {
    pub issue: Issue,
    pub events: Vec<Event>,
    pub now: Timestamp,
}

impl World {
    /// An issue that the firm submits on Monday, 2 March 2026, 09:00.
    pub fn submitted() -> Self {
        Self::submitted_by(Party::Firm, Some(desk()))
    }

    pub fn submitted_by(party: Party, desk: Option<Desk>) -> Self {
        let now = at("2026-03-02 09:00");
        let events = submit(submission(desk), rules(), now, &actor(party)).unwrap();
        Self { issue: fold(&events).unwrap().unwrap(), events, now }
    }

    /// What the events make of it.
    #[must_use]
    pub fn after(mut self, events: Vec<Event>) -> Self {
        for event in events {
            self.issue = evolve(self.issue, &event).unwrap();
            self.events.push(event);
        }
        self
    }

    pub fn try_step(&mut self, command: Command, by: &Actor) -> Result<(), Refused> {
        let events = decide(&self.issue, command, rules(), self.now, by)?;
        for event in events {
            self.issue = evolve(self.issue.clone(), &event).unwrap();
            self.events.push(event);
        }
        Ok(())
    }

    /// Takes a step in the capacity that the table asks for first.
    #[track_caller]
    pub fn step(&mut self, command: Command) -> &mut Self {
        let (state, action) = (self.issue.state(), command.action());
        let row = transition::TRANSITIONS.iter().find(|row| (row.0, row.1) == (state, action));
        let party = row.unwrap_or_else(|| panic!("{action} in {state}")).2;
        self.try_step(command, &actor(party)).unwrap();
        self
    }

    /// Takes steps one after another, a minute apart.
    #[track_caller]
    pub fn steps(&mut self, commands: impl IntoIterator<Item = Command>) -> &mut Self {
        for command in commands {
            self.now += TimeDelta::minutes(1);
            self.step(command);
        }
        self
    }

    pub fn set(&mut self, moment: &str) -> &mut Self {
        self.now = at(moment);
        self
    }

    pub fn clock(&self, key: &str) -> Clock {
        let key: ClockKey = key.parse().unwrap();
        let clocks = clocks(&self.issue, rules(), self.now).unwrap();
        clocks.into_iter().find(|clock| clock.key == key).unwrap_or_else(|| panic!("{key} never started"))
    }
}

/// From the signature to an issue in progress.
pub fn to_progress() -> [Command; 3] {
    [Command::Sign { difficulty: None }, dispatch(), Command::Accept]
}

/// From in progress to an issue that the firm is to rate.
pub fn to_rating() -> [Command; 3] {
    [contact(), reply(Outcome::Resolved), feed_back()]
}

pub fn closed() -> World {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating()).steps([rate(5), Command::PassAudit { note: None }]);
    world
}
