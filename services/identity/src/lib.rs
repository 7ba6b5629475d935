//! identity service.
#![expect(dead_code, unused_imports, reason = "wip")]
mod domain;
mod store;
