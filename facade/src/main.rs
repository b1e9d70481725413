//! The program `booking-facade`: reads the command line and serves.

use std::error::Error;
use std::process::ExitCode;

use booking_facade::config::{Cli, Command};
use booking_facade::trace::Exporter;
use booking_facade::{logging, serve};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("booking-facade: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command() {
        Command::Serve(config) => {
            let exporter = Exporter::new(&config)?;
            logging::install(&config, exporter.as_ref())?;
            let ended = serve::run(&config).await;
            if let Some(exporter) = exporter {
                exporter.end().await;
            }
            ended
        }
    }
}
