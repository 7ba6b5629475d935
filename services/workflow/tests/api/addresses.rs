//! Where a step came from is shown to auditors, and is in no entry and no export.

use std::net::SocketAddr;

use access::{Role, RoleGrant};
use proto::workflow::v1::{
    self as pb, case_service_client::CaseServiceClient, issue_service_client::IssueServiceClient,
    order_service_client::OrderServiceClient,
};
use rpc::{Bearer, PeerAddress};
use testkit::TestSuite;
use tonic::{Request, Status, service::interceptor::InterceptedService};

use crate::{cases, dba::*, orders, trail_log::*, world::*};

const ADDRESS: &str = "192.0.2.77";
const PROGRAM: &str = "portal/3.1";

/// The connection of somebody at that address.
fn from_afar(
    bearer: Bearer,
) -> InterceptedService<Bearer, impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone> {
    InterceptedService::new(bearer, |mut request: Request<()>| {
        let address: SocketAddr = format!("{ADDRESS}:50123").parse().unwrap();
        request.extensions_mut().insert(PeerAddress(Some(address)));
        request.metadata_mut().insert("user-agent", PROGRAM.parse().unwrap());
        Ok(request)
    })
}

/// An issue, an order and a case, each with a first step that was taken from there.
async fn of_each(app: &TestSuite) -> (pb::Issue, pb::Order, pb::Case) {
    let submission = submission(app, DAIRY, "municipal_facilities");
    let firm = || app.person(OWNER, vec![RoleGrant::enterprise(DAIRY)]);
    let issue = IssueServiceClient::new(from_afar(firm())).submit_issue(submission).await.unwrap();
    let placement = orders::placement(app, &orders::offering(app).await);
    let order = OrderServiceClient::new(from_afar(firm())).place_order(placement).await.unwrap();
    let nomination = cases::nomination(app, &closed(app).await);
    let office = app.person(LIAISON, vec![RoleGrant::liaison(HOUSING)]);
    let case = CaseServiceClient::new(from_afar(office)).nominate_case(nomination).await.unwrap();
    let (issue, order, case) = (issue.into_inner().issue, order.into_inner().order, case.into_inner().case);
    (issue.unwrap(), order.unwrap(), case.unwrap())
}

/// From where the first steps of issue and order were taken, as an auditor sees it.
async fn shown(app: &TestSuite, issue: &pb::Issue, order: &pb::Order) -> [String; 2] {
    let auditor = || app.person(AUDITOR, vec![RoleGrant::of(Role::Auditor)]);
    let request = pb::GetTrailRequest { issue_id: issue.issue_id.clone(), ..Default::default() };
    let trace = audit_admin(app).get_trail(request).await.unwrap().into_inner();
    let request = pb::GetOrderTrailRequest { order_id: order.order_id.clone(), ..Default::default() };
    let of_order = OrderServiceClient::new(auditor()).get_order_trail(request).await.unwrap().into_inner();
    assert_eq!(of_order.broken_at_sequence, 0);
    [trace.entries[0].client.clone(), of_order.entries[0].client.clone()]
}

both_engines! {
    async fn an_address_is_shown_to_auditors_and_stands_in_no_entry_and_no_export(app: TestSuite) {
        let (issue, order, case) = of_each(app).await;
        log_all(app).await;
        let both = format!("{PROGRAM} @ {ADDRESS}");
        assert_eq!(shown(app, &issue, &order).await, [both.clone(), both]);
        let file = export(app, "").await.unwrap();
        let entries = records(app, &file);
        for chain in [
            format!("issue/{}", issue.issue_id), format!("order/{}", order.order_id), format!("case/{}", case.case_id),
        ] {
            let first = entries.iter().find(|record| record.entry.chain == chain).unwrap();
            assert_eq!(first.entry.client, PROGRAM);
        }
        assert!(!String::from_utf8(file).unwrap().contains(ADDRESS));
        assert_eq!(faults(app, "").await, []);
    }

    async fn addresses_are_erased_and_every_proof_holds(app: TestSuite) {
        let (issue, order, _) = of_each(app).await;
        log_all(app).await;
        let before = export(app, "").await.unwrap();
        let mut tx = db(app).begin().await.unwrap();
        // As the service itself could: nothing guards them.
        let n_rows = store::execute!(&mut tx, "erase the addresses", "DELETE FROM client_address").unwrap();
        tx.commit().await.unwrap();
        assert_eq!(n_rows, 3);
        assert_eq!(shown(app, &issue, &order).await, [PROGRAM, PROGRAM]);
        assert_eq!(export(app, "").await.unwrap(), before);
        assert_eq!(faults(app, "").await, []);
    }

    async fn what_was_hashed_with_an_address_in_earlier_days_still_holds(app: TestSuite) {
        let issue = submitted(app).await;
        log_all(app).await;
        let record = records(app, &export(app, "").await.unwrap()).pop().unwrap();
        let entry = trail::Entry { client: format!("{PROGRAM} @ {ADDRESS}"), ..record.entry };
        let link = bytes(app, trail::chain::append(&trail::Sha256Ed25519, record.prev, &entry));
        let of_issue = id(app, &issue.issue_id);
        // As an earlier build wrote the first event, before the log took it in.
        dba(app, &[
            format!("UPDATE issue_event SET client = '{}', link = {link} WHERE issue_id = {of_issue}", entry.client),
            format!("UPDATE issue SET link = {link} WHERE issue_id = {of_issue}"),
            "DELETE FROM trail_head".to_owned(),
            "DELETE FROM trail_node".to_owned(),
            "DELETE FROM trail_log".to_owned(),
            "UPDATE trail_progress SET log_id = '', outbox_position = '', size = 0".to_owned(),
        ]).await;
        liaison(app).sign_issue(&issue).await.unwrap();
        log_all(app).await;
        let file = export(app, "").await.unwrap();
        assert!(verified(app, &file).is_intact());
        assert_eq!(records(app, &file)[0].entry.client, entry.client);
        let request = pb::GetTrailRequest { issue_id: issue.issue_id.clone(), ..Default::default() };
        let trace = audit_admin(app).get_trail(request).await.unwrap().into_inner();
        assert_eq!(trace.entries[0].client, entry.client);
    }
}
