//! The transcoder before a small library service that is made of descriptors alone.

mod bodies;
mod building;
mod documents;
mod downloads;
mod errors;
mod library;
mod metadata;
mod queries;
mod random;
mod routing;
mod streams;
