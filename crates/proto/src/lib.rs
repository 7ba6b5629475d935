//! The contracts in `proto/` as Rust types: one module per package, as in `proto::workflow::v1`.
//! Everything is generated; [`pool`] gives the descriptors with their options for whoever reads the
//! contracts at run time (access rules, transcoding, reflection, tests).
#![expect(clippy::all, clippy::pedantic, reason = "generated code")]

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

mod generated {
    include!(concat!(env!("OUT_DIR"), "/_pb.rs"));
}
pub use generated::qinqing::*;

/// The encoded `FileDescriptorSet` of all contracts and their imports, options and comments included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The descriptors of all contracts.
pub fn pool() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        DescriptorPool::decode(DESCRIPTOR_SET).expect("the build wrote a valid descriptor set")
    });
    &POOL
}
