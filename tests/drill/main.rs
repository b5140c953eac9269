//! Long runs of what `cargo test` tries in small counts, and the server for those that need a
//! second process.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use educrm::{
    boot::Failure,
    program::{run, serve},
};
use tests::{Engine, drills, last_seat::last_seat, process::LISTENING};

/// As in `educrm` itself: drills and benches run what is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Drills of educrm. PostgreSQL is the server that `TEST_POSTGRES_URL` names.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API with the settings of the environment, and say where.
    Serve,
    /// Do what `educrm` does with these arguments.
    Educrm(educrm::cli::Cli),
    /// Kill a server under write load, again and again (T-08).
    Crash {
        #[arg(long)]
        db: Db,
        #[arg(long, default_value_t = 20)]
        cycles: usize,
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Let many clients race for the last seat of a class, through two servers on PostgreSQL (T-01).
    LastSeat {
        #[arg(long)]
        db: Db,
        #[arg(long, default_value_t = 200)]
        clients: usize,
        #[arg(long, default_value_t = 500)]
        rounds: usize,
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Send commands many times, drop answers, kill the server (T-02).
    Idem {
        #[arg(long)]
        db: Db,
        #[arg(long, default_value_t = 500)]
        keys: usize,
        #[arg(long, default_value_t = 5)]
        copies: usize,
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Let everybody try every operation on records that stand to them in every way (T-05).
    Matrix {
        #[arg(long)]
        db: Db,
        #[arg(long)]
        seed: Option<u64>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Db {
    Sqlite,
    Postgres,
}

impl From<Db> for Engine {
    fn from(db: Db) -> Self {
        match db {
            Db::Sqlite => Self::Sqlite,
            Db::Postgres => Self::Postgres,
        }
    }
}

fn main() -> ExitCode {
    match command(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve => {
            run(async |settings| serve(settings, |address| println!("{LISTENING}{address}")).await)
        }
        Command::Educrm(cli) => cli.run(),
        Command::Crash { db, cycles, seed } => {
            let seed = announced(seed);
            tell(drills::crash(&this()?, db.into(), cycles, seed))
        }
        Command::LastSeat {
            db,
            clients,
            rounds,
            seed,
        } => {
            let seed = announced(seed);
            tell(last_seat(&this()?, db.into(), clients, rounds, seed))
        }
        Command::Idem {
            db,
            keys,
            copies,
            seed,
        } => {
            let seed = announced(seed);
            tell(drills::repetition(&this()?, db.into(), keys, copies, seed))
        }
        Command::Matrix { db, seed } => {
            let seed = announced(seed);
            tell(drills::matrix(db.into(), seed))
        }
    }
}

fn this() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// The seed, told before the run: a run that fails says no more.
fn announced(seed: Option<u64>) -> u64 {
    let seed = seed.unwrap_or_else(|| std::process::id().into());
    println!("seed {seed}");
    seed
}

fn tell(report: Option<impl std::fmt::Display>) -> Result<(), Failure> {
    match report {
        Some(report) => {
            println!("{report}");
            Ok(())
        }
        None => Err("there is no PostgreSQL: set TEST_POSTGRES_URL".into()),
    }
}
