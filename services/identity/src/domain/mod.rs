//! The rules of identity: pure values and decisions. No I/O, no async, no clock, no chance.

mod account;
mod attempt;
mod client;
mod department;
mod event;
mod grant;
mod password;
mod secret;
mod session;

pub use account::{Account, AccountState, Contact, ContactChange, Email, LoginName, NewAccount, Phone};
pub use attempt::{TryLimit, login_digest};
pub use client::{Client, ClientName, ClientScope, ClientSecret, ClientState};
pub use department::{Department, DepartmentCode, DivisionCode, OrganizationName, Post, Section, Turnover};
pub use event::{Event, Happened};
pub use grant::{Ask, Decision, Eyes, Grant, GrantState, role_target};
pub use password::{NewPassword, PasswordHash, Weakness};
pub use secret::{Secret, initial_password};
pub use session::{RefreshToken, Session, SessionEnd, SessionLimits, Use};

use access::Role;
use kernel::{AccountId, ClientId, DepartmentId, GrantId, SessionId};

/// Text that is not what it should be; says what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// Why a step is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the account is disabled")]
    AccountDisabled(AccountId),
    #[error("the account is not disabled")]
    AccountActive(AccountId),
    #[error("nobody does this to their own account")]
    OwnAccount,
    #[error("the new password breaks the rule on {}", .0.name())]
    WeakPassword(Weakness),
    #[error("the session has ended already")]
    SessionEnded(SessionId),
    #[error("the grant does not wait for a decision: it is {state}")]
    GrantNotRequested { grant: GrantId, state: &'static str },
    #[error("the grant is not in force: it is {state}")]
    GrantNotActive { grant: GrantId, state: &'static str },
    #[error("who asks, who approves and who profits must be three people")]
    FourEyes(Eyes),
    #[error("the role ENTERPRISE comes and goes with membership of an enterprise")]
    RoleByMembership,
    #[error("the account is administrator of another kind: {held}")]
    AdministratorsExclude { account: AccountId, held: Role },
    #[error("the account does not hold the role LIAISON for the department, or is disabled")]
    LiaisonRoleMissing { account: AccountId, department: DepartmentId },
    #[error("the machine client is disabled")]
    ClientDisabled(ClientId),
}

/// Text of `min` to `max` characters on one line, blanks at its ends gone; `None` if it is none.
fn one_line(raw: &str, min: usize, max: usize) -> Option<String> {
    let text = raw.trim();
    let n_chars = text.chars().count();
    let fits = min <= n_chars && n_chars <= max && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// Declares a text type whose only way in is `FromStr`.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident = $parse:expr, $complaint:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::Malformed;

            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                let parse: fn(&str) -> Option<String> = $parse;
                parse(raw).map(Self).ok_or($crate::domain::Malformed($complaint))
            }
        }
    };
}
use text_type;
