//! The process: its log, its threads, and when it stops.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use crate::{
    boot::{self, ADMINISTRATOR, Failure},
    clock::Clock,
    server,
    settings::Settings,
};

/// Runs a command with the settings of the environment, on a runtime of its own.
pub fn run(command: impl AsyncFnOnce(Settings) -> Result<(), Failure>) -> Result<(), Failure> {
    let settings = Settings::from_environment()?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::new(&settings.log.0))
        .init();
    // Where, and no more: what a panic says may hold what nobody is to read in a log.
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at = at.unwrap_or_default(), "panic");
    }));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command(settings))
}

/// Serves until the process is asked to stop; `ready` learns where.
pub async fn serve(settings: Settings, ready: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    serve_at(settings, None, ready).await
}

/// The same at an address that is bound already.
pub async fn serve_at(
    settings: Settings,
    bound: Option<TcpListener>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    let public_url = settings.public_url.clone();
    let embedded = settings.database_url.0.is_empty();
    let (app, _folder) = boot::open(settings, Clock::default()).await?;
    if embedded && let Some(founded) = boot::found_first(&app).await? {
        println!(
            "First start: institution `school`, user `{ADMINISTRATOR}`, password for one use:"
        );
        println!("  {}", founded.one_time_password.as_str());
    }
    let db = app.db.clone();
    let running = server::start_at(app, bound)?;
    println!("API            {public_url}/api/v1");
    println!("Documentation  {public_url}/docs/");
    ready(running.address);
    stop_signal().await?;
    running.stop().await?;
    db.close().await;
    Ok(())
}

/// Returns when the process is asked to stop.
pub(crate) async fn stop_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
