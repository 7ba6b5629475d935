//! A message on its way through one channel.

use chrono::TimeDelta;
use kernel::{AccountId, DeliveryId, MessageId, Timestamp, Version};

use super::{
    notice::{Channel, coded_enum},
    template::TemplateRef,
};

/// Pauses between attempts, in seconds; after the last attempt that has none the delivery is given up.
const PAUSES: [i64; 4] = [60, 5 * 60, 15 * 60, 60 * 60];

coded_enum! {
    DeliveryState {
        Pending = "PENDING",
        /// The other side has it.
        Sent = "SENT",
        /// Given up.
        Failed = "FAILED",
    }

    /// What came of an attempt.
    AttemptOutcome {
        Sent = "SENT",
        /// Not now: no connection, or the other side asked to come back.
        Deferred = "DEFERRED",
        /// Never.
        Refused = "REFUSED",
        NoAddress = "NO_ADDRESS",
        AccountClosed = "ACCOUNT_CLOSED",
    }
}

/// A message on its way through one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub id: DeliveryId,
    pub message: MessageId,
    pub account: AccountId,
    pub template: TemplateRef,
    pub channel: Channel,
    pub state: DeliveryState,
    /// Attempts in all.
    pub attempts: i64,
    /// Attempts since it was last put on its way.
    pub tries: i64,
    pub created_at: Timestamp,
    /// When it is tried next.
    pub due_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub version: Version,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// From 1.
    pub number: i64,
    pub at: Timestamp,
    pub outcome: AttemptOutcome,
    /// What the other side said, addresses struck out; empty if it said nothing.
    pub receipt: String,
}

impl Delivery {
    /// A delivery that begins now. The inbox has it with the message itself.
    pub(crate) fn new(
        id: DeliveryId,
        (message, account): (MessageId, AccountId),
        template: &TemplateRef,
        channel: Channel,
        now: Timestamp,
    ) -> Self {
        let arrived = channel == Channel::InApp;
        Self {
            id,
            message,
            account,
            template: template.clone(),
            channel,
            state: if arrived { DeliveryState::Sent } else { DeliveryState::Pending },
            attempts: 0,
            tries: 0,
            created_at: now,
            due_at: now,
            finished_at: arrived.then_some(now),
            version: Version::FIRST,
        }
    }

    /// After one more attempt, with what that was.
    pub(crate) fn attempted(
        &self,
        outcome: AttemptOutcome,
        receipt: String,
        now: Timestamp,
    ) -> (Self, Attempt) {
        let (attempts, tries) = (self.attempts + 1, self.tries + 1);
        let pause = usize::try_from(tries - 1).ok().and_then(|at| PAUSES.get(at));
        let (state, due_at) = match (outcome, pause) {
            (AttemptOutcome::Sent, _) => (DeliveryState::Sent, now),
            (AttemptOutcome::Deferred, Some(seconds)) => {
                (DeliveryState::Pending, now + TimeDelta::seconds(*seconds))
            }
            (AttemptOutcome::Deferred, None)
            | (AttemptOutcome::Refused | AttemptOutcome::NoAddress | AttemptOutcome::AccountClosed, _) => {
                (DeliveryState::Failed, now)
            }
        };
        let finished_at = (state != DeliveryState::Pending).then_some(now);
        let after = Self {
            state,
            attempts,
            tries,
            due_at,
            finished_at,
            version: self.version.next(),
            ..self.clone()
        };
        (after, Attempt { number: attempts, at: now, outcome, receipt })
    }

    /// On its way again; `None` unless it was given up.
    pub(crate) fn retried(&self, now: Timestamp) -> Option<Self> {
        (self.state == DeliveryState::Failed).then(|| Self {
            state: DeliveryState::Pending,
            tries: 0,
            due_at: now,
            finished_at: None,
            version: self.version.next(),
            ..self.clone()
        })
    }
}

/// What a mail server said, without the addresses in it: one line of at most 300 characters.
pub(crate) fn receipt(said: &str) -> String {
    let words = said.split_whitespace().map(|word| if word.contains('@') { "***" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn delivery() -> Delivery {
        let template = TemplateRef { code: "issue-signed".to_owned(), version: 1 };
        let to = (MessageId::new(Uuid::from_u128(2)), AccountId::new(Uuid::from_u128(3)));
        Delivery::new(
            DeliveryId::new(Uuid::from_u128(1)),
            to,
            &template,
            Channel::Email,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_delivery_is_given_up_after_five_attempts_and_may_be_taken_up_again() {
        let now = Timestamp::UNIX_EPOCH;
        let mut on_its_way = delivery();
        let mut waits = Vec::new();
        while on_its_way.state == DeliveryState::Pending {
            (on_its_way, _) = on_its_way.attempted(AttemptOutcome::Deferred, String::new(), now);
            waits.push((on_its_way.due_at - now).num_minutes());
        }
        assert_eq!(waits, [1, 5, 15, 60, 0]);
        assert_eq!((on_its_way.state, on_its_way.attempts), (DeliveryState::Failed, 5));
        let (again, attempt) =
            on_its_way.retried(now).unwrap().attempted(AttemptOutcome::Deferred, String::new(), now);
        assert_eq!((again.state, again.tries, attempt.number), (DeliveryState::Pending, 1, 6));
        assert_eq!(again.retried(now), None);
    }

    #[test]
    fn what_can_never_arrive_is_given_up_at_once() {
        for outcome in [AttemptOutcome::Refused, AttemptOutcome::NoAddress, AttemptOutcome::AccountClosed] {
            let (after, _) = delivery().attempted(outcome, String::new(), Timestamp::UNIX_EPOCH);
            assert_eq!(
                (after.state, after.finished_at),
                (DeliveryState::Failed, Some(Timestamp::UNIX_EPOCH))
            );
        }
    }

    #[test]
    fn a_receipt_names_no_address() {
        let said =
            "550 5.1.1 <zhang.san@example.cn>: Recipient address\r\nrejected: zhang.san@example.cn, unknown";
        assert_eq!(receipt(said), "550 5.1.1 *** Recipient address rejected: *** unknown");
        assert_eq!(receipt(&"x".repeat(1_000)).len(), 300);
    }
}
