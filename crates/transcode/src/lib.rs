//! HTTP and JSON for gRPC services, driven by the descriptor set.
//!
//! A [`Transcoder`] reads the `google.api.http` annotations of a descriptor pool and answers HTTP
//! requests by calling the annotated methods on a gRPC service, which may live in this process
//! (`tonic::service::Routes`) or behind a `tonic::transport::Channel`. [`openapi`] describes the same
//! annotations as an `OpenAPI` 3.1 document. No code is generated: messages are dynamic.
//!
//! Descriptors and dynamic messages are never printed with `{:?}`: for a recursive message type that
//! overflows the stack. So no type here that holds one implements `Debug`.

mod assign;
mod call;
mod codec;
mod config;
mod download;
mod error;
mod headers;
mod json;
mod openapi;
mod percent;
mod problem;
mod rule;
mod stream;
mod template;
mod transcoder;
mod tree;

pub use codec::{DynCodec, DynDecoder, DynEncoder};
pub use config::Config;
pub use error::BuildError;
pub use openapi::{Extension, Info, openapi};
pub use problem::{Reason, http_status};
pub use rule::{Binding, BodyRule};
pub use transcoder::Transcoder;
