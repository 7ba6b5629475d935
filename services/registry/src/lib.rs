//! The registry: enterprises and who acts for them, which manager looks after which, and the log of visits.

mod domain;
mod store;
