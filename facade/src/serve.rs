//! The listener and the graceful end.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::config::Config;
use crate::state::AppState;

/// Serves until SIGTERM or SIGINT, then answers what has begun and returns.
pub async fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    let state = AppState::new(config)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|error| format!("cannot listen at {}: {error}", config.listen))?;

    // Scripts that asked for a free port read it here.
    let address = listener.local_addr()?;
    writeln!(std::io::stdout(), "http://{address}")?;
    info!(%address, "listening");

    let (end, mut ended) = watch::channel(());
    let mut draining = ended.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => info!("SIGTERM: draining"),
            _ = interrupt.recv() => info!("SIGINT: draining"),
        }
        drop(end);
    });

    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let server = axum::serve(listener, crate::app(state)).with_graceful_shutdown(async move {
        let _ = ended.changed().await;
    });
    // No request takes longer than its limit; a client that reads its answer too slowly is left behind.
    let limit = config.request_timeout + Duration::from_secs(1);
    tokio::select! {
        result = server => result?,
        () = async { let _ = draining.changed().await; tokio::time::sleep(limit).await; } => warn!("connections are still open"),
    }
    info!("ended");
    Ok(())
}
