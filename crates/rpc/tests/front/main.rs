//! What callers meet before any service does.

#![cfg(test)]

// As its dependents call it.
extern crate qinqing_rpc as rpc;

use proto::identity::v1::{GetJwksRequest, auth_service_client::AuthServiceClient};
use rpc::{Bearer, Transport};
use testkit::{Engine, TestSuite};
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_of_what_is_not_here_is_not_found() {
    let app = TestSuite::start(Engine::Sqlite, &[testkit::fake::identity().spec("identity")]).await.unwrap();
    let mut health = HealthClient::new(app.anonymous());
    let request = HealthCheckRequest { service: "elsewhere".to_owned() };
    assert_eq!(health.check(request).await.unwrap_err().code(), Code::NotFound);
    let request = HealthCheckRequest { service: "identity".to_owned() };
    assert!(health.check(request).await.is_ok());
    app.stop().await;
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_unavailable_and_no_more_is_told() {
    let nowhere = Transport::Remote(Endpoint::from_static("http://127.0.0.1:1").connect_lazy());
    let mut auth = AuthServiceClient::new(Bearer::new(nowhere, None));
    let status = auth.get_jwks(GetJwksRequest {}).await.unwrap_err();
    assert_eq!(testkit::reason(&status), (Code::Unavailable, "UNAVAILABLE".to_owned()));
    assert!(!status.message().contains("127.0.0.1") && !status.message().contains("error"), "{status}");
}
