//! Announcements become messages in inboxes, and deliveries.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::TimeDelta;
use futures::{StreamExt as _, stream};
use kernel::{AccountId, DeliveryId, MessageId, Timestamp};
use runtime::Worked;
use store::{Batch, Tx};
use uuid::Uuid;

use super::Work;
use crate::{
    domain::{Announcement, Audience, Delivery, Message, Preferences, Template},
    store::{
        announcements::{self, Claimed},
        deliveries, messages, preferences,
    },
};

/// Announcements in one step.
const AT_ONCE: i64 = 50;
/// Audiences asked for at the same time.
const QUESTIONS: usize = 8;
/// How long a claim lasts: longer than the questions of a step take.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
/// Pause after an audience could not be found out, for each time it could not; and the longest.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// One announcement with the people to tell, in a fixed order.
struct Spread<'a> {
    announcement: &'a Announcement,
    template: &'a Template,
    people: BTreeSet<AccountId>,
}

/// Claims what is due, asks who is meant, then writes everything in one transaction. A crash before that leaves the
/// claim to run out; a claim that ran out writes nothing.
pub(super) async fn step(work: &Work) -> anyhow::Result<Worked> {
    let now = work.clock.now();
    let claim = work.ids.uuid(now);
    let mut tx = work.db.begin().await?;
    let mut claimed = announcements::claim(&mut tx, claim, now, now + CLAIM, AT_ONCE).await?;
    tx.commit().await?;
    if claimed.is_empty() {
        return Ok(Worked::Idle);
    }
    claimed.sort_by_key(|claimed| (claimed.announcement.happened_at, claimed.announcement.id));

    let people = people(work, &claimed).await;
    let (mut ready, mut postponed) = (Vec::new(), Vec::new());
    for claimed in &claimed {
        match spread(work, &claimed.announcement, &people) {
            Some(spread) => ready.push(spread),
            None => postponed.push(claimed),
        }
    }

    let mut tx = work.db.begin().await?;
    let ids: Vec<_> = ready.iter().map(|spread| spread.announcement.id).collect();
    let ours = announcements::lock_claimed(&mut tx, claim, &ids).await?;
    ready.retain(|spread| ours.contains(&spread.announcement.id));
    let mut batch = Batch::new();
    let told = write(work, &mut tx, &mut batch, &ready).await?;
    for claimed in postponed {
        postpone(&mut batch, claimed, claim, work.clock.now());
    }
    batch.run(&mut tx).await?;
    tx.commit().await?;
    if !told.is_empty() {
        // Nobody may be listening.
        let _ = work.told.send(Arc::new(told));
    }
    Ok(Worked::More)
}

/// The people of every audience; one that could not be found out is left out.
async fn people(work: &Work, claimed: &[Claimed]) -> HashMap<Audience, Vec<AccountId>> {
    let audiences: BTreeSet<_> =
        claimed.iter().flat_map(|claimed| &claimed.announcement.audiences).copied().collect();
    let ask = |audience: Audience| async move {
        match work.directory.people(audience).await {
            Ok(people) => Some((audience, people)),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an audience could not be found out"
                );
                None
            }
        }
    };
    stream::iter(audiences)
        .map(ask)
        .buffer_unordered(QUESTIONS)
        .filter_map(std::future::ready)
        .collect()
        .await
}

/// `None` when not everything that it needs is known.
fn spread<'a>(
    work: &'a Work,
    announcement: &'a Announcement,
    people: &HashMap<Audience, Vec<AccountId>>,
) -> Option<Spread<'a>> {
    let template = work.catalogue.get(&announcement.template);
    if template.is_none() {
        // Announced by a newer replica, which will tell it.
        tracing::warn!(template = announcement.template.code, "a template is not known here");
    }
    let mut all = BTreeSet::new();
    for audience in &announcement.audiences {
        all.extend(people.get(audience)?);
    }
    all.retain(|account| announcement.actor != Some(*account));
    template.map(|template| Spread { announcement, template, people: all })
}

/// Messages and deliveries for everybody. Answers who gets something.
async fn write(
    work: &Work,
    tx: &mut Tx,
    batch: &mut Batch,
    ready: &[Spread<'_>],
) -> Result<BTreeSet<AccountId>, store::Error> {
    let mut n_messages = BTreeMap::<_, i64>::new();
    for account in ready.iter().flat_map(|spread| &spread.people) {
        *n_messages.entry(*account).or_default() += 1;
    }
    let preferences = preferences::of_accounts(tx, n_messages.keys().copied()).await?;
    let unspoken = Preferences::default();
    let mut last = messages::reserve(tx, &n_messages).await?;
    let now = work.clock.now();
    // Deliveries after all messages: many rows of one kind go out as one insert.
    let mut on_their_way = Vec::new();
    for Spread { announcement, template, people } in ready {
        for account in people {
            let preferences = preferences.get(account).unwrap_or(&unspoken);
            let number = last.entry(*account).or_default();
            *number += 1;
            let message = message(work, announcement, template, (*account, *number, preferences), now);
            for channel in preferences.channels(template, work.outlet.channel()) {
                let id = DeliveryId::new(work.ids.uuid(now));
                let to = (message.id, *account);
                on_their_way.push(Delivery::new(id, to, &template.name, channel, now));
            }
            messages::insert(batch, &message);
        }
    }
    for delivery in &on_their_way {
        deliveries::insert(batch, delivery);
    }
    for spread in ready {
        announcements::finish(batch, spread.announcement.id);
    }
    Ok(n_messages.into_keys().collect())
}

fn message(
    work: &Work,
    announcement: &Announcement,
    template: &Template,
    (account, number, preferences): (AccountId, i64, &Preferences),
    now: Timestamp,
) -> Message {
    let language = preferences.language;
    let (subject, body) = work.catalogue.filled(template, &announcement.values, language);
    Message {
        id: MessageId::new(work.ids.uuid(now)),
        account,
        number,
        event: announcement.event,
        template: template.name.clone(),
        kind: template.kind,
        statutory: template.statutory,
        language,
        subject,
        body,
        about: announcement.about.clone(),
        issue: announcement.issue,
        issue_number: announcement.issue_number.clone(),
        created_at: now,
        read_at: None,
    }
}

fn postpone(batch: &mut Batch, claimed: &Claimed, claim: Uuid, now: Timestamp) {
    let times = i32::try_from(claimed.attempts).unwrap_or(i32::MAX);
    let pause = PAUSE.checked_mul(times).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
    announcements::postpone(batch, claimed.announcement.id, claim, now + pause);
}
