//! TLS to the database: a server of its own, whose authority is made here.
use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use booking_facade::{config::Config, serve::serve, state::AppState};
use pg_booking_tests::cluster::Cluster;
use tokio::{net::TcpListener, process, task::JoinHandle};

use crate::world::config;

/// An authority, and a certificate of its for `host`. The key is the server's own, else it refuses it.
fn certify(folder: &Path, name: &str, host: &str) -> Result<()> {
    let script = r#"
        cd "$1"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=authority $2" -keyout "$2-ca.key" -out "$2-ca.pem"
        openssl req -newkey rsa:2048 -nodes -subj "/CN=$3" -keyout "$2.key" -out "$2.csr"
        printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$3" >"$2.ext"
        openssl x509 -req -in "$2.csr" -CA "$2-ca.pem" -CAkey "$2-ca.key" -CAcreateserial -days 2 -extfile "$2.ext" -out "$2.pem"
        chmod 600 "$2.key"
        [ "$(id -u)" != 0 ] || chown postgres "$2.key"
    "#;
    let output = Command::new("sh")
        .args(["-ec", script, "sh"])
        .arg(folder)
        .args([name, host])
        .output()?;
    ensure!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Status of `/readyz` of a facade that is set up like this, and the facade.
async fn ready(config: &Config) -> Result<(u16, JoinHandle<std::io::Result<()>>)> {
    let state = AppState::new(config).map_err(|error| anyhow::anyhow!("{error}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/readyz", listener.local_addr()?);
    let facade = tokio::spawn(serve(listener, state, std::future::pending()));
    let client = reqwest::Client::builder().no_proxy().build()?;
    let status = client.get(url).send().await?.status().as_u16();
    Ok((status, facade))
}

#[tokio::test]
async fn the_database_proves_itself_or_is_not_spoken_to() -> Result<()> {
    let mut cluster = Cluster::new()?;
    let folder = cluster.folder().to_owned();
    certify(&folder, "good", "IP:127.0.0.1")?;
    certify(&folder, "foreign", "DNS:db.example")?;
    let file = |name: &str| folder.join(name).display().to_string();
    let port = cluster.start(&[
        "ssl=on",
        &format!("ssl_cert_file={}", file("good.pem")),
        &format!("ssl_key_file={}", file("good.key")),
    ])?;
    let sql = cluster.connect("postgres").await?;
    sql.batch_execute(
        "create extension pg_booking cascade;
         create role web login;
         create role web_owner;
         select booking.grant_access(public_role => 'web', owner_role => 'web_owner')",
    )
    .await?;

    let set_up = |mode: &str, authority: Option<&str>| {
        let url = format!("postgres://web@127.0.0.1:{port}/postgres{mode}");
        let mut config = config(&url, "web");
        config.roles.public = None;
        config.database_ca = authority.map(|name| folder.join(name));
        config
    };
    let encrypted = "select count(*) > 0 and bool_and(s.ssl) from pg_stat_ssl s join pg_stat_activity using (pid) where usename = 'web'";

    // Asked for by the URL, or by naming an authority. Each begins when the sessions of the one before are gone.
    for (mode, authority, status, tls) in [
        ("?sslmode=require", Some("good-ca.pem"), 200, true),
        ("?sslmode=verify-full", Some("good-ca.pem"), 200, true),
        ("", Some("good-ca.pem"), 200, true),
        ("", None, 200, false),
        ("?sslmode=require", Some("foreign-ca.pem"), 503, false),
        ("?sslmode=require", None, 503, false),
    ] {
        let (said, facade) = ready(&set_up(mode, authority)).await?;
        assert_eq!(said, status, "{mode} {authority:?}");
        let row = sql.query_one(encrypted, &[]).await?;
        assert_eq!(row.get::<_, bool>(0), tls, "{mode} {authority:?}");
        facade.abort();
        sql.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'web'",
            &[],
        )
        .await?;
    }

    // An authority that is trusted, and a certificate that is somebody else's.
    for (setting, name) in [
        ("ssl_cert_file", "foreign.pem"),
        ("ssl_key_file", "foreign.key"),
    ] {
        sql.batch_execute(&format!("alter system set {setting} = '{}'", file(name)))
            .await?;
    }
    sql.execute("select pg_reload_conf()", &[]).await?;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let config = set_up("?sslmode=require", Some("foreign-ca.pem"));
    assert_eq!(ready(&config).await?.0, 503);

    // A server that speaks no TLS at all.
    sql.batch_execute("alter system set ssl = off").await?;
    sql.execute("select pg_reload_conf()", &[]).await?;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let config = set_up("", Some("good-ca.pem"));
    assert_eq!(ready(&config).await?.0, 503);
    Ok(())
}

/// The log says what is wrong; it is that of a process.
#[tokio::test]
async fn the_log_says_why_it_is_not_spoken_to() -> Result<()> {
    const PROBE: &str = "TLS_TEST_DATABASE";
    if let Ok(url) = std::env::var(PROBE) {
        let mut config = config(&url, "web");
        booking_facade::logging::install(&config, None)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        config.roles.public = None;
        config.database_ca = std::env::var_os("TLS_TEST_CA").map(Into::into);
        assert_eq!(ready(&config).await?.0, 503);
        return Ok(());
    }
    let mut cluster = Cluster::new()?;
    let folder = cluster.folder().to_owned();
    certify(&folder, "good", "IP:127.0.0.1")?;
    certify(&folder, "foreign", "IP:127.0.0.1")?;
    let port = cluster.start(&[
        "ssl=on",
        &format!("ssl_cert_file={}/good.pem", folder.display()),
        &format!("ssl_key_file={}/good.key", folder.display()),
    ])?;
    let output = process::Command::new(std::env::current_exe()?)
        .args([
            "--exact",
            "tls::the_log_says_why_it_is_not_spoken_to",
            "--nocapture",
        ])
        .env(
            PROBE,
            format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        )
        .env("TLS_TEST_CA", folder.join("foreign-ca.pem"))
        .output()
        .await?;
    let log = String::from_utf8(output.stderr)?;
    assert!(output.status.success(), "{log}");
    let line = log
        .lines()
        .find(|line| line.contains("the database is away"))
        .context(log.clone())?;
    assert!(
        line.contains("UnknownIssuer") || line.contains("BadSignature"),
        "{line}"
    );
    Ok(())
}
