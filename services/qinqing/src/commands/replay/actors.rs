//! Everybody in the history. Whoever owns an installation's keys can sign for anyone; here he does so for people
//! that he made up, whose thousands of sign-ins would only hash passwords.

use std::sync::Arc;

use access::{AccessClaims, Person, RoleGrant, Signer, SigningKey};
use anyhow::Context as _;
use chrono::TimeDelta;
use kernel::{AccountId, Clock as _, IdGen as _, ManualClock, SessionId, UuidV7};
use rpc::Bearer;
use runtime::Suite;

pub struct Actors<'a> {
    suite: &'a Suite,
    clock: Arc<ManualClock>,
    signer: Signer,
}

impl<'a> Actors<'a> {
    pub fn new(suite: &'a Suite, clock: Arc<ManualClock>) -> anyhow::Result<Self> {
        let der = suite.keys().load_or_make(qinqing_identity::SIGNING_KEY_FILE, || {
            anyhow::bail!("identity has made no key to sign with")
        })?;
        let key = SigningKey::from_pkcs8(&der).context(qinqing_identity::SIGNING_KEY_FILE)?;
        Ok(Self { suite, clock, signer: Signer::new(key) })
    }

    /// A connection as this person, good for fifteen minutes of the history's time.
    pub fn seat(&self, account_id: AccountId, roles: Vec<RoleGrant>) -> anyhow::Result<Bearer> {
        let now = self.clock.now();
        let person = Person { account_id, session_id: SessionId::new(UuidV7.uuid(now)), roles };
        let claims = AccessClaims::person(&person, now, TimeDelta::minutes(15), UuidV7.uuid(now));
        Ok(self.suite.connect(Some(&self.signer.sign(&claims)?)))
    }
}
