//! Each call to the service whose contract it is, in this process or elsewhere.

use std::{
    collections::HashMap,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use rpc::Transport;
use runtime::{SERVICES, Suite};
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt as _};

#[derive(Debug, Clone)]
pub struct Switchboard {
    transports: Arc<HashMap<&'static str, Transport>>,
    /// For what is no service's own: the feed of events.
    here: Transport,
}

impl Switchboard {
    pub fn new(suite: &Suite) -> Self {
        let transports =
            SERVICES.iter().filter_map(|name| Some((*name, suite.transport(name)?.clone()))).collect();
        Self { transports: Arc::new(transports), here: suite.here() }
    }

    /// The way for `/qinqing.workflow.v1.IssueService/SignIssue`.
    fn way(&self, path: &str) -> Transport {
        let service = path.strip_prefix("/qinqing.").and_then(|rest| rest.split('.').next());
        service.and_then(|service| self.transports.get(service)).unwrap_or(&self.here).clone()
    }
}

impl Service<Request<Body>> for Switchboard {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.way(request.uri().path()).oneshot(request))
    }
}
