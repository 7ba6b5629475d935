//! The service through its RPCs and the events that it consumes, on both engines.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

/// Writes each test once and runs it on SQLite and on PostgreSQL, in a small town with a mail server.
macro_rules! both_engines {
    ($($(#[$doc:meta])* async fn $name:ident($town:ident: &Town) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn test($town: &Town) $body

            async fn on(engine: testkit::Engine) {
                let town = Town::start(engine).await;
                test(&town).await;
                town.app.stop().await;
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
mod announcing;
mod announcing_orders;
mod announcing_turns;
mod course;
mod delivering;
mod inbox;
mod mail;
mod preferences;
mod reliability;
mod templates;
mod town;
