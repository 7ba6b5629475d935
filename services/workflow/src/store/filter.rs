//! Which issues a query is about: those that the caller sees, and among them those that are asked for.

use access::Scope;
use chrono::{DateTime, NaiveDate};
use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId, Timestamp};
use store::{Bind, Filter, binds};
use uuid::Uuid;

use crate::domain::{Code, Holder, Issue, Light, State};

/// Whose eyes, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer<'a> {
    pub scope: &'a Scope,
    pub now: Timestamp,
    /// Decides who manages a firm.
    pub today: NaiveDate,
}

impl Viewer<'_> {
    /// The issues in sight: the same as the facts of each single one tell.
    pub(super) fn sees(&self) -> Filter {
        let Scope { all, enterprises, managed_by, departments, sections, assignee, owner: _ } = self.scope;
        if *all {
            return Filter::all([]);
        }
        let parts = [
            ("enterprise_id", enterprises.iter().map(|id| id.uuid()).collect::<Vec<_>>()),
            ("department_id", departments.iter().map(|id| id.uuid()).collect()),
            ("section_id", sections.iter().map(|id| id.uuid()).collect()),
        ];
        // An empty part is left out: beside it no index would serve the others.
        let parts = parts
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(name, ids)| Filter::in_list(name, ids));
        let managed = managed_by.map(|manager| {
            Filter::new(
                "enterprise_id IN (
                    SELECT enterprise_id FROM firm_manager
                    WHERE manager_id = ? AND from_date <= ? AND (end_date IS NULL OR ? < end_date)
                )",
                binds![manager.uuid(), self.today, self.today],
            )
        });
        let handled = assignee.map(|account| Filter::new("handler_id = ?", binds![account.uuid()]));
        Filter::any(parts.chain(managed).chain(handled))
    }
}

/// Which issues are meant; what is empty restricts nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct IssueFilter {
    pub states: Vec<State>,
    pub lights: Vec<Light>,
    pub categories: Vec<Code>,
    pub enterprise: Option<EnterpriseId>,
    pub department: Option<DepartmentId>,
    pub section: Option<SectionId>,
    pub handler: Option<AccountId>,
    /// Beginning of a division code: digits.
    pub division: Option<String>,
    pub holders: Vec<Holder>,
    /// Submitted from then on, included.
    pub submitted_from: Option<Timestamp>,
    /// Submitted before then.
    pub submitted_until: Option<Timestamp>,
    pub open_only: bool,
    pub overdue_only: bool,
    pub unconfirmed_only: bool,
    /// Part of title or number.
    pub text: Option<String>,
}

impl IssueFilter {
    pub(super) fn condition(&self, now: Timestamp) -> Filter {
        let mut parts = Vec::new();
        let mut names = |column: &str, names: Vec<&str>| {
            if !names.is_empty() {
                parts.push(Filter::in_list(column, names));
            }
        };
        names("state", self.states.iter().map(|state| state.name()).collect());
        names("category", self.categories.iter().map(Code::as_str).collect());
        names("holder", self.holders.iter().map(|holder| holder.name()).collect());
        if !self.lights.is_empty() {
            parts.push(Filter::any(self.lights.iter().map(|light| shows(*light, now))));
        }
        let mut value = |sql: &str, value: Option<Bind>| {
            if let Some(value) = value {
                parts.push(Filter::new(sql, [value]));
            }
        };
        value("enterprise_id = ?", self.enterprise.map(|id| id.uuid().into()));
        value("department_id = ?", self.department.map(|id| id.uuid().into()));
        value("section_id = ?", self.section.map(|id| id.uuid().into()));
        value("handler_id = ?", self.handler.map(|id| id.uuid().into()));
        value("division_code LIKE ?", self.division.as_ref().map(|division| format!("{division}%").into()));
        value("submitted_at >= ?", self.submitted_from.map(Bind::from));
        value("submitted_at < ?", self.submitted_until.map(Bind::from));
        value("due_at < ?", self.overdue_only.then_some(now).map(Bind::from));
        if self.open_only {
            parts.push(Filter::new("closed_at IS NULL", []));
        }
        if self.unconfirmed_only {
            parts.push(Filter::new("unconfirmed", []));
        }
        if let Some(text) = &self.text {
            let part = format!("%{}%", literal(&text.to_lowercase()));
            parts.push(Filter::new(
                r"LOWER(title) LIKE ? ESCAPE '\' OR LOWER(number) LIKE ? ESCAPE '\'",
                binds![&part, &part],
            ));
        }
        Filter::all(parts)
    }
}

/// As `domain::Lights` tells a light, in SQL.
fn shows(light: Light, now: Timestamp) -> Filter {
    match light {
        Light::Off => Filter::new("closed_at IS NOT NULL", []),
        Light::Red => Filter::new("closed_at IS NULL AND red_at < ?", binds![now]),
        Light::Yellow => Filter::new(
            "closed_at IS NULL AND yellow_at <= ? AND (red_at IS NULL OR red_at >= ?)",
            binds![now, now],
        ),
        Light::Green => Filter::new(
            "closed_at IS NULL AND (yellow_at IS NULL OR yellow_at > ?) AND (red_at IS NULL OR red_at >= ?)",
            binds![now, now],
        ),
    }
}

/// What `LIKE … ESCAPE '\'` takes for a text that stands for itself alone.
fn literal(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
        escaped
    })
}

/// What comes first in a list; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Newest,
    Oldest,
    NextDue,
    LastChanged,
}

/// The last row of a page: what it is ordered by, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Microseconds since 1970; `None`: no clock runs.
    at: Option<i64>,
    id: Uuid,
}

impl Order {
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Newest => " ORDER BY submitted_at DESC, issue_id DESC",
            Self::Oldest => " ORDER BY submitted_at, issue_id",
            Self::NextDue => " ORDER BY due_at NULLS LAST, issue_id",
            Self::LastChanged => " ORDER BY updated_at DESC, issue_id DESC",
        }
    }

    /// `due_at` is when the next of the issue's clocks is due.
    pub(crate) fn cursor(self, issue: &Issue, due_at: Option<Timestamp>) -> Cursor {
        let at = match self {
            Self::Newest | Self::Oldest => Some(issue.submitted_at),
            Self::NextDue => due_at,
            Self::LastChanged => Some(issue.updated_at),
        };
        Cursor { at: at.map(|at| at.timestamp_micros()), id: issue.id.uuid() }
    }

    /// The rows that follow the cursor.
    pub(super) fn beyond(self, cursor: &Cursor) -> Filter {
        let at = cursor.at.and_then(DateTime::from_timestamp_micros);
        match (self, at) {
            (Self::Newest, Some(at)) => after("submitted_at", "<", at, cursor.id),
            (Self::Oldest, Some(at)) => after("submitted_at", ">", at, cursor.id),
            (Self::LastChanged, Some(at)) => after("updated_at", "<", at, cursor.id),
            (Self::NextDue, Some(at)) => {
                Filter::any([after("due_at", ">", at, cursor.id), Filter::new("due_at IS NULL", [])])
            }
            (_, None) => Filter::new("due_at IS NULL AND issue_id > ?", binds![cursor.id]),
        }
    }
}

/// A comparison of rows, which an index answers from the cursor on.
fn after(column: &str, than: &str, at: Timestamp, id: Uuid) -> Filter {
    Filter::new(format!("({column}, issue_id) {than} (?, ?)"), binds![at, id])
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some(at) => write!(f, "{at}/{}", self.id),
            None => write!(f, "-/{}", self.id),
        }
    }
}

impl std::str::FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (at, id) = text.split_once('/').ok_or(InvalidCursor)?;
        let at = if at == "-" { None } else { Some(at.parse().map_err(|_| InvalidCursor)?) };
        Ok(Self { at, id: id.parse().map_err(|_| InvalidCursor)? })
    }
}

/// Text that is no cursor of a list of issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no cursor of a list of issues")]
pub(crate) struct InvalidCursor;
