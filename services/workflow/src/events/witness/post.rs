//! Posts a head to an address: one request on a connection of its own, and no redirects.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use trail::{Sha256Ed25519, Suite as _};

/// From the name of the host to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer; what it says does not matter.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// An address that takes heads.
pub(crate) struct Target {
    /// Hash of the address, which may have a secret in it.
    id: String,
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Why a head was not taken. None of it holds the address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    #[error("the witness gave no answer in time")]
    Timeout,
    #[error("the witness cannot be reached")]
    Connect(#[source] std::io::Error),
    #[error("the witness's answer cannot be read")]
    Http(#[source] hyper::Error),
    #[error("the witness answered {0}")]
    Status(StatusCode),
}

impl Target {
    /// `https` is trusted by the certificates of `ca_file` alone where there is one, otherwise by Mozilla's list.
    pub fn new(url: &str, ca_file: Option<&Path>) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().context("url is no address")?;
        let authority = uri.authority().context("url has no host")?;
        ensure!(!authority.as_str().contains('@'), "url has a user in it, which nobody would look at");
        let host = authority.host().to_owned();
        let (tls, default_port) = match uri.scheme_str() {
            Some("http") => (None, 80),
            Some("https") => (Some(connector(&host, ca_file)?), 443),
            _ => bail!("url begins with neither http:// nor https://"),
        };
        let port = authority.port_u16().unwrap_or(default_port);
        Ok(Self { id: Sha256Ed25519.hash(&[url.as_bytes()]).to_string(), uri, host, port, tls })
    }

    /// Names the address without telling it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Posts one line. It was taken when the answer is a success.
    pub async fn post(&self, line: &str) -> Result<(), PostError> {
        match tokio::time::timeout(TIMEOUT, self.connect_and_post(line)).await {
            Ok(answered) => answered,
            Err(_) => Err(PostError::Timeout),
        }
    }

    async fn connect_and_post(&self, line: &str) -> Result<(), PostError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await.map_err(PostError::Connect)?;
        match &self.tls {
            None => self.post_over(stream, line).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(PostError::Connect)?;
                self.post_over(stream, line).await
            }
        }
    }

    async fn post_over<S>(&self, stream: S, line: &str) -> Result<(), PostError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(PostError::Http)?;
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::post(path)
            .header(header::HOST, authority)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(format!("{line}\n"))))
            .expect("the parts were taken from an address that was read");
        request.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        let asked = async {
            let answer = sender.send_request(request).await.map_err(PostError::Http)?;
            let status = answer.status();
            // Read to its end, so that the other side sees an orderly close; what it says is not looked at.
            drop(Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await);
            if status.is_success() { Ok(()) } else { Err(PostError::Status(status)) }
        };
        // The connection is driven here, and closed with the request.
        tokio::pin!(asked);
        tokio::select! {
            answered = &mut asked => answered,
            ended = connection => match ended {
                Ok(()) => asked.await,
                Err(error) => Err(PostError::Http(error)),
            },
        }
    }
}

fn connector(host: &str, ca_file: Option<&Path>) -> anyhow::Result<(TlsConnector, ServerName<'static>)> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let doing = || format!("ca_file: could not read {}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).with_context(doing)? {
                roots.add(certificate.with_context(doing)?).with_context(doing)?;
            }
            ensure!(!roots.is_empty(), "ca_file: {} holds no certificate", path.display());
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).context("the host of url is no name")?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

#[cfg(test)]
mod tests {
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A directory with an authority that vouches for `localhost`, and its key. Known to everybody, and to no installation.
    fn test_tls(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events/witness/test-tls").join(name)
    }

    /// Takes what is posted, under TLS, for ever. Gives the port.
    async fn taker() -> u16 {
        let chain = CertificateDer::pem_file_iter(test_tls("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(test_tls("server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain.map(Result::unwrap).collect(), key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Who does not trust us hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = Vec::new();
                while !request.ends_with(b"head\n") {
                    assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
                }
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        port
    }

    #[tokio::test]
    async fn under_tls_a_head_goes_to_whom_the_authority_vouches_for_and_to_nobody_else() {
        let port = taker().await;
        let ca = test_tls("ca.pem");
        let send = async |host: &str, ca: Option<&Path>| {
            Target::new(&format!("https://{host}:{port}/"), ca).unwrap().post("head").await
        };
        assert!(matches!(send("localhost", Some(&ca)).await, Ok(())));
        assert!(matches!(send("localhost", None).await, Err(PostError::Connect(_))));
        assert!(matches!(send("127.0.0.1", Some(&ca)).await, Err(PostError::Connect(_))));
    }

    #[test]
    fn what_is_no_address_is_refused_at_the_start() {
        for url in ["", "/heads", "localhost:80", "ftp://localhost/", "http://me:secret@localhost/"] {
            assert!(Target::new(url, None).is_err(), "{url}");
        }
        for ca in [test_tls("nowhere.pem"), test_tls("server.key")] {
            assert!(Target::new("https://localhost/", Some(&ca)).is_err(), "{}", ca.display());
        }
        let shown = format!("{:?}", Target::new("http://localhost/heads?token=s3cret", None).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
