//! What a department offers to firms.

use kernel::{DepartmentId, OfferingId, Timestamp, Version};

use super::Offered;
use crate::domain::{Code, Title};

/// An offering as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offering {
    pub id: OfferingId,
    pub department: DepartmentId,
    /// A kind of the pack that was in force when it was last set.
    pub kind: Code,
    pub title: Title,
    pub audience: String,
    pub description: String,
    /// People that one delivery can take, at least 1.
    pub capacity: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// `None` while it can be ordered.
    pub retired_at: Option<Timestamp>,
    pub version: Version,
}

/// What is to be changed; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferingChange {
    pub kind: Option<Code>,
    pub title: Option<Title>,
    pub audience: Option<String>,
    pub description: Option<String>,
    pub capacity: Option<u32>,
}

impl Offering {
    /// The offering after a change, and the names of the fields that are now other than before.
    pub fn changed(&self, change: OfferingChange, now: Timestamp) -> (Self, Vec<&'static str>) {
        let OfferingChange { kind, title, audience, description, capacity } = change;
        let mut after = self.clone();
        let mut fields = Vec::new();
        set(&mut after.kind, kind, "kind", &mut fields);
        set(&mut after.title, title, "title", &mut fields);
        set(&mut after.audience, audience, "audience", &mut fields);
        set(&mut after.description, description, "description", &mut fields);
        set(&mut after.capacity, capacity, "capacity", &mut fields);
        if !fields.is_empty() {
            after.updated_at = now.max(self.updated_at);
            after.version = self.version.next();
        }
        (after, fields)
    }

    /// The offering, offered no longer.
    #[must_use]
    pub fn retired(&self, now: Timestamp) -> Self {
        let at = now.max(self.updated_at);
        Self { retired_at: Some(at), updated_at: at, version: self.version.next(), ..self.clone() }
    }

    /// What of it matters to an order.
    pub fn offered(&self) -> Offered {
        Offered {
            offering_id: self.id,
            department: self.department,
            kind: self.kind.clone(),
            capacity: self.capacity,
            is_retired: self.retired_at.is_some(),
        }
    }
}

fn set<T: PartialEq>(field: &mut T, value: Option<T>, name: &'static str, fields: &mut Vec<&'static str>) {
    if let Some(value) = value.filter(|value| *value != *field) {
        *field = value;
        fields.push(name);
    }
}
