//! Behind pgbouncer in transaction mode, where no two transactions need meet the same session of the server.
use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Result;
use serde_json::json;
use tokio::{net::TcpStream, task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::world::{World, monday, monday_at, session};

struct Pgbouncer {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Pgbouncer {
    /// With two connections to the server of `world`; `None` where it is not installed.
    async fn start(world: &World) -> Result<Option<Self>> {
        let program = PathBuf::from("/usr/sbin/pgbouncer");
        if !program.exists() {
            eprintln!("skipped: {} is not installed", program.display());
            return Ok(None);
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("pgbouncer-{}", Uuid::new_v4()));
        fs::create_dir(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let users = folder.join("users");
        fs::write(&users, format!("\"{}\" \"\"\n", world.role))?;
        fs::write(
            folder.join("ini"),
            format!(
                "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 2\n",
                world.db.server.host,
                world.db.server.port,
                users.display()
            ),
        )?;
        // It refuses to run as root and, like the server, is given to postgres then.
        let process = Command::new("sh")
            .args([
                "-c",
                r#"[ "$(id -u)" = 0 ] && set -- -u postgres "$@"; exec "$0" "$@""#,
            ])
            .arg(program)
            .arg("-q")
            .arg(folder.join("ini"))
            .stdout(Stdio::null())
            .spawn()?;
        let started = Self {
            process,
            folder,
            port,
        };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Some(started))
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn everything_works_through_a_transaction_pooler() -> Result<()> {
    let world = World::new("pooler").await?;
    let Some(pgbouncer) = Pgbouncer::start(&world).await? else {
        return Ok(());
    };
    let through = format!(
        "postgres://{}@127.0.0.1:{}/{}",
        world.role, pgbouncer.port, world.db.name
    );
    let world = world.behind(&through, |_| ()).await?;
    assert_eq!(world.get("/readyz").await?.status, 200);

    // Many more clients than sessions, refusals among them, so that every session serves many clients.
    let mut visitors = JoinSet::new();
    for number in 0..64 {
        let tenant = if number % 4 == 0 { "nobody" } else { "acme" };
        let request = world
            .http
            .get(format!("{}/v1/{tenant}/services", world.url));
        visitors
            .spawn(async move { anyhow::Ok((tenant, request.send().await?.status().as_u16())) });
    }
    while let Some(outcome) = visitors.join_next().await {
        assert!(matches!(outcome??, ("acme", 200) | ("nobody", 404)));
    }

    let mine = session();
    let hold = world.hold(monday_at(9), &mine).await?;
    assert_eq!(
        world.hold(monday_at(9), &session()).await?.outcome(),
        (409, Some("BK001"))
    );
    let body =
        json!({"hold_id": hold.body["hold_id"], "session_id": mine, "customer": {"name": "Ada"}});
    assert_eq!(world.post("/v1/acme/bookings", body).await?.status, 201);
    assert_eq!(world.slots(monday()).await?.len(), 7);
    Ok(())
}
