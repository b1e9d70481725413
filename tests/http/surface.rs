//! Every route there is, from `/openapi.json`, and a request of each that makes sense. What a route needs beyond its schema,
//! such as a booking that is there, is [`Known`]: a test that walks all routes fails if nothing is known of one.
use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::world::{World, monday, session, time};

/// A route, as it is described.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    pub path: String,
    /// Name, place (`path`, `query`, `header`) and schema.
    pub parameters: Vec<(String, String, Value)>,
    pub required: Vec<String>,
    pub body: Option<Value>,
}

/// A request of one.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub values: BTreeMap<(String, String), String>,
    pub body: Option<Value>,
    pub token: Option<String>,
}

/// What came back, whatever it is.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

/// What is put in for a name of a parameter or of a member of a body.
pub type Known = BTreeMap<String, Value>;

pub async fn operations(world: &World) -> Result<(Vec<Operation>, Value)> {
    let api = world.get("/openapi.json").await?.body;
    let mut all = Vec::new();
    for (path, methods) in api["paths"].as_object().context("paths")? {
        for (method, operation) in methods.as_object().context("methods")? {
            if operation["responses"].is_null() {
                continue;
            }
            let mut parameters = Vec::new();
            let mut required = Vec::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
                if parameter["required"] == true {
                    required.push(text("name"));
                }
                parameters.push((text("name"), text("in"), parameter["schema"].clone()));
            }
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                parameters,
                required,
                body: (!body.is_null()).then(|| resolved(body, &api)),
            });
        }
    }
    Ok((all, api))
}

/// A schema without references, one level deep, nor a null beside it.
pub fn resolved(schema: &Value, api: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return resolved(&api["components"]["schemas"][name], api);
    }
    // What is flattened into one.
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = json!({"type": "object", "properties": {}, "required": []});
        for part in parts.iter().map(|part| resolved(part, api)) {
            for (name, inner) in part["properties"].as_object().into_iter().flatten() {
                whole["properties"][name] = inner.clone();
            }
            if let (Some(all), Some(more)) = (
                whole["required"].as_array_mut(),
                part["required"].as_array(),
            ) {
                all.extend(more.iter().cloned());
            }
        }
        return whole;
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(one) = schema[several]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["type"] != "null"))
        {
            return resolved(one, api);
        }
    }
    schema.clone()
}

/// The type of a schema that may allow null.
pub fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(types) => types
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null")
            .unwrap_or_default(),
        other => other.as_str().unwrap_or("object"),
    }
}

/// A value of a schema: what is known under that name, else the least there is.
pub fn sample(name: &str, schema: &Value, api: &Value, known: &Known) -> Value {
    if let Some(value) = known.get(name) {
        return value.clone();
    }
    let schema = resolved(schema, api);
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match (kind(&schema), schema["format"].as_str().unwrap_or_default()) {
        ("string", "uuid") => Uuid::new_v4().to_string().into(),
        ("string", "date-time") => time(monday()).into(),
        ("string", "date") => monday().date_naive().to_string().into(),
        ("string", _) => "x".into(),
        ("integer" | "number", _) => schema["minimum"].as_i64().unwrap_or(0).max(1).into(),
        ("boolean", _) => false.into(),
        ("array", _) => json!([sample(name, &schema["items"], api, &Known::new())]),
        _ => {
            let mut object = Map::new();
            for member in schema["required"].as_array().into_iter().flatten() {
                let member = member.as_str().unwrap_or_default();
                let value = sample(member, &schema["properties"][member], api, known);
                object.insert(member.to_owned(), value);
            }
            for (member, value) in known {
                if schema["properties"].get(member).is_some() {
                    object.insert(member.clone(), value.clone());
                }
            }
            object.into()
        }
    }
}

impl Operation {
    /// `GET /v1/{tenant}/services`
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A request with what must be there, and what is known.
    pub fn call(&self, api: &Value, known: &Known) -> Call {
        let mut values = BTreeMap::new();
        for (name, place, schema) in &self.parameters {
            if place == "path" || self.required.contains(name) || known.contains_key(name) {
                let value = sample(name, schema, api, known);
                let text = value.as_str().map_or(value.to_string(), str::to_owned);
                values.insert((place.clone(), name.clone()), text);
            }
        }
        Call {
            method: self.method.clone(),
            path: self.path.clone(),
            values,
            body: self
                .body
                .as_ref()
                .map(|schema| sample("", schema, api, known)),
            token: None,
        }
    }
}

/// As in an address: everything but letters and digits.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl Call {
    /// Whether there is such a parameter, or such a member of the body.
    pub fn has(&self, place: &str, name: &str) -> bool {
        match place {
            "body" => self
                .body
                .as_ref()
                .is_some_and(|body| body.get(name).is_some()),
            _ => self
                .values
                .contains_key(&(place.to_owned(), name.to_owned())),
        }
    }

    /// Puts it in place of what is there.
    pub fn put(&mut self, place: &str, name: &str, value: &str) {
        match (place, &mut self.body) {
            ("body", Some(body)) => body[name] = value.into(),
            _ => {
                let place = (place.to_owned(), name.to_owned());
                self.values.insert(place, value.to_owned());
            }
        }
    }

    pub fn address(&self) -> String {
        let mut path = self.path.clone();
        let mut query = Vec::new();
        for ((place, name), value) in &self.values {
            match place.as_str() {
                "path" => path = path.replace(&format!("{{{name}}}"), &encoded(value)),
                "query" => query.push(format!("{name}={}", encoded(value))),
                _ => {}
            }
        }
        match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        }
    }

    /// The answer; of one without an end, what comes at once.
    pub async fn send(&self, world: &World) -> Result<Reply> {
        let method = Method::from_bytes(self.method.as_bytes())?;
        let mut request = world.request(method, &self.address());
        for ((place, name), value) in &self.values {
            if place == "header" {
                request = request.header(name.as_str(), value.as_bytes());
            }
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        let mut response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let streams = headers
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let mut bytes = Vec::new();
        loop {
            let patience = Duration::from_millis(if streams { 300 } else { 60_000 });
            match tokio::time::timeout(patience, response.chunk()).await {
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
                Err(_) if !streams => anyhow::bail!("no end of {}", self.address()),
                _ => break,
            }
        }
        Ok(Reply {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }
}

impl Reply {
    /// Everything that a client can see of it.
    pub fn seen(&self) -> String {
        format!("{:?} {}", self.headers, self.text)
    }

    /// The same without what differs between any two answers.
    pub fn stable(&self) -> (u16, BTreeMap<String, String>, String) {
        let headers = self
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
            .filter(|(name, _)| !name.as_str().contains("ratelimit"))
            .map(|(name, value)| (name.to_string(), format!("{value:?}")))
            .collect();
        let text = match serde_json::from_str::<Value>(&self.text) {
            Ok(mut body) => {
                if let Some(members) = body.as_object_mut() {
                    members.remove("request_id");
                }
                body.to_string()
            }
            Err(_) => self.text.clone(),
        };
        (self.status, headers, text)
    }
}

/// A visitor's session that nobody else has.
pub fn visitor() -> Known {
    Known::from([
        ("Booking-Session".to_owned(), session().into()),
        ("customer".to_owned(), json!({"name": "Ada"})),
    ])
}
