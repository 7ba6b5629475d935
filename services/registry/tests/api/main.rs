//! The service through its RPCs, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Writes each test once and runs it on SQLite and on PostgreSQL, beside a stand-in for identity.
macro_rules! both_engines {
    ($(async fn $name:ident($app:ident: TestSuite) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn test($app: &TestSuite) $body

            async fn on(engine: testkit::Engine) {
                let modules = [qinqing_registry::spec(), crate::world::identity()];
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
mod appointments;
mod enterprises;
mod events;
mod figures;
mod handover;
mod members;
mod visits;
mod world;
