//! What is told to whom, in which words, and when: pure.

pub(crate) mod announcement;
pub(crate) mod catalogue;
pub(crate) mod delivery;
mod files;
pub(crate) mod message;
pub(crate) mod notice;
pub(crate) mod placeholder;
pub(crate) mod preferences;
pub(crate) mod rules;
pub(crate) mod template;

pub(crate) use announcement::{Announcement, Audience, Parties};
pub(crate) use catalogue::Catalogue;
pub(crate) use delivery::{Attempt, AttemptOutcome, Delivery, DeliveryState};
pub(crate) use message::Message;
pub(crate) use notice::{Channel, Language, NoticeKind};
pub(crate) use placeholder::{Placeholder, Values};
pub(crate) use preferences::{Preferences, QuietHours};
pub(crate) use template::{Template, TemplateRef};
