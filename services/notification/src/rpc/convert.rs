//! Domain values on the wire, and back.

use proto::notification::v1 as pb;
use rpc::parse::timestamp;

use crate::domain::{
    Attempt, AttemptOutcome, Catalogue, Channel, Delivery, DeliveryState, Language, Message, NoticeKind,
    Placeholder, Preferences, QuietHours, Template, template::Text,
};

impl From<NoticeKind> for pb::NoticeKind {
    fn from(kind: NoticeKind) -> Self {
        match kind {
            NoticeKind::Task => Self::Task,
            NoticeKind::Progress => Self::Progress,
            NoticeKind::Reminder => Self::Reminder,
        }
    }
}

pub(super) fn kind_of(kind: pb::NoticeKind) -> Option<NoticeKind> {
    match kind {
        pb::NoticeKind::Unspecified => None,
        pb::NoticeKind::Task => Some(NoticeKind::Task),
        pb::NoticeKind::Progress => Some(NoticeKind::Progress),
        pb::NoticeKind::Reminder => Some(NoticeKind::Reminder),
    }
}

impl From<Channel> for pb::Channel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::InApp => Self::InApp,
            Channel::Email => Self::Email,
            Channel::Console => Self::Console,
        }
    }
}

pub(super) fn channel_of(channel: pb::Channel) -> Option<Channel> {
    match channel {
        pb::Channel::Unspecified => None,
        pb::Channel::InApp => Some(Channel::InApp),
        pb::Channel::Email => Some(Channel::Email),
        pb::Channel::Console => Some(Channel::Console),
    }
}

impl From<Language> for pb::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Chinese => Self::ZhCn,
            Language::English => Self::En,
        }
    }
}

pub(super) fn language_of(language: pb::Language) -> Option<Language> {
    match language {
        pb::Language::Unspecified => None,
        pb::Language::ZhCn => Some(Language::Chinese),
        pb::Language::En => Some(Language::English),
    }
}

impl From<DeliveryState> for pb::DeliveryState {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Sent => Self::Sent,
            DeliveryState::Failed => Self::Failed,
        }
    }
}

pub(super) fn state_of(state: pb::DeliveryState) -> Option<DeliveryState> {
    match state {
        pb::DeliveryState::Unspecified => None,
        pb::DeliveryState::Pending => Some(DeliveryState::Pending),
        pb::DeliveryState::Sent => Some(DeliveryState::Sent),
        pb::DeliveryState::Failed => Some(DeliveryState::Failed),
    }
}

impl From<AttemptOutcome> for pb::AttemptOutcome {
    fn from(outcome: AttemptOutcome) -> Self {
        match outcome {
            AttemptOutcome::Sent => Self::Sent,
            AttemptOutcome::Deferred => Self::Deferred,
            AttemptOutcome::Refused => Self::Refused,
            AttemptOutcome::NoAddress => Self::NoAddress,
            AttemptOutcome::AccountClosed => Self::AccountClosed,
        }
    }
}

impl From<Message> for pb::Message {
    fn from(message: Message) -> Self {
        let Message {
            id,
            account: _,
            number,
            event: _,
            template,
            kind,
            statutory,
            language,
            subject,
            body,
            about,
            issue,
            issue_number,
            created_at,
            read_at,
        } = message;
        Self {
            message_id: id.to_string(),
            position: number.to_string(),
            template_code: template.code,
            template_version: small(template.version),
            kind: pb::NoticeKind::from(kind).into(),
            statutory,
            language: pb::Language::from(language).into(),
            subject,
            body,
            issue_id: issue.map(|issue| issue.to_string()).unwrap_or_default(),
            issue_number,
            create_time: Some(timestamp(created_at)),
            read_time: read_at.map(timestamp),
            about,
        }
    }
}

impl From<Delivery> for pb::Delivery {
    fn from(delivery: Delivery) -> Self {
        let Delivery {
            id,
            message,
            account,
            template,
            channel,
            state,
            attempts,
            tries: _,
            created_at,
            due_at,
            finished_at,
            version,
        } = delivery;
        Self {
            delivery_id: id.to_string(),
            message_id: message.to_string(),
            account_id: account.to_string(),
            template_code: template.code,
            template_version: small(template.version),
            channel: pb::Channel::from(channel).into(),
            state: pb::DeliveryState::from(state).into(),
            attempt_count: small(attempts),
            create_time: Some(timestamp(created_at)),
            next_attempt_time: (state == DeliveryState::Pending).then(|| timestamp(due_at)),
            finish_time: finished_at.map(timestamp),
            etag: version.to_string(),
        }
    }
}

impl From<Attempt> for pb::DeliveryAttempt {
    fn from(attempt: Attempt) -> Self {
        let Attempt { number, at, outcome, receipt } = attempt;
        Self {
            number: small(number),
            attempt_time: Some(timestamp(at)),
            outcome: pb::AttemptOutcome::from(outcome).into(),
            receipt,
        }
    }
}

impl From<Preferences> for pb::Preferences {
    fn from(preferences: Preferences) -> Self {
        let Preferences { language, by_email, quiet, version } = preferences;
        let kind = |kind: &NoticeKind| pb::KindPreference {
            kind: pb::NoticeKind::from(*kind).into(),
            channels: by_email.contains(kind).then(|| pb::Channel::Email.into()).into_iter().collect(),
        };
        Self {
            language: pb::Language::from(language).into(),
            kinds: NoticeKind::ALL.iter().map(kind).collect(),
            quiet_hours: quiet.map(Into::into),
            etag: version.to_string(),
        }
    }
}

impl From<QuietHours> for pb::QuietHours {
    fn from(quiet: QuietHours) -> Self {
        Self { from_minute: small(quiet.from()), until_minute: small(quiet.until()) }
    }
}

pub(super) fn template(template: &Template, catalogue: &Catalogue) -> pb::Template {
    let Template { name, kind, statutory, channels, chinese, english } = template;
    pb::Template {
        template_code: name.code.clone(),
        version: small(name.version),
        current: catalogue.is_current(template),
        kind: pb::NoticeKind::from(*kind).into(),
        statutory: *statutory,
        channels: channels.iter().map(|channel| pb::Channel::from(*channel).into()).collect(),
        placeholders: placeholders(template),
        texts: vec![text(Language::Chinese, chinese), text(Language::English, english)],
    }
}

fn placeholders(template: &Template) -> Vec<String> {
    let mut names: Vec<_> = template.placeholders().into_iter().map(Placeholder::code).collect();
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}

fn text(language: Language, text: &Text) -> pb::TemplateText {
    pb::TemplateText {
        language: pb::Language::from(language).into(),
        subject: text.subject.source.clone(),
        body: text.body.source.clone(),
    }
}

/// Counts that never come near the end of their type.
fn small(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
