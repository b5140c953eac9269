//! A client that costs little: one keep-alive connection, no more of HTTP/1.1 than our server speaks.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Instant,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::patience::{MOMENT, PATIENCE};

/// One connection.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// Where an answer's parts are in the buffer.
struct Read {
    status: u16,
    head_end: usize,
    length: usize,
}

/// An answer, still in the connection's buffer.
#[derive(Debug)]
pub struct Received<'a> {
    pub status: u16,
    head: &'a [u8],
    pub body: &'a [u8],
}

impl Received<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

/// The bytes of a request.
pub fn request(
    method: &str,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    let mut out =
        format!("{method} {path} HTTP/1.1\r\nhost: e\r\nauthorization: Bearer {token}\r\n");
    for (name, value) in headers {
        out.push_str(name);
        out.push_str(": ");
        out.push_str(value);
        out.push_str("\r\n");
    }
    if !body.is_empty() {
        let patch = if method == "PATCH" {
            "merge-patch+"
        } else {
            ""
        };
        out.push_str(&format!(
            "content-type: application/{patch}json\r\ncontent-length: {}\r\n",
            body.len()
        ));
    }
    out.push_str("\r\n");
    out.push_str(body);
    out.into_bytes()
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends without waiting for the answer.
    pub async fn write(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await
    }

    /// Sends, and waits for the whole answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Received<'_>> {
        let read = self.exchange(request).await?;
        Ok(self.received(&read))
    }

    /// The same, again while the server is too busy to do anything.
    pub async fn send_patiently(&mut self, request: &[u8]) -> io::Result<Received<'_>> {
        let begun = Instant::now();
        loop {
            let read = self.exchange(request).await?;
            let answer = self.received(&read);
            let is_busy = answer.status == 503
                && serde_json::from_slice(answer.body)
                    .is_ok_and(|problem: Value| problem["code"] == "unavailable");
            if !is_busy || begun.elapsed() > PATIENCE {
                return Ok(self.received(&read));
            }
            sleep(MOMENT).await;
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Read> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head_end = loop {
            let seen = self.received.len().saturating_sub(3);
            self.more().await?;
            if let Some(at) = self.received[seen..]
                .windows(4)
                .position(|w| w == b"\r\n\r\n")
            {
                break seen + at + 4;
            }
        };
        let head = &self.received[..head_end];
        let status = head
            .get(9..12)
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            .ok_or(ErrorKind::InvalidData)?;
        let length: usize = header(head, "content-length")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        while self.received.len() < head_end + length {
            self.more().await?;
        }
        Ok(Read {
            status,
            head_end,
            length,
        })
    }

    fn received(&self, read: &Read) -> Received<'_> {
        let (head, rest) = self.received.split_at(read.head_end);
        Received {
            status: read.status,
            head,
            body: &rest[..read.length],
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let head = std::str::from_utf8(head).ok()?;
    head.split("\r\n").skip(1).find_map(|line| {
        let (at, value) = line.split_once(':')?;
        at.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
