//! Whether a step with an order is taken, and what then happened. Time and rules come in, an event goes out.

use kernel::{AccountId, Timestamp, Version};

use super::{
    Action, Command, Event, Fact, Order, PlaceOrder, Plan, Refused,
    clock::rating_until,
    create, evolve,
    transition::{ENTRIES, TRANSITIONS, target},
};
use crate::domain::{
    Actor, By, Party, Rules, Who,
    clock::{Rung, clocks, pending},
};

/// Places a new order, bound to the rules given.
pub fn place(command: PlaceOrder, rules: Rules<'_>, now: Timestamp, by: &Actor) -> Result<Event, Refused> {
    let PlaceOrder { order_id, enterprise_id, offered, attendees, preferred, wish, manager } = command;
    let entry = ENTRIES.iter().find(|entry| may_act_as(by, entry.1)).ok_or(Refused::MayNotPlace)?;
    if offered.is_retired {
        return Err(Refused::OfferingRetired(offered.offering_id));
    }
    if offered.capacity < attendees {
        return Err(Refused::OverCapacity { capacity: offered.capacity });
    }
    let fact = Fact::Placed {
        order_id,
        enterprise_id,
        offering_id: offered.offering_id,
        department: offered.department,
        offering_kind: offered.kind,
        attendees,
        preferred,
        wish,
        manager,
        policy_version: rules.policy.version.clone(),
        calendar_version: rules.calendar.version().to_owned(),
    };
    let event = Event { version: Version::FIRST, at: now, by: By { who: by.who, party: entry.1 }, fact };
    look_ahead(&create(&event).expect("placing begins a history"), rules)?;
    Ok(event)
}

/// Takes a step, or says why not. The event follows on the version of the order.
pub fn decide(
    order: &Order,
    command: Command,
    rules: Rules<'_>,
    now: Timestamp,
    by: &Actor,
) -> Result<Event, Refused> {
    // A machine's clock may go back; the history of an order does not.
    let at = now.max(order.updated_at);
    let action = command.action();
    let by = permit(order, action, rules, at, by)?;
    let fact = fact(order, command, rules, at)?;
    let event = Event { version: order.version.next(), at, by, fact };
    let after = evolve(order.clone(), &event).expect("the table allows the step in this state");
    debug_assert_eq!(
        target(order.state(), action, by.party),
        Some(after.state()),
        "{action} broke the table"
    );
    look_ahead(&after, rules.rebound(&after).ok_or_else(|| not_bound(&after))?)?;
    Ok(event)
}

/// The steps that somebody may take now, in the order of the life of an order: those that [`decide`] would not refuse
/// for what the order and the actor are.
pub fn next_actions(
    order: &Order,
    rules: Rules<'_>,
    now: Timestamp,
    by: &Actor,
) -> Result<Vec<Action>, Refused> {
    let at = now.max(order.updated_at);
    let mut actions = Vec::new();
    for action in Action::ALL {
        match permit(order, *action, rules, at, by) {
            Ok(_) => actions.push(*action),
            Err(fault @ (Refused::NotBound { .. } | Refused::Calendar(_))) => return Err(fault),
            Err(_) => {}
        }
    }
    Ok(actions)
}

/// Whether the actor may take the step at all, and in which capacity.
fn permit(order: &Order, action: Action, rules: Rules<'_>, at: Timestamp, by: &Actor) -> Result<By, Refused> {
    if !rules.bind(order) {
        return Err(not_bound(order));
    }
    let from = order.state();
    let row = TRANSITIONS.iter().find(|row| (row.0, row.1) == (from, action) && may_act_as(by, row.2));
    let party = row.ok_or(Refused::NotAllowed { from, action })?.2;
    if let Some(party) = conflict(order, action, by) {
        return Err(Refused::ConflictOfDuty { action, party });
    }
    match action {
        Action::Deliver => match order.plan() {
            Some(plan) if at < plan.start => return Err(Refused::NotBegun { start: plan.start }),
            _ => {}
        },
        Action::Rate => match rating_until(order, rules)? {
            Some(until) if until < at => return Err(Refused::WindowOver { action, until }),
            _ => {}
        },
        Action::LapseRating => match rating_until(order, rules)? {
            Some(until) if at <= until => return Err(Refused::WindowOpen { until }),
            _ => {}
        },
        _ => {}
    }
    Ok(By { who: by.who, party })
}

fn not_bound(order: &Order) -> Refused {
    Refused::NotBound { policy: order.policy_version.clone(), calendar: order.calendar_version.clone() }
}

fn may_act_as(by: &Actor, party: Party) -> bool {
    let fits = match by.who {
        Who::Account(_) => !matches!(party, Party::Client | Party::System),
        Who::Client(_) => false,
        Who::System => party == Party::System,
    };
    fits && by.parties.contains(&party)
}

/// The capacity in which the person has to do with the order that excludes the step. `None`: none does.
///
/// - The manager of the firm, and whoever acted for the firm or belongs to it, takes no step of the department.
/// - Nobody speaks for the firm who acted for the department or belongs to it, delivers, or manages the firm.
fn conflict(order: &Order, action: Action, by: &Actor) -> Option<Party> {
    let Who::Account(account) = by.who else { return None };
    match action {
        Action::Accept | Action::Decline | Action::Schedule | Action::Reschedule | Action::Deliver => {
            manages(order, account, by)
                .or_else(|| acted_as(order, account, |party| party == Party::Firm))
                .or_else(|| belongs(by, Party::Firm))
        }
        Action::Rate | Action::Cancel => manages(order, account, by)
            .or_else(|| acted_as(order, account, |party| party != Party::Firm))
            .or_else(|| delivers(order, account).then_some(Party::Liaison))
            .or_else(|| belongs(by, Party::Liaison)),
        Action::Place | Action::LapseRating | Action::ReachRung | Action::ChangeCalendar => None,
    }
}

/// The manager now, when it was placed, or at any step in between.
fn manages(order: &Order, account: AccountId, by: &Actor) -> Option<Party> {
    let manages = by.manages_firm || order.manager == Some(account);
    if manages { Some(Party::Manager) } else { acted_as(order, account, |party| party == Party::Manager) }
}

fn delivers(order: &Order, account: AccountId) -> bool {
    order.liaison() == Some(account) || order.plan().is_some_and(|plan| plan.responsible == account)
}

/// Whether the firm, or the department, is theirs.
fn belongs(by: &Actor, party: Party) -> Option<Party> {
    by.stands_as.contains(&party).then_some(party)
}

fn acted_as(order: &Order, account: AccountId, excluded: impl Fn(Party) -> bool) -> Option<Party> {
    order.acted.get(&account)?.iter().copied().find(|party| excluded(*party))
}

fn fact(order: &Order, command: Command, rules: Rules<'_>, at: Timestamp) -> Result<Fact, Refused> {
    Ok(match command {
        Command::Accept => Fact::Accepted {},
        Command::Decline { reason } => Fact::Declined { reason },
        Command::Schedule { plan } => Fact::Scheduled { plan: to_come(plan, at)? },
        Command::Reschedule { plan, reason } => {
            Fact::Rescheduled { plan: to_come(plan, at)?, reason, missed: is_late(order, rules, at)? }
        }
        Command::Deliver { attendance, note } => Fact::Delivered { attendance, note },
        Command::Rate { stars, comment } => Fact::Rated { stars, comment },
        Command::LapseRating => Fact::RatingLapsed {},
        Command::Cancel { reason } => Fact::Cancelled { reason, missed: is_late(order, rules, at)? },
        Command::ReachRung { clock, rung } => {
            let found = pending(order, rules)?
                .into_iter()
                .find(|next| next.clock == clock && next.code == rung && next.at < at);
            let found = found.ok_or(Refused::RungNotDue { clock, rung })?;
            let Rung { clock, code: rung, at: _, due_at, overdue, light, notify, reached: _ } = found;
            Fact::RungReached { clock, rung, due_at, overdue, light, notify }
        }
        Command::ChangeCalendar { version } => {
            if version == order.calendar_version || rules.calendar_named(&version).is_none() {
                return Err(Refused::NoSuchCalendarChange { version });
            }
            Fact::CalendarChanged { calendar_version: version }
        }
    })
}

fn to_come(plan: Plan, at: Timestamp) -> Result<Plan, Refused> {
    if plan.start <= at { Err(Refused::TimePast { start: plan.start }) } else { Ok(plan) }
}

/// Whether the clock that runs is past its due time.
fn is_late(order: &Order, rules: Rules<'_>, at: Timestamp) -> Result<bool, Refused> {
    Ok(clocks(order, rules, at)?.iter().any(|clock| clock.is_running() && clock.late))
}

/// Whether every deadline that the order now has lies within the calendar: better refused than never due.
fn look_ahead(order: &Order, rules: Rules<'_>) -> Result<(), Refused> {
    clocks(order, rules, order.updated_at)?;
    pending(order, rules)?;
    Ok(())
}
