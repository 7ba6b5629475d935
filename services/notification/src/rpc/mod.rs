//! The RPCs of notification: one file each.

mod convert;
pub(crate) mod directory;

mod count_unread;
mod get_delivery;
mod get_message;
mod get_preferences;
mod get_template;
mod list_deliveries;
mod list_messages;
mod list_templates;
mod mark_read;
mod preview_template;
mod retry_delivery;
mod stream_inbox;
mod update_preferences;

use std::sync::Arc;

use kernel::{AccountId, Clock, PageKey};
use proto::notification::v1 as pb;
use rpc::{Call, Drain, Refusal};
use store::Db;
use tokio::sync::broadcast;

use crate::{domain::Catalogue, events::jobs::Told};

/// What every RPC of this service stands on.
#[derive(Debug, Clone)]
pub(crate) struct NotificationRpc {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub page_key: PageKey,
    pub catalogue: Arc<Catalogue>,
    /// Tells the streams of this process who has got a message.
    pub told: broadcast::Sender<Told>,
    pub drain: Drain,
}

impl rpc::Service for NotificationRpc {
    fn db(&self) -> &Db {
        &self.db
    }
}

rpc::service! {
    impl pb::inbox_service_server::InboxService, for NotificationRpc;
    mutation {
        mark_read(pb::MarkReadRequest) -> pb::MarkReadResponse = mark_read::handle;
    }
    query {
        list_messages(pb::ListMessagesRequest) -> pb::ListMessagesResponse = list_messages::handle;
        get_message(pb::GetMessageRequest) -> pb::GetMessageResponse = get_message::handle;
        count_unread(pb::CountUnreadRequest) -> pb::CountUnreadResponse = count_unread::handle;
    }
    stream {
        stream_inbox(pb::StreamInboxRequest) -> StreamInboxStream of pb::StreamInboxResponse = stream_inbox::handle;
    }
}

rpc::service! {
    impl pb::template_service_server::TemplateService, for NotificationRpc;
    query {
        list_templates(pb::ListTemplatesRequest) -> pb::ListTemplatesResponse = list_templates::handle;
        get_template(pb::GetTemplateRequest) -> pb::GetTemplateResponse = get_template::handle;
        preview_template(pb::PreviewTemplateRequest) -> pb::PreviewTemplateResponse = preview_template::handle;
    }
}

rpc::service! {
    impl pb::delivery_service_server::DeliveryService, for NotificationRpc;
    mutation {
        retry_delivery(pb::RetryDeliveryRequest) -> pb::RetryDeliveryResponse = retry_delivery::handle;
    }
    query {
        list_deliveries(pb::ListDeliveriesRequest) -> pb::ListDeliveriesResponse = list_deliveries::handle;
        get_delivery(pb::GetDeliveryRequest) -> pb::GetDeliveryResponse = get_delivery::handle;
    }
}

rpc::service! {
    impl pb::preference_service_server::PreferenceService, for NotificationRpc;
    mutation {
        update_preferences(pb::UpdatePreferencesRequest) -> pb::UpdatePreferencesResponse = update_preferences::handle;
    }
    query {
        get_preferences(pb::GetPreferencesRequest) -> pb::GetPreferencesResponse = get_preferences::handle;
    }
}

/// Whose inbox and preferences a call is about: the caller's own, by the rule of the RPC.
fn owner(call: &Call) -> Result<AccountId, Refusal> {
    call.scope().owner.ok_or_else(|| call.not_permitted())
}

/// Refuses whoever does not see everything: these objects relate to nobody in particular.
fn require_all(call: &Call) -> Result<(), Refusal> {
    if call.scope().all { Ok(()) } else { Err(call.not_permitted()) }
}
