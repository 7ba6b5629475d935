//! The service through its RPCs, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Writes each test once and runs it on SQLite and on PostgreSQL, beside stand-ins for identity and the registry.
macro_rules! both_engines {
    ($(async fn $name:ident($app:ident: TestSuite) $body:block)*) => {$(
        pub(crate) mod $name {
            use super::*;

            pub(crate) async fn test($app: &TestSuite) $body

            async fn on(engine: testkit::Engine) {
                let modules = [qinqing_workflow::spec(), crate::world::identity(), crate::world::registry()];
                let app = TestSuite::start(engine, &modules).await.unwrap();
                test(&app).await;
                app.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                on(testkit::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                on(testkit::Engine::Postgres).await;
            }
        }
    )*};
}

mod access;
mod access_log;
mod addresses;
mod all_chains;
mod attachments;
mod calendars;
mod cases;
mod clocks;
mod completion;
mod course;
mod dba;
mod drafts;
mod duplicates;
mod erasure;
mod events;
mod exports;
mod failpoints;
mod figure_limits;
mod figures;
mod file_limits;
mod files;
mod history;
mod invariants;
mod ladder;
mod lists;
mod migration;
mod model;
mod on_record;
mod order_ladder;
mod order_rules;
mod orders;
mod packs;
mod proofs;
mod refusals;
mod repeats;
mod rulings;
mod scanning;
mod search;
mod submission;
mod tampering;
mod trace;
mod trail_log;
mod uncounted;
mod watching;
mod witness;
mod world;
