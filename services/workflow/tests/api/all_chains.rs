//! The log is over the chains of orders and cases too.

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use proto::workflow::v1::{self as pb, TrailFaultKind as Kind};
use testkit::TestSuite;
use tonic::Code;
use trail::{Hash, Record, Sha256Ed25519, SignedHead, chain, merkle};

use crate::{cases, dba::*, orders, trail_log::*, world::*};

/// An issue, a case made of it, an order of the same firm; names of their chains.
async fn of_each(app: &TestSuite) -> [String; 3] {
    let order = orders::scheduled(app).await;
    let issue = closed(app).await;
    let case = cases::nominate(app, &issue).await.unwrap();
    log_all(app).await;
    [
        format!("issue/{}", issue.issue_id),
        format!("order/{}", order.order_id),
        format!("case/{}", case.case_id),
    ]
}

async fn export_chain(app: &TestSuite, chain: &str) -> Answer<Vec<u8>> {
    exported(app, pb::ExportTrailRequest { chain: chain.to_owned(), ..Default::default() }).await
}

async fn verify_chain(app: &TestSuite, chain: &str) -> Vec<(Kind, String, i64)> {
    let request = pb::VerifyTrailRequest { chain: chain.to_owned(), ..Default::default() };
    let found = audit_admin(app).verify_trail(request).await.unwrap().into_inner().faults;
    found.into_iter().map(|fault| (fault.kind(), fault.chain, fault.sequence)).collect()
}

fn inclusion(chain: &str, sequence: i64) -> pb::ProveInclusionRequest {
    pb::ProveInclusionRequest { chain: chain.to_owned(), sequence, ..Default::default() }
}

fn holds(answer: &pb::ProveInclusionResponse) -> bool {
    let head = SignedHead::from_json(&answer.tree_head.as_ref().unwrap().line).unwrap().head;
    let leaf = merkle::leaf_hash(&Sha256Ed25519, &answer.hash);
    let path: Vec<Hash> = answer.path.iter().map(|hash| Hash::try_from(hash.as_ref()).unwrap()).collect();
    let index = u64::try_from(answer.log_index).unwrap();
    merkle::verify_inclusion(&Sha256Ed25519, &leaf, index, head.size, &head.root, &path)
}

/// The last entry of an order's chain given to somebody else: the event, its link and the row of the order all fit.
fn forged(app: &TestSuite, last: &Record, order: &str) -> [String; 2] {
    let entry = trail::Entry { actor: "account:somebody".to_owned(), ..last.entry.clone() };
    let link = bytes(app, chain::append(&Sha256Ed25519, last.prev, &entry));
    let (order, seq) = (id(app, order), entry.seq);
    [
        format!(
            "UPDATE order_event SET actor = 'account:somebody', link = {link} WHERE order_id = {order} AND seq = {seq}"
        ),
        format!("UPDATE service_order SET link = {link} WHERE order_id = {order}"),
    ]
}

both_engines! {
    async fn every_step_of_an_order_and_a_case_stands_in_the_log_in_the_order_in_which_they_were_taken(app: TestSuite) {
        let [issue, order, case] = of_each(app).await;
        let file = export(app, "").await.unwrap();
        let report = verified(app, &file);
        assert!(report.is_intact(), "{:?}", report.faults);
        let chains: Vec<String> = records(app, &file).into_iter().map(|record| record.entry.chain).collect();
        let expected = [vec![order.clone(); 3], vec![issue.clone(); 10], vec![case.clone()]].concat();
        assert_eq!(chains, expected);
        assert_eq!(faults(app, "").await, []);
        for (chain, n_entries) in [(&issue, 10), (&order, 3), (&case, 1)] {
            let of_one = verified(app, &export_chain(app, chain).await.unwrap());
            assert!(of_one.is_intact(), "{:?}", of_one.faults);
            assert_eq!((of_one.entries, of_one.chain.as_ref()), (n_entries, Some(chain)));
            assert_eq!(of_one.root, report.root);
            assert_eq!(verify_chain(app, chain).await, []);
        }
    }

    async fn an_order_rewritten_with_its_link_and_its_row_contradicts_the_tree(app: TestSuite) {
        let [_, order, _] = of_each(app).await;
        let last = records(app, &export_chain(app, &order).await.unwrap()).pop().unwrap();
        dba(app, &forged(app, &last, order.strip_prefix("order/").unwrap())).await;
        assert_eq!(faults(app, "").await, [(Kind::Root, String::new(), 0)]);
        assert_eq!(verify_chain(app, &order).await, [(Kind::Proof, order.clone(), 3)]);
        assert!(!verified(app, &export(app, "").await.unwrap()).is_intact());
        let of_one = verified(app, &export_chain(app, &order).await.unwrap());
        assert_eq!((of_one.faults[0].chain.as_ref(), of_one.faults[0].seq), (Some(&order), Some(3)));
    }

    async fn an_order_or_a_case_that_was_changed_cut_or_left_out_is_found_where_it_was(app: TestSuite) {
        let [_, order, case] = of_each(app).await;
        let (of_order, of_case) = (id(app, &order[6..]), id(app, &case[5..]));
        dba(app, &[
            format!("UPDATE case_event SET actor = 'account:somebody' WHERE case_id = {of_case}"),
            format!("UPDATE service_order SET version = 2 WHERE order_id = {of_order}"),
            format!("DELETE FROM trail_log WHERE subject = 'order' AND subject_id = {of_order} AND seq = 3"),
        ]).await;
        for only in ["", order.as_str()] {
            let found = verify_chain(app, only).await;
            assert!(found.contains(&(Kind::NotInLog, order.clone(), 3)), "{found:?}");
            assert!(found.contains(&(Kind::Issue, order.clone(), 2)), "{found:?}");
            assert!(found.contains(&(Kind::Issue, order.clone(), 3)), "{found:?}");
        }
        for only in ["", case.as_str()] {
            let found = verify_chain(app, only).await;
            assert!(found.contains(&(Kind::Hash, case.clone(), 1)), "{found:?}");
        }
        dba(app, &[format!("DELETE FROM case_event WHERE case_id = {of_case}")]).await;
        assert!(verify_chain(app, &case).await.contains(&(Kind::LogIndex, case.clone(), 1)));
    }

    async fn an_entry_of_an_order_is_proved_to_whoever_has_the_order_in_sight(app: TestSuite) {
        let [issue, order, case] = of_each(app).await;
        let prove = async |account, role, request| {
            Ok::<_, tonic::Status>(trails(app, account, role).prove_inclusion(request).await?.into_inner())
        };
        let firm = || (OWNER, RoleGrant::enterprise(DAIRY));
        let steel = || (STEEL_OWNER, RoleGrant::enterprise(STEEL));
        let admin = || (account(801), RoleGrant::of(Role::AuditAdmin));
        for (chain, sequence, issue_id) in [(&order, 2, ""), (&case, 1, ""), (&issue, 4, &issue[6..])] {
            let (account, role) = admin();
            let answer = prove(account, role, inclusion(chain, sequence)).await.unwrap();
            assert_eq!((&answer.chain, answer.sequence, answer.issue_id.as_str()), (chain, sequence, issue_id));
            assert!(holds(&answer));
            let at = pb::ProveInclusionRequest { log_index: answer.log_index, ..Default::default() };
            assert_eq!(prove(account, role, at).await.unwrap().hash, answer.hash);
        }
        let ((owner, dairy), (other, works)) = (firm(), steel());
        let own = prove(owner, dairy, inclusion(&order, 3)).await.unwrap();
        assert!(holds(&own));
        let at = pb::ProveInclusionRequest { log_index: own.log_index, ..Default::default() };
        let foreign = prove(other, works, inclusion(&order, 3)).await;
        assert_eq!(refusal(foreign), was(Code::NotFound, "ORDER_NOT_FOUND"));
        assert_eq!(refusal(prove(other, works, at).await), was(Code::NotFound, "LOG_ENTRY_NOT_FOUND"));
        // Nobody is shown a case for the sake of the firm.
        assert_eq!(refusal(prove(owner, dairy, inclusion(&case, 1)).await), was(Code::NotFound, "CASE_NOT_FOUND"));
        let (account, role) = admin();
        let missing = prove(account, role, inclusion(&order, 4)).await;
        assert_eq!(refusal(missing), was(Code::NotFound, "LOG_ENTRY_NOT_FOUND"));
    }

    async fn a_chain_is_named_as_the_trail_names_it(app: TestSuite) {
        let [issue, order, _] = of_each(app).await;
        let none = uuid::Uuid::from_u128(7);
        for (name, reason) in [("issue", "ISSUE_NOT_FOUND"), ("order", "ORDER_NOT_FOUND"), ("case", "CASE_NOT_FOUND")] {
            let nothing = export_chain(app, &format!("{name}/{none}")).await;
            assert_eq!(refusal(nothing), was(Code::NotFound, reason));
        }
        for bad in ["order", "order/", "visit/019b2c5e-7d1f-7000-8000-000000000000", &order.to_uppercase(), &order[6..]] {
            assert_eq!(refusal(export_chain(app, bad).await), was(Code::InvalidArgument, "FIELD_INVALID"), "{bad}");
        }
        let twice = pb::ExportTrailRequest { issue_id: issue[6..].to_owned(), chain: issue.clone() };
        assert_eq!(refusal(exported(app, twice).await), was(Code::InvalidArgument, "FIELD_INVALID"));
    }

    async fn a_head_covers_orders_at_most_a_minute_after_they_were_placed(app: TestSuite) {
        let order = orders::placed(app).await;
        log_all(app).await;
        assert_eq!(head(app).await.unwrap().tree_size, 1);
        orders::accept_order(app, orders::desk(app), &order).await.unwrap();
        app.clock.advance(TimeDelta::seconds(60));
        log_all(app).await;
        assert_eq!(head(app).await.unwrap().tree_size, 2);
    }
}
