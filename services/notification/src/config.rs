//! What this service needs of the configuration, checked when it starts.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use runtime::{Config, Profile, Smtp};

use crate::domain::Channel;

/// How long a mail server may take for each command.
const SMTP_TIMEOUT: Duration = Duration::from_secs(15);

/// The way out of the platform, in this installation.
#[derive(Debug, Clone)]
pub(crate) enum Outlet {
    /// By mail server.
    Smtp { transport: AsyncSmtpTransport<Tokio1Executor>, from: Arc<Mailbox> },
    /// A line in the log: a development installation without a mail server.
    Console,
    /// None: notices stay in the inbox.
    Closed,
}

impl Outlet {
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        match (&config.smtp, config.profile) {
            (Some(smtp), profile) => {
                Self::smtp(smtp, profile).context("in the section [smtp] of the configuration")
            }
            (None, Profile::Development) => Ok(Self::Console),
            (None, Profile::Production) => Ok(Self::Closed),
        }
    }

    fn smtp(smtp: &Smtp, profile: Profile) -> anyhow::Result<Self> {
        let Smtp { url, from, password_file } = smtp;
        if profile == Profile::Production && is_plain_text(url) {
            bail!("url: plain text to another machine; use smtps://, or smtp:// with ?tls=required");
        }
        let url = match password_file {
            Some(path) => {
                let password = std::fs::read_to_string(path)
                    .with_context(|| format!("password_file: could not read {}", path.display()))?;
                with_password(url, password.trim_end_matches(['\r', '\n']))?
            }
            None => url.clone(),
        };
        let from = from.parse().context("from: not an e-mail address")?;
        // Its pool of connections lives in the runtime that it is built in.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
            .context("url: not as smtps://mail.example.gov.cn:465")?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        Ok(Self::Smtp { transport, from: Arc::new(from) })
    }

    /// What stands for e-mail here.
    pub(crate) fn channel(&self) -> Option<Channel> {
        match self {
            Self::Smtp { .. } => Some(Channel::Email),
            Self::Console => Some(Channel::Console),
            Self::Closed => None,
        }
    }
}

fn is_plain_text(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("smtp://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.strip_prefix('[').map_or_else(|| host.split(':').next(), |host| host.split(']').next());
    let local = matches!(host, Some("localhost" | "127.0.0.1" | "::1"));
    !local && !url.contains("tls=required")
}

/// Puts the password behind the user of the URL.
fn with_password(url: &str, password: &str) -> anyhow::Result<String> {
    let parts = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)));
    let Some((scheme, (user, rest))) = parts.filter(|(_, (user, _))| !user.is_empty() && !user.contains(':'))
    else {
        bail!("password_file: the url must have a user and no password, as smtps://user@host");
    };
    let mut encoded = String::new();
    for byte in password.bytes() {
        // Writing to a string cannot fail.
        let _ = write!(encoded, "%{byte:02X}");
    }
    Ok(format!("{scheme}://{user}:{encoded}@{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(url: &str) -> Smtp {
        Smtp {
            url: url.to_owned(), from: "亲清平台 <qinqing@example.cn>".to_owned(), password_file: None
        }
    }

    #[tokio::test]
    async fn production_sends_no_mail_in_plain_text_to_another_machine() {
        let refused = |url: &str| Outlet::smtp(&smtp(url), Profile::Production).is_err();
        assert!(refused("smtp://mail.example.cn:25"));
        assert!(refused("smtp://127.0.0.1@mail.example.cn:25"));
        assert!(refused("smtp://mail.example.cn:25?tls=opportunistic"));
        for good in [
            "smtp://mail.example.cn:587?tls=required",
            "smtps://mail.example.cn",
            "smtp://127.0.0.1:25",
            "smtp://[::1]:25",
        ] {
            assert!(!refused(good), "{good}");
        }
    }

    #[test]
    fn a_password_from_a_file_keeps_every_character() {
        assert_eq!(with_password("smtps://u@h:465", "a@/%").unwrap(), "smtps://u:%61%40%2F%25@h:465");
        assert!(with_password("smtps://h", "x").is_err());
        assert!(with_password("smtps://u:p@h", "x").is_err());
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        let mut bad = smtp("smtp://127.0.0.1:25");
        bad.from = "nobody".to_owned();
        assert!(Outlet::smtp(&bad, Profile::Development).is_err());
    }
}
