//! What consumers promise, on both engines.

#![cfg(test)]

mod feed;
mod order;
mod replicas;
mod town;
