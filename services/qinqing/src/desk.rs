//! Signing in, and what a signed-in person works with.

use anyhow::Context as _;
use proto::identity::v1::{ChangePasswordRequest, LoginRequest, auth_service_client::AuthServiceClient};
use rpc::{Bearer, Transport};
use tonic::Status;
use tonic_types::StatusExt as _;

/// A place from which people reach the suite.
#[derive(Debug, Clone)]
pub struct Desk {
    transport: Transport,
}

/// A signed-in person.
#[derive(Debug, Clone)]
pub struct Seat {
    pub account_id: String,
    pub display_name: String,
    /// Names of the roles held, without `ROLE_`.
    pub roles: Vec<String>,
    bearer: Bearer,
}

impl Desk {
    pub fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// For RPCs that ask for nobody.
    pub fn anonymous(&self) -> Bearer {
        Bearer::new(self.transport.clone(), None)
    }

    pub async fn sign_in(&self, login_name: &str, password: &str) -> anyhow::Result<Seat> {
        let request = LoginRequest { login_name: login_name.to_owned(), password: password.to_owned() };
        let answer = AuthServiceClient::new(self.anonymous()).login(request).await;
        let answer =
            answer.map_err(told).with_context(|| format!("{login_name} could not sign in"))?.into_inner();
        let account = answer.account.context("the sign-in names no account")?;
        let roles = answer
            .grants
            .iter()
            .map(|grant| grant.role().as_str_name().trim_start_matches("ROLE_").to_owned())
            .collect();
        Ok(Seat {
            account_id: account.account_id,
            display_name: account.display_name,
            roles,
            bearer: Bearer::new(self.transport.clone(), Some(&answer.access_token)),
        })
    }

    /// Replaces the password that somebody was given with one of their own.
    pub async fn change_password(&self, login_name: &str, old: &str, new: &str) -> anyhow::Result<()> {
        let request = ChangePasswordRequest {
            login_name: login_name.to_owned(),
            password: old.to_owned(),
            new_password: new.to_owned(),
        };
        let answer = AuthServiceClient::new(self.anonymous()).change_password(request).await;
        answer.map_err(told).with_context(|| format!("{login_name} could not change the password"))?;
        Ok(())
    }
}

impl Seat {
    /// What generated clients call through.
    pub fn channel(&self) -> Bearer {
        self.bearer.clone()
    }
}

/// A refusal in the words that a person reads, with the reason that a program reads.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
pub fn told(status: Status) -> anyhow::Error {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    let fields: Vec<String> = status
        .get_details_bad_request()
        .map(|bad| bad.field_violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect())
        .unwrap_or_default();
    anyhow::anyhow!("{:?} {reason}: {} {}", status.code(), status.message(), fields.join("; "))
}
