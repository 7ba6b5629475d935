//! Nobody gets a file before the scanner has found it clean.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use proto::workflow::v1 as pb;
use rpc::Limits;
use testkit::{Engine, TestSuite};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tonic::Code;

use crate::{files::*, world::*};

/// What every scanner takes for a virus, in two parts, so that it does not take this file for one.
const VIRUS: &str = concat!(r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*");

/// A daemon that answers, or hangs up at once.
async fn daemon(listener: TcpListener, answers: Arc<AtomicBool>) {
    while let Ok((stream, _)) = listener.accept().await {
        if answers.load(Ordering::SeqCst) {
            tokio::spawn(scan(stream));
        }
    }
}

async fn scan(mut stream: TcpStream) {
    let mut file = Vec::new();
    stream.read_exact(&mut [0; 10]).await.unwrap();
    while let Ok(length @ 1..) = stream.read_u32().await {
        let start = file.len();
        file.resize(start + length as usize, 0);
        stream.read_exact(&mut file[start..]).await.unwrap();
    }
    let harmful = String::from_utf8_lossy(&file).contains(VIRUS);
    let words: &[u8] = if harmful { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" };
    stream.write_all(words).await.unwrap();
}

async fn start(engine: Engine, scanner: &str) -> TestSuite {
    let modules = [qinqing_workflow::spec(), identity(), registry()];
    TestSuite::start_configured(engine, &modules, Limits::default(), |config| {
        config.workflow.attachments.scanner = Some(scanner.to_owned());
        config.workflow.attachments.scan_timeout_s = 1;
    })
    .await
    .unwrap()
}

/// The file once something came of it. A scan that broke off is made again, a minute later each time.
async fn waited_for(
    app: &TestSuite,
    file: &pb::Attachment,
    is_done: impl Fn(&pb::Attachment) -> bool,
) -> pb::Attachment {
    for _ in 0..20 {
        let now = owner(app).file(file).await.unwrap();
        if is_done(&now) {
            return now;
        }
        app.clock.advance(TimeDelta::minutes(1));
        app.settle().await;
    }
    unreachable!("nothing comes of {file:?}");
}

/// `prepared` makes the suite ready.
pub async fn a_file_is_quarantined_until_it_is_found_clean(
    engine: Engine,
    prepared: impl FnOnce(TestSuite) -> TestSuite,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("clamd://{}", listener.local_addr().unwrap());
    let answers = Arc::new(AtomicBool::new(false));
    let serving = tokio::spawn(daemon(listener, Arc::clone(&answers)));
    let app = &prepared(start(engine, &address).await);
    let issue = submitted(app).await;
    let good = owner(app).upload(letter(app, &issue)).await.unwrap();
    let bad = owner(app).upload(upload(app, &issue.issue_id, "a.txt", VIRUS.as_bytes())).await.unwrap();
    assert_eq!(good.state(), pb::AttachmentState::Quarantined);
    let quarantined = || was(Code::FailedPrecondition, "ATTACHMENT_QUARANTINED");
    assert_eq!(refusal(owner(app).download(&good).await), quarantined());

    // The scanner does not answer: everything stays as it is, for everybody to see.
    app.settle().await;
    for file in [&good, &bad] {
        let file = waited_for(app, file, |file| 0 < file.failed_scans).await;
        assert_eq!(file.state(), pb::AttachmentState::Quarantined);
        assert_eq!(refusal(auditor(app).download(&file).await), quarantined());
        // It is asked again, but not at once.
        app.settle().await;
        assert_eq!(owner(app).file(&file).await.unwrap().failed_scans, file.failed_scans);
    }
    answers.store(true, Ordering::SeqCst);
    app.clock.advance(TimeDelta::minutes(1));
    app.settle().await;
    let good = waited_for(app, &good, |file| file.state() != pb::AttachmentState::Quarantined).await;
    assert_eq!(good.state(), pb::AttachmentState::Clean);
    assert_eq!(owner(app).download(&good).await.unwrap(), PDF);
    let bad = waited_for(app, &bad, |file| file.state() != pb::AttachmentState::Quarantined).await;
    assert_eq!((bad.state(), bad.finding.as_str()), (pb::AttachmentState::Infected, "Eicar-Test-Signature"));
    for reader in [owner(app), auditor(app)] {
        let refused = refusal(reader.download(&bad).await);
        assert_eq!(refused, was(Code::FailedPrecondition, "ATTACHMENT_INFECTED"));
    }
    app.clock.advance(TimeDelta::days(7));
    swept(app).await;
    assert_eq!(n_kept(app), 1, "the bytes that do harm are gone");
    owner(app).remove(&bad).await.unwrap();
    app.clock.advance(TimeDelta::days(7));
    swept(app).await;
    let mut tx = db(app).snapshot().await.unwrap();
    let waiting =
        store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM attachment WHERE erase_at IS NOT NULL");
    assert_eq!(waiting.unwrap(), 0, "what is gone already is not deleted for ever");
    serving.abort();
}

async fn a_scanner_that_hangs_or_is_not_there_lets_nothing_pass(engine: Engine) {
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging_address = hanging.local_addr().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [hanging_address, closed] {
        let app = &start(engine, &format!("clamd://{address}")).await;
        let issue = submitted(app).await;
        let file = owner(app).upload(letter(app, &issue)).await.unwrap();
        app.settle().await;
        let file = owner(app).file(&file).await.unwrap();
        assert_eq!((file.state(), file.failed_scans), (pb::AttachmentState::Quarantined, 1));
        let refused = refusal(owner(app).download(&file).await);
        assert_eq!(refused, was(Code::FailedPrecondition, "ATTACHMENT_QUARANTINED"));
    }
    drop(hanging);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_quarantined_until_it_is_found_clean_sqlite() {
    a_file_is_quarantined_until_it_is_found_clean(Engine::Sqlite, |app| app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_quarantined_until_it_is_found_clean_postgres() {
    a_file_is_quarantined_until_it_is_found_clean(Engine::Postgres, |app| app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_that_hangs_or_is_not_there_lets_nothing_pass_sqlite() {
    a_scanner_that_hangs_or_is_not_there_lets_nothing_pass(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_that_hangs_or_is_not_there_lets_nothing_pass_postgres() {
    a_scanner_that_hangs_or_is_not_there_lets_nothing_pass(Engine::Postgres).await;
}
