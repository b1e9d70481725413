//! What the owner's routes answer, and which page of a list is asked for.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::count::Count;

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `next` of the page before
    pub after: Option<String>,
    /// How many at most; 100 without it
    #[param(value_type = Option<i32>, minimum = 1, maximum = 1000)]
    pub max: Option<Count>,
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// Its rows
    pub items: Vec<T>,
    /// Where the next page begins; null: this is the last one
    pub next: Option<String>,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    /// Its id
    pub id: Uuid,
}

/// What became of what was to be deleted.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    /// `deleted`, or `deactivated`: it has bookings, which stay, and is taken for nothing new
    pub outcome: String,
}
