//! How many requests a minute, by scope and by whoever asks: a visitor's address, a session, the `sub` of a token that was
//! verified. Counted by the generic cell rate algorithm of `governor`: one number for each key. The keys are in a bounded cache:
//! what was idle for a minute has all of its requests back and is forgotten without loss, and under a flood of addresses
//! those that ask most are the ones that are remembered.
//!
//! tower_governor has one quota for all keys of a layer; here it depends on who asks.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::settings::Rates;
use crate::caller::{Caller, Who};
use crate::client::Client;
use crate::extract::{SESSION_HEADER, header};
use crate::problem::Problem;
use crate::secret::Secret;
use crate::state::AppState;

/// `"reads";q=100;w=60`: so many in so many seconds.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// `"reads";r=42`: so many are left; with `t`, in so many seconds there is one.
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// How many keys are remembered: at about 300 bytes each, 30 MB.
const KEYS: u64 = 100_000;
const WINDOW: Duration = Duration::from_secs(60);

/// What a route costs, as it is declared where the routes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// What only reads.
    Reads,
    /// What anybody does a few times: a hold, a booking, a cancellation.
    Writes,
    /// What whoever runs a tenant writes.
    Owner,
    /// What the browser of a session does by itself: heartbeats, releases.
    Sessions,
    /// What keeps the database busy for long.
    Recompute,
    /// Looking up which origins a tenant has, on behalf of an address.
    Origins,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Owner => "owner",
            Self::Sessions => "sessions",
            Self::Recompute => "recompute",
            Self::Origins => "origins",
        }
    }
}

/// Whom a request counts for. Sessions and subs only as hashes, under a key that this process made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    /// All who have signed in there.
    Crowd(IpAddr),
    Member(u64),
    Session(u64),
    Service,
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Who asked how much, lately.
pub struct Limits {
    rates: Rates,
    buckets: Cache<(Scope, Key), Arc<Bucket>>,
    clock: DefaultClock,
    hasher: RandomState,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Left {
    scope: Scope,
    limit: u32,
    requests: u32,
    /// Seconds until there is a request again, if there is none.
    wait: Option<u32>,
}

impl Limits {
    /// Nobody has asked yet.
    pub fn new(rates: Rates) -> Self {
        Self::of_size(rates, KEYS)
    }

    fn of_size(rates: Rates, keys: u64) -> Self {
        Self {
            rates,
            buckets: Cache::builder()
                .max_capacity(keys)
                .time_to_idle(WINDOW)
                .build(),
            clock: DefaultClock::default(),
            hasher: RandomState::new(),
        }
    }

    /// Whether an address may still have the origins of a tenant looked up.
    pub fn may_look_up(&self, client: Option<Client>) -> bool {
        let key = Key::Address(address(client));
        self.take(Scope::Origins, key, self.rates.read_limit)
            .wait
            .is_none()
    }

    /// Counts a request for whoever asks; nothing for the service. Whoever is not verified is a visitor.
    fn count(&self, scope: Scope, who: &Who, parts: &Parts) -> Option<Left> {
        let by_address = Key::Address(address(parts.extensions.get().copied()));
        let crowd = Key::Crowd(address(parts.extensions.get().copied()));
        let rates = &self.rates;
        Some(match (scope, who) {
            (Scope::Recompute, Who::Service) => {
                self.take(scope, Key::Service, rates.recompute_limit)
            }
            (_, Who::Service) => return None,
            // To have signed in is no reason to hold more than others do.
            (Scope::Writes, _) | (Scope::Owner, Who::Visitor) => {
                self.take(scope, by_address, rates.write_limit)
            }
            // Where anybody may sign up, subs are as cheap as sessions.
            (_, Who::SignedIn(claims)) => {
                let all = self.take(scope, crowd, rates.sessions_limit);
                if all.wait.is_some() {
                    return Some(all);
                }
                let limit = match scope {
                    Scope::Recompute => rates.recompute_limit,
                    _ => rates.member_limit,
                };
                self.take(scope, Key::Member(self.hasher.hash_one(sub(claims))), limit)
            }
            (Scope::Recompute, Who::Visitor) => self.take(scope, by_address, rates.recompute_limit),
            (Scope::Reads | Scope::Origins, Who::Visitor) => {
                self.take(scope, by_address, rates.read_limit)
            }
            // Anybody may invent sessions, hence the limit of all of them.
            (Scope::Sessions, Who::Visitor) => {
                let all = self.take(scope, by_address, rates.sessions_limit);
                match self.session(&parts.headers) {
                    Some(session) if all.wait.is_none() => {
                        self.take(scope, session, rates.session_limit)
                    }
                    _ => all,
                }
            }
        })
    }

    fn session(&self, headers: &HeaderMap) -> Option<Key> {
        let Secret(session) = header(headers, SESSION_HEADER).ok()??;
        Some(Key::Session(self.hasher.hash_one(session)))
    }

    fn take(&self, scope: Scope, key: Key, limit: NonZeroU32) -> Left {
        let bucket = self.buckets.get_with((scope, key), || {
            let bucket =
                RateLimiter::direct_with_clock(Quota::per_minute(limit), self.clock.clone());
            Arc::new(bucket.with_middleware())
        });
        let (requests, wait) = match bucket.check() {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now()).as_secs_f64().ceil();
                (0, Some(wait.max(1.0) as u32))
            }
        };
        Left {
            scope,
            limit: limit.get(),
            requests,
            wait,
        }
    }
}

fn address(client: Option<Client>) -> IpAddr {
    client.map_or(Ipv4Addr::UNSPECIFIED.into(), |Client(address)| address)
}

/// Who has signed in; claims without a `sub` are nobody's in particular.
fn sub(claims: &Secret<String>) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Claims<'a> {
        #[serde(borrow)]
        sub: Cow<'a, str>,
    }
    serde_json::from_str::<Claims>(&claims.0).map_or_else(|_| "".into(), |claims| claims.sub)
}

impl Left {
    fn describe(&self, headers: &mut HeaderMap) {
        let name = self.scope.name();
        let policy = format!("\"{name}\";q={};w={}", self.limit, WINDOW.as_secs());
        let left = match self.wait {
            Some(seconds) => format!("\"{name}\";r=0;t={seconds}"),
            None => format!("\"{name}\";r={}", self.requests),
        };
        for (name, value) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Routes of which a caller gets so many a minute.
pub fn limited(
    scope: Scope,
    routes: OpenApiRouter<AppState>,
    state: &AppState,
) -> OpenApiRouter<AppState> {
    routes.layer(from_fn_with_state((state.clone(), scope), limit))
}

/// The token is verified first, and the handler takes over what came of it: a `sub` that anybody may write would be a limit
/// that anybody may evade. What does not verify counts for its address, and is refused by the handler.
async fn limit(
    State((state, scope)): State<(AppState, Scope)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &state).await.ok();
    let who = caller.as_ref().map_or(&Who::Visitor, |caller| &caller.who);
    let left = state.limits.count(scope, who, &parts);
    let mut response = match left.and_then(|left| left.wait) {
        Some(seconds) => {
            state.meter.rate_limited(scope.name());
            Problem::too_many(seconds).into_response()
        }
        None => {
            if let Some(caller) = caller {
                parts.extensions.insert(caller);
            }
            next.run(Request::from_parts(parts, body)).await
        }
    };
    if let Some(left) = left {
        left.describe(response.headers_mut());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(keys: u64) -> Limits {
        let limit = NonZeroU32::new(3).unwrap();
        let rates = Rates {
            read_limit: limit,
            write_limit: limit,
            session_limit: limit,
            sessions_limit: limit,
            member_limit: limit,
            recompute_limit: limit,
        };
        Limits::of_size(rates, keys)
    }

    fn address(number: u32) -> Option<Client> {
        Some(Client(Ipv4Addr::from_bits(number).into()))
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory_and_frees_nobody_who_asks_on() {
        let limits = limits(1000);
        for number in 0..50_000 {
            limits.may_look_up(address(number));
            limits.may_look_up(address(7));
        }
        limits.buckets.run_pending_tasks();
        assert!(limits.buckets.entry_count() <= 1000);
        assert!(!limits.may_look_up(address(7)));
        assert!(limits.may_look_up(address(60_000)));
    }

    #[test]
    fn what_is_left_is_said_and_how_long_to_wait() {
        let limits = limits(10);
        let three = NonZeroU32::new(3).unwrap();
        let take = || limits.take(Scope::Reads, Key::Service, three);
        assert_eq!(
            [take(), take(), take()].map(|left| left.requests),
            [2, 1, 0]
        );
        let none = take();
        assert_eq!((none.requests, none.wait), (0, Some(20)));
        let mut headers = HeaderMap::new();
        none.describe(&mut headers);
        assert_eq!(headers[&POLICY], "\"reads\";q=3;w=60");
        assert_eq!(headers[&LEFT], "\"reads\";r=0;t=20");
    }

    #[test]
    fn somebody_is_known_by_the_sub_alone() {
        let sub_of = |claims: &str| sub(&Secret(claims.to_owned())).into_owned();
        assert_eq!(sub_of(r#"{"exp": 1, "sub": "ada"}"#), "ada");
        assert_eq!(sub_of(r#"{"sub": "a\u0064a", "exp": 2}"#), "ada");
        assert_eq!(sub_of("{}"), "");
    }
}
