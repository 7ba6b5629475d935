//! Calls by descriptor: any RPC with any bytes, for tests that walk all of them.

use bytes::{Buf, BufMut, Bytes};
use futures::StreamExt as _;
use prost_reflect::MethodDescriptor;
use rpc::Bearer;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// `/package.Service/Method`.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// Every RPC of ours that does not take a stream.
pub fn methods() -> Vec<MethodDescriptor> {
    proto::pool()
        .services()
        .filter(|service| service.full_name().starts_with("qinqing."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter(|method| !method.is_client_streaming())
        .collect()
}

/// Sends `message` as it stands; gives the answer, or the first of a stream of answers (`None`: an empty stream).
pub async fn call(to: Bearer, method: &MethodDescriptor, message: Bytes) -> Result<Option<Bytes>, Status> {
    let mut grpc = Grpc::new(to).max_encoding_message_size(usize::MAX);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = path(method).parse().unwrap();
    if method.is_server_streaming() {
        let mut answers = grpc.server_streaming(Request::new(message), path, Raw).await?.into_inner();
        // Streams that wait for something to happen have accepted the call.
        let first = tokio::time::timeout(std::time::Duration::from_millis(300), answers.next()).await;
        first.ok().flatten().transpose()
    } else {
        Ok(Some(grpc.unary(Request::new(message), path, Raw).await?.into_inner()))
    }
}

/// Bytes as they stand.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
