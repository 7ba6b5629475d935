//! Which issues a query is about: those that the caller sees, and among them those that are asked for.

use access::Scope;
use chrono::{DateTime, NaiveDate, NaiveTime};
use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId, Timestamp};
use store::{Bind, Filter, Select, binds};
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
        if self.scope.all { Filter::all([]) } else { Filter::any(self.reasons()) }
    }

    /// The issues in sight by parts that have none in common, each of which an index may serve: a sight for several
    /// reasons is no condition that any index has in order. At least one part.
    pub(super) fn parts(&self) -> Vec<Filter> {
        let reasons = self.reasons();
        if self.scope.all || reasons.is_empty() {
            return vec![self.sees()];
        }
        let part = |n: usize| {
            let earlier = reasons[..n].iter().cloned().map(Filter::is_not_true);
            Filter::all([reasons[n].clone()].into_iter().chain(earlier))
        };
        (0..reasons.len()).map(part).collect()
    }

    /// Why an issue may be in sight of who does not see everything.
    fn reasons(&self) -> Vec<Filter> {
        let Scope { all: _, enterprises, managed_by, departments, sections, assignee, owner: _ } = self.scope;
        // An empty part is left out: beside it no index would serve the others.
        let some = |ids: Vec<Uuid>| Some(ids).filter(|ids| !ids.is_empty());
        let enterprises = some(enterprises.iter().map(|id| id.uuid()).collect());
        let departments = some(departments.iter().map(|id| id.uuid()).collect());
        let sections = some(sections.iter().map(|id| id.uuid()).collect());
        let helps = |column: &str, ids: &[Uuid]| {
            let marks = vec!["?"; ids.len()].join(", ");
            let sql = format!(
                "NOT confidential AND issue.issue_id IN (
                    SELECT co_task.issue_id FROM co_task WHERE co_task.{column} IN ({marks})
                )"
            );
            Filter::new(sql, ids.iter().copied().map(Bind::from))
        };
        let mut parts = Vec::new();
        if let Some(ids) = enterprises {
            parts.push(Filter::in_list("enterprise_id", ids));
        }
        if let Some(ids) = departments {
            parts.push(Filter::in_list("department_id", ids.clone()));
            parts.push(helps("department_id", &ids));
        }
        if let Some(ids) = sections {
            let section = Filter::in_list("section_id", ids.clone());
            let open = Filter::new("NOT confidential OR handler_id IS NULL", []);
            parts.push(Filter::all([section, open]));
            parts.push(helps("section_id", &ids));
        }
        let managed = managed_by.map(|manager| {
            Filter::new(
                "enterprise_id IN (
                    SELECT enterprise_id FROM firm_manager
                    WHERE manager_id = ? AND from_date <= ? AND (end_date IS NULL OR ? < end_date)
                ) AND (NOT confidential OR raised_by_id = ?)",
                binds![manager.uuid(), self.today, self.today, manager.uuid()],
            )
        });
        let handled =
            assignee.map(|account| Filter::new("confidential AND handler_id = ?", binds![account.uuid()]));
        parts.into_iter().chain(managed).chain(handled).collect()
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
    /// 0 restricts nothing.
    pub min_supervision: i64,
    pub committed_from: Option<NaiveDate>,
    /// Included.
    pub committed_to: Option<NaiveDate>,
    /// Reached by a clock that runs.
    pub rungs: Vec<Code>,
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
        value("supervision >= ?", Some(self.min_supervision).filter(|level| 0 < *level).map(Bind::from));
        value("committed_on >= ?", self.committed_from.map(Bind::from));
        value("committed_on <= ?", self.committed_to.map(Bind::from));
        value("unconfirmed_at < ?", self.unconfirmed_only.then_some(now).map(Bind::from));
        value("due_at < ?", self.overdue_only.then_some(now).map(Bind::from));
        if self.open_only {
            parts.push(is_open());
        }
        if !self.rungs.is_empty() {
            parts.push(has_reached(&self.rungs));
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

/// One of its running clocks has come so far.
fn has_reached(rungs: &[Code]) -> Filter {
    let reached = Select::new(
        "SELECT 1 FROM rung JOIN deadline AS running ON running.issue_id = rung.issue_id AND running.clock = rung.clock
        WHERE rung.issue_id = issue.issue_id AND running.stopped_at IS NULL AND running.paused_at IS NULL",
    );
    Filter::exists(reached.filter_by(Filter::in_list("rung.rung", rungs.iter().map(Code::as_str))))
}

/// Somebody still has to act, as `State::is_open` says. That it is not closed follows, and lets indexes serve that hold
/// what is not closed.
pub(super) fn is_open() -> Filter {
    Filter::new("closed_at IS NULL AND holder <> 'NOBODY'", [])
}

/// As `domain::Lights` tells a light, in SQL.
fn shows(light: Light, now: Timestamp) -> Filter {
    match light {
        Light::Off => Filter::new("holder = 'NOBODY'", []),
        Light::Red => Filter::new("holder <> 'NOBODY' AND red_at < ?", binds![now]),
        Light::Yellow => Filter::new(
            "holder <> 'NOBODY' AND yellow_at <= ? AND (red_at IS NULL OR red_at >= ?)",
            binds![now, now],
        ),
        Light::Green => Filter::new(
            "holder <> 'NOBODY' AND (yellow_at IS NULL OR yellow_at > ?) AND (red_at IS NULL OR red_at >= ?)",
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
    /// Of the plan in force; what has none comes last.
    NextPromised,
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
            Self::NextPromised => " ORDER BY committed_on NULLS LAST, issue_id",
        }
    }

    /// `due_at` is when the next of the issue's clocks is due.
    pub(crate) fn cursor(self, issue: &Issue, due_at: Option<Timestamp>) -> Cursor {
        let at = match self {
            Self::Newest | Self::Oldest => Some(issue.submitted_at),
            Self::NextDue => due_at,
            Self::LastChanged => Some(issue.updated_at),
            Self::NextPromised => issue.plan().map(|plan| plan.committed.and_time(NaiveTime::MIN).and_utc()),
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
            (Self::NextPromised, Some(at)) => {
                let day = at.date_naive();
                let later = Filter::new("(committed_on, issue_id) > (?, ?)", binds![day, cursor.id]);
                Filter::any([later, Filter::new("committed_on IS NULL", [])])
            }
            (Self::NextPromised, None) => {
                Filter::new("committed_on IS NULL AND issue_id > ?", binds![cursor.id])
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
