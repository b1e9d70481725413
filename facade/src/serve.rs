//! The listener, its connections, and the graceful end. [`crate::protect::pace`] says how long a client may take.

use std::error::Error;
use std::future::Future;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Service;
use tracing::{debug, info, warn};

use crate::client::Peer;
use crate::config::Config;
use crate::protect::pace::{Paced, Requests};
use crate::protect::settings::Connections;
use crate::protect::shares::{Share, Shares};
use crate::state::AppState;

/// The longest head of a request, in bytes, but for what one read brings along, and the most headers: enough for a token of a
/// generous issuer. 431 beyond.
const HEAD: usize = 32 * 1024;
const HEADERS: usize = 100;
/// Requests at a time on one connection of HTTP/2.
const STREAMS: u32 = 100;
/// How long HTTP/2 waits before it asks a silent client whether it is still there, and for the answer.
const PING: Duration = Duration::from_secs(20);
/// What is unread of all the answers on a connection of HTTP/2.
const SEND_BUFFER: usize = 256 * 1024;

/// Serves until SIGTERM or SIGINT, then answers what has begun and returns.
pub async fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    config.check()?;
    let state = AppState::new(config)?;
    if let Some(address) = &config.metrics_listen {
        crate::scrape::listen(address, state.clone()).await?;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|error| format!("cannot listen at {}: {error}", config.listen))?;

    // Scripts that asked for a free port read it here.
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "http://{address}")?;
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

/// Serves until `end`, then answers what has begun and returns. Whoever drops it ends all connections.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let limits = state.connections;
    let origin = state.origin.clone();
    let ending = state.ending.clone();
    // No request takes longer than its limit; a client that reads its answer too slowly is left behind.
    let limit = state.request_timeout + Duration::from_secs(1);
    let app = crate::app(state);
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    let shares = Shares::new(limits.max_address_connections);
    let (mut full, mut told) = (false, false);
    loop {
        tokio::select! {
            () = &mut end => break,
            Some(_) = connections.join_next() => {
                full &= connections.len() > limits.max_connections / 10 * 9;
            }
            (stream, peer) = accept(&listener), if connections.len() < limits.max_connections => {
                let share = origin.stranger(peer.ip()).map(|address| shares.take(address));
                if matches!(share, Some(None)) {
                    if !std::mem::replace(&mut told, true) {
                        warn!(
                            limits.max_address_connections,
                            "no further connections of one address: is it a proxy for --trusted-proxies?"
                        );
                    }
                    continue;
                }
                let share = share.flatten();
                connections.spawn(connection(stream, peer, share, app.clone(), limits, ending.clone()));
                if connections.len() == limits.max_connections && !full {
                    full = true;
                    warn!(limits.max_connections, "no further connections: new ones wait");
                }
            }
        }
    }
    drop(listener);
    ending.cancel();
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limit, drained).await.is_err() {
        warn!("connections are still open");
    }
    Ok(())
}

/// The next connection. What one client does wrong is not the listener's end; out of files is something that passes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(connection) => return connection,
            Err(error) if of_one_client(&error) => debug!(%error, "a client went away"),
            Err(error) => {
                warn!(%error, "cannot accept connections");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// One connection, to its end, and with it what its address has of all of them.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    _share: Option<Share<IpAddr>>,
    app: Router,
    limits: Connections,
    ending: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let requests = Requests::default();
    let stream = Paced::new(stream, limits, requests.clone());
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        let under_way = requests.begin();
        let answer = app.clone().call(request);
        async move {
            let answer = answer.await;
            drop(under_way);
            answer
        }
    });
    let builder = builder(limits);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = ending.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        debug!(error, "a connection ended early");
    }
}

fn builder(limits: Connections) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    if !limits.http2 {
        builder = builder.http1_only();
    }
    builder
        .http1()
        .timer(TokioTimer::new())
        // It runs from the answer before: the stream itself counts from the first byte.
        .header_read_timeout(limits.idle_timeout)
        .max_headers(HEADERS)
        .max_buf_size(HEAD);
    // What a client may reset at once, and be told about, is limited by h2 itself.
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD as u32)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
