use chrono::TimeDelta;
use proto::notification::v1::{self as pb, AttemptOutcome, Channel, DeliveryState};
use testkit::{bad_fields, reason};
use tonic::Code;

use crate::mail::MailServer;
use crate::town::{AGENT, MANAGER, OPERATOR, OWNER, Town};

/// The e-mail among the deliveries to somebody.
async fn email_to(town: &Town, account: kernel::AccountId) -> (pb::Delivery, Vec<pb::DeliveryAttempt>) {
    let operator = town.as_person(OPERATOR);
    let deliveries = operator.deliveries_to(account).await;
    let email = deliveries.iter().find(|delivery| delivery.channel() == Channel::Email).unwrap();
    operator.delivery(&email.delivery_id).await
}

fn outcomes(attempts: &[pb::DeliveryAttempt]) -> Vec<AttemptOutcome> {
    attempts.iter().map(pb::DeliveryAttempt::outcome).collect()
}

both_engines! {
    async fn a_mail_says_what_the_inbox_says_and_the_delivery_keeps_the_receipt(town: &Town) {
        town.fed_back(1).await;
        let message = town.as_person(OWNER).messages().await.remove(0);
        let mail = town.mail.mails().into_iter().find(|mail| mail.to == "person.201@example.cn").unwrap();
        assert_eq!(mail.body(), message.body);
        assert!(mail.header("Content-Type").contains("utf-8"), "{}", mail.raw);
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("Date"), "Mon, 02 Mar 2026 01:00:00 +0000");

        let (delivery, attempts) = email_to(town, OWNER).await;
        assert_eq!(mail.header("Message-ID"), format!("<{}@example.cn>", delivery.delivery_id));
        assert_eq!((delivery.state(), delivery.attempt_count), (DeliveryState::Sent, 1));
        assert_eq!((delivery.message_id, delivery.next_attempt_time), (message.message_id, None));
        assert_eq!(outcomes(&attempts), [AttemptOutcome::Sent]);
        assert!(attempts[0].receipt.starts_with("250 2.0.0 Ok: queued as "), "{}", attempts[0].receipt);
        let inbox = town.as_person(OPERATOR).deliveries_to(OWNER).await.remove(0);
        assert_eq!((inbox.channel(), inbox.state(), inbox.attempt_count), (Channel::InApp, DeliveryState::Sent, 0));
    }

    async fn a_mail_that_is_put_off_is_sent_again_after_a_pause(town: &Town) {
        town.around(|around| around.closed.extend([AGENT, MANAGER]));
        town.mail.refuse("451 4.7.1 <person.201@example.cn>: come back later");
        town.signed(1).await;
        assert!(town.mail.mails().is_empty());
        let (delivery, attempts) = email_to(town, OWNER).await;
        let in_a_minute = town.app.now() + TimeDelta::minutes(1);
        assert_eq!(delivery.state(), DeliveryState::Pending);
        assert_eq!(delivery.next_attempt_time, Some(rpc::parse::timestamp(in_a_minute)));
        assert_eq!(outcomes(&attempts), [AttemptOutcome::Deferred]);
        assert_eq!(attempts[0].receipt, "transient error (451): 4.7.1 *** come back later");

        town.settle().await;
        assert!(town.mail.mails().is_empty(), "not before the pause is over");
        town.app.clock.advance(TimeDelta::minutes(1));
        town.settle().await;
        assert_eq!(town.mail.mails().len(), 1);
        let (delivery, attempts) = email_to(town, OWNER).await;
        assert_eq!((delivery.state(), delivery.attempt_count), (DeliveryState::Sent, 2));
        assert_eq!(outcomes(&attempts), [AttemptOutcome::Deferred, AttemptOutcome::Sent]);
    }

    async fn a_mail_that_is_refused_is_given_up_until_an_operator_sends_it_again(town: &Town) {
        town.around(|around| around.closed.extend([AGENT, MANAGER]));
        town.mail.refuse("550 5.1.1 unknown user");
        town.signed(1).await;
        let (failed, attempts) = email_to(town, OWNER).await;
        assert_eq!((failed.state(), outcomes(&attempts)), (DeliveryState::Failed, vec![AttemptOutcome::Refused]));

        let operator = town.as_person(OPERATOR);
        let retry = |etag: &str| pb::RetryDeliveryRequest {
            delivery_id: failed.delivery_id.clone(),
            etag: etag.to_owned(),
            request_id: town.app.request_id(),
        };
        let stale = operator.deliveries().retry_delivery(retry("v1")).await.unwrap_err();
        assert_eq!(reason(&stale), (Code::Aborted, "STALE_ETAG".to_owned()));
        let request = retry(&failed.etag);
        let retried = operator.deliveries().retry_delivery(request.clone()).await.unwrap().into_inner().delivery;
        assert_eq!(retried.as_ref().unwrap().state(), DeliveryState::Pending);
        let again = operator.deliveries().retry_delivery(request).await.unwrap().into_inner().delivery;
        assert_eq!(again, retried);
        town.settle().await;

        let (sent, attempts) = email_to(town, OWNER).await;
        assert_eq!(sent.state(), DeliveryState::Sent);
        assert_eq!(outcomes(&attempts), [AttemptOutcome::Refused, AttemptOutcome::Sent]);
        assert_eq!(town.mail.mails().len(), 1);
        let refused = operator.deliveries().retry_delivery(retry(&sent.etag)).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::FailedPrecondition, "DELIVERY_NOT_FAILED".to_owned()));
    }

    async fn whoever_has_no_address_or_no_account_gets_no_mail_but_the_message(town: &Town) {
        town.around(|around| {
            around.without_email.insert(OWNER);
            around.closed.insert(AGENT);
        });
        town.signed(1).await;
        assert_eq!(outcomes(&email_to(town, OWNER).await.1), [AttemptOutcome::NoAddress]);
        assert_eq!(outcomes(&email_to(town, AGENT).await.1), [AttemptOutcome::AccountClosed]);
        assert_eq!(town.as_person(OWNER).told().await, ["issue-signed"]);
        assert_eq!(town.mail.mails().len(), 1, "the manager's");
    }

    async fn while_addresses_cannot_be_asked_for_nothing_counts_as_an_attempt(town: &Town) {
        town.around(|around| around.identity_is_away = true);
        town.signed(1).await;
        let (waiting, attempts) = email_to(town, OWNER).await;
        assert_eq!((waiting.state(), attempts.len()), (DeliveryState::Pending, 0));
        town.around(|around| around.identity_is_away = false);
        town.app.clock.advance(TimeDelta::seconds(30));
        town.settle().await;
        assert_eq!(email_to(town, OWNER).await.0.state(), DeliveryState::Sent);
    }

    async fn deliveries_are_found_by_what_they_are(town: &Town) {
        town.around(|around| _ = around.without_email.insert(OWNER));
        town.signed(1).await;
        let operator = town.as_person(OPERATOR);
        let list = |request: pb::ListDeliveriesRequest| {
            let mut deliveries = operator.deliveries();
            async move { deliveries.list_deliveries(request).await.unwrap().into_inner() }
        };
        let all = list(pb::ListDeliveriesRequest { page_size: 4, ..Default::default() }).await;
        assert_eq!((all.deliveries.len(), all.total_count), (4, 6));
        let rest = list(pb::ListDeliveriesRequest { page_token: all.next_page_token, ..Default::default() }).await;
        assert_eq!((rest.deliveries.len(), rest.next_page_token.as_str()), (2, ""));
        let failed = list(pb::ListDeliveriesRequest { state: DeliveryState::Failed.into(), ..Default::default() }).await;
        assert_eq!((failed.total_count, failed.deliveries[0].account_id.clone()), (1, OWNER.to_string()));
        let by_mail = pb::ListDeliveriesRequest {
            channel: Channel::Email.into(),
            state: DeliveryState::Sent.into(),
            ..Default::default()
        };
        assert_eq!(list(by_mail).await.total_count, 2);
        let message_id = failed.deliveries[0].message_id.clone();
        assert_eq!(list(pb::ListDeliveriesRequest { message_id, ..Default::default() }).await.total_count, 2);

        let bad = pb::ListDeliveriesRequest {
            state: 9,
            account_id: "x".to_owned(),
            page_size: -1,
            ..Default::default()
        };
        let refused = operator.deliveries().list_deliveries(bad).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["state", "account_id", "page_size"]);
        let nowhere = pb::GetDeliveryRequest { delivery_id: town.app.uuid().to_string() };
        let refused = operator.deliveries().get_delivery(nowhere).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "DELIVERY_NOT_FOUND".to_owned()));
    }
}

/// Where no mail server is configured, a development installation writes a line in its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_the_console_stands_in() {
    let mail = MailServer::start().await;
    let town = Town::start_with(testkit::Engine::Sqlite, qinqing_notification::spec(), mail).await;
    town.signed(1).await;
    let deliveries = town.as_person(OPERATOR).deliveries_to(OWNER).await;
    let told: Vec<_> = deliveries.iter().map(|delivery| (delivery.channel(), delivery.state())).collect();
    assert_eq!(told, [(Channel::InApp, DeliveryState::Sent), (Channel::Console, DeliveryState::Sent)]);
    assert!(town.mail.mails().is_empty());
}
