//! S1, S5: every RPC × no token, bad tokens, each role.

use access::{Caller, Role, Rules, may_call};
use bytes::Bytes;
use store::Engine;
use tonic::Code;

use crate::{raw, world::World};

fn refusal(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_refuses_whom_the_contract_does_not_name() {
    let world = World::start(Engine::Sqlite).await;
    let rules = Rules::from_pool(proto::pool()).unwrap();
    let mut expired = world.claims(vec![access::RoleGrant::of(Role::Operator)]);
    expired.iat -= 3_600;
    expired.nbf -= 3_600;
    expired.exp -= 3_600;
    let mut elsewhere = world.claims(vec![access::RoleGrant::of(Role::Operator)]);
    elsewhere.aud = "somebody-else".to_owned();
    let forged = {
        let token = world.sign(&world.claims(vec![access::RoleGrant::of(Role::Operator)]));
        let (head, signature) = token.rsplit_once('.').unwrap();
        format!("{head}.{}", signature.chars().rev().collect::<String>())
    };
    let bad_tokens = [world.sign(&expired), world.sign(&elsewhere), forged, "nonsense".to_owned()];

    let mut n_cells = 0;
    let mut wrong = Vec::new();
    for method in raw::methods() {
        let path = raw::path(&method);
        let rule = rules.get(&path).unwrap();
        let mut check = |who: &str,
                         answer: Result<Option<Bytes>, tonic::Status>,
                         expected: Option<(Code, String)>| {
            n_cells += 1;
            let got = answer.err().map(|status| testkit::reason(&status));
            let as_expected = match &expected {
                Some(refusal) => got.as_ref() == Some(refusal),
                None => {
                    !matches!(&got, Some((_, reason)) if reason == "NOT_PERMITTED" || reason.starts_with("TOKEN_"))
                }
            };
            if !as_expected {
                wrong.push(format!("{path} as {who}: {got:?}, expected {expected:?}"));
            }
        };
        let token_needed = (!rule.public).then(|| refusal(Code::Unauthenticated, "TOKEN_MISSING"));
        check("nobody", raw::call(world.suite.connect(None), &method, Bytes::new()).await, token_needed);
        for token in &bad_tokens {
            let expected = (!rule.public).then(|| refusal(Code::Unauthenticated, "TOKEN_INVALID"));
            check(
                "bad token",
                raw::call(world.suite.connect(Some(token)), &method, Bytes::new()).await,
                expected,
            );
        }
        for role in Role::ALL {
            let named = rule.public || rule.grants.iter().any(|(named, _)| named == role);
            let answer = raw::call(world.stranger(*role), &method, Bytes::new()).await;
            let expected = (!named).then(|| refusal(Code::PermissionDenied, "NOT_PERMITTED"));
            check(role.name(), answer, expected);
        }
    }
    assert!(wrong.is_empty(), "{} of {n_cells} cells:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_cells > 1_000, "{n_cells} cells");
    world.stop().await;
}

#[test]
fn nobody_at_all_may_call_what_is_not_public() {
    let rules = Rules::from_pool(proto::pool()).unwrap();
    for rule in rules.iter() {
        assert_eq!(may_call(&Caller::Anonymous, rule), rule.public, "{}", rule.path);
    }
}
