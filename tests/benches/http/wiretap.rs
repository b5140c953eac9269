//! What the server really sends to PostgreSQL: statements and their values, read off the wire.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// One statement as it was run.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) sql: String,
    pub(crate) values: Vec<Sql>,
}

/// A value as PostgreSQL reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sql {
    pub(crate) kind: &'static str,
    /// `None` is null.
    pub(crate) text: Option<String>,
}

/// A proxy before PostgreSQL that notes what passes.
pub(crate) struct Wiretap {
    pub(crate) address: SocketAddr,
    noted: Arc<Mutex<Noted>>,
}

/// What has passed, by connection.
type Noted = BTreeMap<usize, Conversation>;

#[derive(Default)]
struct Conversation {
    statements: Vec<Sent>,
    round_trips: usize,
}

impl Conversation {
    /// Whether it is of what the server does besides answering.
    fn is_upkeep(&self) -> bool {
        const SIGNS: [&str; 3] = ["leases", "position IS NULL", "audit_blocks"];
        self.statements
            .iter()
            .any(|sent| SIGNS.iter().any(|sign| sent.sql.contains(sign)))
    }
}

impl Wiretap {
    pub(crate) fn before(database: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let noted: Arc<Mutex<Noted>> = Arc::default();
        let noting = noted.clone();
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let noted = noting.clone();
                std::thread::spawn(move || {
                    let _ = pass(number, client, database, &noted);
                });
            }
        });
        Ok(Self { address, noted })
    }

    /// What has passed for requests since it was last asked: statements in their order, and round
    /// trips.
    pub(crate) fn take(&self) -> (Vec<Sent>, usize) {
        let noted = std::mem::take(&mut *self.noted.lock().unwrap());
        let (mut statements, mut round_trips) = (Vec::new(), 0);
        for conversation in noted.into_values().filter(|c| !c.is_upkeep()) {
            statements.extend(conversation.statements);
            round_trips += conversation.round_trips;
        }
        (statements, round_trips)
    }
}

fn pass(
    number: usize,
    mut client: TcpStream,
    database: SocketAddr,
    noted: &Mutex<Noted>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(database)?;
    server.set_nodelay(true)?;
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || io::copy(&mut answers, &mut back));
    // The first message has no type.
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
    client.read_exact(&mut body)?;
    server.write_all(&[&length[..], &body].concat())?;
    let mut prepared = HashMap::new();
    loop {
        let mut head = [0; 5];
        client.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        client.read_exact(&mut body)?;
        server.write_all(&[&head[..], &body].concat())?;
        let mut all = noted.lock().unwrap();
        let noted = all.entry(number).or_default();
        let mut message = Message(&body);
        match head[0] {
            b'P' => {
                let name = message.text();
                let sql = message.text();
                let kinds: Vec<u32> = (0..message.short()).map(|_| message.long()).collect();
                prepared.insert(name, (sql, kinds));
            }
            b'B' => {
                message.text();
                let Some((sql, kinds)) = prepared.get(&message.text()) else {
                    continue;
                };
                for _ in 0..message.short() {
                    message.short();
                }
                let count = message.short();
                let values = (0..count)
                    .map(|at| {
                        let kind = kinds.get(usize::from(at)).copied().unwrap_or_default();
                        let length = message.long();
                        let bytes = (length != u32::MAX).then(|| message.bytes(length));
                        value(kind, bytes)
                    })
                    .collect();
                let sql = sql.clone();
                noted.statements.push(Sent { sql, values });
            }
            b'Q' => {
                noted.round_trips += 1;
                noted.statements.push(Sent {
                    sql: message.text(),
                    values: Vec::new(),
                });
            }
            b'S' => noted.round_trips += 1,
            _ => {}
        }
    }
}

struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    fn bytes(&mut self, length: u32) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(usize::try_from(length).unwrap());
        self.0 = rest;
        taken
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes(2).try_into().unwrap())
    }

    fn long(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes(4).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let length = self.0.iter().position(|b| *b == 0).unwrap();
        let text = self.bytes(u32::try_from(length).unwrap());
        self.bytes(1);
        String::from_utf8(text.to_vec()).unwrap()
    }
}

/// A value in binary form, by its type's number in `pg_type`.
fn value(kind: u32, bytes: Option<&[u8]>) -> Sql {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let integer = |bytes: &[u8]| {
        let negative = bytes.first().is_some_and(|b| *b >= 0x80);
        let start = if negative { -1_i64 } else { 0 };
        let number = bytes.iter().fold(start, |n, b| (n << 8) | i64::from(*b));
        number.to_string()
    };
    let (name, text): (_, Option<String>) = match kind {
        16 => ("boolean", bytes.map(|b| (b == [1]).to_string())),
        17 => ("bytea", bytes.map(|b| format!("\\x{}", hex(b)))),
        20 => ("bigint", bytes.map(integer)),
        21 => ("smallint", bytes.map(integer)),
        23 => ("integer", bytes.map(integer)),
        1009 => ("text[]", bytes.map(array)),
        1082 => ("date", bytes.map(|b| date(integer(b)))),
        2950 => ("uuid", bytes.map(hex)),
        // A byte with the format's version comes first.
        3802 => ("jsonb", bytes.map(|b| text(b.get(1..).unwrap_or_default()))),
        _ => ("text", bytes.map(text)),
    };
    Sql { kind: name, text }
}

/// A date, from its days since the first of 2000.
fn date(days: String) -> String {
    let first = jiff::civil::date(2000, 1, 1);
    let days = jiff::Span::new().days(days.parse::<i64>().unwrap());
    (first + days).to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An array of one dimension.
fn array(bytes: &[u8]) -> String {
    let mut message = Message(bytes);
    let dimensions = message.long();
    message.bytes(8);
    if dimensions == 0 {
        return "{}".into();
    }
    let count = message.long();
    message.bytes(4);
    let items: Vec<String> = (0..count)
        .map(|_| {
            let length = message.long();
            format!("\"{}\"", text(message.bytes(length)))
        })
        .collect();
    format!("{{{}}}", items.join(","))
}
