//! Each test, on SQLite and on PostgreSQL.

macro_rules! both_engines {
    (modules: $modules:tt; $(async fn $name:ident($app:ident: TestSuite) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn test($app: TestSuite) $body

            async fn on(engine: testkit::Engine) {
                test(TestSuite::start(engine, &$modules).await.expect("the suite starts")).await;
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
pub(crate) use both_engines;
