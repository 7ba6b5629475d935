//! Events out, and what is done on the registry's.

mod on_member_added;
mod on_member_removed;
pub(crate) mod publish;

use std::sync::Arc;

use events::{Consume, ConsumeError, Received};
use kernel::{Clock, EventId, IdGen};
use prost::Name as _;
use proto::registry::v1::{EnterpriseMemberAdded, EnterpriseMemberRemoved};
use store::{Batch, Tx};

/// Who acts for itself on an event.
const BY: &str = "service:registry";

/// Keeps `ROLE_ENTERPRISE` as the registry keeps the members of enterprises.
#[derive(Debug)]
pub(crate) struct FromRegistry {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
}

#[tonic::async_trait]
impl Consume for FromRegistry {
    fn types(&self) -> Vec<String> {
        vec![EnterpriseMemberAdded::full_name(), EnterpriseMemberRemoved::full_name()]
    }

    async fn consume(&self, tx: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        if let Some(payload) = event.payload::<EnterpriseMemberAdded>()? {
            on_member_added::handle(self, tx, batch, event, payload).await?;
        }
        if let Some(payload) = event.payload::<EnterpriseMemberRemoved>()? {
            on_member_removed::handle(self, tx, batch, event, payload).await?;
        }
        Ok(())
    }
}

impl FromRegistry {
    fn event_id(&self) -> EventId {
        EventId::new(self.ids.uuid(self.clock.now()))
    }
}

/// An event that speaks of an account that never was.
#[derive(Debug, thiserror::Error)]
#[error("there is no account {0}")]
struct NoSuchAccount(kernel::AccountId);
