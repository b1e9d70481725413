//! The scripts of `bin` that `make run` and every test stand on. `make run` itself is not tried here: it would build.
use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use pg_booking_tests::{
    Server,
    cluster::{Cluster, bin, kill, text},
};

#[tokio::test]
async fn a_cluster_keeps_its_data_and_its_port() -> Result<()> {
    let mut cluster = Cluster::new()?;
    let port = cluster.start(&[])?;
    cluster
        .connect("postgres")
        .await?
        .batch_execute("create table kept ()")
        .await?;
    text(&cluster.run("stop")?)?;
    assert_eq!(cluster.run("status")?.status.code(), Some(3));
    assert_eq!(cluster.start(&[])?, port);
    assert!(cluster.run("status")?.status.success());
    cluster
        .connect("postgres")
        .await?
        .batch_execute("table kept")
        .await?;
    Ok(())
}

#[tokio::test]
async fn starting_what_runs_changes_nothing() -> Result<()> {
    let mut cluster = Cluster::new()?;
    let port = cluster.start(&[])?;
    let postmaster = cluster.postmaster()?;
    assert_eq!(cluster.start(&[])?, port);
    assert_eq!(cluster.postmaster()?, postmaster);
    Ok(())
}

#[tokio::test]
async fn a_killed_server_starts_again_though_a_backend_outlived_it() -> Result<()> {
    let mut cluster = Cluster::new()?;
    cluster.start(&[])?;
    let client = cluster.connect("postgres").await?;
    client.batch_execute("create table kept ()").await?;
    let postmaster = cluster.postmaster()?;
    let busy = tokio::spawn(async move {
        client
            .batch_execute(
                // Busy, so that it does not notice; not for ever, should this test be killed.
                "do $$ begin while clock_timestamp() < now() + interval '30 s' loop end loop; end $$",
            )
            .await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill(postmaster)?;
    assert_eq!(cluster.run("status")?.status.code(), Some(3));
    cluster.start(&[])?;
    cluster
        .connect("postgres")
        .await?
        .batch_execute("table kept")
        .await?;
    assert!(busy.await?.is_err());
    Ok(())
}

#[tokio::test]
async fn a_taken_port_stays_with_who_took_it() -> Result<()> {
    let mut cluster = Cluster::new()?;
    let port = cluster.start(&[])?;
    text(&cluster.run("stop")?)?;
    let _listener = TcpListener::bind(("127.0.0.1", port))?;
    assert_ne!(cluster.start(&[])?, port);
    cluster.connect("postgres").await?;
    Ok(())
}

#[tokio::test]
async fn the_server_does_not_inherit_our_environment() -> Result<()> {
    let cluster = Cluster::new()?;
    let start = bin("cluster")
        .arg("start")
        .arg(cluster.folder())
        .env("RUST_BACKTRACE", "1")
        .output()?;
    text(&start)?;
    let pid = cluster.postmaster()?;
    let environment =
        String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/environ"))?).into_owned();
    assert!(environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("RUST_BACKTRACE"), "{environment}");
    Ok(())
}

#[test]
fn with_cluster_passes_the_exit_code_on_and_removes_the_cluster() -> Result<()> {
    let run = bin("with-cluster")
        .args(["sh", "-c", "echo $PG_BOOKING_LOG; exit 7"])
        .output()?;
    assert_eq!(run.status.code(), Some(7));
    let log = PathBuf::from(String::from_utf8(run.stdout)?.trim());
    assert!(!log.parent().context("log")?.exists());
    Ok(())
}

#[test]
fn with_cluster_cleans_up_when_it_is_terminated() -> Result<()> {
    let mut run = bin("with-cluster")
        .args(["sh", "-c", "echo $PG_BOOKING_LOG; sleep 600"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(run.stdout.take().context("stdout")?).read_line(&mut line)?;
    let folder = PathBuf::from(line.trim())
        .parent()
        .context("log")?
        .to_owned();
    assert!(folder.exists());
    ensure!(
        Command::new("kill")
            .arg(run.id().to_string())
            .status()?
            .success()
    );
    let began = Instant::now();
    while run.try_wait()?.is_none() {
        ensure!(
            began.elapsed() < Duration::from_secs(30),
            "with-cluster goes on"
        );
        sleep(Duration::from_millis(50));
    }
    assert!(!folder.exists());
    Ok(())
}

#[test]
fn bootstrap_does_nothing_when_nothing_is_missing() -> Result<()> {
    let server = Server::from_env()?;
    let stubs = server.log.with_file_name("stubs");
    fs::create_dir_all(&stubs)?;
    for program in ["apt-get", "sudo"] {
        let stub = stubs.join(program);
        fs::write(&stub, "#!/bin/sh\necho \"$0 $*\"\nexit 1\n")?;
        ensure!(
            Command::new("chmod")
                .arg("+x")
                .arg(stub)
                .status()?
                .success()
        );
    }
    let path = format!("{}:{}", stubs.display(), env::var("PATH")?);
    let run = bin("bootstrap").env("PATH", path).output()?;
    assert!(run.status.success(), "{run:?}");
    assert_eq!((run.stdout, run.stderr), (Vec::new(), Vec::new()));
    Ok(())
}
