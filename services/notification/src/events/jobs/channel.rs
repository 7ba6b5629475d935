//! The ways out of the platform.

use std::{sync::Arc, time::SystemTime};

use kernel::Timestamp;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message as Mail, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};

use crate::{
    config::Outlet,
    domain::{AttemptOutcome, Channel, Delivery, Message, delivery::receipt},
};

/// Tells other machines not to answer (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Sends one delivery to an address. Answers what came of it, with what the other side said.
pub(super) async fn send(
    outlet: &Outlet,
    delivery: &Delivery,
    message: &Message,
    address: &str,
    now: Timestamp,
) -> (AttemptOutcome, String) {
    let Ok(address) = address.parse::<Address>() else { return (AttemptOutcome::NoAddress, String::new()) };
    match (delivery.channel, outlet) {
        // The inbox has had it all along.
        (Channel::InApp, _) => (AttemptOutcome::Sent, String::new()),
        (Channel::Email, Outlet::Smtp { transport, from }) => {
            email(transport, from, delivery, message, address, now).await
        }
        (Channel::Console, Outlet::Console) => {
            let to = masked(&address);
            tracing::info!(template = %message.template.code, to, "a notice goes out to the console");
            (AttemptOutcome::Sent, String::new())
        }
        // The installation was configured otherwise since.
        (Channel::Email | Channel::Console, _) => {
            (AttemptOutcome::Deferred, "this installation has no such channel now".to_owned())
        }
    }
}

async fn email(
    transport: &AsyncSmtpTransport<Tokio1Executor>,
    from: &Arc<Mailbox>,
    delivery: &Delivery,
    message: &Message,
    address: Address,
    now: Timestamp,
) -> (AttemptOutcome, String) {
    let mail = Mail::builder()
        .from(Mailbox::clone(from))
        .to(Mailbox::new(None, address))
        .subject(&message.subject)
        .date(SystemTime::from(now))
        // The same in every attempt, so that a mail that arrives twice can be told.
        .message_id(Some(format!("<{}@{}>", delivery.id, from.email.domain())))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(message.body.clone());
    let mail = match mail {
        Ok(mail) => mail,
        Err(error) => {
            tracing::error!(%error, delivery.id = %delivery.id, "a mail could not be written");
            return (AttemptOutcome::Refused, String::new());
        }
    };
    match transport.send(mail).await {
        Ok(answer) => {
            let said: Vec<_> = answer.message().collect();
            (AttemptOutcome::Sent, receipt(&format!("{} {}", answer.code(), said.join(" "))))
        }
        Err(error) => {
            let outcome =
                if error.is_permanent() { AttemptOutcome::Refused } else { AttemptOutcome::Deferred };
            (outcome, receipt(&error.to_string()))
        }
    }
}

/// As z***@example.cn.
fn masked(address: &Address) -> String {
    let first: String = address.user().chars().take(1).collect();
    format!("{first}***@{}", address.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_but_for_its_first_letter() {
        assert_eq!(masked(&"zhang.san@example.cn".parse().unwrap()), "z***@example.cn");
    }
}
