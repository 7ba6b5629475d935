//! Files by way of HTTP, to the service itself and back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use access::RoleGrant;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use bytes::Bytes;
use kernel::{AccountId, EnterpriseId};
use proto::registry::v1 as registry;
use serde_json::{Value, json};
use testkit::{Engine, TestSuite, fake, fake::Fake};
use tower::ServiceExt as _;

const OWNER: AccountId = AccountId::new(uuid(1));
const DAIRY: EnterpriseId = EnterpriseId::new(uuid(11));
const STEEL: EnterpriseId = EnterpriseId::new(uuid(12));
const LETTER: &[u8] = b"%PDF-1.7\nthe letter of the firm\n%%EOF\n";

const fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

struct Town {
    app: TestSuite,
    door: Router,
}

impl Town {
    async fn start() -> Self {
        let registry = Fake::new()
            .on(
                "/qinqing.registry.v1.EnterpriseService/GetEnterprise",
                |req: registry::GetEnterpriseRequest| {
                    let state = registry::EnterpriseState::Active.into();
                    let enterprise_id = req.enterprise_id;
                    let enterprise = registry::Enterprise { enterprise_id, state, ..Default::default() };
                    Ok(registry::GetEnterpriseResponse { enterprise: Some(enterprise) })
                },
            )
            .on("/qinqing.registry.v1.AppointmentService/GetManager", |_: registry::GetManagerRequest| {
                Ok(registry::GetManagerResponse { appointment: None })
            });
        let modules =
            [qinqing_workflow::spec(), fake::identity().spec("identity"), registry.spec("registry")];
        let app = TestSuite::start(Engine::Sqlite, &modules).await.unwrap();
        let door = qinqing_gateway::app(&app.suite).unwrap();
        Self { app, door }
    }

    async fn call(
        &self,
        firm: EnterpriseId,
        request: axum::http::request::Builder,
        body: Body,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let token = self.app.token(OWNER, vec![RoleGrant::enterprise(firm)]);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(body).unwrap();
        let (parts, body) = self.door.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap())
    }

    async fn json(&self, request: axum::http::request::Builder, body: Body) -> (StatusCode, Value) {
        let (status, _, bytes) = self.call(DAIRY, request, body).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn draft(&self) -> String {
        let body = json!({"enterprise_id": DAIRY.to_string(), "request_id": self.app.request_id()});
        let request = Request::post("/v1/drafts").header(header::CONTENT_TYPE, "application/json");
        let (status, answer) = self.json(request, Body::from(body.to_string())).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["draft"]["draftId"].as_str().unwrap().to_owned()
    }

    fn upload(&self, draft: &str, name: &str) -> axum::http::request::Builder {
        upload_as(draft, name, &format!("requestId={}", self.app.request_id()))
    }

    async fn n_files(&self, draft: &str) -> usize {
        let (status, answer) =
            self.json(Request::get(format!("/v1/drafts/{draft}/attachments")), Body::empty()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["attachments"].as_array().unwrap().len()
    }
}

fn upload_as(draft: &str, name: &str, request: &str) -> axum::http::request::Builder {
    Request::post(format!("/v1/drafts/{draft}/attachments?audience=JOINT&{request}"))
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header("x-qinqing-file-name", name)
}

fn reason(answer: &Value) -> &str {
    answer["details"][0]["reason"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_up_and_comes_down_as_a_body() {
    let town = Town::start().await;
    let draft = town.draft().await;
    let request = town.upload(&draft, "%E6%9D%A5%E4%BF%A1%20%221%22.pdf");
    let (status, answer) = town.json(request, Body::from(LETTER)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let file = &answer["attachment"];
    assert_eq!(file["fileName"], "来信 \"1\".pdf");
    assert_eq!(file["audience"], "ATTACHMENT_AUDIENCE_JOINT");
    assert_eq!(town.n_files(&draft).await, 1, "what else the path takes is served too");

    let address = format!("/v1/attachments/{}/content", file["attachmentId"].as_str().unwrap());
    let (status, headers, body) = town.call(DAIRY, Request::get(&address), Body::empty()).await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, LETTER));
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", "38"),
        ("content-disposition", "attachment; filename*=UTF-8''%E6%9D%A5%E4%BF%A1%20%221%22.pdf"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let part = Request::get(&address).header(header::RANGE, "bytes=5-7");
    let (status, headers, body) = town.call(DAIRY, part, Body::empty()).await;
    assert_eq!((status, body.as_ref()), (StatusCode::PARTIAL_CONTENT, b"1.7".as_slice()));
    assert_eq!(
        (&headers["content-range"], &headers["content-length"]),
        (&"bytes 5-7/38".parse().unwrap(), &"3".parse().unwrap())
    );

    let (status, headers, body) = town.call(STEEL, Request::get(&address), Body::empty()).await;
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, reason(&answer)), (StatusCode::NOT_FOUND, "ATTACHMENT_NOT_FOUND"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    town.app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_upload_is_one_file_by_either_name_of_the_field() {
    let town = Town::start().await;
    let draft = town.draft().await;
    let id = town.app.request_id();
    let mut uploaded = Vec::new();
    for name in ["requestId", "request_id"] {
        let request = upload_as(&draft, "letter.pdf", &format!("{name}={id}"));
        let (status, answer) = town.json(request, Body::from(LETTER)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        uploaded.push(answer["attachment"]["attachmentId"].clone());
    }
    assert_eq!(uploaded[0], uploaded[1]);
    assert_eq!(town.n_files(&draft).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_off_is_no_file() {
    let town = Town::start().await;
    let draft = town.draft().await;
    // What came so far would be a file by itself.
    let pieces = [Ok(Bytes::from_static(LETTER)), Err(std::io::Error::other("the line is dead"))];
    let body = Body::from_stream(futures::stream::iter(pieces));
    let (status, answer) = town.json(town.upload(&draft, "a.pdf"), body).await;
    assert_eq!((status, reason(&answer)), (StatusCode::BAD_REQUEST, "FIELD_INVALID"));

    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1 << 20])));
    let (status, answer) = town.json(town.upload(&draft, "a.txt"), Body::from_stream(endless)).await;
    assert_eq!((status, reason(&answer)), (StatusCode::BAD_REQUEST, "ATTACHMENT_TOO_LARGE"));
    let (_, answer) = town.json(town.upload(&draft, "..%2Fa.pdf"), Body::from(LETTER)).await;
    assert_eq!(reason(&answer), "FIELD_INVALID");
    let (status, answer) = town.json(town.upload(&draft, "a.jpg"), Body::from(LETTER)).await;
    assert_eq!((status, reason(&answer)), (StatusCode::BAD_REQUEST, "ATTACHMENT_TYPE_MISMATCH"));
    assert_eq!(town.n_files(&draft).await, 0);
    town.app.stop().await;
}
