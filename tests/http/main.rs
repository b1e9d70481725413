//! The facade over HTTP, in front of a real database: status and body of every route, and what happens when things go
//! wrong. `world` makes the database, the facade and the client that every test starts from.

/// An issuer of tokens.
mod issuer;
/// Tenants beside the shop, and the one answer to what is not there.
mod neighbours;
/// A shop, a facade in front of it, a client.
mod world;

/// `admin/...`: who may.
mod admin;
/// What is done about bookings, and who sees them.
mod admin_bookings;
/// What an owner edits.
mod admin_edit;
/// `/api/...`.
mod appointments;
/// Who signs in.
mod auth;
/// `POST bookings`.
mod bookings;
/// A wire that fails.
mod cable;
/// Tags, conditions, and queries that are shared.
mod caching;
/// `GET resources`, `GET days`, `GET held`.
mod calendar;
/// Pages of other sites.
mod cors;
/// Clients that take their time.
mod dawdlers;
/// `/openapi.json`.
mod described;
/// How an error of SQL arrives.
mod faults;
/// Whatever a fuzzer sends.
mod fuzz;
/// What browsers are told not to do.
mod headers;
/// `/healthz` and `/readyz`.
mod health;
/// `POST heartbeat` and `DELETE holds`.
mod heartbeat;
/// `POST holds/many`.
mod hold_many;
/// `POST holds` and `DELETE holds/{id}`.
mod holds;
/// Requests that nobody sends in good faith.
mod hostile;
/// `GET manage/booking.ics`.
mod ics;
/// Tokens that an issuer signs with keys that it publishes.
mod keys;
/// How many requests there may be, and of whom.
mod limits;
/// `GET events`.
mod live;
/// What is and what is not in the log.
mod logs;
/// `manage/...`.
mod manage;
/// Every route and every kind of caller.
mod matrix;
/// `/metrics`.
mod metrics;
/// The database goes away and comes back.
mod outage;
/// `GET slots`, page by page.
mod pages;
/// Behind pgbouncer.
mod pooler;
/// Many visitors at once.
mod races;
/// Requests that make no sense.
mod rejections;
/// `GET services`.
mod services;
/// `GET slots`.
mod slots;
/// SQL in every string.
mod strings;
/// Every route there is.
mod surface;
/// TLS to the database.
mod tls;
/// Spans for a collector.
mod traces;
