//! Why packs and calendars are refused, and how callers see it.

use chrono::NaiveDate;
use kernel::Timestamp;
use proto::workflow::v1::ErrorReason as R;
use tonic::Code;
use uuid::Uuid;

use crate::domain::{ActivationRefused, Fault, PackName, PolicyVersion};

#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyRefused {
    #[error("there is no such policy pack")]
    PackNotFound(String),
    #[error("there is that version of the policy pack already")]
    PackExists(PolicyVersion),
    #[error("packs of that name come with the suite")]
    PackReserved(PackName),
    /// At least one fault.
    #[error("the text is no policy pack")]
    PackInvalid(Vec<Fault>),
    #[error("there is no such calendar")]
    CalendarNotFound(String),
    #[error("there is that version of the calendar already")]
    CalendarExists(String),
    /// At least one fault.
    #[error("the text is no working calendar")]
    CalendarInvalid(Vec<Fault>),
    #[error("the calendar does not cover the years of the one in force as far as they are announced")]
    CalendarTooShort { first_year: i32, last_year: i32 },
    #[error("calendar {version}, in force from {from} on, does not cover the years of this one")]
    NextCalendarTooShort { version: String, from: NaiveDate },
    #[error("there is no such activation")]
    ActivationNotFound(Uuid),
    #[error("the step of the activation is not taken")]
    Activation { id: Uuid, source: ActivationRefused },
}

type OnTheWire = (Code, R, Vec<(&'static str, String)>);

impl PolicyRefused {
    pub(crate) fn on_the_wire(&self) -> OnTheWire {
        use Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound};
        match self {
            Self::PackNotFound(pack) => (NotFound, R::PolicyPackNotFound, vec![("pack", pack.clone())]),
            Self::PackExists(pack) => (AlreadyExists, R::PolicyPackExists, vec![("pack", pack.to_string())]),
            Self::PackReserved(name) => {
                (InvalidArgument, R::PolicyPackReserved, vec![("name", name.to_string())])
            }
            Self::PackInvalid(faults) => (InvalidArgument, R::PolicyPackInvalid, first(faults)),
            Self::CalendarNotFound(version) => {
                (NotFound, R::CalendarNotFound, vec![("calendar_version", version.clone())])
            }
            Self::CalendarExists(version) => {
                (AlreadyExists, R::CalendarExists, vec![("calendar_version", version.clone())])
            }
            Self::CalendarInvalid(faults) => (InvalidArgument, R::CalendarInvalid, first(faults)),
            Self::CalendarTooShort { first_year, last_year } => (
                FailedPrecondition,
                R::CalendarTooShort,
                vec![("first_year", first_year.to_string()), ("last_year", last_year.to_string())],
            ),
            Self::NextCalendarTooShort { version, from } => (
                FailedPrecondition,
                R::NextCalendarTooShort,
                vec![("calendar_version", version.clone()), ("from_date", from.to_string())],
            ),
            Self::ActivationNotFound(id) => {
                (NotFound, R::ActivationNotFound, vec![("activation_id", id.to_string())])
            }
            Self::Activation { id, source } => activation(*id, source),
        }
    }
}

fn activation(id: Uuid, refused: &ActivationRefused) -> OnTheWire {
    use Code::{FailedPrecondition, InvalidArgument};
    let id = ("activation_id", id.to_string());
    match refused {
        ActivationRefused::TooEarly { from, earliest } => (
            InvalidArgument,
            R::ActivationDatePast,
            vec![("from_date", from.to_string()), ("earliest", earliest.to_string())],
        ),
        ActivationRefused::SamePerson => (FailedPrecondition, R::ActivationSamePerson, vec![id]),
        ActivationRefused::Decided(standing) => {
            (FailedPrecondition, R::ActivationDecided, vec![id, ("state", standing.to_string())])
        }
        ActivationRefused::TooLate { until } => {
            (FailedPrecondition, R::ActivationTooLate, vec![id, ("until", rfc3339(*until))])
        }
    }
}

/// How many there are, and what the first says.
fn first(faults: &[Fault]) -> Vec<(&'static str, String)> {
    let mut metadata = vec![("faults", faults.len().to_string())];
    if let Some(Fault { place, line, problem, zh }) = faults.first() {
        metadata.extend([
            ("place", place.clone()),
            ("line", line.unwrap_or_default().to_string()),
            ("reason_zh", zh.clone()),
            ("reason_en", problem.clone()),
        ]);
    }
    metadata
}

fn rfc3339(at: Timestamp) -> String {
    at.with_timezone(&worktime::ZONE).to_rfc3339()
}
