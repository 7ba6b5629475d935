//! What a person is in the system, and how a caller must relate to the object of a call.

use std::{fmt, str::FromStr};

use kernel::{DepartmentId, EnterpriseId, SectionId};
use proto::options::v1 as pb;

/// A name that no role or relation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no role or relation of this name")]
pub struct UnknownName;

macro_rules! declared_enum {
    ($(#[$doc:meta])* $name:ident, $prefix:literal: $($(#[$variant_doc:meta])* $variant:ident = $wire:ident,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// `None` for the value that is never sent.
            pub fn from_wire(value: pb::$name) -> Option<Self> {
                match value {
                    pb::$name::Unspecified => None,
                    $(pb::$name::$wire => Some(Self::$variant),)*
                }
            }

            pub fn wire(self) -> pb::$name {
                match self {
                    $(Self::$variant => pb::$name::$wire,)*
                }
            }

            /// The name in the contract without the enum's own name before it.
            pub fn name(self) -> &'static str {
                let name = self.wire().as_str_name();
                name.strip_prefix($prefix).unwrap_or(name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            /// Takes what [`Self::name`] gives.
            fn from_str(text: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|value| value.name() == text).ok_or(UnknownName)
            }
        }
    };
}

declared_enum! {
    /// What a person is in the system.
    Role, "ROLE_":
    /// Owner or agent of an enterprise (企业).
    Enterprise = Enterprise,
    /// Enterprise service manager (经理人).
    Manager = Manager,
    /// Liaison of a department (联络员).
    Liaison = Liaison,
    /// Handler in a section (科室) of a department.
    SectionHandler = SectionHandler,
    /// Operator of the platform (平台运营).
    Operator = Operator,
    /// Auditor (审核).
    Auditor = Auditor,
    /// Leader of the municipality (领导).
    Leader = Leader,
    /// Configures the system.
    SystemAdmin = SystemAdmin,
    /// Administers accounts and grants.
    SecurityAdmin = SecurityAdmin,
    /// Administers the audit trail.
    AuditAdmin = AuditAdmin,
}

declared_enum! {
    /// How a caller must relate to the object of a call.
    Relation, "RELATION_":
    /// The object belongs to the caller's enterprise.
    OwnFirm = OwnFirm,
    /// The caller is the manager of the object's enterprise now.
    Appointed = Appointed,
    /// The object is with the caller's department.
    Department = Department,
    /// The object is with the caller's section.
    Section = Section,
    /// The caller is the one whom the object waits for.
    Assignee = Assignee,
    /// The object is the caller's own.
    SelfSame = Self_,
    /// No relation is asked for.
    Any = Any,
}

impl Relation {
    /// Whether a holder of `role` can relate to anything in this way: some relations are to what the
    /// grant itself names.
    pub fn is_possible_for(self, role: Role) -> bool {
        match self {
            Self::OwnFirm => role == Role::Enterprise,
            Self::Department => matches!(role, Role::Liaison | Role::SectionHandler),
            Self::Section => role == Role::SectionHandler,
            Self::Appointed | Self::Assignee | Self::SelfSame | Self::Any => true,
        }
    }
}

/// A role that a person holds, with what it is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleGrant {
    pub role: Role,
    pub enterprise: Option<EnterpriseId>,
    pub department: Option<DepartmentId>,
    pub section: Option<SectionId>,
}

impl RoleGrant {
    /// A role that is held for the whole municipality.
    pub const fn of(role: Role) -> Self {
        Self { role, enterprise: None, department: None, section: None }
    }

    pub const fn enterprise(enterprise: EnterpriseId) -> Self {
        Self { enterprise: Some(enterprise), ..Self::of(Role::Enterprise) }
    }

    pub const fn liaison(department: DepartmentId) -> Self {
        Self { department: Some(department), ..Self::of(Role::Liaison) }
    }

    pub const fn section_handler(department: DepartmentId, section: SectionId) -> Self {
        Self { department: Some(department), section: Some(section), ..Self::of(Role::SectionHandler) }
    }

    /// Whether the grant names exactly what its role is held for.
    pub fn is_well_formed(&self) -> bool {
        let named = (self.enterprise.is_some(), self.department.is_some(), self.section.is_some());
        match self.role {
            Role::Enterprise => named == (true, false, false),
            Role::Liaison => named == (false, true, false),
            Role::SectionHandler => named == (false, true, true),
            Role::Manager
            | Role::Operator
            | Role::Auditor
            | Role::Leader
            | Role::SystemAdmin
            | Role::SecurityAdmin
            | Role::AuditAdmin => named == (false, false, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_relations_are_named_as_in_the_contract() {
        assert_eq!(Role::SectionHandler.name(), "SECTION_HANDLER");
        assert_eq!(Relation::SelfSame.name(), "SELF");
        for role in Role::ALL {
            assert_eq!(Role::from_wire(role.wire()), Some(*role));
            assert_eq!(role.name().parse(), Ok(*role));
        }
        for relation in Relation::ALL {
            assert_eq!(Relation::from_wire(relation.wire()), Some(*relation));
            assert_eq!(relation.to_string().parse(), Ok(*relation));
        }
        assert_eq!(Role::from_wire(pb::Role::Unspecified), None);
        assert_eq!("ROLE_MANAGER".parse::<Role>(), Err(UnknownName));
        assert_eq!((Role::ALL.len(), Relation::ALL.len()), (10, 7));
    }
}
