//! A shop, a facade in front of it, a client. Every answer passes through [`World::send`], which checks what holds for all.
use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result};
use booking_facade::{
    config::{Config, Roles},
    serve::serve,
    state::AppState,
};
use chrono::{DateTime, Datelike, Days, NaiveTime, SecondsFormat, Utc, Weekday};
use pg_booking_tests::TestDb;
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_postgres::Client;
use uuid::Uuid;

/// Tenant `acme` has the service `haircut`: an hour, on the chair, Monday to Friday from 9 to 17.
const SHOP: &str = "
    insert into booking.tenant (slug, name, zone) values ('acme', 'Acme Barbers', 'UTC');
    insert into booking.resource (tenant_id, slug, name, zone, grain)
    select tenant_id, 'chair', 'The chair', 'UTC', 15 from booking.tenant;
    select booking.put_hours(tenant => tenant_id, resource => resource_id, hours => 'Mo-Fr 09:00-17:00')
    from booking.resource;
    select booking.put_service(tenant => tenant_id, slug => 'haircut', name => 'Haircut', durations => array[60],
                               resources => array[resource_id])
    from booking.resource;";

/// What the tests sign tokens with.
pub const SECRET: &str = "a-secret-of-the-tests-that-is-long-enough";

pub struct World {
    /// A session of the superuser.
    pub sql: Client,
    /// The login role of the facade, which owns nothing.
    pub role: String,
    pub url: String,
    pub http: reqwest::Client,
    facade: JoinHandle<()>,
    pub db: TestDb,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// `Null` if there is none.
    pub body: Value,
}

impl World {
    pub async fn new(name: &str) -> Result<Self> {
        Self::with(name, |_| ()).await
    }

    /// With a facade that is set up otherwise.
    pub async fn with(name: &str, set: impl FnOnce(&mut Config)) -> Result<Self> {
        let db = TestDb::new(name).await?;
        let sql = db.connect().await?;
        let role = format!("web_{}", Uuid::new_v4().simple());
        sql.batch_execute(SHOP)
            .await
            .context("setting up the shop")?;
        sql.batch_execute(&format!(
            "create role {role} login noinherit;
             create role {role}_public; create role {role}_member; create role {role}_service; create role {role}_owner;
             grant {role}_public, {role}_member, {role}_service to {role};
             select booking.grant_access(public_role => '{role}_public', member_role => '{role}_member',
                                         service_role => '{role}_service', owner_role => '{role}_owner')"
        ))
        .await
        .context("granting access")?;

        let mut config = config(&db.url(&role), &role);
        set(&mut config);
        let (address, facade) = start(&config).await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            sql,
            role,
            url: format!("http://{address}"),
            http,
            facade,
            db,
        })
    }

    /// The same shop with a facade that reaches its database by another address.
    pub async fn behind(
        mut self,
        database_url: &str,
        set: impl FnOnce(&mut Config),
    ) -> Result<Self> {
        let mut config = config(database_url, &self.role);
        set(&mut config);
        let (address, facade) = start(&config).await?;
        std::mem::replace(&mut self.facade, facade).abort();
        self.url = format!("http://{address}");
        Ok(self)
    }

    /// Likewise, by what listens at a port of this machine.
    pub async fn through(self, port: u16, set: impl FnOnce(&mut Config)) -> Result<Self> {
        let url = format!("postgres://{}@127.0.0.1:{port}/{}", self.role, self.db.name);
        self.behind(&url, set).await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    /// A token of somebody who has signed in, good for an hour.
    pub fn token(&self, sub: &str) -> Result<String> {
        sign(&json!({"sub": sub, "role": format!("{}_member", self.role)}))
    }

    /// A token of the site itself.
    pub fn service_token(&self) -> Result<String> {
        sign(&json!({"role": format!("{}_service", self.role)}))
    }

    pub async fn delete(&self, path: &str, session: &str) -> Result<Answer> {
        self.send(
            self.request(Method::DELETE, path)
                .header("Booking-Session", session),
        )
        .await
    }

    /// Sends it and checks what every answer promises.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let answer = Answer::of(request.send().await?).await?;
        assert!(answer.headers.contains_key("x-request-id"), "{answer:?}");
        assert!(answer.headers.contains_key("cache-control"), "{answer:?}");
        if answer.status >= 400 {
            answer.check_problem();
            let text = answer.body.to_string().replace(answer.text("type"), "");
            for inside in [
                "booking.",
                "booking_api",
                "select ",
                "postgres",
                "plpgsql",
                "127.0.0.1",
                &self.db.name,
                &self.role,
            ] {
                assert!(!text.contains(inside), "{inside} leaks: {text}");
            }
        }
        Ok(answer)
    }

    /// A connection without a client's manners.
    pub async fn connect(&self) -> Result<TcpStream> {
        let address = self.url.trim_start_matches("http://");
        Ok(TcpStream::connect(address).await?)
    }

    /// What comes back when these bytes are sent, until the other side ends the connection.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> Result<String> {
        let mut stream = self.connect().await?;
        stream.write_all(bytes.as_ref()).await?;
        read_to_end(&mut stream).await
    }

    /// The id of the chair.
    pub async fn chair(&self) -> Result<String> {
        let row = self
            .sql
            .query_one(
                "select resource_id::text from booking.resource where slug = 'chair'",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    /// The slots of a day.
    pub async fn slots(&self, day: DateTime<Utc>) -> Result<Vec<Value>> {
        let answer = self.get(&slots_path(day, "")).await?;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["slots"].as_array().cloned().context("slots")
    }

    /// Takes the hold of a start on the chair.
    pub async fn hold(&self, starts_at: DateTime<Utc>, session: &str) -> Result<Answer> {
        self.post(
            "/v1/acme/holds",
            json!({"service": "haircut", "starts_at": time(starts_at), "session_id": session}),
        )
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.facade.abort();
    }
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)?
        };
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// Status and code: most of what a client looks at.
    pub fn outcome(&self) -> (u16, Option<&str>) {
        (self.status, self.body["code"].as_str())
    }

    /// The body without what differs between any two requests.
    pub fn stable_body(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("request_id");
        }
        body
    }

    fn check_problem(&self) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        assert_eq!(
            self.body["request_id"],
            self.header("x-request-id"),
            "{self:?}"
        );
        for member in ["type", "title", "detail"] {
            assert!(!self.text(member).is_empty(), "{member}: {self:?}");
        }
        assert_eq!(
            self.header("www-authenticate").starts_with("Bearer"),
            self.status == 401,
            "{self:?}"
        );
        assert_eq!(
            self.headers.contains_key("retry-after"),
            matches!(self.status, 429 | 503),
            "{self:?}"
        );
    }
}

/// What comes until the other side ends the connection, be it with a reset.
pub async fn read_to_end(stream: &mut TcpStream) -> Result<String> {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await;
    let _ = ended.context("the connection does not end")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A set-up for the tests: patient with a slow machine.
pub fn config(database_url: &str, role: &str) -> Config {
    use clap::Parser;
    // Nobody runs into a limit that is not the test's own.
    let limits = [
        "read",
        "write",
        "session",
        "sessions",
        "member",
        "recompute",
    ]
    .map(|scope| format!("--{scope}-limit=1000000"));
    let flags = [
        "booking-facade",
        "--database-url",
        database_url,
        "--max-address-viewers=100000",
        "--max-address-connections=100000",
    ];
    let flags = flags.into_iter().chain(limits.iter().map(String::as_str));
    let command = booking_facade::config::Cli::parse_from(flags).command();
    let booking_facade::config::Command::Serve(config) = command else {
        unreachable!("serve is what happens without a subcommand")
    };
    Config {
        acquire_timeout: Duration::from_secs(20),
        statement_timeout: Duration::from_secs(20),
        request_timeout: Duration::from_secs(60),
        roles: Roles {
            public: Some(format!("{role}_public")),
            member: format!("{role}_member"),
            service: format!("{role}_service"),
        },
        auth: booking_facade::auth::Settings {
            jwt_secret: Some(SECRET.to_owned()),
            jwks_pause: Duration::from_millis(300),
            ..config.auth
        },
        ..config
    }
}

/// A token with these claims, signed with the secret of the tests; it ends in an hour unless the claims say when.
pub fn sign(claims: &Value) -> Result<String> {
    use jsonwebtoken::{EncodingKey, Header, encode};
    let mut claims = claims.clone();
    if claims.get("exp").is_none() {
        claims["exp"] = (Utc::now().timestamp() + 3600).into();
    }
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    Ok(encode(&Header::default(), &claims, &key)?)
}

/// A facade of this process on a free port.
async fn start(config: &Config) -> Result<(SocketAddr, JoinHandle<()>)> {
    let state = AppState::new(config).map_err(|error| anyhow::anyhow!("{error}"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let facade = tokio::spawn(async move {
        let _ = serve(listener, state, std::future::pending()).await;
    });
    Ok((address, facade))
}

/// The Monday after next, at midnight: open, and far enough ahead for any notice.
pub fn monday() -> DateTime<Utc> {
    let today = Utc::now().date_naive();
    let ahead = 7 + u64::from(7 - today.weekday().days_since(Weekday::Mon));
    (today + Days::new(ahead))
        .and_time(NaiveTime::MIN)
        .and_utc()
}

/// That Monday at a full hour.
pub fn monday_at(hour: i64) -> DateTime<Utc> {
    monday() + chrono::Duration::hours(hour)
}

pub fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The address of a day's slots, with further parameters.
pub fn slots_path(day: DateTime<Utc>, more: &str) -> String {
    let (from, to) = (time(day), time(day + Days::new(1)));
    format!("/v1/acme/services/haircut/slots?from={from}&to={to}{more}")
}

/// A session id nobody else has.
pub fn session() -> String {
    format!("session-{}", Uuid::new_v4())
}
