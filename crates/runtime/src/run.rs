//! A process: from its configuration to its end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use kernel::{SystemClock, UuidV7};
use rpc::{Drain, Limits};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Background, Config, ModuleSpec, Profile, Start, Suite, bind, dead, health};

/// Between the word that this process is not ready and the end of new work: balancers ask once a second, and nobody
/// balances in development.
fn leaving(profile: Profile) -> Duration {
    match profile {
        Profile::Development => Duration::from_millis(200),
        Profile::Production => Duration::from_secs(3),
    }
}
/// What background work gets after the last connection is closed.
const STOPPING: Duration = Duration::from_secs(2);

/// Runs `modules` until SIGTERM or SIGINT; a second signal ends it at once. `app` does
/// what comes before serving on the address, and puts what stands before the front.
pub async fn run(
    config: Config,
    modules: &[ModuleSpec],
    app: impl AsyncFnOnce(&Suite, SocketAddr) -> anyhow::Result<axum::Router>,
) -> anyhow::Result<()> {
    // Before anything is written: a port that is taken is the commonest mistake.
    let listener = bind(config.listen).await?;
    let admin_listener = bind(config.admin_listen).await?;
    let (listen, admin_listen) = (listener.local_addr()?, admin_listener.local_addr()?);
    let start = Start {
        config,
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidV7),
        limits: Limits::default(),
        background: Background::All,
    };
    let suite = Suite::start(start, modules).await?;
    let app = app(&suite, listen).await?;
    let drain = suite.drain().clone();
    tokio::spawn(signals(drain.clone(), leaving(suite.config().profile)));
    let admin = {
        let app = health::admin(suite.databases().clone(), drain.clone())
            .merge(dead::admin(suite.consumers().to_vec()));
        let drain = drain.clone();
        tokio::spawn(async move {
            axum::serve(admin_listener, app).with_graceful_shutdown(async move { drain.begun().await }).await
        })
    };
    tracing::info!(%listen, %admin_listen, modules = ?modules, "serving");
    suite.serve(listener, app).await?;
    tokio::time::timeout(STOPPING, suite.stop()).await.context("background work did not end in time")?;
    admin.abort();
    tracing::info!("stopped");
    Ok(())
}

async fn signals(drain: Drain, leaving: Duration) {
    let (Ok(mut term), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be listened to: this process ends only by force");
        return;
    };
    let mut next = async || {
        tokio::select! {
            _ = term.recv() => (),
            _ = interrupt.recv() => (),
        }
    };
    next().await;
    tracing::info!("draining");
    drain.leave();
    tokio::select! {
        () = tokio::time::sleep(leaving) => drain.begin(),
        () = next() => drain.cut(),
    }
    next().await;
    drain.cut();
}
