//! The steps of an activation: proposed by one person, decided on by another.

use chrono::NaiveDate;
use kernel::{AccountId, Timestamp, Version};
use prost::Message;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::{Batch, Tx};
use uuid::Uuid;

use super::{convert, person, refused::PolicyRefused};
use crate::{
    domain::{Activation, ActivationRefused, Subject},
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::activations,
};

/// Stores a proposal of the caller's; `tx` has seen what is proposed.
pub(super) async fn propose<R: Message>(
    rpc: &WorkflowRpc,
    call: &Call,
    mut tx: Tx,
    subject: Subject,
    from: NaiveDate,
    answer: impl FnOnce(pb::Activation) -> R,
) -> Result<R, WorkflowError> {
    let now = rpc.clock.now();
    let id = rpc.ids.uuid(now);
    let activation = Activation::propose(id, subject, from, person(call)?, now)
        .map_err(|source| PolicyRefused::Activation { id, source })?;
    let response = answer(convert::activation(&activation, now));
    let mut batch = Batch::new();
    activations::insert(&mut batch, &activation);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

/// Which activation is decided on, as the caller read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    id: Uuid,
    etag: Version,
}

pub(super) fn target(activation_id: &str, etag: &str) -> Result<Target, Refusal> {
    let mut f = Fields::new();
    let (id, etag) = (f.parse("activation_id", activation_id), f.etag(etag));
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    f.finish()?;
    Ok(Target { id, etag })
}

/// The activation after the caller's decision, which nobody knows of before [`keep`].
pub(super) async fn decide(
    call: &Call,
    tx: &mut Tx,
    target: Target,
    now: Timestamp,
    decision: impl FnOnce(&mut Activation, AccountId, Timestamp) -> Result<(), ActivationRefused>,
) -> Result<Activation, WorkflowError> {
    let Target { id, etag } = target;
    let by = person(call)?;
    let found = activations::find(tx, id).await?;
    let mut activation = found.ok_or(PolicyRefused::ActivationNotFound(id))?;
    let read = activation.version();
    if read != etag {
        return Err(Refusal::StaleEtag { etag: read.to_string() }.into());
    }
    decision(&mut activation, by, now).map_err(|source| PolicyRefused::Activation { id, source })?;
    Ok(activation)
}

/// Keeps the decision that was taken last.
pub(super) async fn keep<R: Message>(
    call: &Call,
    mut tx: Tx,
    activation: &Activation,
    now: Timestamp,
    answer: impl FnOnce(pb::Activation) -> R,
) -> Result<R, WorkflowError> {
    let response = answer(convert::activation(activation, now));
    let mut batch = Batch::new();
    activations::append_step(&mut batch, activation);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        // Somebody else took the same step in between.
        Some("activation_step_pkey") => Refusal::StaleEtag { etag: activation.version().to_string() }.into(),
        _ => WorkflowError::from(error),
    })?;
    tx.commit().await?;
    Ok(response)
}
