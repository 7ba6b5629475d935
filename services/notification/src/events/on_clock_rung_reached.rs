//! A clock of an issue runs out, or ran out: the event says who is to be told.

use events::Received;
use prost::Name as _;
use proto::workflow::v1::{ClockRungReached, NotifyTarget};

use super::{
    EventError,
    fields::{id_or_none, instant},
    happening::Told,
    parties,
};
use crate::domain::{
    Audience, Placeholder,
    rules::{Happening, Recipient},
};

pub(super) fn types() -> Vec<String> {
    vec![ClockRungReached::full_name()]
}

/// What an event tells; `None` if it is not one of these.
pub(super) fn read(event: &Received) -> Result<Option<Told>, EventError> {
    let Some(payload) = event.payload::<ClockRungReached>()? else { return Ok(None) };
    let ClockRungReached {
        issue,
        clock,
        rung: _,
        due_time,
        light: _,
        notify,
        co_section_id,
        co_department_id,
    } = payload;
    let (mut told, _) = parties::read(issue)?;
    let due_at = instant("due_time", due_time)?;
    let is_overdue = due_at <= event.time;
    told.happened(if is_overdue { Happening::ClockOverdue } else { Happening::ClockWarning });
    told.value(Placeholder::Clock, clock);
    told.at(Placeholder::Due, due_at);
    let is_of_task = notify.contains(&NotifyTarget::CoSection.into());
    if is_of_task {
        told.named.extend(id_or_none("co_section_id", &co_section_id)?.map(Audience::Section));
        // Its liaisons have to see to it, from when it is due.
        let department = id_or_none("co_department_id", &co_department_id)?;
        told.named.extend(department.filter(|_| is_overdue).map(Audience::Department));
        let leader = department.filter(|_| notify.contains(&NotifyTarget::DepartmentLeader.into()));
        told.named.extend(leader.map(Audience::DepartmentLeader));
    }
    // The leader of the department that asked does not lead those who are late.
    told.name(recipients(&notify).filter(|to| !is_of_task || *to != Recipient::DepartmentLeader));
    Ok(Some(told))
}

/// Those of the targets that are parties of every issue and order; a target of a later version is passed over.
pub(super) fn recipients(targets: &[i32]) -> impl Iterator<Item = Recipient> {
    targets.iter().filter_map(|target| match NotifyTarget::try_from(*target).ok()? {
        NotifyTarget::Unspecified | NotifyTarget::CoSection => None,
        NotifyTarget::Holder => Some(Recipient::Holder),
        NotifyTarget::Liaison => Some(Recipient::Liaison),
        NotifyTarget::Section => Some(Recipient::Section),
        NotifyTarget::SectionHead => Some(Recipient::SectionHead),
        NotifyTarget::Department => Some(Recipient::Department),
        NotifyTarget::DepartmentLeader => Some(Recipient::DepartmentLeader),
        NotifyTarget::Manager => Some(Recipient::Manager),
        NotifyTarget::Operator => Some(Recipient::Operators),
        NotifyTarget::Firm => Some(Recipient::Firm),
    })
}
