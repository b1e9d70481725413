//! A world as plain data: what there is, what is asked, and what is tried. Instants and lengths are seconds.
use std::ops::Range;

use jiff::civil::Date;
use uuid::Uuid;

use super::clock::Amount;

#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    pub tenant: Uuid,
    pub grain: i64,
    /// What it is about: everything happens in or near it.
    pub period: Range<i64>,
    pub holiday_sets: Vec<HolidaySet>,
    pub schedules: Vec<Schedule>,
    pub resources: Vec<Resource>,
    pub service: Service,
    /// Another service of all resources, whose bookings and holds are only in the way.
    pub other: Uuid,
    pub taken: Vec<Taken>,
    pub sessions: Vec<String>,
    /// Pages that are stored: of one resource or all, around these instants.
    pub pages: Vec<(Option<usize>, Range<i64>)>,
    /// They are stored before the facts are written.
    pub pages_first: bool,
    pub questions: Vec<Question>,
    pub attempts: Vec<Attempt>,
}

#[derive(Clone, Debug)]
pub struct HolidaySet {
    pub id: Uuid,
    pub days: Vec<Override>,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub id: Uuid,
    pub zone: String,
    pub rules: Vec<Weekly>,
    pub overrides: Vec<Override>,
    pub holidays: Option<usize>,
    /// On dates of another zone its windows are read on the clock there.
    pub travels: Vec<(Range<Date>, String)>,
}

/// From one second of the day to another.
pub type Window = Range<i64>;

#[derive(Clone, Debug)]
pub struct Weekly {
    /// 1 is Monday.
    pub weekday: i8,
    pub window: Window,
    pub valid: Dates,
}

#[derive(Clone, Debug)]
pub struct Override {
    pub dates: Range<Date>,
    /// None: closed.
    pub window: Option<Window>,
}

/// Half-open; None is unbounded.
#[derive(Clone, Debug, Default)]
pub struct Dates {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Dates {
    pub fn contains(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date < to)
    }
}

#[derive(Clone, Debug)]
pub struct Resource {
    pub id: Uuid,
    pub zone: String,
    pub capacity: i32,
    pub schedule: Option<usize>,
    pub active: bool,
    pub busy: Vec<Range<i64>>,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub id: Uuid,
    pub zone: String,
    pub kind: Kind,
    pub lengths: Lengths,
    pub step: Option<i64>,
    pub buffer_before: i64,
    pub buffer_after: i64,
    pub min_notice: Amount,
    pub horizon: Option<Amount>,
    pub bookable: Dates,
    pub schedule: Option<usize>,
    pub limits: Vec<Limit>,
    pub requirements: Vec<Requirement>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Slot {
        seats: Option<i64>,
    },
    Span {
        crosses_closed: bool,
    },
    Stay {
        check_in: i64,
        check_out: i64,
        arrival_days: Option<Vec<i8>>,
    },
}

/// A night counts 24 hours, however long it is.
#[derive(Clone, Debug)]
pub enum Lengths {
    Each(Vec<i64>),
    Between(i64, i64),
}

impl Lengths {
    pub fn shortest(&self) -> i64 {
        match self {
            Self::Each(lengths) => lengths.iter().copied().min().unwrap_or(0),
            Self::Between(shortest, _) => *shortest,
        }
    }

    pub fn contain(&self, length: i64) -> bool {
        match self {
            Self::Each(lengths) => lengths.contains(&length),
            Self::Between(shortest, longest) => (*shortest..=*longest).contains(&length),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Limit {
    /// service, resource, customer
    pub scope: &'static str,
    /// day, week, month
    pub period: &'static str,
    pub max_count: Option<i64>,
    pub max_length: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Requirement {
    pub id: Uuid,
    pub pick: i64,
    pub strategy: &'static str,
    pub members: Vec<Member>,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub resource: usize,
    pub weight: i64,
    pub priority: i64,
    pub booked: i64,
}

/// A booking or a hold.
#[derive(Clone, Debug)]
pub struct Taken {
    pub id: Uuid,
    /// Of the service that is asked for, not of the other.
    pub ours: bool,
    pub span: Range<i64>,
    pub by: By,
    pub claims: Vec<Claim>,
    /// Whether the claims stand; else they are only what was assigned once.
    pub stands: bool,
    /// The numbers of the seats, in each of its claims; none where nobody else may have those.
    pub seats: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum By {
    Booking {
        status: &'static str,
        expires_at: Option<i64>,
        customer: Option<String>,
    },
    Hold {
        session: String,
        expires_at: i64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub resource: usize,
    pub unit: i32,
    pub span: Range<i64>,
}

/// A call of `available_slots`.
#[derive(Clone, Debug)]
pub struct Question {
    pub range: Range<i64>,
    /// None: the clock of the server.
    pub as_of: Option<i64>,
    pub length: Option<i64>,
    pub resource: Option<usize>,
    pub session: Option<String>,
    pub holds: &'static str,
    pub each_resource: bool,
    pub step: Option<i64>,
}

/// A start that is tried to be had.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub at: i64,
    pub length: Option<i64>,
    pub resource: Option<usize>,
    /// None: a new one each time, until it is refused.
    pub session: Option<String>,
    pub seats: i64,
    /// Booked at once by a customer, of a name or of none, instead of held.
    pub book: Option<Option<String>>,
}
