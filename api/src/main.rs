//! The `educrm` program.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use educrm::{
    boot,
    clock::Clock,
    program::{run, serve},
    system,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Customer relations of training schools: a JSON REST API.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default).
    Serve,
    /// Bring the database's schema up to date, and exit.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(Command::Openapi) => {
            print_contract();
            Ok(())
        }
        Some(Command::Migrate) => run(async |settings| {
            boot::open(settings, Clock::default()).await?;
            Ok(())
        }),
        Some(Command::Serve) | None => run(async |settings| serve(settings, |_| {}).await),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn print_contract() {
    let [(_, document), _] = system::published();
    println!("{document:#}");
}
