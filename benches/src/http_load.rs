//! Clients that each send a request after the other over a connection of their own, for a time.
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use uuid::Uuid;

/// What a client asks for.
#[derive(Clone)]
pub struct Wanted {
    path: String,
    session: bool,
    /// How many slots the answer must have.
    slots: Option<usize>,
    /// Starts to hold, one after the other, each by a session of its own.
    starts: Vec<String>,
}

impl Wanted {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            session: false,
            slots: None,
            starts: Vec::new(),
        }
    }

    /// Holds of these starts.
    pub fn holds(starts: &[String]) -> Self {
        Self {
            starts: starts.to_vec(),
            ..Self::get("/v1/acme/holds")
        }
    }

    /// By a visitor with a session, whose answer nobody shares.
    pub fn with_session(self) -> Self {
        Self {
            session: true,
            ..self
        }
    }

    /// With so many slots in the answer.
    pub fn with_slots(self, slots: usize) -> Self {
        Self {
            slots: Some(slots),
            ..self
        }
    }

    fn request(&self, number: usize, client: usize) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::get(&self.path)
            .header("host", "localhost")
            .header("x-forwarded-for", format!("192.0.2.{client}"));
        if self.session {
            request = request.header("booking-session", format!("bench-session-of-{number:010}"));
        }
        if self.starts.is_empty() {
            return Ok(request.body(Full::default())?);
        }
        let start = &self.starts[number % self.starts.len()];
        let body = serde_json::json!({"service": "any", "starts_at": start, "session_id": Uuid::new_v4().to_string()});
        Ok(request
            .method("POST")
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))?)
    }

    fn check(&self, status: u16, body: &[u8]) -> Result<()> {
        let expected = if self.starts.is_empty() { 200 } else { 201 };
        ensure!(
            status == expected,
            "{status}: {}",
            String::from_utf8_lossy(body)
        );
        if let Some(slots) = self.slots {
            let found = body
                .windows(9)
                .filter(|word| word == b"\"slot_id\"")
                .count();
            ensure!(
                found == slots,
                "the answers differ: {found} slots over HTTP, {slots} in SQL"
            );
        }
        Ok(())
    }
}

/// What came of it.
#[derive(Clone, Default)]
pub struct Load {
    times: Vec<Duration>,
    took: Duration,
}

impl Load {
    /// The times of all requests, which took so long together.
    pub fn new(mut times: Vec<Duration>, took: Duration) -> Self {
        times.sort_unstable();
        Self { times, took }
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// Milliseconds of the whole machine that a request took.
    pub fn each_ms(&self) -> f64 {
        1e3 / self.rate()
    }

    /// Milliseconds that so many of a hundred requests did not exceed.
    pub fn percentile(&self, of_hundred: usize) -> f64 {
        let place = self.times.len() * of_hundred / 100;
        let time = self
            .times
            .get(place.min(self.times.len().saturating_sub(1)));
        time.map_or(0.0, Duration::as_secs_f64) * 1e3
    }

    /// The one with more requests a second.
    pub fn better(self, other: Self) -> Self {
        if other.rate() > self.rate() {
            other
        } else {
            self
        }
    }
}

/// Lets so many clients ask for so long. The first answer of each is checked.
pub async fn load(
    server: SocketAddr,
    wanted: &Wanted,
    clients: usize,
    time: Duration,
) -> Result<Load> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for client in 0..clients {
        let wanted = wanted.clone();
        tasks.push(tokio::spawn(async move {
            let stream = TcpStream::connect(server).await?;
            stream.set_nodelay(true)?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            let mut times = Vec::new();
            while begin.elapsed() < time {
                let request = wanted.request(NUMBER.fetch_add(1, Ordering::Relaxed), client)?;
                let at = Instant::now();
                let answer = sender.send_request(request).await?;
                let status = answer.status().as_u16();
                let body = answer.into_body().collect().await?.to_bytes();
                times.push(at.elapsed());
                if times.len() == 1 || status >= 400 {
                    wanted.check(status, &body)?;
                }
            }
            anyhow::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.append(&mut task.await??);
    }
    Ok(Load::new(times, begin.elapsed()))
}
