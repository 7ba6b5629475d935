use std::future::pending;

use futures::stream;
use tokio::net::{TcpListener, UnixListener};

use super::*;

/// A daemon that reads one whole file and says what `judge` tells.
async fn daemon<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, judge: fn(&[u8]) -> &'static [u8]) {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await.unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    let mut file = Vec::new();
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).await.unwrap();
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 {
            break;
        }
        let start = file.len();
        file.resize(start + length, 0);
        stream.read_exact(&mut file[start..]).await.unwrap();
    }
    stream.write_all(judge(&file)).await.unwrap();
}

fn judge(file: &[u8]) -> &'static [u8] {
    if file.windows(5).any(|part| part == b"EICAR") {
        b"stream: Eicar-Test-Signature FOUND\0"
    } else {
        b"stream: OK\0"
    }
}

async fn asked(content: Vec<Bytes>, judge: fn(&[u8]) -> &'static [u8]) -> Result<Verdict, ScanError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("clamd://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { daemon(listener.accept().await.unwrap().0, judge).await });
    let clamd = Clamd::new(&address, Duration::from_mins(1)).unwrap();
    let verdict = clamd.scan(stream::iter(content.into_iter().map(Ok)).boxed()).await;
    serving.await.unwrap();
    verdict
}

#[tokio::test]
async fn a_file_is_what_the_daemon_says_of_all_of_it() {
    // Cut in two, and longer than a piece.
    let harmful =
        vec![Bytes::from(vec![b'x'; 200_000]), Bytes::from_static(b"EIC"), Bytes::from_static(b"AR")];
    let verdict = asked(harmful, judge).await.unwrap();
    assert_eq!(verdict, Verdict::Infected("Eicar-Test-Signature".to_owned()));
    assert_eq!(asked(vec![Bytes::from_static(b"harmless")], judge).await.unwrap(), Verdict::Clean);
}

#[tokio::test]
async fn whatever_is_no_verdict_is_an_error() {
    for words in [
        |_: &[u8]| -> &'static [u8] { b"INSTREAM size limit exceeded. ERROR\0" },
        |_: &[u8]| -> &'static [u8] { b"" },
        |_: &[u8]| -> &'static [u8] { b"stream: OK, perhaps\0" },
        |_: &[u8]| -> &'static [u8] { b"OK\0" },
    ] {
        let answer = asked(vec![Bytes::from_static(b"x")], words).await;
        assert!(matches!(answer, Err(ScanError::NoVerdict(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_is_not_clean() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("clamd://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"stream: OK\0").await.unwrap();
    });
    let broken = stream::iter([Ok(Bytes::from_static(b"x")), Err(io::Error::other("the disk"))]);
    let answer = Clamd::new(&address, Duration::from_mins(1)).unwrap().scan(broken.boxed()).await;
    assert!(matches!(answer, Err(ScanError::Unreachable(_))), "{answer:?}");
    serving.await.unwrap();
}

#[tokio::test]
async fn nobody_there_and_nobody_who_answers_are_errors() {
    let content = || stream::iter([Ok(Bytes::from_static(b"x"))]).boxed();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let clamd = Clamd::new(&format!("clamd://{closed}"), Duration::from_mins(1)).unwrap();
    assert!(matches!(clamd.scan(content()).await, Err(ScanError::Unreachable(_))));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("clamd://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let _held = listener.accept().await.unwrap();
        pending::<()>().await;
    });
    let clamd = Clamd::new(&address, Duration::from_millis(50)).unwrap();
    assert!(matches!(clamd.scan(content()).await, Err(ScanError::TooLong)));
    serving.abort();
}

#[tokio::test]
async fn a_socket_of_this_machine_serves_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clamd.ctl");
    let listener = UnixListener::bind(&path).unwrap();
    let serving = tokio::spawn(async move { daemon(listener.accept().await.unwrap().0, judge).await });
    let clamd = Clamd::new(&format!("clamd://{}", path.display()), Duration::from_mins(1)).unwrap();
    let content = stream::iter([Ok(Bytes::from_static(b"EICAR"))]).boxed();
    assert!(matches!(clamd.scan(content).await, Ok(Verdict::Infected(_))));
    serving.await.unwrap();
}

#[test]
fn an_address_has_one_of_two_forms() {
    for bad in ["", "none", "127.0.0.1:3310", "clamd://", "clamd://localhost", "http://127.0.0.1:3310"] {
        assert_eq!(bad.parse::<Address>(), Err(AddressError), "{bad}");
    }
    assert!("clamd:///run/clamav/clamd.ctl".parse::<Address>().is_ok());
}
