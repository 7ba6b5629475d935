//! Deliveries go out of the platform.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use futures::{StreamExt as _, stream};
use kernel::{AccountId, MessageId, Timestamp};
use runtime::Worked;
use store::Batch;

use super::{Work, channel};
use crate::{
    domain::{AttemptOutcome, Delivery, Message},
    rpc::directory::Contact,
    store::{deliveries, messages, preferences},
};

/// Deliveries in one step: as many may go out twice when the process dies between sending and recording.
const AT_ONCE: i64 = 20;
/// Deliveries sent at the same time.
const CONNECTIONS: usize = 4;
/// How long a claim lasts: longer than the slowest mail server takes for a step.
const CLAIM: TimeDelta = TimeDelta::minutes(10);
/// How long to wait when addresses cannot be asked for.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// What came of sending one delivery.
struct Sent {
    delivery: Delivery,
    outcome: AttemptOutcome,
    receipt: String,
}

/// Claims what is due, sends it, then records all that came of it in one transaction.
pub(super) async fn step(work: &Work) -> anyhow::Result<Worked> {
    let now = work.clock.now();
    let claim = work.ids.uuid(now);
    let mut tx = work.db.begin().await?;
    let claimed = deliveries::claim(&mut tx, claim, now, now + CLAIM, AT_ONCE).await?;
    if claimed.is_empty() {
        tx.rollback().await?;
        return Ok(Worked::Idle);
    }
    let ids: BTreeSet<_> = claimed.iter().map(|delivery| delivery.message).collect();
    let texts = messages::of_ids(&mut tx, ids).await?;
    let texts: BTreeMap<_, _> = texts.into_iter().map(|message| (message.id, message)).collect();
    let accounts: BTreeSet<_> = claimed.iter().map(|delivery| delivery.account).collect();
    let preferences = preferences::of_accounts(&mut tx, accounts).await?;
    tx.commit().await?;

    let (mut due, mut postponed) = (Vec::new(), Vec::new());
    for delivery in claimed {
        let statutory = texts.get(&delivery.message).is_some_and(|message| message.statutory);
        let quiet = preferences.get(&delivery.account).and_then(|prefers| prefers.postponed(statutory, now));
        match quiet {
            Some(until) => postponed.push((delivery.id, until)),
            None => due.push(delivery),
        }
    }
    let sent = if let Some(contacts) = contacts(work, &due).await {
        send(work, due, &texts, &contacts).await
    } else {
        postponed.extend(due.iter().map(|delivery| (delivery.id, now + PAUSE)));
        Vec::new()
    };

    let mut tx = work.db.begin().await?;
    let ids: Vec<_> = sent.iter().map(|sent| sent.delivery.id).collect();
    let ours = deliveries::lock_claimed(&mut tx, claim, &ids).await?;
    let mut batch = Batch::new();
    for Sent { delivery, outcome, receipt } in sent {
        if ours.contains(&delivery.id) {
            let (after, attempt) = delivery.attempted(outcome, receipt, work.clock.now());
            deliveries::save(&mut batch, &after, delivery.version);
            deliveries::insert_attempt(&mut batch, delivery.id, &attempt);
        }
    }
    for (id, until) in postponed {
        deliveries::postpone(&mut batch, id, claim, until);
    }
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(Worked::More)
}

/// Addresses, which are kept nowhere here; `None` when they cannot be asked for now.
async fn contacts(work: &Work, due: &[Delivery]) -> Option<HashMap<AccountId, Contact>> {
    let accounts: BTreeSet<_> = due.iter().map(|delivery| delivery.account).collect();
    if accounts.is_empty() {
        return Some(HashMap::new());
    }
    match work.directory.contacts(&accounts.into_iter().collect::<Vec<_>>()).await {
        Ok(contacts) => Some(contacts),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "addresses could not be asked for");
            None
        }
    }
}

async fn send(
    work: &Work,
    due: Vec<Delivery>,
    texts: &BTreeMap<MessageId, Message>,
    contacts: &HashMap<AccountId, Contact>,
) -> Vec<Sent> {
    let now = work.clock.now();
    let send_one = |delivery: Delivery| async move {
        let message = texts.get(&delivery.message)?;
        let contact = contacts.get(&delivery.account);
        let (outcome, receipt) = one(work, &delivery, message, contact, now).await;
        tracing::info!(
            delivery.id = %delivery.id,
            delivery.channel = %delivery.channel,
            delivery.outcome = %outcome,
            "a delivery was tried"
        );
        Some(Sent { delivery, outcome, receipt })
    };
    stream::iter(due)
        .map(send_one)
        .buffer_unordered(CONNECTIONS)
        .filter_map(std::future::ready)
        .collect()
        .await
}

async fn one(
    work: &Work,
    delivery: &Delivery,
    message: &Message,
    contact: Option<&Contact>,
    now: Timestamp,
) -> (AttemptOutcome, String) {
    let Some(contact) = contact.filter(|contact| contact.active) else {
        return (AttemptOutcome::AccountClosed, String::new());
    };
    channel::send(&work.outlet, delivery, message, &contact.email, now).await
}
