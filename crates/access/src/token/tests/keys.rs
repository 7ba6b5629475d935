//! Keys, and the forms in which they are kept and published.

use expect_test::expect;

use super::*;

/// The key of RFC 8037, appendix A.1.
const RFC_8037_SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

fn rfc_8037_key() -> SigningKey {
    let seed = URL_SAFE_NO_PAD.decode(RFC_8037_SEED).unwrap();
    SigningKey::from_seed(&seed.try_into().unwrap()).unwrap()
}

#[test]
fn the_key_of_rfc_8037_has_the_public_half_and_the_thumbprint_given_there() {
    let key = rfc_8037_key();
    assert_eq!(URL_SAFE_NO_PAD.encode(key.public().bytes()), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_private_key_comes_back_from_the_text_it_is_kept_in() {
    let key = rfc_8037_key();
    expect![[r"
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
        -----END PRIVATE KEY-----
    "]]
    .assert_eq(&key.to_pem());
    for text in [key.to_pem(), key.to_pem().replace('\n', "\r\n"), format!("\n{}\n", key.to_pem())] {
        assert_eq!(SigningKey::from_pem(&text).unwrap().to_pkcs8(), key.to_pkcs8());
    }
    assert_eq!(SigningKey::from_pkcs8(key.to_pkcs8()).unwrap().public(), key.public());
}

#[test]
fn what_is_no_private_key_is_refused() {
    let pem = rfc_8037_key().to_pem();
    let cut = pem.replace("MC4C", "");
    let public = pem.replace("PRIVATE", "PUBLIC");
    let of_another_kind = pem.replace("K2Vw", "K2Vu");
    for text in ["", "MC4CAQAwBQYDK2Vw", &cut, &public, &of_another_kind, pem.trim_end_matches("-\n")] {
        assert_eq!(SigningKey::from_pem(text).map(drop), Err(InvalidKey), "{text}");
    }
    assert!(SigningKey::from_pkcs8(&rfc_8037_key().to_pkcs8()[1..]).is_err());
}

#[test]
fn generated_keys_differ() {
    let (a, b) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    assert_ne!(a.kid(), b.kid());
    assert_ne!(a.to_pkcs8(), b.to_pkcs8());
}

#[test]
fn a_key_set_is_published_as_jwks_without_private_halves() {
    let set = KeySet::new([rfc_8037_key().public().clone(), key(1).public().clone()]);
    let json: Value = serde_json::from_str(&set.to_json()).unwrap();
    assert_eq!(
        json["keys"][0],
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "use": "sig",
            "alg": "EdDSA",
        })
    );
    assert_eq!(KeySet::from_json(&set.to_json()), Ok(set));
}

#[test]
fn a_key_set_passes_over_keys_of_other_kinds_and_refuses_broken_ones() {
    let x = URL_SAFE_NO_PAD.encode(key(1).public().bytes());
    let read = |key: &Value| KeySet::from_json(&json!({ "keys": [key] }).to_string());
    let good = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "status": "active"});
    assert_eq!(read(&good), Ok(KeySet::new([key(1).public().clone()])));
    for other in [
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r"}),
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": x}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"kty": "OKP", "crv": "X25519", "x": x}),
    ] {
        assert_eq!(read(&other), Ok(KeySet::default()), "{other}");
    }
    let last_bit = format!("{}{}", &x[..42], if x.ends_with('A') { 'B' } else { 'D' });
    for broken in [
        json!({"x": null}),
        json!({"x": &x[..42]}),
        json!({"x": format!("{x}A")}),
        json!({"x": format!("{x}=")}),
        json!({"x": last_bit}),
        json!({"kid": "mine"}),
        json!({"kid": key(2).kid()}),
        json!({"use": "enc"}),
        json!({"alg": "HS256"}),
    ] {
        assert_eq!(read(&with(&good, &broken)), Err(InvalidKeySet), "{broken}");
    }
    for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[{}]}"#] {
        assert_eq!(KeySet::from_json(text), Err(InvalidKeySet), "{text}");
    }
}
