//! The page for clients is true: its examples are run, in their order, in psql, a shell and Node with the real supabase-js,
//! and print what the block after each says. The facade is this process's; PostgREST is not to be had on every machine, so
//! `tests/clients/rpc.mjs` does what it documents. And the tables of the page say what the catalog and that server say.
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use booking_facade::{config, serve::serve, state::AppState};
use clap::Parser;
use jsonwebtoken::{EncodingKey, Header, encode};
use pg_booking_tests::{
    cluster::{Cluster, text},
    readme::{CLIENTS, blocks_of, trimmed},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Stands between what two blocks print.
const MARK: &str = "-- next block --";
const SECRET: &str = "a-secret-of-the-tests-that-is-long-enough";

/// Consecutive blocks of one language, and what each is to print.
struct Section {
    language: &'static str,
    bodies: Vec<String>,
    printed: Vec<String>,
}

fn sections() -> Vec<Section> {
    let blocks = blocks_of(CLIENTS);
    let mut sections: Vec<Section> = Vec::new();
    for (index, (language, body)) in blocks.iter().enumerate() {
        if *language == "text" {
            continue;
        }
        if sections
            .last()
            .is_none_or(|last| last.language != *language)
        {
            sections.push(Section {
                language,
                bodies: Vec::new(),
                printed: Vec::new(),
            });
        }
        if let Some(section) = sections.last_mut() {
            section.bodies.push(body.clone());
            section.printed.push(match blocks.get(index + 1) {
                Some(("text", output)) => trimmed(output),
                _ => String::new(),
            });
        }
    }
    sections
}

/// What a reader of the page has: a database, a facade, an RPC server, supabase-js, keys.
struct Site {
    /// Ends before its database does.
    rpc: Option<Rpc>,
    cluster: Cluster,
    modules: PathBuf,
    facade: String,
    praxis: String,
}

/// The stand-in for PostgREST.
struct Rpc {
    process: Child,
    url: String,
}

impl Drop for Rpc {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn token(claims: &Value) -> Result<String> {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    Ok(encode(&Header::default(), claims, &key)?)
}

/// supabase-js and a driver for the RPC server, as the lock file has them, installed once.
fn modules() -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    fs::create_dir_all(&modules)?;
    let lock = fs::read(source.join("package-lock.json"))?;
    let installed = modules.join("node_modules/installed.json");
    if fs::read(&installed).ok() != Some(lock.clone()) {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(source.join(file), modules.join(file))?;
        }
        let npm = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&modules)
            .output()
            .context("npm: bin/bootstrap installs it")?;
        text(&npm)?;
        fs::write(&installed, lock)?;
    }
    Ok(modules)
}

impl Site {
    fn new() -> Result<Self> {
        // Its own server, since roles are a server's.
        let mut cluster = Cluster::new()?;
        cluster.start(&["fsync=off", "timezone=UTC"])?;
        Ok(Self {
            rpc: None,
            cluster,
            modules: modules()?,
            facade: String::new(),
            praxis: String::new(),
        })
    }

    fn url(&self, user: &str) -> String {
        let server = self.cluster.server();
        format!("postgres://{user}@{}:{}/postgres", server.host, server.port)
    }

    /// Starts what serves, once the page has made roles and a practice.
    async fn serve(&mut self) -> Result<()> {
        let client = self.cluster.connect("postgres").await?;
        self.praxis = client
            .query_one("select tenant_id::text from booking.tenant", &[])
            .await?
            .get(0);
        let database = self.url("authenticator");
        let config::Command::Serve(config) = config::Cli::parse_from([
            "booking-facade",
            "--database-url",
            &database,
            "--public-role=anon",
        ])
        .command() else {
            unreachable!("serve is what happens without a subcommand")
        };
        let state = AppState::new(&config).map_err(|error| anyhow::anyhow!("{error}"))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        self.facade = format!("http://{}", listener.local_addr()?);
        tokio::spawn(serve(listener, state, std::future::pending()));

        let server = self.cluster.server();
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/rpc.mjs"))
            .current_dir(&self.modules)
            .env("PGHOST", &server.host)
            .env("PGPORT", server.port.to_string())
            .env("PGUSER", "authenticator")
            .env("PGDATABASE", "postgres")
            .env("RPC_SCHEMAS", "booking_api,booking")
            .env("RPC_ANON", "anon")
            .env("RPC_SECRET", SECRET)
            .stdout(Stdio::piped())
            .spawn()
            .context("node: bin/bootstrap installs it")?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().context("stdout")?).read_line(&mut url)?;
        self.rpc = Some(Rpc {
            process,
            url: url.trim().to_owned(),
        });
        Ok(())
    }

    fn rpc(&self) -> &str {
        self.rpc.as_ref().map_or("", |rpc| &rpc.url)
    }

    /// What the blocks of a section print.
    fn run(&self, section: &Section) -> Result<Vec<String>> {
        let (mut command, mark) = match section.language {
            "sql" => {
                let psql = self.cluster.server().bindir.join("psql");
                let mut command = Command::new(psql);
                command.args([
                    "-Xq",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-d",
                    &self.url("postgres"),
                    "-f",
                ]);
                (command, format!("\\echo {MARK}"))
            }
            "sh" => {
                let mut command = Command::new("bash");
                command.args(["-eu", "-o", "pipefail"]);
                (command, format!("echo {MARK:?}"))
            }
            "js" => (Command::new("node"), format!("console.log({MARK:?});")),
            other => anyhow::bail!("nothing here runs {other}"),
        };
        let script: String = section
            .bodies
            .iter()
            .map(|body| format!("{body}\n{mark}\n"))
            .collect();
        // Where Node finds its modules.
        let file = self.modules.join(format!(
            "page.{}",
            if section.language == "js" {
                "mjs"
            } else {
                section.language
            }
        ));
        fs::write(&file, script)?;
        let output = command
            .arg(&file)
            .current_dir(&self.modules)
            .env("PGTZ", "UTC")
            .env("FACADE", &self.facade)
            .env("SUPABASE_URL", self.rpc())
            .env("SUPABASE_ANON_KEY", token(&json!({"role": "anon"}))?)
            .env(
                "ADA_TOKEN",
                token(&json!({"role": "authenticated", "sub": "ada"}))?,
            )
            .env("PRAXIS", &self.praxis)
            .output()?;
        ensure!(
            output.status.success(),
            "{} gave up: {}{}",
            section.language,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let printed = String::from_utf8(output.stdout)?;
        let blocks = printed.split(MARK).map(trimmed);
        Ok(blocks.take(section.bodies.len()).collect())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_for_clients_print_what_the_page_says() -> Result<()> {
    let mut site = Site::new()?;
    let client = site.cluster.connect("postgres").await?;
    client
        .batch_execute("create extension pg_booking cascade")
        .await?;
    let sections = sections();
    let languages: Vec<&str> = sections.iter().map(|section| section.language).collect();
    ensure!(languages == ["sql", "sh", "js", "sql"], "{languages:?}");
    for (index, section) in sections.iter().enumerate() {
        assert_eq!(site.run(section)?, section.printed, "{}", section.language);
        if index == 0 {
            site.serve().await?;
        }
    }
    the_functions_that_read_are_those_of_the_page(&site).await?;
    the_statuses_are_those_of_the_page(&site).await
}

/// The rows of the page's tables, their cells without blanks.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    CLIENTS
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

async fn the_functions_that_read_are_those_of_the_page(site: &Site) -> Result<()> {
    let client = site.cluster.connect("postgres").await?;
    let stable: BTreeSet<String> = client
        .query(
            "select proname::text from pg_proc where pronamespace = 'booking_api'::regnamespace and provolatile = 's'",
            &[],
        )
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    let said: BTreeSet<String> = rows()
        .filter(|cells| cells[1..] == ["yes", "yes"])
        .flat_map(|cells| cells[0].split(','))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect();
    assert_eq!(said, stable);
    Ok(())
}

/// A request of each kind that the table of answers has, with its status and code.
async fn the_statuses_are_those_of_the_page(site: &Site) -> Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let slot = json!({"tenant": "praxis", "service": "massage", "starts_at": "2100-01-05T10:00:00Z", "session_id": "somebody-elses-session"});
    let with = |changes: &[(&str, &str)]| {
        let mut body = slot.clone();
        for (name, value) in changes {
            body[*name] = json!(value);
        }
        body
    };
    let mut answers = Vec::new();
    for (function, body) in [
        ("hold", slot.clone()),
        ("hold", with(&[("starts_at", "2100-01-05T10:10:00Z")])),
        ("hold", with(&[("service", "nothing")])),
        ("hold", with(&[("session_id", "short")])),
        ("hold", json!({"nothing": 1})),
        (
            "book",
            json!({"tenant": "praxis", "hold_id": site.praxis, "session_id": "somebody-elses-session"}),
        ),
        ("show", json!({"tenant": "praxis", "token": "nothing"})),
    ] {
        let request = http
            .post(format!("{}/rpc/{function}", site.rpc()))
            .json(&body);
        answers.push(request.send().await?);
    }
    let url = format!(
        "{}/rpc/release?tenant=praxis&session_id=somebody-elses-session",
        site.rpc()
    );
    answers.push(http.get(url).send().await?);
    let request = http.post(format!("{}/rpc/doctor", site.rpc()));
    for role in ["anon", "authenticated"] {
        let token = token(&json!({"role": role, "sub": "stranger"}))?;
        let request = request.try_clone().context("clone")?;
        let request = request
            .header("content-profile", "booking")
            .json(&json!({}));
        answers.push(request.bearer_auth(token).send().await?);
    }

    let mut seen = Vec::new();
    for answer in answers {
        let status = answer.status().as_u16().to_string();
        let body: Value = answer.json().await?;
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let told = rows().any(|cells| {
            cells[0].split(", ").any(|cell| cell == status)
                && cells[1]
                    .split(", ")
                    .map(|cell| cell.trim_matches('`').trim_end_matches('x'))
                    .any(|cell| !cell.is_empty() && code.starts_with(cell))
        });
        ensure!(told, "the page says nothing of {status} {code}: {body}");
        seen.push(format!("{status} {code}"));
    }
    assert_eq!(
        seen,
        [
            "409 PT409",
            "422 PT422",
            "404 PT404",
            "400 22023",
            "404 PGRST202",
            "410 PT410",
            "403 PT403",
            "405 25006",
            "401 42501",
            "403 42501"
        ]
    );
    Ok(())
}
