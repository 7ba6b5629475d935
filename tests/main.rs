//! What must hold across the suite.
#![cfg(test)]

mod access;
mod architecture;
mod bad_input;
mod contracts;
mod faults;
mod golden;
mod lifecycle;
mod raw;
mod round_trips;
mod scenarios;
mod world;
