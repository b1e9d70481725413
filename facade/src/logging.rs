//! The log: text or JSON lines on standard error. It has no address, no session, no customer, at no level. Beside it, out of
//! the same process, go spans for a collector: [`crate::trace`].

use std::error::Error;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, LogFormat};
use crate::trace::{self, Exporter};

/// What no level shows, whatever was asked for: the driver writes whole statements, among them the claims of whoever asks.
const NEVER: [(&str, LevelFilter); 2] = [
    ("tokio_postgres", LevelFilter::INFO),
    (trace::TARGET, LevelFilter::OFF),
];

/// Starts the log of this process, and its spans if they are wanted.
pub fn install(config: &Config, exporter: Option<&Exporter>) -> Result<(), Box<dyn Error>> {
    subscriber(config, exporter, std::io::stderr)?.try_init()?;
    Ok(())
}

/// The log as a value, with any writer.
pub fn subscriber<W>(
    config: &Config,
    exporter: Option<&Exporter>,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, Box<dyn Error>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| format!("--log is not understood: {error}"))?;
    // Beside it, not in it: there a longer name would win.
    let never = Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(NEVER);
    let filter = FilterExt::<Registry>::and(filter, never);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.log_format {
        LogFormat::Text => Box::new(lines.with_ansi(false).with_filter(filter)),
        LogFormat::Json => Box::new(
            lines
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .with_filter(filter),
        ),
    };
    let spans = exporter.map(|exporter| {
        tracing_opentelemetry::layer()
            .with_tracer(exporter.tracer())
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(trace::TARGET, LevelFilter::INFO))
    });
    Ok(Box::new(Registry::default().with(lines).with(spans)))
}
