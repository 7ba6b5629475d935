//! Stand-ins for the services that one under test calls: they answer by the contract, and nothing else.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, LazyLock},
};

use access::SigningKey;
use futures::future::BoxFuture;
use prost::Message;
use proto::identity::v1::{GetJwksRequest, GetJwksResponse, Jwk};
use runtime::{Module, ModuleSpec};
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, UnaryService},
    service::{Routes, RoutesBuilder},
};
use tonic_types::{ErrorDetails, StatusExt as _};

/// A service with nothing but the ground tables of its own.
static NO_MIGRATIONS: LazyLock<store::Migrator> =
    LazyLock::new(|| store::Migrator::with_migrations(Vec::new()));

type Handler =
    Arc<dyn Fn(http::Request<axum::body::Body>) -> BoxFuture<'static, http::Response<Body>> + Send + Sync>;

/// A service that answers the RPCs it was told to, and none besides.
#[derive(Clone, Default)]
pub struct Fake {
    handlers: BTreeMap<String, Handler>,
}

impl Fake {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the unary RPC at `path` (`/package.Service/Method`).
    #[must_use]
    pub fn on<Q, A>(
        mut self,
        path: &str,
        answer: impl Fn(Q) -> Result<A, Status> + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
    {
        let handler: Handler = Arc::new(move |request| {
            let answer = Answer(answer.clone());
            Box::pin(async move {
                let mut grpc = Grpc::new(tonic_prost::ProstCodec::<A, Q>::default());
                grpc.unary(answer, request.map(Body::new)).await
            })
        });
        self.handlers.insert(path.to_owned(), handler);
        self
    }

    /// The stand-in as the module `name`.
    pub fn spec(self, name: &'static str) -> ModuleSpec {
        ModuleSpec::new(name, &NO_MIGRATIONS, move |_| {
            let fake = self.clone();
            Box::pin(async move {
                let routes = Box::new(move |routes: &mut RoutesBuilder| fake.add_to(routes));
                Ok(Module { routes, jobs: Vec::new(), consumers: Vec::new() })
            })
        })
    }

    fn add_to(self, builder: &mut RoutesBuilder) {
        let mut router = std::mem::take(builder).routes().into_axum_router();
        for (path, handler) in self.handlers {
            let service = axum::routing::any_service(tower::service_fn(move |request| {
                let answer = handler(request);
                async move { Ok::<_, Infallible>(answer.await) }
            }));
            router = router.route(&path, service);
        }
        *builder = Routes::from(router).into();
    }
}

struct Answer<F>(F);

impl<Q, A, F> UnaryService<Q> for Answer<F>
where
    F: Fn(Q) -> Result<A, Status>,
    A: Send + 'static,
{
    type Response = A;
    type Future = BoxFuture<'static, Result<Response<A>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = (self.0)(request.into_inner()).map(Response::new).map_err(explained);
        Box::pin(async move { answer })
    }
}

/// A refusal as a real service sends it: with a reason.
fn explained(status: Status) -> Status {
    if status.details().is_empty() {
        let details = ErrorDetails::with_error_info("FAKE", "testkit", []);
        Status::with_error_details(status.code(), status.message(), details)
    } else {
        status
    }
}

/// An identity service that vouches for the tokens of [`crate::TestSuite::person`]. Add what else is asked of it.
pub fn identity() -> Fake {
    Fake::new().on("/qinqing.identity.v1.AuthService/GetJwks", |_: GetJwksRequest| {
        let key = crate::suite::signing_key().map_err(|_| Status::internal("the tests' key"))?;
        Ok(GetJwksResponse { keys: vec![jwk(&key)?] })
    })
}

fn jwk(key: &SigningKey) -> Result<Jwk, Status> {
    let mut set = access::KeySet::default();
    set.add(key.public().clone());
    let json: serde_json::Value =
        serde_json::from_str(&set.to_json()).map_err(|_| Status::internal("the tests' key"))?;
    let text = |name: &str| json["keys"][0][name].as_str().unwrap_or_default().to_owned();
    Ok(Jwk {
        kty: text("kty"),
        crv: text("crv"),
        kid: text("kid"),
        x: text("x"),
        alg: text("alg"),
        r#use: text("use"),
    })
}
