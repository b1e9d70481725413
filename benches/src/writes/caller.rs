//! Who calls: a session of one side, with what it is going to say. A statement takes the same arguments on both sides.
use anyhow::Result;
use pg_booking_tests::TestDb;
use tokio_postgres::{Client, Statement};

const HOLD: &str = "select (booking.hold($1, $2, $4, $5)).hold_id from (select $3::uuid) unused";
const PEER_HOLD: &str = "select peer.hold($1, $2, $3, $4, $5)";
const BOOK_HOLD: &str = "select (booking.book($1, $3, $4, customer => $5)).booking_id
    from (select $2::uuid, $6::uuid, $7::timestamptz) unused";
const PEER_BOOK_HOLD: &str = "select peer.book($1, $3, $2, $6, $7, $4, $5)";
const BOOK: &str = "select (booking.book($1, null, $5, $2, $4, customer => $6)).booking_id from (select $3::uuid) unused";
const PEER_BOOK: &str = "select peer.book($1, null, $2, $3, $4, $5, $6)";
/// A claim of the peer, and nothing else.
pub const INSERT: &str = "insert into peer.claim (tenant_id, resource_id, span, hold_id)
    values ($1, $2, tstzrange($3::timestamptz, $3::timestamptz + interval '30 minutes'), $4) on conflict do nothing";

/// Which side a session is of.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    Ours,
    Peer,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
pub enum Work {
    Hold,
    BookHold,
    Book,
}

/// A session with what it is going to say.
pub struct Caller {
    pub client: Client,
    pub hold: Statement,
    pub book_hold: Statement,
    pub book: Statement,
}

impl Caller {
    pub async fn new(db: &TestDb, side: Side) -> Result<Self> {
        let client = db.connect().await?;
        client
            .batch_execute("set synchronous_commit = off; set jit = off")
            .await?;
        let (hold, book_hold, book) = match side {
            Side::Ours => (HOLD, BOOK_HOLD, BOOK),
            Side::Peer => (PEER_HOLD, PEER_BOOK_HOLD, PEER_BOOK),
        };
        Ok(Self {
            hold: client.prepare(hold).await?,
            book_hold: client.prepare(book_hold).await?,
            book: client.prepare(book).await?,
            client,
        })
    }
}
