//! Ids, clock, versions and page tokens: what every part of the suite speaks. No I/O, no async.

mod clock;
mod id;
mod origin;
mod page;
mod version;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use id::{
    AccountId, AppointmentId, AttachmentId, CaseId, ClientId, DeliveryId, DepartmentId, DraftId,
    EnterpriseId, EntryId, EventId, FixedIds, GrantId, IdGen, InvalidId, IssueId, MemberId, MessageId,
    NoteId, OfferingId, OrderId, RequestId, SectionId, SessionId, UuidV7, VisitId,
};
pub use origin::Origin;
pub use page::{InvalidPageToken, Page, PageKey, PageSize};
pub use version::{InvalidEtag, Version};
