//! Tokens that must be refused.

use super::*;

#[test]
fn any_bit_of_a_token_changed_makes_it_refused() {
    let desk = Desk::new();
    let token = good_token();
    desk.verify(&token).unwrap();
    for bit in 0..token.len() * 8 {
        let mut bytes = token.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // What is not text cannot even be asked about.
        if let Ok(changed) = str::from_utf8(&bytes) {
            assert!(desk.verify(changed).is_err(), "bit {bit}: {changed}");
        }
    }
}

#[test]
fn any_last_character_of_a_part_changed_makes_a_token_refused() {
    let desk = Desk::new();
    let token = good_token();
    let mut ends: Vec<_> = token.match_indices('.').map(|(dot, _)| dot - 1).collect();
    ends.push(token.len() - 1);
    assert_eq!(ends.len(), 3);
    for end in ends {
        for other in (0..=127_u8).map(char::from) {
            let mut changed = token.clone();
            changed.replace_range(end..=end, &other.to_string());
            assert_eq!(desk.verify(&changed).is_ok(), changed == token, "{changed:?}");
        }
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let desk = Desk::new();
    let token = good_token();
    let unsigned = token.rsplit_once('.').unwrap().0;
    let long = format!("{token}{}", "A".repeat(MAX_TOKEN_BYTES));
    let odd = [
        "",
        ".",
        "..",
        "...",
        "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c",
        "019b2c3d-4e5f-7a6b-8c9d-0e1f2a3b4c5d",
        "流程.流程.流程",
        unsigned,
        &format!("{unsigned}."),
        &format!("{token}."),
        &format!(".{token}"),
        &format!("{token}="),
        &format!("{token}\n"),
        &format!(" {token}"),
        &format!("{token}.{token}"),
        &long,
    ];
    for text in odd {
        assert!(desk.verify(text).is_err(), "{text}");
    }
}

#[test]
fn a_token_without_a_signature_by_the_right_algorithm_is_refused() {
    let desk = Desk::new();
    let claims = serde_json::to_value(claims()).unwrap();
    let parts = |alg: &str| {
        let header = with(&good_header(), &json!({ "alg": alg }));
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        )
    };
    for none in ["none", "None", "NONE", ""] {
        desk.refuses(none, &format!("{}.", parts(none)), TokenError::Algorithm);
    }
    // The public key as an HMAC secret, in the forms in which it is published.
    let jwks = desk.keys.0.lock().unwrap().to_json();
    let public = *key(1).public().bytes();
    for secret in [&public[..], jwks.as_bytes(), URL_SAFE_NO_PAD.encode(public).as_bytes()] {
        let message = parts("HS256");
        let secret = EncodingKey::from_secret(secret);
        let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::HS256).unwrap();
        desk.refuses("HS256", &format!("{message}.{mac}"), TokenError::Algorithm);
        // The same with the header left as it should be.
        let message = parts("EdDSA");
        let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::HS256).unwrap();
        desk.refuses("HMAC as EdDSA", &format!("{message}.{mac}"), TokenError::Signature);
    }
    for alg in ["HS256", "HS512", "RS256", "PS256", "ES256", "Ed25519", "eddsa"] {
        let header = with(&good_header(), &json!({ "alg": alg }));
        desk.refuses(alg, &forge(&header, &claims, &key(1)), TokenError::Algorithm);
    }
}

#[test]
fn a_token_with_another_header_is_refused() {
    let desk = Desk::new();
    let claims = serde_json::to_value(claims()).unwrap();
    let foreign = URL_SAFE_NO_PAD.encode(key(2).public().bytes());
    #[rustfmt::skip]
    let headers = [
        (json!({"typ": "JWT"}), TokenError::Type),
        (json!({"typ": "rt+jwt"}), TokenError::Type),
        (json!({"typ": "AT+JWT"}), TokenError::Type),
        (json!({"typ": "application/at+jwt"}), TokenError::Type),
        (json!({"typ": "st+jwt"}), TokenError::UnknownKey),
        (json!({"typ": null}), TokenError::Header),
        (json!({"typ": ["at+jwt"]}), TokenError::Header),
        (json!({"alg": null}), TokenError::Header),
        (json!({"kid": null}), TokenError::Header),
        (json!({"kid": ""}), TokenError::UnknownKey),
        (json!({"kid": "../1"}), TokenError::UnknownKey),
        (json!({"kid": key(2).kid()}), TokenError::UnknownKey),
        (json!({"jku": "https://example.com/jwks"}), TokenError::Header),
        (json!({"x5u": "https://example.com/cert"}), TokenError::Header),
        (json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": foreign}}), TokenError::Header),
        (json!({"x5c": ["MIIB"]}), TokenError::Header),
        (json!({"crit": ["exp"]}), TokenError::Header),
        (json!({"b64": false, "crit": ["b64"]}), TokenError::Header),
        (json!({"cty": "JWT"}), TokenError::Header),
        (json!({"zip": "DEF"}), TokenError::Header),
    ];
    for (change, why) in headers {
        let token = forge(&with(&good_header(), &change), &claims, &key(1));
        desk.refuses(&change.to_string(), &token, why);
    }
    let twice = format!(r#"{{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#, key(1).kid());
    desk.refuses("alg twice", &forge_text(&twice, &claims.to_string(), &key(1)), TokenError::Header);
}

#[test]
fn a_token_that_another_key_signed_is_refused_even_under_the_name_of_ours() {
    let claims = serde_json::to_value(claims()).unwrap();
    let desk = Desk::new();
    desk.refuses("key 2 as key 1", &forge(&good_header(), &claims, &key(2)), TokenError::Signature);
}

#[test]
fn a_token_with_other_claims_is_refused() {
    let desk = Desk::new();
    let good = serde_json::to_value(claims()).unwrap();
    let id = "019b2c3d-4e5f-7a6b-8c9d-0e1f2a3b4c5d";
    #[rustfmt::skip]
    let changes = [
        (json!({"iss": "https://elsewhere.example"}), TokenError::Issuer),
        (json!({"iss": ""}), TokenError::Issuer),
        (json!({"iss": null}), TokenError::Claims),
        (json!({"aud": "elsewhere"}), TokenError::Audience),
        (json!({"aud": "QINQING"}), TokenError::Audience),
        (json!({"aud": "qinqing2"}), TokenError::Audience),
        (json!({"aud": ["qinqing"]}), TokenError::Claims),
        (json!({"aud": ["qinqing", "elsewhere"]}), TokenError::Claims),
        (json!({"aud": null}), TokenError::Claims),
        (json!({"nbf": NOW + 61}), TokenError::NotYetValid),
        (json!({"iat": NOW + 61, "exp": NOW + 120}), TokenError::NotYetValid),
        (json!({"nbf": null}), TokenError::Claims),
        (json!({"iat": NOW - 900, "nbf": NOW - 900, "exp": NOW - 60}), TokenError::Expired),
        (json!({"exp": NOW + 901}), TokenError::Lifetime),
        (json!({"exp": NOW}), TokenError::Lifetime),
        (json!({"exp": i64::MAX, "iat": i64::MIN}), TokenError::Claims),
        (json!({"exp": i64::MAX}), TokenError::Claims),
        (json!({"exp": (NOW + 900).to_string()}), TokenError::Claims),
        (json!({"exp": 1_772_414_100.5}), TokenError::Claims),
        (json!({"exp": null}), TokenError::Claims),
        (json!({"iat": null}), TokenError::Claims),
        (json!({"jti": null}), TokenError::Claims),
        (json!({"jti": ""}), TokenError::Claims),
        (json!({"sub": null}), TokenError::Claims),
        (json!({"sub": "account"}), TokenError::Claims),
        (json!({"sub": "account:"}), TokenError::Claims),
        (json!({"sub": "account:alice"}), TokenError::Claims),
        (json!({"sub": "account:019B2C3D-4E5F-7A6B-8C9D-0E1F2A3B4C5D"}), TokenError::Claims),
        (json!({"sub": format!("Account:{id}")}), TokenError::Claims),
        (json!({"sub": format!("account:{id} ")}), TokenError::Claims),
        (json!({"sub": format!("client:{id}")}), TokenError::Claims),
        (json!({"sub": "service:workflow"}), TokenError::Claims),
        (json!({"sub": "anonymous"}), TokenError::Claims),
        (json!({"sid": null}), TokenError::Claims),
        (json!({"sid": "5"}), TokenError::Claims),
        (json!({"scopes": ["issues.read"]}), TokenError::Claims),
        (json!({"roles": null}), TokenError::Claims),
        (json!({"roles": ["AUDITOR"]}), TokenError::Claims),
        (json!({"roles": [{"r": "EMPEROR"}]}), TokenError::Claims),
        (json!({"roles": [{"r": "auditor"}]}), TokenError::Claims),
        (json!({"roles": [{"r": "UNSPECIFIED"}]}), TokenError::Claims),
        (json!({"roles": [{"r": "AUDITOR", "x": 1}]}), TokenError::Claims),
        (json!({"roles": [{"r": "AUDITOR", "e": id}]}), TokenError::Claims),
        (json!({"roles": [{"r": "ENTERPRISE"}]}), TokenError::Claims),
        (json!({"roles": [{"r": "ENTERPRISE", "e": "1"}]}), TokenError::Claims),
        (json!({"roles": [{"r": "ENTERPRISE", "e": id, "d": id}]}), TokenError::Claims),
        (json!({"roles": [{"r": "LIAISON"}]}), TokenError::Claims),
        (json!({"roles": [{"r": "LIAISON", "d": id, "s": id}]}), TokenError::Claims),
        (json!({"roles": [{"r": "SECTION_HANDLER", "s": id}]}), TokenError::Claims),
        (json!({"roles": [{"r": "AUDITOR"}, {"r": "EMPEROR"}]}), TokenError::Claims),
        (json!({"admin": true}), TokenError::Claims),
    ];
    for (change, why) in changes {
        let token = forge(&good_header(), &with(&good, &change), &key(1));
        desk.refuses(&change.to_string(), &token, why);
    }
}

#[test]
fn a_claim_that_is_there_twice_makes_a_token_refused() {
    let desk = Desk::new();
    let good = serde_json::to_value(claims()).unwrap();
    for (name, value) in good.as_object().unwrap() {
        let twice = format!(r#"{{"{name}":{value},{}"#, &good.to_string()[1..]);
        let token = forge_text(&good_header().to_string(), &twice, &key(1));
        desk.refuses(name, &token, TokenError::Claims);
    }
}

#[test]
fn a_clients_token_speaks_for_no_person() {
    let desk = Desk::new();
    let claims = AccessClaims::client(&exporter(), at(NOW), TimeDelta::minutes(5), Uuid::from_u128(2));
    let good = serde_json::to_value(claims).unwrap();
    for change in [
        json!({"roles": [{"r": "AUDITOR"}]}),
        json!({"sid": "00000000-0000-0000-0000-000000000005"}),
        json!({"sub": "account:00000000-0000-0000-0000-00000000000b"}),
        json!({"scopes": null}),
        json!({"scopes": "issues.read"}),
    ] {
        let token = forge(&good_header(), &with(&good, &change), &key(1));
        desk.refuses(&change.to_string(), &token, TokenError::Claims);
    }
}

#[test]
fn the_issuer_is_the_one_that_the_deployment_names() {
    let desk = Desk::new();
    let verifier =
        TokenVerifier::new(desk.keys.clone(), desk.clock.clone()).with_issuer("https://id.example");
    assert_eq!(block_on(verifier.verify(&good_token())), Err(TokenError::Issuer));
    let claims = AccessClaims { iss: "https://id.example".to_owned(), ..claims() };
    let token = Signer::new(key(1)).sign(&claims).unwrap();
    assert_eq!(block_on(verifier.verify(&token)), Ok(Caller::Person(alice())));
}
