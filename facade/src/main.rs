//! The program `booking-facade`: reads the command line and does what it says.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use booking_facade::config::{Cli, Command, Config};
use booking_facade::state::AppState;
use booking_facade::trace::Exporter;
use booking_facade::{doctor, logging, openapi, serve};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let (result, failure) = match Cli::parse().command() {
        Command::Serve(config) => (serve(&config).await, ExitCode::FAILURE),
        Command::Doctor(arguments) => (
            doctor::run(&arguments).await.map(exit_code),
            ExitCode::from(2),
        ),
        Command::Openapi(config) => (describe(config), ExitCode::FAILURE),
    };
    result.unwrap_or_else(|error| {
        eprintln!("booking-facade: {error}");
        failure
    })
}

fn exit_code(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn serve(config: &Config) -> Result<ExitCode, Box<dyn Error>> {
    let exporter = Exporter::new(config)?;
    logging::install(config, exporter.as_ref())?;
    let ended = serve::run(config).await;
    if let Some(exporter) = exporter {
        exporter.end().await;
    }
    ended.map(|()| ExitCode::SUCCESS)
}

fn describe(mut config: Config) -> Result<ExitCode, Box<dyn Error>> {
    // Nobody is asked.
    config.database_url = "host=nowhere".to_owned();
    let document = openapi::document(&AppState::new(&config)?)?;
    writeln!(std::io::stdout(), "{document}")?;
    Ok(ExitCode::SUCCESS)
}
