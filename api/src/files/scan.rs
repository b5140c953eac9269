//! What the virus scanner says of a content.

use std::{io, time::Duration};

use bytes::Bytes;
use clamav_client::tokio::{TransportProtocol, scan_stream};
use futures_util::{Stream, TryStreamExt};
use persistence::Error;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

/// How long a connection may take; a machine that is switched off never answers.
const CONNECTING: Duration = Duration::from_secs(5);
/// Bytes of a content that go in one piece.
const PIECE: usize = 64 * 1024;

pub(super) enum Verdict {
    Clean,
    Infected,
}

/// Sends a content to the ClamAV daemon at an address. Whatever is not plainly its verdict is an error.
pub(super) async fn ask(
    address: &str,
    until: Instant,
    content: impl Stream<Item = Result<Bytes, Error>>,
) -> io::Result<Verdict> {
    let content = content.map_err(io::Error::other);
    let asking = scan_stream(content, Clamd { address }, Some(PIECE));
    match timeout_at(until, asking).await??.as_slice() {
        b"stream: OK\0" => Ok(Verdict::Clean),
        // Between these stands what it found.
        answer if answer.starts_with(b"stream: ") && answer.ends_with(b" FOUND\0") => {
            Ok(Verdict::Infected)
        }
        // What somebody else sent there may be the content itself: it is not told.
        _ => Err(io::Error::other("the answer is no verdict")),
    }
}

struct Clamd<'a> {
    address: &'a str,
}

impl TransportProtocol for Clamd<'_> {
    type Stream = TcpStream;

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = timeout(CONNECTING, TcpStream::connect(self.address)).await??;
        // The length of each piece goes by itself: it must not wait for the last one's receipt.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
