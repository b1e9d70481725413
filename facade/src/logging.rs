//! The log: text or JSON lines on standard error.

use std::error::Error;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, LogFormat};

/// Starts the log of this process.
pub fn install(config: &Config) -> Result<(), Box<dyn Error>> {
    subscriber(config, std::io::stderr)?.try_init()?;
    Ok(())
}

/// The log as a value, with any writer.
pub fn subscriber<W>(
    config: &Config,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, Box<dyn Error>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| format!("--log is not understood: {error}"))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    Ok(match config.log_format {
        LogFormat::Text => Box::new(lines.with_ansi(false).finish()),
        LogFormat::Json => Box::new(
            lines
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .finish(),
        ),
    })
}
