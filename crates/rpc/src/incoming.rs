//! A request that comes in pieces: read within its time, and hashed as it comes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kernel::RequestId;
use prost::Message;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status, Streaming};

use crate::{call, error::Refusal, parse::Fields};

/// How long a piece may be waited for.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// How a request that comes in several messages is read: the first names the request, the others bring its content.
pub trait Pieces: Send + 'static {
    type Piece: Message + Default + 'static;

    /// What the request is known by; read of the first piece alone.
    fn request_id(piece: &Self::Piece) -> &str;

    /// The content that a piece brings. However it is cut, it is the same request.
    fn content(piece: &Self::Piece) -> &[u8];

    /// The same without its content.
    fn head(piece: &Self::Piece) -> Self::Piece;
}

/// The pieces of a request, in their order.
#[derive(Debug)]
pub struct Incoming<P: Pieces> {
    pieces: Streaming<P::Piece>,
    /// Read already, and not yet given out.
    first: Option<P::Piece>,
    digest: Digest,
    deadline: Instant,
}

impl<P: Pieces> Incoming<P> {
    /// Reads the first piece, and in it the `request_id`.
    pub(crate) async fn open(
        pieces: Streaming<P::Piece>,
        deadline: Instant,
    ) -> Result<(Self, RequestId), Refusal> {
        let mut incoming = Self { pieces, first: None, digest: Digest::default(), deadline };
        let Some(first) = incoming.read().await? else {
            let mut f = Fields::new();
            f.reject("request_id", "is required");
            return Err(f.refuse());
        };
        let request_id = call::request_id(P::request_id(&first))?;
        incoming.first = Some(first);
        Ok((incoming, request_id))
    }

    /// The next piece; `None` when the caller has sent all of them. Fails when the caller breaks off, pauses for
    /// longer than 20 seconds, or the call's time is over.
    pub async fn next(&mut self) -> Result<Option<P::Piece>, Refusal> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Option<P::Piece>, Refusal> {
        let until = self.deadline.min(Instant::now() + MAX_PAUSE);
        let read = tokio::time::timeout_at(until.into(), self.pieces.message()).await;
        let piece = read.map_err(|_elapsed| Refusal::Late)?.map_err(broken)?;
        match &piece {
            Some(piece) => self.digest.add::<P>(piece),
            None => self.digest.end(),
        }
        Ok(piece)
    }

    /// Of what was read, also of what will be.
    pub(crate) fn digest(&self) -> Digest {
        self.digest.clone()
    }
}

fn broken(status: Status) -> Refusal {
    let too_large = matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted);
    Refusal::Broken { too_large, source: Box::new(status) }
}

/// The SHA-256 of the heads of the pieces and of their content. The clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digest(Arc<Mutex<Read>>);

#[derive(Debug, Default)]
struct Read {
    heads: Sha256,
    content: Sha256,
    to_the_end: bool,
}

impl Digest {
    fn add<P: Pieces>(&self, piece: &P::Piece) {
        let mut read = self.read();
        // A piece of nothing but content has an empty head: where the content is cut leaves no trace.
        read.heads.update(P::head(piece).encode_to_vec());
        read.content.update(P::content(piece));
    }

    fn end(&self) {
        self.read().to_the_end = true;
    }

    /// Whether the whole request was read.
    pub(crate) fn is_whole(&self) -> bool {
        self.read().to_the_end
    }

    pub(crate) fn hash(&self) -> Vec<u8> {
        let read = self.read();
        let parts = [read.heads.clone().finalize(), read.content.clone().finalize()];
        Sha256::digest(parts.concat()).to_vec()
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
