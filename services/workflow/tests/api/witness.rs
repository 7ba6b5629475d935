use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use proto::workflow::v1 as pb;
use runtime::{Deps, ModuleSpec};
use testkit::{Engine, TestSuite};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{dba::*, trail_log::*, world::*};

fn file(app: &TestSuite) -> PathBuf {
    app.suite.config().data_dir.join("witness/trail-heads.jsonl")
}

fn kept(app: &TestSuite) -> Vec<String> {
    std::fs::read_to_string(file(app)).unwrap().lines().map(str::to_owned).collect()
}

/// The heads of the log, as an export has them.
async fn heads(app: &TestSuite) -> Vec<String> {
    let file = String::from_utf8(export(app, "").await.unwrap()).unwrap();
    file.lines().filter(|line| line.contains(r#""type":"head""#)).map(str::to_owned).collect()
}

async fn n_heads(app: &TestSuite, n_heads: usize) {
    for _ in 0..n_heads {
        submitted(app).await;
        log_all(app).await;
        app.clock.advance(TimeDelta::minutes(2));
    }
}

both_engines! {
    async fn every_head_is_in_the_file_once_however_often_it_is_looked_for(app: TestSuite) {
        assert_eq!(kept(app), Vec::<String>::new());
        n_heads(app, 3).await;
        for _ in 0..3 {
            log_all(app).await;
        }
        assert_eq!((kept(app), kept(app).len()), (heads(app).await, 3));
    }

    async fn what_a_crash_kept_from_the_file_is_written_by_the_next_step(app: TestSuite) {
        n_heads(app, 3).await;
        let all = kept(app);
        let lost = ["", &all[0], &format!("{}\n", all[0]), &format!("{}\n{}", all[0], &all[1][..50])];
        for content in lost {
            std::fs::write(file(app), content).unwrap();
            app.settle().await;
            assert_eq!(kept(app), all, "{content:?}");
        }
        std::fs::remove_file(file(app)).unwrap();
        app.settle().await;
        assert_eq!(kept(app), all);
        assert!(verify(app, "").await.intact);
    }

    async fn a_line_that_is_no_head_is_told_and_left_where_it_is(app: TestSuite) {
        n_heads(app, 2).await;
        let all = kept(app);
        std::fs::write(file(app), format!("{}\n?\n{}\n", all[0], all[1])).unwrap();
        let found = verify(app, "").await;
        assert_eq!(found.faults[0].kind(), pb::TrailFaultKind::Witness);
        assert_eq!(found.faults[0].explanation, "line 2 of the witness file is no head of a log");
        app.settle().await;
        assert_eq!(kept(app).len(), 3);

        std::fs::write(file(app), format!("{}\n?\n", all[0])).unwrap();
        for issue_id in ["", submitted(app).await.issue_id.as_str()] {
            let found = verify(app, issue_id).await;
            assert_eq!(found.faults[0].kind(), pb::TrailFaultKind::Witness);
        }
        assert_eq!(kept(app).len(), 2);
    }
}

/// Somebody who takes heads at an address, and answers as told; 200 when nothing was told.
#[derive(Clone, Default)]
struct Taker {
    answers: Arc<Mutex<VecDeque<u16>>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Taker {
    /// Gives the address.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taker = self.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let taker = taker.clone();
                tokio::spawn(async move {
                    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
                    // A head is one line, and its newline ends the request.
                    while !(request.ends_with(b"}\n")) {
                        let n_read = stream.read(&mut buffer).await.unwrap();
                        assert_ne!(n_read, 0, "{}", String::from_utf8_lossy(&request));
                        request.extend_from_slice(&buffer[..n_read]);
                    }
                    let request = String::from_utf8(request).unwrap();
                    assert!(request.starts_with("POST /heads?from=here HTTP/1.1\r\n"), "{request}");
                    assert!(request.to_ascii_lowercase().contains("content-type: application/json\r\n"));
                    let status = taker.answers.lock().unwrap().pop_front().unwrap_or(200);
                    if status == 200 {
                        taker.taken.lock().unwrap().push(request.lines().last().unwrap().to_owned());
                    }
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        format!("http://{address}/heads?from=here")
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

/// The service under test, with a witness at an address.
fn with_witness(url: &str) -> ModuleSpec {
    let url = url.to_owned();
    ModuleSpec::new("workflow", &qinqing_workflow::MIGRATIONS, move |deps| {
        let mut config = (*deps.config).clone();
        config.workflow.witness.url = Some(url.clone());
        Box::pin(qinqing_workflow::module(Deps { config: Arc::new(config), ..deps }))
    })
}

/// Where the address stands: size, failures in a row, and the last one.
async fn standing(app: &TestSuite) -> (i64, i64, String) {
    let shown = verify(app, "").await;
    assert!(shown.intact);
    let url = shown.witnesses.iter().find(|witness| witness.kind() == pb::TrailWitnessKind::Url).unwrap();
    (url.tree_size, url.failed_count, url.last_error.clone())
}

async fn heads_are_posted_in_order_and_a_failure_holds_up_nothing_and_is_made_good(
    engine: Engine,
    prepared: impl FnOnce(TestSuite) -> TestSuite,
) {
    let taker = Taker::default();
    let modules = [with_witness(&taker.listen().await), identity(), registry()];
    let suite = prepared(TestSuite::start(engine, &modules).await.unwrap());
    let app = &suite;
    n_heads(app, 2).await;
    assert_eq!(taker.taken(), heads(app).await);
    assert_eq!(standing(app).await, (2, 0, String::new()));

    // A redirect is no success, and is not followed.
    taker.answers.lock().unwrap().extend([503, 302]);
    n_heads(app, 1).await;
    assert_eq!(standing(app).await, (2, 1, "the witness answered 503 Service Unavailable".to_owned()));
    // The next try is due by now, and the one after it only later.
    n_heads(app, 1).await;
    assert_eq!(standing(app).await, (2, 2, "the witness answered 302 Found".to_owned()));
    assert_eq!(kept(app).len(), 4);
    app.settle().await;
    assert_eq!(taker.taken(), heads(app).await);
    assert_eq!(standing(app).await, (4, 0, String::new()));
    app.settle().await;
    assert_eq!(taker.taken().len(), 4);
    suite.stop().await;
}

/// `prepared` makes the suite ready.
pub async fn a_witness_that_nobody_answers_for_is_told(
    engine: Engine,
    prepared: impl FnOnce(TestSuite) -> TestSuite,
) {
    // Bound and closed again: nobody listens there.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let modules = [with_witness(&format!("http://{closed}/")), identity(), registry()];
    let app = prepared(TestSuite::start(engine, &modules).await.unwrap());
    n_heads(&app, 1).await;
    assert_eq!(standing(&app).await, (0, 1, "the witness cannot be reached".to_owned()));
    app.settle().await;
    app.settle().await;
    // Two tries since: the first pause was over, the second is not.
    assert_eq!(standing(&app).await.1, 2);
    app.stop().await;
}

macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(testkit::Engine::Sqlite, |app| app).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(testkit::Engine::Postgres, |app| app).await;
            }
        }
    )*};
}

on_both! {
    heads_are_posted_in_order_and_a_failure_holds_up_nothing_and_is_made_good
    a_witness_that_nobody_answers_for_is_told
}
