//! The `educrm` program.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use educrm::{
    boot::{self, Failure},
    clock::Clock,
    server,
    settings::Settings,
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
        Some(Command::Serve) | None => run(serve),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: impl AsyncFnOnce(Settings) -> Result<(), Failure>) -> Result<(), Failure> {
    let settings = Settings::from_environment()?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(tracing_subscriber::EnvFilter::new(&settings.log))
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command(settings))
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    let public_url = settings.public_url.clone();
    let (app, _folder) = boot::open(settings, Clock::default()).await?;
    let running = server::start(app)?;
    println!("educrm serves {public_url}/api/v1, its documentation {public_url}/docs");
    stop_signal().await?;
    running.stop().await?;
    Ok(())
}

async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

fn print_contract() {
    let [(_, document), _] = system::published();
    println!("{document:#}");
}
