//! Live views: who looks at a service is told what changes of it, as it changes.
//!
//! However many look, one task reads for all of them ([`reader`]; [`resume`] where somebody comes back), over one connection
//! of its own, a few times a second, and only while somebody looks. What it finds ([`news`]) is encoded once ([`event`]) and
//! handed to every viewer of the service ([`hub`]). Which starts a change concerns is SQL's to say; here it is only compared
//! what was held before with what is now.

use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::db::Db;
use crate::meter::Meter;

/// What is sent, encoded.
pub mod event;
/// Who looks at what.
pub mod hub;
/// What is new, as SQL says it.
mod news;
/// Places of viewers.
mod place;
/// The one task that reads.
mod reader;
/// What was missed by those who come back.
mod resume;

pub use hub::{Live, Viewer, Watch};

impl Live {
    /// Nothing is read before somebody looks.
    pub fn new(
        config: &Config,
        meter: Meter,
        ending: CancellationToken,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let db = Db::alone(config, meter.clone(), "booking-facade live")?;
        Ok(Self::with(db, &config.live, meter, ending))
    }
}
