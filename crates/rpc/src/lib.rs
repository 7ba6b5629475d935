//! What every RPC needs, once: the way in ([`Front`]), the frame around each handler ([`service!`]), errors on
//! the wire, calls to other services ([`Peers`]), limits, and a server that drains ([`serve`]).

pub mod access_log;
mod call;
mod deadline;
mod error;
mod frame;
mod front;
mod incoming;
mod limits;
pub mod parse;
mod peers;
mod serve;
mod trace;

#[doc(hidden)]
pub use tonic;

pub use access_log::{AccessLog, put_on_record};
pub use call::Call;
pub use error::{COMMON_DOMAIN, Refusal, ServiceError, Wire, common};
pub use frame::{REPLAYED, ResponseStream, Service, client_stream, server_stream, unary, unit_of_work};
pub use front::{Front, PeerAddress};
pub use incoming::{Incoming, Pieces};
pub use limits::Limits;
pub use parse::Fields;
pub use peers::{Bearer, Outbound, Peers, Transport};
pub use serve::{Drain, serve};
pub use trace::TraceContext;
