//! Two people who act on the same issue at once, with the same etag: exactly one of them wins.

use proto::workflow::v1::{Channel, Difficulty, IssueState, Outcome};
use testkit::Engine;

use super::{
    city::{Dept, Firm, N_PLAIN, PEOPLE, Section},
    dice::Dice,
    reference::{
        act::{Act, Submission},
        calendar,
    },
    script::Entry,
    world::World,
};

/// A step that somebody takes.
type Taken = (usize, Act);

/// What is raced for: steps that change the issue, each in a state of its own.
fn acts(day: i64) -> Vec<Act> {
    let reply = |outcome| Act::Reply { outcome, basis: true, without_help: true };
    vec![
        Act::Assign(Dept::Housing),
        Act::Assign(Dept::Traffic),
        Act::Sign(None),
        Act::Sign(Some(Difficulty::Hard)),
        Act::Reject,
        Act::Appeal,
        Act::RequestReturn { new_fact: true },
        Act::Uphold(Dept::Traffic),
        Act::Uphold(Dept::Housing),
        Act::Deny,
        Act::Dispatch { section: Section::Roads, help: vec![Section::Budget] },
        Act::Dispatch { section: Section::Signals, help: Vec::new() },
        Act::AddCoSection(Section::Bridges),
        Act::ReplyCoTask(1),
        Act::Accept,
        Act::Object,
        Act::Contact,
        Act::Progress,
        Act::Ask,
        Act::Supply,
        Act::RequestExtension(2),
        Act::DecideExtension(true),
        Act::Plan { by: 401, day },
        Act::Plan { by: 405, day },
        Act::Review,
        reply(Outcome::Resolved),
        reply(Outcome::Explained),
        Act::SendBack,
        Act::FeedBack,
        Act::Rate(1),
        Act::Rate(5),
        Act::Dispute,
        Act::Audit(true),
        Act::Audit(false),
        Act::Reopen,
        Act::RequestWithdrawal,
        Act::DecideWithdrawal(false, Channel::Visit),
        Act::Supervise(1),
        Act::Instruct,
        Act::AnswerInstruction(1),
    ]
}

async fn new_issue(world: &mut World) -> usize {
    let asked =
        Submission { firm: Firm::Dairy, category: "municipal_facilities", about: None, confidential: false };
    world.run(&Entry::Submit { by: Some(0), asked }).await.unwrap();
    // Long enough for a deputy to sign.
    world.run(&Entry::Pass(3_600)).await.unwrap();
    world.model.issues.len() - 1
}

/// Steps that the model would let somebody take now, by different people.
fn rivals(world: &World, dice: &mut Dice, id: usize) -> Option<(Taken, Taken)> {
    let now = world.now();
    let possible: Vec<Taken> = acts(calendar::local_day(now) + 9)
        .into_iter()
        .flat_map(|act| (0..N_PLAIN).map(move |by| (by, act.clone())))
        .filter(|(by, act)| world.model.would_take(&PEOPLE[*by], id, act, now))
        .collect();
    let one = possible.get(dice.below(possible.len().max(1)))?.clone();
    let others: Vec<&Taken> = possible.iter().filter(|(by, _)| *by != one.0).collect();
    let other = (*others.get(dice.below(others.len().max(1)))?).clone();
    Some((one, other))
}

/// So many races on one engine. Tells over how many different pairs of steps they went.
pub async fn races(engine: Engine, n: usize, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    // Monday 4 March 2024, nine in the morning.
    let mut world = World::start(engine, 1_709_514_000).await;
    let mut pairs = std::collections::BTreeSet::new();
    let mut id = new_issue(&mut world).await;
    let mut run = 0;
    let mut on_this = 0;
    while run < n {
        let merging = world.model.issues[id].state == IssueState::Submitted && dice.chance(100);
        let found = if 60 < on_this { None } else { rivals(&world, &mut dice, id) };
        let Some((one, other)) = found else {
            id = new_issue(&mut world).await;
            on_this = 0;
            continue;
        };
        if merging {
            let lead = new_issue(&mut world).await;
            if !world.model.would_take(&PEOPLE[17], lead, &Act::Merge(vec![id]), world.now()) {
                continue;
            }
            world.race((17, lead, Act::Merge(vec![id])), (one.0, id, one.1)).await;
            pairs.insert(("MERGE", "SIGN"));
            id = lead;
        } else {
            pairs.insert((one.1.name().min(other.1.name()), one.1.name().max(other.1.name())));
            world.race((one.0, id, one.1), (other.0, id, other.1)).await;
        }
        run += 1;
        on_this += 1;
        // Not always: the clock stands still now and then.
        if dice.chance(300) {
            world.run(&Entry::Pass(dice.range(1, 1_800))).await.unwrap();
        }
    }
    world.verify("", &[]).await.unwrap();
    world.app.stop().await;
    pairs.len()
}
