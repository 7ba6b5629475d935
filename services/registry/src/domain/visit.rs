//! Visits, and the steps that they take.

use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId, IssueId, Timestamp, Version, VisitId};

use super::{
    appointment::Course,
    day,
    enterprise::Enterprise,
    refused::Refused,
    text::{DisputeReason, Findings},
};

/// A visit of a manager to an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    pub id: VisitId,
    pub enterprise: EnterpriseId,
    pub manager: AccountId,
    /// The appointment under which it was made.
    pub appointment: AppointmentId,
    pub report: Report,
    pub state: VisitState,
    /// Kept when the firm confirms after all, or the manager takes the visit back.
    pub dispute: Option<DisputeReason>,
    /// The firm's last answer.
    pub answer: Option<Answer>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: Version,
}

/// What the manager tells of the visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub date: NaiveDate,
    pub kind: VisitKind,
    pub officials: Officials,
    pub findings: Findings,
    pub issues: Vec<IssueId>,
}

/// How many officials took part, the manager included: 1 to 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Officials(u8);

impl Officials {
    /// `None`: out of range.
    pub(crate) fn try_new(count: i64) -> Option<Self> {
        u8::try_from(count).ok().filter(|count| (1..=50).contains(count)).map(Self)
    }

    pub(crate) fn get(self) -> u8 {
        self.0
    }
}

/// Who answered for the firm, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub by: AccountId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VisitKind {
    OnSite,
    Remote,
    Meeting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VisitState {
    Recorded,
    Confirmed,
    Disputed,
    Cancelled,
}

impl VisitState {
    pub(crate) const ALL: [Self; 4] = [Self::Recorded, Self::Confirmed, Self::Disputed, Self::Cancelled];

    /// Whether visits in the state count in the figures (M16).
    pub(crate) fn counts(self) -> bool {
        matches!(self, Self::Recorded | Self::Confirmed)
    }
}

/// What can be done with a recorded visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Confirm,
    Dispute,
    Cancel,
}

/// Every legal step; whatever is absent is refused.
#[rustfmt::skip]
pub(crate) const STEPS: &[(VisitState, Step, VisitState)] = &[
    (VisitState::Recorded, Step::Confirm, VisitState::Confirmed),
    (VisitState::Recorded, Step::Dispute, VisitState::Disputed),
    (VisitState::Recorded, Step::Cancel,  VisitState::Cancelled),
    (VisitState::Disputed, Step::Confirm, VisitState::Confirmed), // the two have spoken
    (VisitState::Disputed, Step::Cancel,  VisitState::Cancelled),
];

impl Visit {
    /// Records a visit of the enterprise's manager of that day.
    pub(crate) fn record(
        id: VisitId,
        enterprise: &Enterprise,
        manager: AccountId,
        report: Report,
        course: &Course,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        enterprise.expect_active()?;
        let today = day::of(now);
        if today < report.date {
            return Err(Refused::VisitDateAhead { today });
        }
        let appointment = match course.on(report.date) {
            Some(appointment) if appointment.manager == manager => appointment.id,
            _ => return Err(Refused::NotAppointed { enterprise: enterprise.id, on: report.date }),
        };
        Ok(Self {
            id,
            enterprise: enterprise.id,
            manager,
            appointment,
            report,
            state: VisitState::Recorded,
            dispute: None,
            answer: None,
            created_at: now,
            updated_at: now,
            version: Version::FIRST,
        })
    }

    /// The firm confirms that the visit took place.
    pub(crate) fn confirm(&self, by: AccountId, now: Timestamp) -> Result<(Self, Answer), Refused> {
        let visit = self.step(Step::Confirm, now)?;
        let answer = self.answer_by(by, now)?;
        Ok((Self { answer: Some(answer), ..visit }, answer))
    }

    /// The firm says that the visit did not take place as recorded.
    pub(crate) fn dispute(
        &self,
        reason: DisputeReason,
        by: AccountId,
        now: Timestamp,
    ) -> Result<(Self, Answer), Refused> {
        let visit = self.step(Step::Dispute, now)?;
        let answer = self.answer_by(by, now)?;
        Ok((Self { answer: Some(answer), dispute: Some(reason), ..visit }, answer))
    }

    /// The manager takes the visit back.
    pub(crate) fn cancel(&self, by: AccountId, now: Timestamp) -> Result<Self, Refused> {
        if by != self.manager {
            return Err(Refused::VisitOfAnother(self.id));
        }
        self.step(Step::Cancel, now)
    }

    fn step(&self, step: Step, now: Timestamp) -> Result<Self, Refused> {
        let legal = STEPS.iter().find(|(from, by, _)| (*from, *by) == (self.state, step));
        let Some((_, _, state)) = legal else {
            return Err(Refused::StepNotAllowed { visit: self.id, state: self.state, step });
        };
        Ok(Self { state: *state, updated_at: now, version: self.version.next(), ..self.clone() })
    }

    /// Points hang on the answer, so whoever made the visit does not give it, whatever roles they hold.
    fn answer_by(&self, by: AccountId, now: Timestamp) -> Result<Answer, Refused> {
        if by == self.manager { Err(Refused::AnsweredByManager(self.id)) } else { Ok(Answer { by, at: now }) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::enterprise::tests::{at, dairy};

    const MANAGER: AccountId = AccountId::new(Uuid::from_u128(1));
    const OWNER: AccountId = AccountId::new(Uuid::from_u128(2));

    fn report(date: NaiveDate) -> Report {
        Report {
            date,
            kind: VisitKind::OnSite,
            officials: Officials::try_new(3).unwrap(),
            findings: "校园奶可追溯".parse().unwrap(),
            issues: vec![],
        }
    }

    fn course(manager: AccountId, from: NaiveDate) -> Course {
        let id = AppointmentId::new(Uuid::from_u128(3));
        Course::new(Course::default().appoint(id, dairy().id, manager, from, None, at(0)))
    }

    fn record(manager: AccountId, date: NaiveDate, course: &Course) -> Result<Visit, Refused> {
        Visit::record(VisitId::new(Uuid::from_u128(4)), &dairy(), manager, report(date), course, at(0))
    }

    fn visit(state: VisitState) -> Visit {
        let today = day::of(at(0));
        Visit { state, ..record(MANAGER, today, &course(MANAGER, today)).unwrap() }
    }

    fn take(visit: &Visit, step: Step) -> Result<Visit, Refused> {
        match step {
            Step::Confirm => visit.confirm(OWNER, at(5)).map(|(visit, _)| visit),
            Step::Dispute => visit.dispute("没有来过".parse().unwrap(), OWNER, at(5)).map(|(visit, _)| visit),
            Step::Cancel => visit.cancel(MANAGER, at(5)),
        }
    }

    #[test]
    fn the_table_alone_decides_which_step_a_state_allows() {
        for state in VisitState::ALL {
            for step in [Step::Confirm, Step::Dispute, Step::Cancel] {
                let to = STEPS.iter().find(|row| (row.0, row.1) == (state, step)).map(|row| row.2);
                match (take(&visit(state), step), to) {
                    (Ok(visit), Some(to)) => assert_eq!((visit.state, visit.version), (to, Version::new(2))),
                    (Err(Refused::StepNotAllowed { state: told, .. }), None) => assert_eq!(told, state),
                    (other, to) => panic!("{state:?} {step:?} gives {other:?}, the table says {to:?}"),
                }
            }
        }
    }

    #[test]
    fn a_confirmed_visit_is_final() {
        assert!(
            STEPS.iter().all(|(from, _, _)| *from != VisitState::Confirmed && *from != VisitState::Cancelled)
        );
    }

    #[test]
    fn a_dispute_keeps_its_reason_when_the_firm_confirms_after_all() {
        let disputed = take(&visit(VisitState::Recorded), Step::Dispute).unwrap();
        let confirmed = take(&disputed, Step::Confirm).unwrap();
        assert_eq!(confirmed.dispute.map(|reason| reason.as_str().to_owned()), Some("没有来过".to_owned()));
        assert_eq!(confirmed.answer, Some(Answer { by: OWNER, at: at(5) }));
    }

    #[test]
    fn only_the_manager_of_that_day_records_a_visit_and_never_ahead() {
        let today = day::of(at(0));
        let yesterday = today.pred_opt().unwrap();
        let refused = |on| Err(Refused::NotAppointed { enterprise: dairy().id, on });
        assert_eq!(record(OWNER, today, &course(MANAGER, today)), refused(today));
        assert_eq!(record(MANAGER, yesterday, &course(MANAGER, today)), refused(yesterday));
        assert!(record(MANAGER, yesterday, &course(MANAGER, yesterday)).is_ok());
        let tomorrow = today.succ_opt().unwrap();
        assert_eq!(
            record(MANAGER, tomorrow, &course(MANAGER, today)),
            Err(Refused::VisitDateAhead { today })
        );
    }

    #[test]
    fn nobody_answers_about_or_takes_back_anothers_part() {
        let visit = visit(VisitState::Recorded);
        let own = Err(Refused::AnsweredByManager(visit.id));
        assert_eq!(visit.confirm(MANAGER, at(5)), own);
        assert_eq!(visit.dispute("x".parse().unwrap(), MANAGER, at(5)), own);
        assert_eq!(visit.cancel(OWNER, at(5)), Err(Refused::VisitOfAnother(visit.id)));
    }

    #[test]
    fn at_least_one_and_at_most_fifty_officials_take_part() {
        assert_eq!([0, 51, -1, 256 + 3].map(Officials::try_new), [None; 4]);
        assert_eq!([1, 50].map(|count| Officials::try_new(count).map(Officials::get)), [Some(1), Some(50)]);
    }
}
