use std::sync::{Arc, Mutex};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use futures::{executor::block_on, future::BoxFuture};
use jsonwebtoken::{Algorithm, EncodingKey};
use kernel::{AccountId, ClientId, DepartmentId, EnterpriseId, ManualClock, SectionId, SessionId, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{Caller, Client, Person, Role, RoleGrant, ServiceName};

mod forged;
mod keys;
mod rotation;
mod services;

/// 2026-03-02T01:00:00Z, in seconds since 1970.
const NOW: i64 = 1_772_413_200;

const WORKFLOW: ServiceName = ServiceName::from_static("workflow");
const SCORING: ServiceName = ServiceName::from_static("scoring");

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32]).unwrap()
}

/// A source whose keys the test changes.
#[derive(Default)]
struct ChangingKeys(Mutex<KeySet>);

impl KeySource for ChangingKeys {
    fn key<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Jwk>, KeysUnavailable>> {
        let found = self.0.lock().unwrap().find(kid).cloned();
        Box::pin(async move { Ok(found) })
    }
}

/// A verifier that trusts key 1 for access tokens, and keys 11 and 12 for two services.
struct Desk {
    clock: Arc<ManualClock>,
    keys: Arc<ChangingKeys>,
    verifier: TokenVerifier,
}

impl Desk {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(at(NOW)));
        let keys = Arc::new(ChangingKeys(Mutex::new(KeySet::new([key(1).public().clone()]))));
        let mut services = ServiceKeyring::new();
        services.trust(WORKFLOW, key(11).public().clone()).unwrap();
        services.trust(SCORING, key(12).public().clone()).unwrap();
        let verifier = TokenVerifier::new(keys.clone(), clock.clone()).with_services(services);
        Self { clock, keys, verifier }
    }

    fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        block_on(self.verifier.verify(token))
    }

    #[track_caller]
    fn refuses(&self, what: &str, token: &str, why: TokenError) {
        assert_eq!(self.verify(token), Err(why), "{what}");
    }
}

fn alice() -> Person {
    Person {
        account_id: AccountId::new(Uuid::from_u128(0xa)),
        session_id: SessionId::new(Uuid::from_u128(0x5)),
        roles: vec![
            RoleGrant::enterprise(EnterpriseId::new(Uuid::from_u128(0xe))),
            RoleGrant::liaison(DepartmentId::new(Uuid::from_u128(0xd))),
            RoleGrant::section_handler(
                DepartmentId::new(Uuid::from_u128(0xd)),
                SectionId::new(Uuid::from_u128(0xc)),
            ),
            RoleGrant::of(Role::Auditor),
        ],
    }
}

fn exporter() -> Client {
    Client { client_id: ClientId::new(Uuid::from_u128(0xb)), scopes: vec!["issues.read".to_owned()] }
}

fn claims() -> AccessClaims {
    AccessClaims::person(&alice(), at(NOW), TimeDelta::minutes(15), Uuid::from_u128(0x1))
}

fn good_token() -> String {
    Signer::new(key(1)).sign(&claims()).unwrap()
}

fn good_header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": key(1).kid()})
}

/// A token of any header and claims, whose signature by `key` fits.
fn forge_text(header: &str, claims: &str, key: &SigningKey) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let secret = EncodingKey::from_ed_der(key.to_pkcs8());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn forge(header: &Value, claims: &Value, key: &SigningKey) -> String {
    forge_text(&header.to_string(), &claims.to_string(), key)
}

/// `base` with these members set; `null` takes one away.
fn with(base: &Value, changes: &Value) -> Value {
    let mut made = base.clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            made.as_object_mut().unwrap().remove(name);
        } else {
            made[name] = value.clone();
        }
    }
    made
}

#[test]
fn a_token_brings_back_the_person_or_client_it_was_signed_for() {
    let desk = Desk::new();
    let verified = block_on(desk.verifier.inspect(&good_token())).unwrap();
    assert_eq!(verified.caller, Caller::Person(alice()));
    assert_eq!((verified.issued_at, verified.expires_at), (at(NOW), at(NOW + 900)));
    assert_eq!(verified.token_id.as_deref(), Some("00000000-0000-0000-0000-000000000001"));

    let claims = AccessClaims::client(&exporter(), at(NOW), TimeDelta::minutes(5), Uuid::from_u128(2));
    let token = Signer::new(key(1)).sign(&claims).unwrap();
    assert_eq!(desk.verify(&token), Ok(Caller::Client(exporter())));
}

#[test]
fn the_forger_of_these_tests_makes_good_tokens_when_nothing_is_wrong() {
    let claims = serde_json::to_value(claims()).unwrap();
    assert_eq!(Desk::new().verify(&forge(&good_header(), &claims, &key(1))), Ok(Caller::Person(alice())));
}

#[test]
fn a_token_is_believed_from_a_minute_before_its_start_until_a_minute_after_its_end() {
    let token = good_token();
    for (now, expected) in [
        (NOW - 61, Err(TokenError::NotYetValid)),
        (NOW - 60, Ok(())),
        (NOW + 900 + 59, Ok(())),
        (NOW + 900 + 60, Err(TokenError::Expired)),
    ] {
        let desk = Desk::new();
        desk.clock.set(at(now));
        assert_eq!(desk.verify(&token).map(drop), expected, "{}", now - NOW);
        // The same when it was verified before: what is remembered does not outlive the token.
        let desk = Desk::new();
        desk.verify(&token).unwrap();
        desk.clock.set(at(now));
        assert_eq!(desk.verify(&token).map(drop), expected, "{}, remembered", now - NOW);
    }
}

#[test]
fn a_verified_token_is_remembered_as_itself_alone() {
    let desk = Desk::new();
    let other = Person { roles: vec![], ..alice() };
    let other_claims = AccessClaims::person(&other, at(NOW), TimeDelta::minutes(1), Uuid::from_u128(3));
    let other_token = Signer::new(key(1)).sign(&other_claims).unwrap();
    for _ in 0..2 {
        assert_eq!(desk.verify(&good_token()), Ok(Caller::Person(alice())));
        assert_eq!(desk.verify(&other_token), Ok(Caller::Person(other.clone())));
    }
}

#[test]
fn the_signer_refuses_what_every_verifier_would() {
    let signer = Signer::new(key(1));
    for seconds in [-1, 0, 901, i64::MAX] {
        let claims = AccessClaims { exp: NOW.saturating_add(seconds), ..claims() };
        assert_eq!(signer.sign(&claims), Err(SignError::Lifetime), "{seconds}");
    }
    let nobody = AccessClaims { sub: "account:alice".to_owned(), ..claims() };
    assert_eq!(signer.sign(&nobody), Err(SignError::Claims));
    let person = Person { roles: alice().roles.repeat(100), ..alice() };
    let claims = AccessClaims::person(&person, at(NOW), TimeDelta::minutes(1), Uuid::from_u128(1));
    assert_eq!(signer.sign(&claims), Err(SignError::TooLong));
}

#[test]
fn nothing_shows_a_key_or_a_token() {
    let desk = Desk::new();
    let identity = ServiceIdentity::new(WORKFLOW, key(11));
    let service_token = identity.token(at(NOW));
    desk.verify(&service_token).unwrap();
    let token = good_token();
    desk.verify(&token).unwrap();
    let cached = CachedKeys::new(|| Box::pin(async { Ok(KeySet::default()) }), desk.clock.clone());
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        key(1),
        key(1).public(),
        Signer::new(key(1)),
        identity,
        desk.verifier,
        cached,
        StaticKeys(desk.keys.0.lock().unwrap().clone()),
    );
    assert!(shown.contains(key(1).kid()) && shown.contains("workflow"), "{shown}");
    let public = URL_SAFE_NO_PAD.encode(key(1).public().bytes());
    let secrets = [token, service_token, key(1).to_pem(), public, format!("{:?}", key(1).public().bytes())];
    for secret in &secrets {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
    // No run of numbers or base64 long enough to be a key, beyond the 43 characters of a key's id.
    let longest =
        shown.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').map(str::len).max();
    assert_eq!(longest, Some(43), "{shown}");
}
