//! Picks what happens next: mostly what makes sense, so that deep states are reached, and nonsense now and then.

use proto::workflow::v1::{
    Channel, CommentAudience, Difficulty, IssueAction as A, IssueParty, IssueState as S, Outcome,
};

use super::{
    city::{Dept, Firm, N_PLAIN, PEOPLE, Post, SECTIONS, Section, dept_of},
    dice::Dice,
    reference::{
        Model, access,
        act::{Act, Submission},
        calendar::{self, Second},
        issue::{Clock, Issue},
        table,
    },
    script::Entry,
};

const CATEGORIES: [&str; 7] =
    ["municipal_facilities", "municipal_facilities", "land", "land", "other", "funding", "procedures"];
/// Issues that are open at once.
const BUSY: usize = 30;

/// What is picked from.
pub struct Scene<'a> {
    pub model: &'a Model,
    pub now: Second,
    /// After this moment time goes by in minutes alone.
    pub end: Second,
    /// Places of issues that are left alone.
    pub left_out: &'a std::collections::HashSet<usize>,
}

impl Scene<'_> {
    pub fn pick(&self, dice: &mut Dice) -> Entry {
        let issues = &self.model.issues;
        let live: Vec<usize> = (0..issues.len()).filter(|id| !self.left_out.contains(id)).collect();
        let open: Vec<usize> = live.iter().copied().filter(|id| issues[*id].is_open()).collect();
        if live.is_empty() || open.len() < 8 || open.len() < BUSY && dice.chance(70) {
            return submission(dice);
        }
        let id = if dice.chance(850) && !open.is_empty() {
            dice.of(&open)
        } else {
            // What has ended lately is more likely to be reopened, appealed or unmerged than what ended long ago.
            live[live.len() - 1 - dice.below(live.len().min(80))]
        };
        match dice.below(1_000) {
            0..100 => Entry::Pass(self.a_while(dice, id)),
            100..135 => Entry::Sweep,
            135..165 => Entry::Look { by: anybody(dice), id },
            165..205 => Entry::Ask { by: anybody(dice), id },
            205..207 => Entry::List { by: anybody(dice) },
            207..210 => Entry::Explain { id },
            210 if dice.chance(250) => Entry::Verify { id },
            210..225 => Entry::Repeat { id },
            225..229 => Entry::Reuse { id },
            229..360 => self.wild(dice, id),
            _ => self.sensible(dice, id),
        }
    }

    fn a_while(&self, dice: &mut Dice, id: usize) -> Second {
        let minutes = |n: i64| n * 60;
        let some = match dice.below(1_000) {
            0..550 => minutes(dice.range(1, 60)),
            550..750 => minutes(dice.range(60, 300)) + dice.range(0, 59),
            750..900 => {
                // To where something of the issue falls due, or a second beside it.
                let issue = &self.model.issues[id];
                let dues: Vec<Second> =
                    issue.clocks.iter().filter(|clock| clock.runs()).map(Clock::due).collect();
                let due = if dues.is_empty() { self.now } else { dice.of(&dues) };
                let due = if dice.chance(300) { calendar::days_before(due, 1) } else { due };
                due + dice.range(-1, 1) - self.now
            }
            900..980 => minutes(dice.range(600, 3 * 1_440)),
            980..997 => minutes(dice.range(3, 9) * 1_440),
            _ => minutes(dice.range(9, 20) * 1_440),
        };
        let most = if self.end < self.now { 60 } else { 25 * 86_400 };
        some.clamp(1, most)
    }

    /// Anybody wants anything.
    fn wild(&self, dice: &mut Dice, id: usize) -> Entry {
        let by = anybody(dice);
        let (action, ..) = table::ROWS[dice.below(table::ROWS.len())];
        let act = self.act(dice, action, id, by);
        Self::step(dice, by, id, act)
    }

    /// One of those who may take a step takes it.
    fn sensible(&self, dice: &mut Dice, id: usize) -> Entry {
        let issue = &self.model.issues[id];
        let rows: Vec<_> =
            table::ROWS.iter().filter(|(_, states, _)| states.contains(&issue.state)).collect();
        let weights: Vec<usize> = rows.iter().map(|(action, ..)| weight(*action, issue)).collect();
        let (action, _, parties) = rows[dice.weighed(&weights)];
        let party = dice.of(parties);
        let by = self.somebody(dice, issue, party).unwrap_or_else(|| anybody(dice));
        let act = self.act(dice, *action, id, by);
        Self::step(dice, by, id, act)
    }

    fn somebody(&self, dice: &mut Dice, issue: &Issue, party: IssueParty) -> Option<usize> {
        let n = if dice.chance(950) { N_PLAIN } else { PEOPLE.len() };
        let mut lead = issue.clone();
        if let Some(into) = issue.merged_into {
            lead.dept = self.model.issues[into].dept;
        }
        let fit: Vec<usize> =
            (0..n).filter(|by| access::all_parties(&PEOPLE[*by], &lead).contains(&party)).collect();
        let usual = |by: &usize| {
            let account = Some(PEOPLE[*by].account);
            match party {
                IssueParty::Liaison => account == issue.liaison,
                IssueParty::Section => account == issue.handler,
                _ => true,
            }
        };
        let first: Vec<usize> = fit.iter().copied().filter(usual).collect();
        match (first.is_empty(), fit.is_empty()) {
            (false, _) if dice.chance(800) => Some(dice.of(&first)),
            (_, false) => Some(dice.of(&fit)),
            _ => None,
        }
    }

    fn step(dice: &mut Dice, by: usize, id: usize, act: Act) -> Entry {
        Entry::Step { by, id, act, stale: dice.chance(25) }
    }

    fn act(&self, dice: &mut Dice, action: A, id: usize, by: usize) -> Act {
        let issue = &self.model.issues[id];
        match action {
            A::Confirm => Act::Confirm,
            A::Assign => Act::Assign(a_dept(dice)),
            A::Sign => Act::Sign(match dice.below(6) {
                0 => Some(Difficulty::Consultation),
                1 => Some(Difficulty::Normal),
                2 => Some(Difficulty::Hard),
                _ => None,
            }),
            A::RequestReturn => Act::RequestReturn { new_fact: dice.chance(600) },
            A::RuleOnReturn if dice.chance(500) => Act::Deny,
            A::RuleOnReturn => Act::Uphold(match issue.dept {
                Some(Dept::Housing) if dice.chance(850) => Dept::Traffic,
                Some(Dept::Traffic) if dice.chance(850) => Dept::Housing,
                _ => a_dept(dice),
            }),
            A::RejectOutOfScope => Act::Reject,
            A::AppealScope => Act::Appeal,
            A::Dispatch => {
                let help = if dice.chance(200) { vec![a_section(dice)] } else { Vec::new() };
                let own: Vec<Section> =
                    SECTIONS.into_iter().filter(|one| dept_of(*one) == issue.dept).collect();
                let section =
                    if !own.is_empty() && dice.chance(930) { dice.of(&own) } else { a_section(dice) };
                let help = if dice.chance(30) { vec![a_section(dice), a_section(dice)] } else { help };
                Act::Dispatch { section, help }
            }
            A::AddCoSection => Act::AddCoSection(a_section(dice)),
            A::ReplyCoTask => Act::ReplyCoTask(
                u32::try_from(dice.range(1, 1 + i64::try_from(issue.co_tasks.len()).unwrap())).unwrap(),
            ),
            A::Accept => Act::Accept,
            A::Object => Act::Object,
            A::RecordContact => Act::Contact,
            A::RecordProgress => Act::Progress,
            A::RecordInterimMeasure => Act::Interim,
            A::AskFirm => Act::Ask,
            A::SupplyInformation => Act::Supply,
            A::RequestExtension => Act::RequestExtension(i32::try_from(dice.range(1, 11)).unwrap()),
            A::DecideExtension => Act::DecideExtension(dice.chance(700)),
            A::Plan | A::Replan => {
                let day = calendar::local_day(self.now) + dice.range(0, 40);
                let own = PEOPLE[by].posts.iter().any(|post| matches!(post, Post::Handler(_)));
                let by = if own && dice.chance(900) {
                    PEOPLE[by].account
                } else {
                    PEOPLE[dice.below(N_PLAIN)].account
                };
                if action == A::Plan { Act::Plan { by, day } } else { Act::Replan { by, day } }
            }
            A::ReviewPlan => Act::Review,
            A::Reply if issue.state == S::Rectifying && dice.chance(250) => Act::Explain,
            A::Reply => Self::reply(dice, issue),
            A::SendBack => Act::SendBack,
            A::FeedBack => Act::FeedBack,
            A::Rate => Act::Rate(dice.of(&[1, 2, 3, 4, 5, 5])),
            A::Dispute => Act::Dispute,
            A::Audit => Act::Audit(dice.chance(700)),
            A::Reopen => Act::Reopen,
            A::RequestWithdrawal => Act::RequestWithdrawal,
            A::DecideWithdrawal => {
                let channels = [Channel::Telephone, Channel::Visit, Channel::Letter, Channel::Portal];
                Act::DecideWithdrawal(dice.chance(300), dice.of(&channels))
            }
            A::Merge | A::Absorb => self.merge(dice, action, id),
            A::Unmerge => Act::Unmerge,
            A::Supervise => Act::Supervise(i32::try_from(dice.range(0, 3)).unwrap()),
            A::Instruct => Act::Instruct,
            A::AnswerInstruction => {
                let n = i64::try_from(issue.instructions.len()).unwrap();
                Act::AnswerInstruction(u32::try_from(dice.range(1, n.max(1))).unwrap())
            }
            A::Comment => Act::Comment(dice.of(&[
                CommentAudience::Firm,
                CommentAudience::Department,
                CommentAudience::Joint,
                CommentAudience::Audit,
            ])),
            _ => Act::Urge,
        }
    }

    fn reply(dice: &mut Dice, issue: &Issue) -> Act {
        let usual = if issue.state == S::Planned { Outcome::PlannedDelivered } else { Outcome::Resolved };
        let outcome = match dice.below(10) {
            0..6 => usual,
            6 => Outcome::Explained,
            7 => Outcome::Partial,
            8 => Outcome::PlannedDelivered,
            _ => Outcome::Infeasible,
        };
        Act::Reply { outcome, basis: dice.chance(700), without_help: dice.chance(400) }
    }

    /// Children for this lead; the lead of [`A::Merge`] is the issue itself as well, that wants others of its kind.
    fn merge(&self, dice: &mut Dice, action: A, id: usize) -> Act {
        let lead = &self.model.issues[id];
        let fits = |other: &usize| {
            let one = &self.model.issues[*other];
            *other != id
                && !self.left_out.contains(other)
                && (matches!(one.state, S::Triage | S::Submitted)
                    && (action == A::Absorb || one.dept == lead.dept))
        };
        let fit: Vec<usize> = (0..self.model.issues.len()).filter(fits).collect();
        let mut children = Vec::new();
        for _ in 0..=dice.below(2) {
            let any = fit.is_empty() || dice.chance(60);
            let all = self.model.issues.len();
            let child = if any { dice.below(all) } else { dice.of(&fit) };
            if !self.left_out.contains(&child) && (!children.contains(&child) || dice.chance(100)) {
                children.push(child);
            }
        }
        if children.is_empty() { Act::Progress } else { Act::Merge(children) }
    }
}

/// How likely a step is, so that issues come to an end and are seldom sent round in circles.
fn weight(action: A, issue: &Issue) -> usize {
    let open_task = issue.co_tasks.iter().any(|task| task.end.is_none());
    let open_instruction = issue.instructions.iter().any(|one| one.answered.is_none());
    match action {
        // Seldom meet: a task of another section is left open by an objection, and a return follows.
        A::RuleOnReturn | A::ReplyCoTask if open_task && issue.state == S::ReturnPending => 40,
        A::RequestReturn if open_task => 60,
        A::Object if open_task => 15,
        A::Assign | A::RuleOnReturn | A::DecideWithdrawal => 60,
        A::Sign | A::Dispatch | A::Accept | A::Audit => 50,
        A::FeedBack if issue.merged_into.is_some() => 12,
        A::FeedBack | A::Reply => 30,
        A::Rate => 25,
        A::SupplyInformation | A::AppealScope | A::Reopen => 20,
        A::ReplyCoTask if open_task => 20,
        A::AnswerInstruction if open_instruction => 25,
        A::DecideExtension if issue.extension.is_some() => 25,
        A::Confirm if issue.raised_as != IssueParty::Firm && !issue.confirmed => 25,
        A::RecordContact | A::RequestExtension => 10,
        A::Plan | A::AskFirm | A::RequestReturn | A::SendBack | A::Dispute | A::Replan => 6,
        A::Object | A::ReviewPlan | A::AddCoSection | A::Unmerge | A::Merge => 5,
        A::RecordProgress | A::RecordInterimMeasure | A::RejectOutOfScope | A::Urge | A::Absorb => 3,
        _ => 2,
    }
}

fn anybody(dice: &mut Dice) -> usize {
    dice.below(PEOPLE.len())
}

fn a_dept(dice: &mut Dice) -> Dept {
    dice.of(&[
        Dept::Housing,
        Dept::Housing,
        Dept::Housing,
        Dept::Traffic,
        Dept::Traffic,
        Dept::Finance,
        Dept::Nowhere,
    ])
}

fn a_section(dice: &mut Dice) -> Section {
    if dice.chance(30) { Section::Nowhere } else { dice.of(&SECTIONS) }
}

fn submission(dice: &mut Dice) -> Entry {
    let firm = dice.of(&[Firm::Dairy, Firm::Steel]);
    let by = match dice.below(20) {
        0 => None,
        1 => Some(anybody(dice)),
        2..8 => Some(if firm == Firm::Dairy { 3 } else { 4 }),
        _ => Some(if firm == Firm::Dairy { dice.of(&[0, 2]) } else { 1 }),
    };
    let about = if dice.chance(60) { Some(a_dept(dice)) } else { None };
    let asked = Submission { firm, category: dice.of(&CATEGORIES), about, confidential: dice.chance(80) };
    Entry::Submit { by, asked }
}
