//! How an issue looks, aspect by aspect, from the model and from the contract.

use std::collections::{BTreeMap, HashMap};

use proto::workflow::v1::{self as pb, Confirmation, IssueParty, Light};
use uuid::Uuid;

use super::{
    Model, access,
    calendar::{self, Limit, Second},
    issue::{Clock, Issue},
};
use crate::model::city::Person;

/// What can be read of an issue, by the name of the aspect.
pub type View = BTreeMap<String, String>;

/// The places of issues by their ids.
pub type Places = HashMap<String, usize>;

fn light_of(clock: &Clock, now: Second) -> Light {
    if clock.kind == 6 {
        return Light::Green;
    }
    let yellow = match clock.kind {
        0 | 1 | 2 | 9 => calendar::half(clock.start, clock.due()),
        _ => calendar::days_before(clock.due(), 1),
    };
    match now {
        now if clock.due() < now => Light::Red,
        now if yellow <= now => Light::Yellow,
        _ => Light::Green,
    }
}

fn light(issue: &Issue, now: Second) -> Light {
    let running = issue.clocks.iter().filter(|clock| clock.runs());
    let worst = running.map(|clock| light_of(clock, now)).max_by_key(|light| *light as i32);
    if issue.is_open() { worst.unwrap_or(Light::Green) } else { Light::Off }
}

fn confirmation(issue: &Issue, now: Second) -> Confirmation {
    if issue.raised_as == IssueParty::Firm {
        return Confirmation::NotNeeded;
    }
    let until = calendar::deadline(issue.submitted, Limit::Days(2), &[]);
    match issue.confirmed {
        true => Confirmation::Confirmed,
        false if until < now => Confirmation::Unconfirmed,
        false => Confirmation::Awaited,
    }
}

fn clock_line(clock: &Clock, now: Second) -> String {
    let late = clock.late(now);
    let (is_late, by) = (late.is_some(), late.unwrap_or(0));
    format!("from {} due {} stopped {:?} late {is_late} by {by}", clock.start, clock.due(), clock.stopped)
}

impl Model {
    /// An issue as this person sees it.
    pub fn view(&self, id: usize, by: &Person, now: Second) -> View {
        let issue = &self.issues[id];
        let mut view = View::new();
        let mut put = |aspect: &str, value: String| view.insert(aspect.to_owned(), value);
        put("state", issue.state.as_str_name().to_owned());
        put("holder", issue.holder().as_str_name().to_owned());
        put("light", light(issue, now).as_str_name().to_owned());
        put("difficulty", issue.difficulty.as_str_name().to_owned());
        put("confirmation", confirmation(issue, now).as_str_name().to_owned());
        put("category", issue.category.to_owned());
        put("raised by", format!("{:?} {}", issue.raised_by.unwrap_or(0), issue.raised_as.as_str_name()));
        put("manager", crate::model::city::manager_of(issue.firm).to_string());
        put("about", format!("{} {}", issue.about.map_or(0, |dept| dept as u32), issue.confidential));
        put("department", issue.dept.map_or(0, |dept| dept as u32).to_string());
        put("liaison", issue.liaison.unwrap_or(0).to_string());
        put("section", issue.section.map_or(0, |section| section as u32).to_string());
        put("handler", issue.handler.unwrap_or(0).to_string());
        let plan = |plan: &super::issue::Plan| format!("{} on {}", plan.by, calendar::date(plan.day));
        put("plan", issue.plan.as_ref().map_or_else(String::new, plan));
        let office = access::is_office(by, issue);
        let reply = issue.reply.as_ref().filter(|reply| office || reply.heard.is_some());
        let reply = reply.map(|reply| {
            format!("{} by {} at {} heard {:?}", reply.outcome.as_str_name(), reply.by, reply.at, reply.heard)
        });
        put("reply", reply.unwrap_or_default());
        put("ratings", format!("{:?}", issue.ratings));
        put("counts", format!("{:?}", issue.counts));
        put("submitted", issue.submitted.to_string());
        put("closed", format!("{:?}", issue.closed));
        let reopen = issue.closed.map(|at| calendar::deadline(at, Limit::Days(10), &[]));
        put("reopen until", format!("{reopen:?}"));
        let due = issue.clocks.iter().filter(|clock| clock.runs()).map(Clock::due).min();
        put("due", format!("{due:?}"));
        put("open seconds", (issue.ended().unwrap_or(now) - issue.submitted).to_string());
        put("level", issue.level.to_string());
        put("extension", format!("{:?}", issue.extension));
        let tasks = issue.co_tasks.iter().map(|task| {
            let by = task.by.unwrap_or(0);
            format!("{} {} {} {by} {:?}", task.section as u32, task.start, task.state.as_str_name(), task.end)
        });
        put("co-tasks", tasks.collect::<Vec<_>>().join(", "));
        let instructions =
            issue.instructions.iter().map(|one| format!("{} {} {:?}", one.by, one.at, one.answered));
        put("instructions", instructions.collect::<Vec<_>>().join(", "));
        put("merged into", format!("{:?}", issue.merged_into));
        let mut children: Vec<usize> = issue.children.iter().map(|(child, _)| *child).collect();
        children.sort_unstable();
        put("merged", format!("{children:?}"));
        put("supply until", format!("{:?}", issue.supply_until()));
        for clock in &issue.clocks {
            put(&clock.name(), clock_line(clock, now));
        }
        view
    }
}

impl Issue {
    /// When it came to an end, if it has.
    pub fn ended(&self) -> Option<Second> {
        if self.is_open() {
            return None;
        }
        self.held.last().map(|(_, at)| *at)
    }
}

fn number(id: &str) -> u32 {
    let id: Option<Uuid> = id.parse().ok();
    id.and_then(|id| u32::try_from(id.as_u128()).ok()).unwrap_or(0)
}

fn second(at: Option<prost_types::Timestamp>) -> Option<Second> {
    at.map(|at| {
        assert_eq!(at.nanos, 0, "all that happens here happens on the second");
        at.seconds
    })
}

/// The same of an issue as the service shows it.
pub fn shown(issue: &pb::Issue, places: &Places) -> View {
    let mut view = View::new();
    let mut put = |aspect: &str, value: String| view.insert(aspect.to_owned(), value);
    put("state", issue.state().as_str_name().to_owned());
    put("holder", issue.holder().as_str_name().to_owned());
    put("light", issue.light().as_str_name().to_owned());
    put("difficulty", issue.difficulty().as_str_name().to_owned());
    put("confirmation", issue.confirmation().as_str_name().to_owned());
    put("category", issue.category.clone());
    put("raised by", format!("{} {}", number(&issue.raised_by_id), issue.raised_by_party().as_str_name()));
    put("manager", number(&issue.manager_id).to_string());
    put("about", format!("{} {}", number(&issue.about_department_id), issue.confidential));
    put("department", number(&issue.department_id).to_string());
    put("liaison", number(&issue.liaison_id).to_string());
    put("section", number(&issue.section_id).to_string());
    put("handler", number(&issue.handler_id).to_string());
    let plan = |plan: &pb::Plan| {
        let day = plan.committed_date.unwrap();
        format!("{} on {:04}-{:02}-{:02}", number(&plan.responsible_id), day.year, day.month, day.day)
    };
    put("plan", issue.plan.as_ref().map_or_else(String::new, plan));
    let reply = issue.reply.as_ref().map(|reply| {
        let (by, at) = (number(&reply.handler_id), second(reply.reply_time).unwrap());
        format!("{} by {by} at {at} heard {:?}", reply.outcome().as_str_name(), second(reply.feed_back_time))
    });
    put("reply", reply.unwrap_or_default());
    let ratings: Vec<(i32, i32)> = issue.ratings.iter().map(|rating| (rating.round, rating.stars)).collect();
    put("ratings", format!("{ratings:?}"));
    put("counts", format!("{:?}", issue.counts.unwrap_or_default()));
    put("submitted", second(issue.submit_time).unwrap().to_string());
    put("closed", format!("{:?}", second(issue.close_time)));
    put("reopen until", format!("{:?}", second(issue.reopen_until_time)));
    put("due", format!("{:?}", second(issue.due_time)));
    put("open seconds", issue.open_seconds.to_string());
    put("level", issue.supervision_level.to_string());
    let extension = issue.extension.as_ref();
    let extension =
        extension.map(|one| (number(&one.requester_id), one.working_days, second(one.request_time).unwrap()));
    put("extension", format!("{extension:?}"));
    let tasks = issue.co_tasks.iter().map(|task| {
        let (section, start, by) =
            (number(&task.section_id), second(task.start_time).unwrap(), number(&task.handler_id));
        format!("{section} {start} {} {by} {:?}", task.state().as_str_name(), second(task.end_time))
    });
    put("co-tasks", tasks.collect::<Vec<_>>().join(", "));
    let instructions = issue.instructions.iter().map(|one| {
        format!(
            "{} {} {:?}",
            number(&one.leader_id),
            second(one.instruct_time).unwrap(),
            second(one.answer_time)
        )
    });
    put("instructions", instructions.collect::<Vec<_>>().join(", "));
    put("merged into", format!("{:?}", places.get(&issue.merged_into_id)));
    let mut children: Vec<usize> = issue.merged_issue_ids.iter().map(|id| places[id]).collect();
    children.sort_unstable();
    put("merged", format!("{children:?}"));
    put("supply until", format!("{:?}", second(issue.supply_until_time)));
    for clock in &issue.clocks {
        let (start, due) = (second(clock.start_time).unwrap(), second(clock.due_time).unwrap());
        let (stop, late, by) = (second(clock.stop_time), clock.late, clock.late_working_seconds);
        put(&clock.clock, format!("from {start} due {due} stopped {stop:?} late {late} by {by}"));
    }
    view
}
