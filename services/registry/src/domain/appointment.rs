//! Appointments of managers to enterprises, and the course of all of one enterprise.

use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId, Timestamp, Version};

use super::refused::Refused;

/// A manager looking after an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Appointment {
    pub id: AppointmentId,
    pub enterprise: EnterpriseId,
    pub manager: AccountId,
    /// First day as manager.
    pub from: NaiveDate,
    pub end: Option<End>,
    /// Its place in the course of the enterprise; `None` when it was ended before it took effect.
    pub place: Option<Place>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: Version,
}

/// The end of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// First day as manager no longer: the first day itself when the appointment never took effect.
    pub date: NaiveDate,
    pub reason: EndReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    Ended,
    HandedOver,
    EnterpriseRetired,
}

/// Where an appointment stands among those of its enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1 for the first.
    pub number: i64,
    /// End of the one before; `None` for the first.
    pub after: Option<NaiveDate>,
}

impl Appointment {
    pub(crate) fn is_in_force(&self, day: NaiveDate) -> bool {
        self.from <= day && self.end.is_none_or(|end| day < end.date)
    }

    /// Whether it is in force on `day`, or will be on a later one.
    fn runs_from(&self, day: NaiveDate) -> bool {
        self.place.is_some() && self.end.is_none_or(|end| day < end.date)
    }

    fn ended(&self, date: NaiveDate, reason: EndReason, now: Timestamp) -> Self {
        let date = date.max(self.from);
        Self {
            end: Some(End { date, reason }),
            place: if date == self.from { None } else { self.place },
            updated_at: now,
            version: self.version.next(),
            ..self.clone()
        }
    }
}

/// The appointments of one enterprise that took or will take effect, in order. Each begins on or after the day
/// on which the one before ends, so no two are in force on the same day; only the last may be without an end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Course(Vec<Appointment>);

impl Course {
    /// Appointments of one enterprise; those without a place are left out.
    pub(crate) fn new(appointments: impl IntoIterator<Item = Appointment>) -> Self {
        let mut placed: Vec<_> =
            appointments.into_iter().filter(|appointment| appointment.place.is_some()).collect();
        placed.sort_by_key(|appointment| appointment.place.map(|place| place.number));
        Self(placed)
    }

    /// The appointment in force on a day.
    pub(crate) fn on(&self, day: NaiveDate) -> Option<&Appointment> {
        self.0.iter().find(|appointment| appointment.is_in_force(day))
    }

    /// Whether the account is manager on `day`, or will be on a later one.
    pub(crate) fn has_manager_from(&self, account: AccountId, day: NaiveDate) -> bool {
        self.0.iter().any(|appointment| appointment.manager == account && appointment.runs_from(day))
    }

    /// A new appointment after the last one.
    pub(crate) fn appoint(
        &self,
        id: AppointmentId,
        enterprise: EnterpriseId,
        manager: AccountId,
        from: NaiveDate,
        end: Option<End>,
        now: Timestamp,
    ) -> Result<Appointment, Refused> {
        let place = match self.0.last() {
            None => Place { number: 1, after: None },
            Some(latest) => {
                let free_from = latest.end.map(|end| end.date);
                if free_from.is_none_or(|free_from| from < free_from) {
                    return Err(Refused::Overlaps { enterprise, latest: latest.id, free_from });
                }
                let number = latest.place.map_or(0, |place| place.number) + 1;
                Place { number, after: free_from }
            }
        };
        Ok(Appointment {
            id,
            enterprise,
            manager,
            from,
            end,
            place: Some(place),
            created_at: now,
            updated_at: now,
            version: Version::FIRST,
        })
    }

    /// Ends the last appointment on a day, or moves its end there; what is past stays.
    pub(crate) fn end(
        &self,
        id: AppointmentId,
        date: NaiveDate,
        reason: EndReason,
        today: NaiveDate,
        now: Timestamp,
    ) -> Result<Appointment, Refused> {
        if date < today {
            return Err(Refused::EndDatePast { today });
        }
        let Some(at) = self.0.iter().position(|appointment| appointment.id == id) else {
            return Err(Refused::AppointmentOver(id));
        };
        let (appointment, later) = (&self.0[at], self.0.get(at + 1));
        if appointment.end.is_some_and(|end| end.date <= today) {
            return Err(Refused::AppointmentOver(id));
        }
        if let Some(successor) = later {
            let enterprise = appointment.enterprise;
            return Err(Refused::SuccessorPlanned { enterprise, successor: successor.id });
        }
        Ok(appointment.ended(date, reason, now))
    }

    /// Ends everything that is not past: each appointment as it was and as it is ended, the last one first, as
    /// one may be ended only while nothing follows it.
    pub(crate) fn end_all(
        &self,
        reason: EndReason,
        today: NaiveDate,
        now: Timestamp,
    ) -> Vec<(&Appointment, Appointment)> {
        let running = self.0.iter().rev().filter(|appointment| appointment.runs_from(today));
        running.map(|appointment| (appointment, appointment.ended(today, reason, now))).collect()
    }

    /// Hands the manager's appointment that is in force on the day of the handover, or begins later, over to the
    /// new one. `None`: the manager has no such appointment.
    pub(crate) fn hand_over(
        &self,
        handover: &Handover,
        new_id: AppointmentId,
        now: Timestamp,
    ) -> Result<Option<HandedOver>, Refused> {
        let &Handover { from_manager, to_manager, day, today } = handover;
        let Some(old) = self.to_hand_over(from_manager, day) else { return Ok(None) };
        let from = day.max(old.from);
        let ended = self.end(old.id, from, EndReason::HandedOver, today, now)?;
        let without =
            Self::new(self.0.iter().filter(|other| other.id != old.id).cloned().chain([ended.clone()]));
        let new = without.appoint(new_id, old.enterprise, to_manager, from, old.end, now)?;
        Ok(Some(HandedOver { old_version: old.version, ended, new }))
    }

    fn to_hand_over(&self, manager: AccountId, day: NaiveDate) -> Option<&Appointment> {
        self.0.iter().find(|appointment| appointment.manager == manager && appointment.runs_from(day))
    }
}

/// Which manager's enterprises go to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handover {
    pub from_manager: AccountId,
    pub to_manager: AccountId,
    /// First day of the new manager.
    pub day: NaiveDate,
    pub today: NaiveDate,
}

impl Handover {
    pub(crate) fn expect_not_past(&self) -> Result<(), Refused> {
        if self.day < self.today { Err(Refused::EndDatePast { today: self.today }) } else { Ok(()) }
    }
}

/// One enterprise handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandedOver {
    /// Version of the old appointment before its end.
    pub old_version: Version,
    pub ended: Appointment,
    pub new: Appointment,
}

/// Refuses a handover of nothing, or of another number of appointments than the caller has seen.
pub(crate) fn expect_count(manager: AccountId, expected: usize, found: usize) -> Result<(), Refused> {
    if found == 0 {
        Err(Refused::NothingToHandOver(manager))
    } else if found == expected {
        Ok(())
    } else {
        Err(Refused::HandoverChanged { expected, found })
    }
}

#[cfg(test)]
mod tests;
