//! The harness: the real application on a real socket, on both databases.
//!
//! A test gets an institution of its own in a database that all tests share, so that isolation is
//! tested all the time. Every response is checked against the published document.
//!
//! - [`server`]: the application, once an engine
//! - [`world`]: a school with two campuses and its people
//! - [`fixtures`]: records that examples of the document name
//! - [`provision`]: what no operation of the API does yet, by raw SQL
//! - [`teaching`]: classes to enroll in
//! - [`actor`]: who sends requests, and what comes back
//! - [`credentials`]: what they show, and over which connections
//! - [`call`]: requests made from the published document
//! - [`patience`]: asking again where a slow machine is too busy
//! - [`policy`]: who may do what to which record
//! - [`contract`]: responses against the document
//! - [`leads`]: messy lists of leads with their truth
//! - [`process`]: the application in a process of its own, that may be killed
//! - [`client`]: a client that costs little, for drills and benches
//! - [`chance`]: randomness that can be repeated
//! - [`desk`]: who prepares what a drill needs
//! - [`drills`]: long runs of what must survive
//! - [`last_seat`]: many who want one seat

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails by panicking"
)]

pub mod actor;
mod approvals;
pub mod call;
pub mod chance;
mod cleaning;
pub mod client;
pub mod contract;
mod credentials;
mod desk;
pub mod drills;
pub mod fixtures;
pub mod last_seat;
pub mod leads;
pub mod patience;
pub mod policy;
pub mod process;
pub mod provision;
pub mod server;
pub mod teaching;
pub mod world;

use std::{future::Future, panic::resume_unwind, thread};

pub use actor::{Actor, Answer};
pub use call::{Call, Operation};
pub use credentials::new_client;
pub use serde_json::{Value, json};
pub use server::{Engine, Server};
pub use world::World;

/// Runs a story in a world of its own on one engine, then checks the invariants there.
pub fn run<F, Fut>(engine: Engine, story: F)
where
    F: FnOnce(World) -> Fut + Send,
    Fut: Future<Output = ()>,
{
    if let Some(server) = Server::shared(engine) {
        tell(server, story);
    }
}

/// Does the same on a server of its own, which is of no use to anybody after it.
pub fn run_on<F, Fut>(server: &'static Server, story: F)
where
    F: FnOnce(World) -> Fut + Send,
    Fut: Future<Output = ()>,
{
    tell(server, story);
    server.retire();
}

fn tell<F, Fut>(server: &'static Server, story: F)
where
    F: FnOnce(World) -> Fut + Send,
    Fut: Future<Output = ()>,
{
    let live = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async {
                let world = World::found(server).await;
                let institution = world.institution;
                story(world).await;
                server.check_invariants(institution).await;
            });
    };
    let name = thread::current().name().unwrap_or("story").to_owned();
    let lived = thread::scope(|scope| {
        let thread = thread::Builder::new().name(name).stack_size(STACK);
        thread.spawn_scoped(scope, live).unwrap().join()
    });
    if let Err(panic) = lived {
        resume_unwind(panic);
    }
}

/// Stack of a story, in bytes: without optimization the futures of one are large.
const STACK: usize = 16 << 20;

/// A fourth of what a test goes through, so that no test is long and all processors share them.
#[derive(Clone, Copy, Debug)]
pub struct Quarter(pub usize);

impl Quarter {
    /// Each fourth item; the four quarters together have them all.
    pub fn of<T>(self, all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        all.skip(self.0).step_by(4)
    }
}

/// Declares tests that go through the document in quarters, each in a world of its own, on both
/// databases.
#[macro_export]
macro_rules! in_quarters {
    ($( async fn $name:ident($world:ident: World, $quarter:ident: Quarter) $body:block )+) => {
        $(
            mod $name {
                use super::*;

                async fn story($world: $crate::World, $quarter: $crate::Quarter) $body

                $crate::in_quarters! {
                    first_quarter_on_sqlite: Sqlite 0, second_quarter_on_sqlite: Sqlite 1,
                    third_quarter_on_sqlite: Sqlite 2, last_quarter_on_sqlite: Sqlite 3,
                    first_quarter_on_postgres: Postgres 0, second_quarter_on_postgres: Postgres 1,
                    third_quarter_on_postgres: Postgres 2, last_quarter_on_postgres: Postgres 3,
                }
            }
        )+
    };
    ($( $name:ident: $engine:ident $number:literal, )+) => {
        $(
            #[test]
            fn $name() {
                $crate::run($crate::Engine::$engine, |w| story(w, $crate::Quarter($number)));
            }
        )+
    };
}

/// Declares tests that run on both databases.
#[macro_export]
macro_rules! both {
    ($( $(#[$meta:meta])* async fn $name:ident($world:ident: World) $body:block )+) => {
        $(
            $(#[$meta])*
            mod $name {
                #[allow(unused_imports, clippy::allow_attributes, reason = "a story may need none of them")]
                use super::*;

                async fn story($world: $crate::World) $body

                #[test]
                fn on_sqlite() {
                    $crate::run($crate::Engine::Sqlite, story);
                }

                #[test]
                fn on_postgres() {
                    $crate::run($crate::Engine::Postgres, story);
                }
            }
        )+
    };
}
