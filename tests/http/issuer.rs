//! An issuer of tokens: it publishes its keys, and a test says how well.
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, anyhow};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

/// A key that signs.
#[derive(Clone)]
pub struct Key {
    pub id: Option<&'static str>,
    pub algorithm: Algorithm,
    pub signs: EncodingKey,
}

/// How the issuer answers.
#[derive(Clone, Default)]
pub enum Mood {
    /// With these.
    Publishes(Value),
    #[default]
    Fails,
    Redirects,
    /// Without an end.
    Babbles,
    /// Not within the patience of anybody.
    Sleeps,
}

pub struct Issuer {
    pub url: String,
    asked: Arc<AtomicUsize>,
    mood: Arc<Mutex<Mood>>,
    server: JoinHandle<()>,
}

impl Key {
    pub fn rsa() -> Result<Self> {
        Ok(Self {
            id: Some("rsa"),
            algorithm: Algorithm::RS256,
            signs: EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem"))?,
        })
    }

    pub fn ec() -> Result<Self> {
        Ok(Self {
            id: Some("ec"),
            algorithm: Algorithm::ES256,
            signs: EncodingKey::from_ec_pem(include_bytes!("keys/ec.pem"))?,
        })
    }

    pub fn next() -> Result<Self> {
        Ok(Self {
            id: Some("next"),
            algorithm: Algorithm::ES256,
            signs: EncodingKey::from_ec_pem(include_bytes!("keys/ec-next.pem"))?,
        })
    }

    pub fn ed() -> Result<Self> {
        Ok(Self {
            id: Some("ed"),
            algorithm: Algorithm::EdDSA,
            signs: EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem"))?,
        })
    }

    /// Under another id, or none.
    pub fn called(self, id: Option<&'static str>) -> Self {
        Self { id, ..self }
    }

    /// A token with these claims, good for a minute.
    pub fn sign(&self, claims: Value) -> Result<String> {
        let mut header = Header::new(self.algorithm);
        header.kid = self.id.map(str::to_owned);
        let mut claims = claims;
        claims["exp"] = (Utc::now().timestamp() + 60).into();
        Ok(encode(&header, &claims, &self.signs)?)
    }
}

/// What is published of keys.
pub fn set(keys: &[&Key]) -> Result<Value> {
    let mut published = Vec::new();
    for key in keys {
        let mut jwk = Jwk::from_encoding_key(&key.signs, key.algorithm)?;
        jwk.common.key_id = key.id.map(str::to_owned);
        published.push(serde_json::to_value(jwk)?);
    }
    Ok(json!({ "keys": published }))
}

impl Issuer {
    pub async fn new(mood: Mood) -> Result<Self> {
        let mood = Arc::new(Mutex::new(mood));
        let asked = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address: SocketAddr = listener.local_addr()?;
        let app = Router::new()
            .route("/jwks", get(answer))
            .with_state((mood.clone(), asked.clone()));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            url: format!("http://{address}/jwks"),
            asked,
            mood,
            server,
        })
    }

    pub fn becomes(&self, mood: Mood) -> Result<()> {
        *self.mood.lock().map_err(|error| anyhow!("{error}"))? = mood;
        Ok(())
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State((mood, asked)): State<(Arc<Mutex<Mood>>, Arc<AtomicUsize>)>) -> Response {
    asked.fetch_add(1, Ordering::SeqCst);
    let mood = mood.lock().map(|mood| mood.clone()).unwrap_or_default();
    match mood {
        Mood::Publishes(keys) => axum::Json(keys).into_response(),
        Mood::Fails => StatusCode::BAD_GATEWAY.into_response(),
        Mood::Redirects => (StatusCode::FOUND, [(LOCATION, "/jwks")]).into_response(),
        Mood::Babbles => "{\"keys\": [".repeat(100_000).into_response(),
        Mood::Sleeps => {
            sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        }
    }
}
