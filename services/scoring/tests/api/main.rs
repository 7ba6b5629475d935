//! What scoring does with other services' events, asked through its own RPCs, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

/// Writes each test once and runs it on SQLite and on PostgreSQL.
macro_rules! both_engines {
    ($(async fn $name:ident($app:ident: TestSuite) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn test($app: &TestSuite) $body

            async fn on(engine: testkit::Engine) {
                let app = TestSuite::start(engine, &crate::world::modules()).await.unwrap();
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
mod append_only;
mod boards;
mod books;
mod caps;
mod entries;
mod exactly_once;
mod issues;
mod rules;
mod visits;
mod world;
