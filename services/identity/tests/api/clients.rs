use chrono::TimeDelta;
use proto::identity::v1::{self as pb, organization_service_client::OrganizationServiceClient};
use tonic::{Code, Status};

use crate::world::{World, precondition, refused};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn a_client_gets_tokens_with_no_more_than_its_scopes(app: TestSuite) {
        let world = World::new(app).await;
        let (client, secret) = create(&world, "一网通办", &["organizations.read", "events.read"]).await.unwrap();
        let all = token(&world, &client, &secret, &[]).await.unwrap();
        assert_eq!(all.scopes, ["events.read", "organizations.read"]);
        let narrow = token(&world, &client, &secret, &["organizations.read"]).await.unwrap();
        let mut organizations = OrganizationServiceClient::new(app.suite.connect(Some(&narrow.access_token)));
        organizations.list_departments(pb::ListDepartmentsRequest::default()).await.unwrap();

        let more = token(&world, &client, &secret, &["organizations.read", "issues.read"]).await;
        assert_eq!(refused(more), (Code::PermissionDenied, "CLIENT_SCOPE_DENIED".to_owned()));
        let without = token(&world, &client, &secret, &["events.read"]).await.unwrap().access_token;
        let mut organizations = OrganizationServiceClient::new(app.suite.connect(Some(&without)));
        let denied = organizations.list_departments(pb::ListDepartmentsRequest::default()).await;
        assert_eq!(refused(denied).0, Code::PermissionDenied);
    }

    async fn unknown_client_and_wrong_secret_get_the_same_answer(app: TestSuite) {
        let world = World::new(app).await;
        let (client, secret) = create(&world, "一网通办", &["events.read"]).await.unwrap();
        let (other, other_secret) = create(&world, "征信平台", &["events.read"]).await.unwrap();
        let mut answers = Vec::new();
        for (id, secret) in [
            (client.client_id.as_str(), other_secret.as_str()),
            (app.request_id().as_str(), secret.as_str()),
            ("nonsense", "nonsense"),
        ] {
            let client = pb::Client { client_id: id.to_owned(), ..other.clone() };
            let status = token(&world, &client, secret, &[]).await.unwrap_err();
            answers.push((testkit::reason(&status), status.message().to_owned(), status.details().to_vec()));
        }
        assert_eq!(answers[0].0, (Code::Unauthenticated, "CLIENT_CREDENTIALS_INVALID".to_owned()));
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }

    async fn a_scope_that_no_rpc_asks_for_is_refused(app: TestSuite) {
        let world = World::new(app).await;
        let unknown = create(&world, "一网通办", &["events.read", "everything.write"]).await;
        assert_eq!(refused(unknown), (Code::InvalidArgument, "SCOPE_UNKNOWN".to_owned()));
        create(&world, "一网通办", &["events.read"]).await.unwrap();
        assert_eq!(refused(create(&world, "一网通办", &["events.read"]).await).1, "CLIENT_NAME_TAKEN");
    }

    async fn an_old_secret_stays_good_for_as_long_as_was_said(app: TestSuite) {
        let world = World::new(app).await;
        let (client, first) = create(&world, "一网通办", &["events.read"]).await.unwrap();
        let (client, second) = rotate(&world, &client, 3600).await;
        for secret in [&first, &second] {
            token(&world, &client, secret, &[]).await.unwrap();
        }
        app.clock.advance(TimeDelta::hours(1));
        assert_eq!(refused(token(&world, &client, &first, &[]).await).1, "CLIENT_CREDENTIALS_INVALID");
        let (client, third) = rotate(&world, &client, 0).await;
        assert_eq!(refused(token(&world, &client, &second, &[]).await).1, "CLIENT_CREDENTIALS_INVALID");
        token(&world, &client, &third, &[]).await.unwrap();
    }

    async fn a_secret_is_given_once(app: TestSuite) {
        let world = World::new(app).await;
        let request = pb::CreateClientRequest {
            name: "一网通办".to_owned(),
            scopes: vec!["events.read".to_owned()],
            request_id: app.request_id(),
        };
        let first = world.clients().create_client(request.clone()).await.unwrap().into_inner();
        let second = world.clients().create_client(request).await.unwrap().into_inner();
        assert_eq!((second.client, second.client_secret.as_str()), (first.client, ""));
        assert!(!first.client_secret.is_empty());
    }

    async fn a_disabled_client_gets_no_more_tokens(app: TestSuite) {
        let world = World::new(app).await;
        let (client, secret) = create(&world, "一网通办", &["events.read"]).await.unwrap();
        let request = |etag: &str| pb::DisableClientRequest {
            client_id: client.client_id.clone(),
            reason: "停止对接".to_owned(),
            etag: etag.to_owned(),
            request_id: app.request_id(),
        };
        world.clients().disable_client(request("v1")).await.unwrap();
        assert_eq!(refused(token(&world, &client, &secret, &[]).await).1, "CLIENT_CREDENTIALS_INVALID");
        assert_eq!(precondition(world.clients().disable_client(request("v2")).await), "CLIENT_DISABLED");
        let list = |state: pb::ClientState| pb::ListClientsRequest { state: state.into(), ..Default::default() };
        let active = world.clients().list_clients(list(pb::ClientState::Active)).await.unwrap().into_inner();
        let disabled = world.clients().list_clients(list(pb::ClientState::Disabled)).await.unwrap().into_inner();
        assert_eq!((active.total_count, disabled.total_count), (0, 1));
    }
}

async fn create(world: &World<'_>, name: &str, scopes: &[&str]) -> Result<(pb::Client, String), Status> {
    let request = pb::CreateClientRequest {
        name: name.to_owned(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        request_id: world.app.request_id(),
    };
    let answer = world.clients().create_client(request).await?.into_inner();
    Ok((answer.client.unwrap(), answer.client_secret))
}

async fn rotate(world: &World<'_>, client: &pb::Client, keep_old_seconds: i32) -> (pb::Client, String) {
    let request = pb::RotateClientSecretRequest {
        client_id: client.client_id.clone(),
        keep_old_seconds,
        etag: client.etag.clone(),
        request_id: world.app.request_id(),
    };
    let answer = world.clients().rotate_client_secret(request).await.unwrap().into_inner();
    (answer.client.unwrap(), answer.client_secret)
}

async fn token(
    world: &World<'_>,
    client: &pb::Client,
    secret: &str,
    scopes: &[&str],
) -> Result<pb::IssueClientTokenResponse, Status> {
    let request = pb::IssueClientTokenRequest {
        client_id: client.client_id.clone(),
        client_secret: secret.to_owned(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
    };
    Ok(world.auth().issue_client_token(request).await?.into_inner())
}
