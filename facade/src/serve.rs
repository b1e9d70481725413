//! The listener and the graceful end.

use std::error::Error;
use std::future::Future;
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

    serve(listener, state, async move {
        tokio::select! {
            _ = terminate.recv() => info!("SIGTERM: draining"),
            _ = interrupt.recv() => info!("SIGINT: draining"),
        }
    })
    .await?;
    info!("ended");
    Ok(())
}

/// Serves until `end`, then answers what has begun and returns.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    end: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // No request takes longer than its limit; a client that reads its answer too slowly is left behind.
    let limit = state.request_timeout + Duration::from_secs(1);
    let (ending, mut ended) = watch::channel(());
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let server = axum::serve(listener, crate::app(state)).with_graceful_shutdown(async move {
        end.await;
        drop(ending);
    });
    tokio::select! {
        result = server => result,
        () = async { let _ = ended.changed().await; tokio::time::sleep(limit).await; } => {
            warn!("connections are still open");
            Ok(())
        }
    }
}
