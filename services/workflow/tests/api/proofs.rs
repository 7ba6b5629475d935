use access::{Role, RoleGrant};
use chrono::TimeDelta;
use proto::workflow::v1::{self as pb, trail_service_client::TrailServiceClient};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::Code;
use trail::{
    Hash, Sha256Ed25519, SignedHead,
    merkle::{leaf_hash, verify_consistency, verify_inclusion},
};

use crate::{trail_log::*, world::*};

fn hashes(path: &[prost::bytes::Bytes]) -> Vec<Hash> {
    path.iter().map(|hash| Hash::try_from(hash.as_ref()).unwrap()).collect()
}

/// The head as whoever has the published key reads it from the answer.
fn read(head: Option<pb::TreeHead>) -> trail::TreeHead {
    SignedHead::from_json(&head.unwrap().line).unwrap().head
}

fn leads_to_its_head(answer: pb::ProveInclusionResponse) -> bool {
    let leaf = leaf_hash(&Sha256Ed25519, &answer.hash);
    let head = read(answer.tree_head);
    let index = u64::try_from(answer.log_index).unwrap();
    verify_inclusion(&Sha256Ed25519, &leaf, index, head.size, &head.root, &hashes(&answer.path))
}

async fn inclusion(
    mut who: TrailServiceClient<Bearer>,
    request: pb::ProveInclusionRequest,
) -> Answer<pb::ProveInclusionResponse> {
    Ok(who.prove_inclusion(request).await?.into_inner())
}

async fn consistency(app: &TestSuite, first: i64, second: i64) -> Answer<pb::ProveConsistencyResponse> {
    let request = pb::ProveConsistencyRequest { first_tree_size: first, second_tree_size: second };
    Ok(audit_admin(app).prove_consistency(request).await?.into_inner())
}

fn of(issue: &pb::Issue, sequence: i64) -> pb::ProveInclusionRequest {
    pb::ProveInclusionRequest { issue_id: issue.issue_id.clone(), sequence, ..Default::default() }
}

fn at(log_index: i64) -> pb::ProveInclusionRequest {
    pb::ProveInclusionRequest { log_index, ..Default::default() }
}

/// Two heads, over 10 and 13 entries; the issue whose chain the first one covers, and one of the steel works.
async fn two_heads(app: &TestSuite) -> (pb::Issue, pb::Issue) {
    let issue = closed(app).await;
    log_all(app).await;
    app.clock.advance(TimeDelta::minutes(2));
    submitted(app).await;
    submitted(app).await;
    let steel = steel_owner(app).submit(STEEL, "other").await.unwrap();
    log_all(app).await;
    (issue, steel)
}

both_engines! {
    async fn every_entry_is_proved_under_every_head_that_covers_it(app: TestSuite) {
        let (issue, _) = two_heads(app).await;
        for sequence in 1..=10 {
            for tree_size in [0, 10, 13] {
                let request = pb::ProveInclusionRequest { tree_size, ..of(&issue, sequence) };
                let answer = inclusion(audit_admin(app), request).await.unwrap();
                let expected_size = if tree_size == 10 { 10 } else { 13 };
                assert_eq!(answer.tree_head.as_ref().unwrap().tree_size, expected_size);
                assert_eq!((answer.sequence, &answer.issue_id), (sequence, &issue.issue_id));
                assert!(leads_to_its_head(answer.clone()), "{sequence} at {tree_size}");
                let mut other = answer.clone();
                other.hash = vec![7; 32].into();
                assert!(!leads_to_its_head(other));
                let by_index = inclusion(audit_admin(app), at(answer.log_index)).await.unwrap();
                assert_eq!((by_index.sequence, &by_index.hash), (sequence, &answer.hash));
            }
        }
    }

    async fn a_proof_is_read_in_one_statement_however_long_the_log_is(app: TestSuite) {
        let count = async |request: pb::ProveInclusionRequest| {
            let before = db(app).counters().statements;
            inclusion(audit_admin(app), request).await.unwrap();
            db(app).counters().statements - before
        };
        let issue = submitted(app).await;
        log_all(app).await;
        let short = count(of(&issue, 1)).await;
        for _ in 0..40 {
            submitted(app).await;
        }
        app.clock.advance(TimeDelta::minutes(2));
        log_all(app).await;
        // The proof of one entry alone is empty, and read in no statement.
        assert_eq!(count(of(&issue, 1)).await, short + 1);
    }

    async fn a_log_is_proved_to_continue_what_it_was(app: TestSuite) {
        two_heads(app).await;
        let ten = read(consistency(app, 0, 10).await.unwrap().tree_head);
        for (first, second) in [(0, 0), (10, 0), (10, 13), (7, 13), (7, 10), (13, 13)] {
            let answer = consistency(app, first, second).await.unwrap();
            let head = read(answer.tree_head);
            let size = u64::try_from(first).unwrap();
            let root = Hash::try_from(answer.first_root_hash.as_ref()).unwrap();
            let path = hashes(&answer.path);
            let holds = |root: &Hash| {
                verify_consistency(&Sha256Ed25519, size, root, head.size, &head.root, &path)
            };
            assert!(holds(&root) && !holds(&Hash::new([7; 32])), "{first} to {second}");
            if first == 10 {
                assert_eq!(root, ten.root);
            }
        }
    }

    async fn what_there_is_not_cannot_be_proved(app: TestSuite) {
        let missing = was(Code::NotFound, "TREE_HEAD_MISSING");
        assert_eq!(refusal(consistency(app, 0, 0).await), missing);
        let (issue, _) = two_heads(app).await;
        let entry = async |request| refusal(inclusion(audit_admin(app), request).await);
        let none = was(Code::NotFound, "LOG_ENTRY_NOT_FOUND");
        assert_eq!(entry(of(&issue, 11)).await, none);
        assert_eq!(entry(at(13)).await, none);
        let size = was(Code::InvalidArgument, "TREE_SIZE_UNKNOWN");
        assert_eq!(entry(pb::ProveInclusionRequest { tree_size: 11, ..at(0) }).await, size);
        assert_eq!(refusal(consistency(app, 14, 0).await), size);
        assert_eq!(refusal(consistency(app, 11, 10).await), size);
        let covered = was(Code::FailedPrecondition, "LOG_ENTRY_NOT_COVERED");
        assert_eq!(entry(pb::ProveInclusionRequest { tree_size: 10, ..at(12) }).await, covered);
        // Recorded, and not in the log yet.
        let fresh = submitted(app).await;
        assert_eq!(entry(of(&fresh, 1)).await, covered);
        let malformed = was(Code::InvalidArgument, "FIELD_INVALID");
        for request in [
            of(&issue, 0),
            of(&issue, -1),
            at(-1),
            pb::ProveInclusionRequest { sequence: 3, ..at(0) },
            pb::ProveInclusionRequest { log_index: 3, ..of(&issue, 1) },
            pb::ProveInclusionRequest { tree_size: -1, ..at(0) },
        ] {
            assert_eq!(entry(request.clone()).await, malformed, "{request:?}");
        }
        assert_eq!(refusal(consistency(app, -1, 0).await), malformed);
    }

    async fn a_firm_is_given_proofs_of_its_own_entries_alone(app: TestSuite) {
        let (issue, steel) = two_heads(app).await;
        let owner = || trails(app, OWNER, RoleGrant::enterprise(DAIRY));
        let own = inclusion(owner(), of(&issue, 3)).await.unwrap();
        assert_eq!(inclusion(owner(), at(own.log_index)).await.unwrap().hash, own.hash);
        let foreign = refusal(inclusion(owner(), of(&steel, 1)).await);
        let nothing = pb::ProveInclusionRequest { issue_id: app.uuid().to_string(), ..of(&steel, 1) };
        assert_eq!(foreign, was(Code::NotFound, "ISSUE_NOT_FOUND"));
        assert_eq!(refusal(inclusion(owner(), nothing).await), foreign);
        let hidden = inclusion(owner(), at(12)).await;
        assert_eq!(refusal(hidden), was(Code::NotFound, "LOG_ENTRY_NOT_FOUND"));
        let verify = owner().verify_trail(pb::VerifyTrailRequest::default()).await;
        assert_eq!(testkit::reason(&verify.unwrap_err()), was(Code::PermissionDenied, "NOT_PERMITTED"));
        let auditor = trails(app, AUDITOR, RoleGrant::of(Role::Auditor));
        assert!(leads_to_its_head(inclusion(auditor, at(12)).await.unwrap()));
    }
}
