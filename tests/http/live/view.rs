//! Somebody who looks: a stream that is read event by event, as a browser does. What the tests beside it begin with.
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::world::{World, monday_at};

pub const PATH: &str = "/v1/acme/services/haircut/events";
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a stream says, piece by piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
    /// As far as a browser would remember.
    pub id: String,
}

/// A viewer.
pub struct View {
    response: Response,
    buffer: String,
    pub last_id: String,
    /// Everything as it came.
    pub raw: String,
    pub comments: u32,
}

impl View {
    pub async fn of(world: &World, path: &str, last: Option<&str>) -> Result<Self> {
        let mut request = world.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await?;
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap_or_default())
        };
        ensure!(response.status() == 200, "{response:?}");
        assert_eq!(header("content-type"), Some("text/event-stream"));
        assert_eq!(header("cache-control"), Some("no-store, no-transform"));
        assert!(header("x-request-id").is_some());
        Ok(Self {
            response,
            buffer: String::new(),
            last_id: last.unwrap_or_default().to_owned(),
            raw: String::new(),
            comments: 0,
        })
    }

    /// A new viewer of the haircut, who has heard what is held.
    pub async fn new(world: &World) -> Result<Self> {
        let mut view = Self::of(world, PATH, None).await?;
        let first = view.next().await?;
        assert_eq!(
            (first.name.as_str(), &first.data["all"]),
            ("held", &json!(true)),
            "{first:?}"
        );
        Ok(view)
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next_or_end(&mut self) -> Result<Option<Event>> {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let mut event = Event {
                    name: String::new(),
                    data: Value::Null,
                    id: String::new(),
                };
                for line in block.lines() {
                    match line.split_once(": ").context("a line")? {
                        ("", _) => self.comments += 1,
                        ("id", id) => self.last_id = id.to_owned(),
                        ("event", name) => event.name = name.to_owned(),
                        ("data", data) => event.data = serde_json::from_str(data)?,
                        ("retry", _) => {}
                        other => bail!("{other:?}"),
                    }
                }
                if event.data != Value::Null {
                    event.id = self.last_id.clone();
                    return Ok(Some(event));
                }
            }
            let Some(chunk) = self.response.chunk().await? else {
                return Ok(None);
            };
            self.raw.push_str(std::str::from_utf8(&chunk)?);
            self.buffer.push_str(std::str::from_utf8(&chunk)?);
        }
    }

    pub async fn next(&mut self) -> Result<Event> {
        let next = timeout(PATIENCE, self.next_or_end()).await;
        next.context("nothing came")??.context("the stream ended")
    }

    /// The next event of a name; what comes before it is of no interest.
    pub async fn next_of(&mut self, name: &str) -> Result<Event> {
        loop {
            let event = self.next().await?;
            if event.name == name {
                return Ok(event);
            }
        }
    }
}

/// The spans of one of the lists of `held`, by their start.
pub fn starts(event: &Event, list: &str) -> Vec<String> {
    assert_eq!(event.name, "held", "{event:?}");
    let spans = event.data[list].as_array().cloned().unwrap_or_default();
    spans
        .iter()
        .map(|span| span["starts_at"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Holds an hour of that Monday for a session, and says by which id.
pub async fn hold_id(world: &World, hour: i64, session: &str) -> Result<String> {
    let answer = world.hold(monday_at(hour), session).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    Ok(answer.text("hold_id").to_owned())
}
