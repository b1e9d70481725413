//! What lies between facade and database: a proxy that fails in all the ways that wires and servers do.
use std::{io, net::SocketAddr, time::Duration};

use anyhow::Result;
use pg_booking_tests::TestDb;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

use crate::world::World;

/// What becomes of bytes on their way. Those that already wait in a socket may still get through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cable {
    Whole,
    /// Connections end, new ones at once.
    Cut,
    /// Connections end by a reset.
    Reset,
    /// Nobody listens any more.
    Refused,
    /// Bytes wait, nobody is told.
    Silent,
    /// Bytes vanish: the connections that there are never work again, and never end.
    HalfOpen,
    /// Each piece of an answer takes so long.
    Slow(Duration),
    /// Answers come byte by byte, so many milliseconds apart.
    Trickle(u64),
    /// After so many bytes of answers a connection ends.
    CutAnswer(usize),
    /// After so many bytes of questions a connection ends.
    CutQuestion(usize),
}

/// Listens, and passes on to the server of the tests what comes in.
pub async fn proxy(db: &TestDb) -> Result<(u16, watch::Sender<Cable>)> {
    let first = TcpListener::bind("127.0.0.1:0").await?;
    let address = first.local_addr()?;
    let server = format!("{}:{}", db.server.host, db.server.port);
    let (cable, state) = watch::channel(Cable::Whole);
    tokio::spawn(listen(first, address, server, state));
    Ok((address.port(), cable))
}

/// A shop whose facade reaches its database through the cable.
pub async fn world(name: &str) -> Result<(World, watch::Sender<Cable>)> {
    let world = World::new(name).await?;
    let (port, cable) = proxy(&world.db).await?;
    let world = world
        .through(port, |config| {
            config.statement_timeout = Duration::from_millis(300);
            config.acquire_timeout = Duration::from_millis(1000);
        })
        .await?;
    Ok((world, cable))
}

async fn listen(
    first: TcpListener,
    address: SocketAddr,
    server: String,
    mut state: watch::Receiver<Cable>,
) -> Result<()> {
    let mut listener = Some(first);
    loop {
        if *state.borrow_and_update() == Cable::Refused {
            listener = None;
            state.changed().await?;
            continue;
        }
        let open = match &listener {
            Some(open) => open,
            None => listener.insert(TcpListener::bind(address).await?),
        };
        tokio::select! {
            accepted = open.accept() => {
                tokio::spawn(connection(accepted?.0, server.clone(), state.clone()));
            }
            changed = state.changed() => changed?,
        }
    }
}

async fn connection(
    inside: TcpStream,
    server: String,
    state: watch::Receiver<Cable>,
) -> io::Result<()> {
    let outside = TcpStream::connect(server).await?;
    inside.set_nodelay(true)?;
    outside.set_nodelay(true)?;
    let (mut questions, mut to_inside) = inside.into_split();
    let (mut answers, mut to_outside) = outside.into_split();
    tokio::select! {
        _ = pump(&mut questions, &mut to_outside, false, state.clone()) => (),
        _ = pump(&mut answers, &mut to_inside, true, state.clone()) => (),
    }
    if *state.borrow() == Cable::Reset {
        to_inside.as_ref().set_zero_linger()?;
    }
    Ok(())
}

async fn pump(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    answers: bool,
    mut state: watch::Receiver<Cable>,
) -> Result<()> {
    let mut buffer = [0; 4096];
    let mut left = None;
    loop {
        let now = *state.borrow_and_update();
        match now {
            Cable::Cut | Cable::Reset | Cable::Refused => return Ok(()),
            Cable::Silent => {
                state.changed().await?;
                continue;
            }
            Cable::HalfOpen => {
                while from.read(&mut buffer).await? > 0 {}
                std::future::pending::<()>().await;
            }
            Cable::CutAnswer(most) if answers => _ = left.get_or_insert(most),
            Cable::CutQuestion(most) if !answers => _ = left.get_or_insert(most),
            _ => left = None,
        }
        let count = tokio::select! {
            count = from.read(&mut buffer) => count?,
            changed = state.changed() => { changed?; continue; }
        };
        if count == 0 {
            return Ok(());
        }
        match now {
            Cable::Slow(pause) if answers => sleep(pause).await,
            Cable::Trickle(pause) if answers => {
                for byte in &buffer[..count] {
                    sleep(Duration::from_millis(pause)).await;
                    to.write_all(&[*byte]).await?;
                }
                continue;
            }
            _ => (),
        }
        let passed = left.unwrap_or(count).min(count);
        to.write_all(&buffer[..passed]).await?;
        if let Some(left) = &mut left {
            *left -= passed;
            if *left == 0 {
                return Ok(());
            }
        }
    }
}
