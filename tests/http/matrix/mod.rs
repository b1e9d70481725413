//! Who may do what over HTTP: every route of `/openapi.json`, asked by every kind of caller, in a database where all that is
//! private can be recognised. What the database itself allows: tests/regress/sql/roles.sql. Read `listed` first.

/// What must not be told apart.
mod alike;
/// What a route is asked with.
mod asked;
/// What each route answers to whom.
mod listed;
/// What an owner edits, one of each for a call.
mod spare;
/// Every route and every caller.
mod whole;
/// A database in which all that is private can be recognised.
mod world;
