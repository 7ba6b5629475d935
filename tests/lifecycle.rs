//! R11, R15, R16: calls that are cancelled, calls that run out of time, and a server that goes away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use proto::{
    identity::v1::{
        CreateDepartmentRequest, CreateDepartmentResponse, ListDepartmentsRequest,
        organization_service_client::OrganizationServiceClient,
    },
    notification::v1::{StreamInboxRequest, inbox_service_client::InboxServiceClient},
};
use qinqing::{city::request_id, desk::Desk};
use rand::Rng as _;
use rpc::{Bearer, Limits, Transport};
use store::Engine;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
};
use tonic::{Code, Request, Response, Status, transport::Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::world::World;

fn department(code: &str) -> CreateDepartmentRequest {
    CreateDepartmentRequest {
        code: code.to_owned(),
        name: format!("部门 {code}"),
        division_code: "370299".to_owned(),
        request_id: request_id(),
    }
}

async fn create(
    to: Bearer,
    request: CreateDepartmentRequest,
) -> Result<Response<CreateDepartmentResponse>, Status> {
    OrganizationServiceClient::new(to).create_department(request).await
}

/// Asks as a client does that is told to come back: calls that were hung up on hold their places until they end. That
/// they never do is a fault, too.
async fn at_last<T>(ask: impl AsyncFn() -> Result<Response<T>, Status>) -> T {
    let answered = async {
        loop {
            match ask().await {
                Ok(answer) => return answer.into_inner(),
                Err(status) if status.code() == Code::ResourceExhausted => tokio::task::yield_now().await,
                Err(status) => panic!("{status:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), answered).await.expect("places are given back")
}

async fn codes(to: Bearer) -> Vec<String> {
    let mut codes = Vec::new();
    let mut request = ListDepartmentsRequest { page_size: 500, ..ListDepartmentsRequest::default() };
    loop {
        let page = at_last(async || {
            OrganizationServiceClient::new(to.clone()).list_departments(request.clone()).await
        })
        .await;
        codes.extend(page.departments.into_iter().map(|department| department.code));
        if page.next_page_token.is_empty() {
            return codes;
        }
        request.page_token = page.next_page_token;
    }
}

/// So many calls are enough to cut two thousand of them, however the machine's mood is.
const MOST_CALLS: usize = 20_000;

/// R11: callers hang up at any moment of a write. Every fifth waits, and shows how long a moment may be.
async fn two_thousand_cancelled_calls_lose_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let operator = world.seat("operator").await.channel();
    let usual_micros = AtomicU64::new(20_000);
    let n_cut = AtomicUsize::new(0);
    let outcomes: Vec<(CreateDepartmentRequest, bool)> = futures::stream::iter(0..MOST_CALLS)
        .take_while(|_| futures::future::ready(n_cut.load(Relaxed) < 2_000))
        .map(|number| {
            let (to, request) = (operator.clone(), department(&format!("cancelled-{number}")));
            let (usual, n_cut) = (&usual_micros, &n_cut);
            async move {
                let asked = Instant::now();
                if number % 5 == 0 {
                    at_last(async || create(to.clone(), request.clone()).await).await;
                    let took = u64::try_from(asked.elapsed().as_micros()).unwrap();
                    usual.store((3 * usual.load(Relaxed) + took) / 4, Relaxed);
                    return (request, true);
                }
                let patience = rand::rng().random_range(0..usual.load(Relaxed) * 3 / 2);
                let answer = create(to, request.clone());
                let answer = tokio::time::timeout(Duration::from_micros(patience), answer).await;
                n_cut.fetch_add(usize::from(answer.is_err()), Relaxed);
                (request, matches!(answer, Ok(Ok(_))))
            }
        })
        .buffer_unordered(16)
        .collect()
        .await;
    let n_calls = outcomes.len();
    assert!(n_cut.into_inner() >= 2_000, "too few of {n_calls} calls were cut");

    let there = codes(operator.clone()).await;
    for (request, acknowledged) in &outcomes {
        assert!(
            !acknowledged || there.contains(&request.code),
            "{} was acknowledged and is gone",
            request.code
        );
    }
    // Whoever did not hear the answer asks again, and there is one effect in the end.
    for (request, acknowledged) in outcomes {
        if !acknowledged {
            at_last(async || create(operator.clone(), request.clone()).await).await;
        }
    }
    let mut there = codes(operator).await;
    there.retain(|code| code.starts_with("cancelled-"));
    there.sort();
    let n_there = there.len();
    there.dedup();
    assert_eq!((there.len(), n_there), (n_calls, n_calls));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_cancelled_calls_lose_nothing_on_sqlite() {
    two_thousand_cancelled_calls_lose_nothing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_cancelled_calls_lose_nothing_on_postgres() {
    two_thousand_cancelled_calls_lose_nothing(Engine::Postgres).await;
}

/// R16: while somebody else holds the only writer, a call's time runs out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_runs_out_of_time_says_so_in_time_and_its_write_still_counts_once() {
    let world = World::start(Engine::Sqlite).await;
    let operator = world.seat("operator").await.channel();
    let held = world.suite.db("identity").unwrap().begin().await.unwrap();
    let message = department("late");
    let mut request = Request::new(message.clone());
    request.set_timeout(Duration::from_millis(150));
    let asked = Instant::now();
    let status =
        OrganizationServiceClient::new(operator.clone()).create_department(request).await.unwrap_err();
    let took = asked.elapsed();
    assert_eq!(testkit::reason(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    assert!(took < Duration::from_secs(1), "answered after {took:?}");
    held.rollback().await.unwrap();
    let first = create(operator.clone(), message.clone()).await.unwrap().into_inner();
    let again = create(operator.clone(), message).await.unwrap();
    assert_eq!(again.metadata().get(rpc::REPLAYED).unwrap(), "true");
    assert_eq!(first, again.into_inner());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_timeout_is_refused() {
    let world = World::start(Engine::Sqlite).await;
    let operator = world.seat("operator").await.channel();
    let mut request = Request::new(ListDepartmentsRequest::default());
    request.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
    let status = OrganizationServiceClient::new(operator).list_departments(request).await.unwrap_err();
    assert_eq!(testkit::reason(&status), (Code::InvalidArgument, "TIMEOUT_MALFORMED".to_owned()));
    world.stop().await;
}

/// R15: an open stream, a silent connection and a write in flight, and still an end within the grace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_in_time_and_writes_in_flight_finish() {
    let limits = Limits { grace: Duration::from_secs(3), ..Limits::default() };
    let world = Arc::new(World::start_with(Engine::Sqlite, limits).await);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let drain = world.suite.drain().clone();
    let server = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.suite.serve(listener, world.suite.app()).await }
    });
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let desk = Desk::new(Transport::Remote(channel.clone()));
    let operator = world.city.seat(&desk, "operator").await.unwrap().channel();

    world.suite.settle().await.unwrap();
    let mut health = HealthClient::new(channel);
    let mut ready = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(ready.next().await.unwrap().unwrap().status(), ServingStatus::Serving);

    let mut stream = InboxServiceClient::new(operator.clone())
        .stream_inbox(StreamInboxRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut silent = TcpStream::connect(address).await.unwrap();
    let held = world.suite.db("identity").unwrap().begin().await.unwrap();
    let mut write = Box::pin(create(operator.clone(), department("in-flight")));
    assert!(futures::poll!(write.as_mut()).is_pending());
    // Sent after it on the same connection and answered: so the server has taken the write, and it waits for the writer.
    codes(operator.clone()).await;
    let begun = Instant::now();
    drain.leave();
    assert_eq!(
        ready.next().await.unwrap().unwrap().status(),
        ServingStatus::NotServing,
        "before any goodbye"
    );
    drain.begin();
    held.rollback().await.unwrap();
    write.await.unwrap();

    while let Some(Ok(_)) = stream.next().await {}
    server.await.unwrap().unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(6), "the drain took {took:?}");
    let mut rest = Vec::new();
    assert!(matches!(silent.read_to_end(&mut rest).await, Ok(_) | Err(_)), "the silent connection is closed");
    assert!(create(operator, department("too-late")).await.is_err());
}
