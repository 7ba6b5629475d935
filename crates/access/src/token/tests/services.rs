//! The services among themselves.

use super::*;

fn workflow() -> ServiceIdentity {
    ServiceIdentity::new(WORKFLOW, key(11))
}

fn good_service_claims() -> Value {
    json!({
        "iss": "service:workflow", "aud": "qinqing", "sub": "service:workflow",
        "iat": NOW, "nbf": NOW, "exp": NOW + 300,
    })
}

fn service_header(key: &SigningKey) -> Value {
    json!({"alg": "EdDSA", "typ": "st+jwt", "kid": key.kid()})
}

#[test]
fn a_service_is_known_by_its_token() {
    let desk = Desk::new();
    let verified = block_on(desk.verifier.inspect(&workflow().token(at(NOW)))).unwrap();
    assert_eq!(verified.caller, Caller::Service(WORKFLOW));
    assert_eq!((verified.token_id, verified.expires_at), (None, at(NOW + 300)));
    let forged = forge(&service_header(&key(11)), &good_service_claims(), &key(11));
    assert_eq!(desk.verify(&forged), Ok(Caller::Service(WORKFLOW)), "the forger is as good as the service");
}

#[test]
fn a_services_token_is_kept_until_a_minute_before_its_end() {
    let identity = workflow();
    let first = identity.token(at(NOW));
    assert_eq!(identity.token(at(NOW + 239)), first);
    let second = identity.token(at(NOW + 240));
    assert_ne!(second, first);
    assert_eq!(identity.token(at(NOW + 241)), second);
    assert_ne!(identity.token(at(NOW)), second, "a clock set back must not leave it with a future token");
    let desk = Desk::new();
    for seconds in 0..1_000 {
        desk.clock.set(at(NOW + seconds));
        assert_eq!(desk.verify(&identity.token(at(NOW + seconds))), Ok(Caller::Service(WORKFLOW)));
    }
}

#[test]
fn a_key_of_one_service_speaks_for_no_other() {
    let desk = Desk::new();
    let as_scoring =
        with(&good_service_claims(), &json!({"iss": "service:scoring", "sub": "service:scoring"}));
    let token = forge(&service_header(&key(11)), &as_scoring, &key(11));
    desk.refuses("workflow's key for scoring", &token, TokenError::Issuer);
    let token = forge(&service_header(&key(12)), &as_scoring, &key(11));
    desk.refuses("workflow's key under scoring's name", &token, TokenError::Signature);
    for change in
        [json!({"sub": "service:scoring"}), json!({"iss": "service:scoring"}), json!({"iss": ISSUER})]
    {
        let token = forge(&service_header(&key(11)), &with(&good_service_claims(), &change), &key(11));
        desk.refuses(&change.to_string(), &token, TokenError::Issuer);
    }
}

#[test]
fn the_keys_of_services_and_of_the_issuer_do_not_stand_in_for_each_other() {
    let desk = Desk::new();
    let token = Signer::new(key(11)).sign(&claims()).unwrap();
    desk.refuses("a person by a service", &token, TokenError::UnknownKey);
    let token = ServiceIdentity::new(WORKFLOW, key(1)).token(at(NOW));
    desk.refuses("a service by the issuer", &token, TokenError::UnknownKey);
    let token = ServiceIdentity::new(WORKFLOW, key(13)).token(at(NOW));
    desk.refuses("a service by a stranger", &token, TokenError::UnknownKey);

    // One type's claims under the other type's header.
    let person = serde_json::to_value(claims()).unwrap();
    desk.refuses("person", &forge(&service_header(&key(11)), &person, &key(11)), TokenError::Claims);
    let service = forge(&good_header(), &good_service_claims(), &key(1));
    desk.refuses("service", &service, TokenError::Claims);
}

#[test]
fn a_service_token_with_other_claims_is_refused() {
    let desk = Desk::new();
    #[rustfmt::skip]
    let changes = [
        (json!({"aud": "elsewhere"}), TokenError::Audience),
        (json!({"exp": NOW + 301}), TokenError::Lifetime),
        (json!({"exp": NOW}), TokenError::Lifetime),
        (json!({"iat": NOW - 300, "nbf": NOW - 300, "exp": NOW - 60}), TokenError::Expired),
        (json!({"nbf": NOW + 61}), TokenError::NotYetValid),
        (json!({"iat": NOW + 61}), TokenError::NotYetValid),
        (json!({"sub": "service:"}), TokenError::Issuer),
        (json!({"sub": "workflow"}), TokenError::Issuer),
        (json!({"roles": [{"r": "AUDITOR"}]}), TokenError::Claims),
        (json!({"aud": null}), TokenError::Claims),
    ];
    for (change, why) in changes {
        let token = forge(&service_header(&key(11)), &with(&good_service_claims(), &change), &key(11));
        desk.refuses(&change.to_string(), &token, why);
    }
}

#[test]
fn any_bit_of_a_service_token_changed_makes_it_refused() {
    let desk = Desk::new();
    let token = workflow().token(at(NOW));
    for bit in 0..token.len() * 8 {
        let mut bytes = token.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = str::from_utf8(&bytes) {
            assert!(desk.verify(changed).is_err(), "bit {bit}: {changed}");
        }
    }
}

#[test]
fn a_verifier_trusts_no_service_unless_told() {
    let desk = Desk::new();
    let verifier = TokenVerifier::new(desk.keys.clone(), desk.clock.clone());
    assert_eq!(block_on(verifier.verify(&workflow().token(at(NOW)))), Err(TokenError::UnknownKey));
}

#[test]
fn a_keyring_comes_back_from_its_json_and_gives_no_key_to_two_services() {
    let mut keyring = ServiceKeyring::new();
    for n in [11, 14] {
        keyring.trust(WORKFLOW, key(n).public().clone()).unwrap();
    }
    keyring.trust(SCORING, key(12).public().clone()).unwrap();
    assert_eq!(keyring.find(key(14).kid()), Some((&WORKFLOW, key(14).public())));
    assert_eq!(keyring.find(key(13).kid()), None);
    assert_eq!(ServiceKeyring::from_json(&keyring.to_json()), Ok(keyring.clone()));
    assert_eq!(keyring.trust(SCORING, key(11).public().clone()), Err(InvalidKeyring));
    assert_eq!(keyring.trust(WORKFLOW, key(11).public().clone()), Ok(()), "once more changes nothing");

    let jwks = KeySet::new([key(11).public().clone()]).to_json();
    for json in [
        format!(r#"{{"workflow":{jwks},"scoring":{jwks}}}"#),
        format!(r#"{{"Work Flow":{jwks}}}"#),
        r#"{"workflow":{}}"#.to_owned(),
        "[]".to_owned(),
        String::new(),
    ] {
        assert_eq!(ServiceKeyring::from_json(&json), Err(InvalidKeyring), "{json}");
    }
}
