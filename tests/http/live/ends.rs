//! What a stream lives through, and what ends it: not the limit of a request, but the end of the server, and a client that takes
//! nothing.
use std::time::Duration;

use anyhow::{Context, Result};
use booking_facade::{serve::serve, state::AppState};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    sync::oneshot,
    time::timeout,
};

use super::view::{PATH, PATIENCE, View, hold_id, starts};
use crate::world::{World, config, session};

#[tokio::test]
async fn a_stream_outlives_the_limit_of_requests_and_lives_while_nothing_happens() -> Result<()> {
    let world = World::with("live", |config| {
        config.request_timeout = Duration::from_millis(500);
        config.live.keep_alive = Duration::from_millis(100);
    })
    .await?;
    let mut view = View::new(&world).await?;
    let _ = timeout(Duration::from_secs(2), view.next_or_end()).await;
    assert!(view.comments >= 5, "{}", view.comments);
    hold_id(&world, 9, &session()).await?;
    assert_eq!(starts(&view.next().await?, "added").len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_server_ends_the_streams() -> Result<()> {
    let mut world = World::new("live").await?;
    let state = AppState::new(&config(&world.db.url(&world.role), &world.role))
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    world.url = format!("http://{}", listener.local_addr()?);
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, state, async move {
        let _ = ended.await;
    }));
    let mut view = View::new(&world).await?;
    let _ = end.send(());
    // Long before a minute, which a request may take here.
    timeout(PATIENCE, server).await???;
    assert_eq!(view.next_or_end().await?, None);
    Ok(())
}

#[tokio::test]
async fn who_reads_nothing_is_cut() -> Result<()> {
    let world = World::with("live", |config| {
        config.live.max_viewers = 1;
        config.live.interval = Duration::from_millis(20);
        config.connections.write_timeout = Duration::from_secs(2);
    })
    .await?;
    // A thousand spans, all of which are renewed all the time.
    world
        .sql
        .batch_execute(
            "insert into booking.hold (tenant_id, service_id, span, expires_at)
             select tenant_id, service_id, tstzrange(d, d + interval '1 hour'), now() + interval '1 hour'
             from booking.service cross join generate_series(timestamptz '2100-01-01', timestamptz '2100-02-10', '1 hour') d;
             insert into booking.claim (tenant_id, resource_id, span, hold_id)
             select h.tenant_id, r.resource_id, h.span, h.hold_id from booking.hold h join booking.resource r using (tenant_id)",
        )
        .await?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let address = world.url.trim_start_matches("http://").parse()?;
    let mut silent = socket.connect(address).await?;
    silent
        .write_all(format!("GET {PATH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
        .await?;
    // It has come in; from here on it takes nothing.
    let mut head = [0; 12];
    timeout(PATIENCE, silent.read_exact(&mut head)).await??;
    assert_eq!(&head, b"HTTP/1.1 200");
    let cut = timeout(2 * PATIENCE, async {
        while View::of(&world, PATH, None).await.is_err() {
            world
                .sql
                .execute(
                    "update booking.hold set expires_at = expires_at + interval '1 second'",
                    &[],
                )
                .await?;
        }
        anyhow::Ok(())
    });
    cut.await.context("it still has its place")??;
    drop(silent);
    Ok(())
}
