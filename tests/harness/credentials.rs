//! What somebody shows to the server, and over which connections.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use persistence::access::Bearer;
use reqwest::Client;

use crate::Server;

/// How old a token may become: it lasts ten minutes, and a request may have to wait.
const RENEWED_AFTER: Duration = Duration::from_secs(240);

/// What somebody shows.
#[derive(Clone)]
pub(crate) enum Credentials {
    Nothing,
    /// A token, as it is.
    Token(String),
    Session(Arc<Held>),
}

/// A session, with a token that is made anew before it ends. Real time counts: a test may move the
/// clock of its server so that tokens end.
pub(crate) struct Held {
    bearer: Bearer,
    issued: Mutex<(String, Instant)>,
}

impl Credentials {
    pub(crate) fn of(server: &Server, bearer: Bearer) -> Self {
        let issued = Mutex::new((issue(server, &bearer), Instant::now()));
        Self::Session(Arc::new(Held { bearer, issued }))
    }

    pub(crate) fn token(&self, server: &Server) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Token(token) => Some(token.clone()),
            Self::Session(held) => {
                let mut issued = held.issued.lock().unwrap();
                if issued.1.elapsed() > RENEWED_AFTER {
                    *issued = (issue(server, &held.bearer), Instant::now());
                }
                Some(issued.0.clone())
            }
        }
    }
}

fn issue(server: &Server, bearer: &Bearer) -> String {
    let stamp = server.app.clock.stamp();
    server.app.tokens.issue(bearer, &stamp).unwrap()
}

/// A client of one runtime, without the proxy of the machine. It lets a connection go before the
/// server closes it as idle.
pub fn new_client() -> Client {
    Client::builder()
        .no_proxy()
        .pool_idle_timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}
