//! What consumers promise, on both engines.

#![cfg(test)]

// As its dependents call it.
extern crate qinqing_events as events;

mod feed;
mod order;
mod replicas;
mod town;
