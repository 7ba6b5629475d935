//! Whether a file does harm, as a scanner tells.

use std::{fmt, io, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

/// Bytes of a scanner's word, at most.
const MAX_REPLY: u64 = 1_024;

/// What a scanner found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    /// With the scanner's name of what it found.
    Infected(String),
}

/// Why there is no verdict: the file is as suspect as before.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("the scanner cannot be reached")]
    Unreachable(#[source] io::Error),
    #[error("the scanner took too long")]
    TooLong,
    #[error("the scanner gave no verdict: {0}")]
    NoVerdict(String),
}

/// A scanner of files.
pub trait Scan: fmt::Debug + Send + Sync {
    /// Reads the file to its end; whatever is not a verdict is an error.
    fn scan(
        &self,
        content: BoxStream<'static, io::Result<Bytes>>,
    ) -> BoxFuture<'_, Result<Verdict, ScanError>>;
}

/// The daemon of `ClamAV`, spoken to by `INSTREAM`.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: Address,
    /// For one file.
    timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// An address of a scanner that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be as clamd://127.0.0.1:3310 or clamd:///run/clamav/clamd.ctl")]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let place = text.strip_prefix("clamd://").ok_or(AddressError)?;
        if place.starts_with('/') {
            Ok(Self::Unix(PathBuf::from(place)))
        } else {
            place.parse().map(Self::Tcp).map_err(|_| AddressError)
        }
    }
}

impl Clamd {
    /// The address is an IP address with its port, or the path of a socket.
    pub fn new(address: &str, timeout: Duration) -> Result<Self, AddressError> {
        Ok(Self { address: address.parse()?, timeout })
    }

    async fn ask(&self, content: BoxStream<'static, io::Result<Bytes>>) -> Result<Verdict, ScanError> {
        match &self.address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await.map_err(ScanError::Unreachable)?;
                instream(stream, content).await
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(ScanError::Unreachable)?;
                instream(stream, content).await
            }
        }
    }
}

impl Scan for Clamd {
    fn scan(
        &self,
        content: BoxStream<'static, io::Result<Bytes>>,
    ) -> BoxFuture<'_, Result<Verdict, ScanError>> {
        Box::pin(async move {
            match tokio::time::timeout(self.timeout, self.ask(content)).await {
                Ok(answer) => answer,
                Err(_elapsed) => Err(ScanError::TooLong),
            }
        })
    }
}

/// One file after the command, in lengths and bytes, ended by a length of zero.
async fn instream(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mut content: BoxStream<'static, io::Result<Bytes>>,
) -> Result<Verdict, ScanError> {
    let (reader, mut writer) = tokio::io::split(stream);
    let sending = async {
        writer.write_all(b"zINSTREAM\0").await?;
        while let Some(bytes) = content.next().await {
            for piece in bytes?.chunks(64 * 1024) {
                writer.write_all(&u32::try_from(piece.len()).unwrap_or_default().to_be_bytes()).await?;
                writer.write_all(piece).await?;
            }
        }
        writer.write_all(&0_u32.to_be_bytes()).await?;
        writer.flush().await
    };
    let sent = sending.await;
    let mut reply = Vec::new();
    let read = reader.take(MAX_REPLY).read_to_end(&mut reply).await;
    // A scanner that has had enough says so, and hangs up before everything was sent.
    let said = String::from_utf8_lossy(&reply);
    let said = said.trim_end_matches(['\0', '\n']).trim();
    match (said.strip_suffix(" FOUND"), sent, read) {
        (Some(found), _, _) => {
            let found = found.strip_prefix("stream: ").unwrap_or(found);
            Ok(Verdict::Infected(found.chars().filter(|c| !c.is_control()).take(120).collect()))
        }
        (None, Ok(()), Ok(_)) if said == "stream: OK" => Ok(Verdict::Clean),
        (None, Ok(()), Ok(_)) => Err(ScanError::NoVerdict(said.chars().take(120).collect())),
        (None, Err(error), _) | (None, _, Err(error)) => Err(ScanError::Unreachable(error)),
    }
}

#[cfg(test)]
mod tests;
