//! Access tokens of people, and the end of sessions.

use access::{AccessClaims, Person};
use kernel::{AccountId, SessionId, Timestamp};
use rpc::Call;
use store::{Batch, Tx};

use super::Rpc;
use crate::{
    domain::{Grant, Happened, Session, SessionEnd},
    error::IdentityError,
    store::sessions,
};

/// A signed access token, and when it ends.
pub(super) struct AccessToken {
    pub text: String,
    pub expires_at: Timestamp,
}

impl Rpc {
    /// A token of a live session, with the roles of now; it does not outlive the session.
    pub(super) fn access_token(
        &self,
        session: &Session,
        grants: &[Grant],
        now: Timestamp,
    ) -> Result<AccessToken, IdentityError> {
        let mut roles = Vec::new();
        for grant in grants {
            // Whoever is in charge may have the same role by two grants.
            if !roles.contains(&grant.role) {
                roles.push(grant.role);
            }
        }
        let person = Person { account_id: session.account, session_id: session.id, roles };
        // Tokens count whole seconds; a session in its last one still gets a token.
        let lifetime = self.policy.access_token.min(session.expires_at - now);
        let lifetime = chrono::TimeDelta::seconds(lifetime.num_seconds().max(1));
        let claims = AccessClaims::person(&person, now, lifetime, self.ids.uuid(now));
        Ok(AccessToken { text: self.signer.sign(&claims)?, expires_at: now + lifetime })
    }

    /// Ends a session: it gives no more tokens. Those that it gave run out by themselves, 15 minutes after at the latest.
    pub(super) fn end_session(
        &self,
        batch: &mut Batch,
        call: &Call,
        session: &Session,
        why: SessionEnd,
        by: &str,
    ) -> Result<Session, IdentityError> {
        let now = self.clock.now();
        let ended = session.end(why, now)?;
        sessions::save_end(batch, &ended);
        self.publish(batch, call, Happened::session(&ended, by, now));
        Ok(ended)
    }

    /// Ends all sessions of an account, which is locked.
    pub(super) async fn end_sessions_of(
        &self,
        tx: &mut Tx,
        batch: &mut Batch,
        call: &Call,
        account: AccountId,
        why: SessionEnd,
        by: &str,
    ) -> Result<(), IdentityError> {
        for session in sessions::lock_live_of(tx, account, self.clock.now()).await? {
            self.end_session(batch, call, &session, why, by)?;
        }
        Ok(())
    }
}

/// The session of a refresh token, with both its account and itself locked, in this order.
pub(super) async fn lock_session_of(
    tx: &mut Tx,
    digest: &[u8],
) -> Result<(crate::domain::Account, Session), IdentityError> {
    let found: Option<(SessionId, AccountId)> = sessions::of_token(tx, digest).await?;
    let (session, account) = found.ok_or(IdentityError::RefreshTokenInvalid)?;
    let account = crate::store::accounts::lock(tx, account).await?;
    let session = sessions::lock(tx, session).await?;
    account.zip(session).ok_or(IdentityError::RefreshTokenInvalid)
}

/// The principal of a person, whoever the token in hand speaks of.
pub(super) fn principal(account: AccountId) -> String {
    format!("account:{account}")
}
