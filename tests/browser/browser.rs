//! A browser of one's own: a ChromeDriver on a port of its choosing, and a window without a screen.
use std::process::Stdio;

use anyhow::{Context, Result};
use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

pub struct Browser {
    pub window: Client,
    /// Ends with this.
    _driver: Child,
}

impl Browser {
    pub async fn new() -> Result<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver: bin/bootstrap installs it")?;
        let port = port_of(&mut driver).await?;
        let window = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await?;
        Ok(Self {
            window,
            _driver: driver,
        })
    }

    /// Closes the window; without it the driver would leave the browser behind.
    pub async fn close(self) -> Result<()> {
        Ok(self.window.close().await?)
    }
}

/// It says which port it took.
async fn port_of(driver: &mut Child) -> Result<u16> {
    let mut lines = BufReader::new(driver.stdout.take().context("stdout")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return Ok(port.trim_end_matches('.').parse()?);
        }
    }
    anyhow::bail!("chromedriver did not start")
}

/// Without a sandbox, which root can't have; without anything that calls home.
fn capabilities() -> Capabilities {
    let options = json!({"args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1000,900",
    ]});
    [("goog:chromeOptions".to_owned(), options)]
        .into_iter()
        .collect()
}
