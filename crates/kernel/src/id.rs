//! A type for every id, so that one can never stand where another belongs.

use std::{fmt, sync::Mutex};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Clock, Timestamp};

/// Text that is not the id it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in its usual lower-case form")]
pub struct InvalidId;

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare value, for `store/`.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            /// Takes the hyphenated lower-case form alone: one id has one spelling.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let uuid = Uuid::try_parse(text).map_err(|_| InvalidId)?;
                if uuid.to_string() == text { Ok(Self(uuid)) } else { Err(InvalidId) }
            }
        }
    )*};
}

id_types! {
    /// One account: a person who signs in.
    AccountId;
    /// One appointment of a manager to an enterprise.
    AppointmentId;
    /// One file that belongs to an issue, or to a draft of one.
    AttachmentId;
    /// One excellent case (优秀案例).
    CaseId;
    /// One machine client.
    ClientId;
    /// One delivery of a message over one channel.
    DeliveryId;
    /// One department (部门).
    DepartmentId;
    /// One issue that is not submitted yet.
    DraftId;
    /// One enterprise (企业).
    EnterpriseId;
    /// One entry of the points ledger.
    EntryId;
    /// One event of an aggregate.
    EventId;
    /// One grant of a role to an account.
    GrantId;
    /// One issue (诉求).
    IssueId;
    /// One membership of an account in an enterprise.
    MemberId;
    /// One message to one person.
    MessageId;
    /// One piece of free text kept beside the trail.
    NoteId;
    /// One service that a department offers to order (订单式服务).
    OfferingId;
    /// One service order.
    OrderId;
    /// What a caller names a mutation by, so that a repeat has no second effect.
    RequestId;
    /// One section (科室) of a department.
    SectionId;
    /// One session: a sign-in and all its refreshes.
    SessionId;
    /// One visit (走访).
    VisitId;
}

/// Makes new ids.
pub trait IdGen: fmt::Debug + Send + Sync {
    /// A fresh UUIDv7 whose time part is `now`.
    fn uuid(&self, now: Timestamp) -> Uuid;
}

/// Random UUIDv7.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidV7;

impl IdGen for UuidV7 {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let time = uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos());
        Uuid::new_v7(time)
    }
}

/// The same ids in every run: the time of a clock, and a counter in place of chance.
#[derive(Debug)]
pub struct FixedIds(Mutex<u64>);

impl FixedIds {
    /// Two generators with different starts never make the same id.
    pub fn starting_at(start: u64) -> Self {
        Self(Mutex::new(start))
    }

    /// A fresh id at the time of `clock`.
    pub fn at(&self, clock: &dyn Clock) -> Uuid {
        self.uuid(clock.now())
    }
}

impl IdGen for FixedIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut count = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *count += 1;
        let mut random = [0_u8; 10];
        random[2..].copy_from_slice(&count.to_be_bytes());
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "019b2c3d-4e5f-7a6b-8c9d-0e1f2a3b4c5d";
        assert_eq!(text.parse::<IssueId>().unwrap().to_string(), text);
        for other in ["", "x", "019B2C3D-4E5F-7A6B-8C9D-0E1F2A3B4C5D", "019b2c3d4e5f7a6b8c9d0e1f2a3b4c5d"] {
            assert_eq!(other.parse::<IssueId>(), Err(InvalidId), "{other}");
        }
    }

    #[test]
    fn fixed_ids_repeat_from_run_to_run_and_never_within_one() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let (a, b) = (FixedIds::starting_at(0), FixedIds::starting_at(0));
        let run: Vec<_> = (0..100).map(|_| a.at(&clock)).collect();
        assert!(run.iter().all(|id| *id == b.at(&clock)));
        assert!(run.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
