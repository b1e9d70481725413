//! The database goes away and comes back. A proxy between facade and database is the cable that is pulled.
use std::time::Duration;

use anyhow::Result;
use pg_booking_tests::TestDb;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

use crate::world::World;

#[derive(Clone, Copy, PartialEq)]
enum Cable {
    Whole,
    /// Connections end, new ones too.
    Cut,
    /// Bytes vanish, nobody is told.
    Silent,
}

/// Listens, and passes on to the server of the tests what comes in.
async fn proxy(db: &TestDb) -> Result<(u16, watch::Sender<Cable>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let server = (db.server.host.clone(), db.server.port);
    let (cable, state) = watch::channel(Cable::Whole);
    tokio::spawn(async move {
        while let Ok((mut inside, _)) = listener.accept().await {
            let (server, mut state) = (server.clone(), state.clone());
            tokio::spawn(async move {
                let mut outside = TcpStream::connect(server).await?;
                loop {
                    let now = *state.borrow_and_update();
                    tokio::select! {
                        _ = copy_bidirectional(&mut inside, &mut outside), if now == Cable::Whole => break,
                        changed = state.changed(), if now != Cable::Cut => changed.map_err(std::io::Error::other)?,
                        else => break,
                    }
                }
                std::io::Result::Ok(())
            });
        }
    });
    Ok((port, cable))
}

/// A shop whose facade reaches its database through the cable.
async fn world(name: &str) -> Result<(World, watch::Sender<Cable>)> {
    let world = World::new(name).await?;
    let (port, cable) = proxy(&world.db).await?;
    let through = format!(
        "postgres://{}@127.0.0.1:{port}/{}",
        world.role, world.db.name
    );
    let world = world
        .behind(&through, |config| {
            config.statement_timeout = Duration::from_millis(300);
            config.acquire_timeout = Duration::from_millis(500);
        })
        .await?;
    Ok((world, cable))
}

const ROUTES: [&str; 3] = ["/readyz", "/v1/acme/services", "/v1/nobody/services"];

async fn assert_away(world: &World) -> Result<()> {
    for path in ROUTES {
        let answer = world.get(path).await?;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, "5"),
            "{path}"
        );
    }
    assert_eq!(world.get("/healthz").await?.status, 200);
    Ok(())
}

async fn assert_back(world: &World) -> Result<()> {
    for (path, status) in ROUTES.iter().zip([200, 200, 404]) {
        assert_eq!(world.get(path).await?.status, status, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_goes_away_is_503_and_found_again_when_it_is_back() -> Result<()> {
    let (world, cable) = world("outage").await?;
    assert_back(&world).await?;
    cable.send(Cable::Cut)?;
    assert_away(&world).await?;
    cable.send(Cable::Whole)?;
    assert_back(&world).await
}

#[tokio::test]
async fn a_database_that_falls_silent_is_given_up_in_time() -> Result<()> {
    let (world, cable) = world("outage").await?;
    assert_back(&world).await?;
    cable.send(Cable::Silent)?;
    assert_away(&world).await?;
    cable.send(Cable::Whole)?;
    assert_back(&world).await
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced() -> Result<()> {
    let world = World::new("outage").await?;
    let (a, b) = tokio::join!(world.get("/readyz"), world.get("/readyz"));
    assert_eq!((a?.status, b?.status), (200, 200));
    world
        .sql
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1",
            &[&world.role],
        )
        .await?;
    sleep(Duration::from_millis(200)).await;
    assert_back(&world).await
}
