//! What runs on this machine, and what it costs: `/proc`.

use std::{fs, io};

/// Clock ticks a second in `/proc`: the same on every Linux that we build for.
const TICKS: f64 = 100.0;

/// CPU seconds since the machine or the process started.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) server: f64,
    pub(crate) database: f64,
    /// This program and the programs that it ran to their end.
    pub(crate) client: f64,
    /// Everything that runs in user or kernel mode, interrupts aside.
    all: f64,
    stolen: f64,
}

impl Cpu {
    /// `server` is the process under test.
    pub(crate) fn now(server: u32) -> Self {
        let (all, stolen) = machine();
        Self {
            server: process(server).map_or(0.0, |p| p.own),
            database: postgres(),
            client: process(std::process::id()).map_or(0.0, |p| p.own + p.children),
            all,
            stolen,
        }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            database: self.database - before.database,
            client: self.client - before.client,
            all: self.all - before.all,
            stolen: self.stolen - before.stolen,
        }
    }

    /// What others used.
    pub(crate) fn others(self) -> f64 {
        (self.all - self.server - self.database - self.client).max(0.0) + self.stolen
    }
}

/// Resident memory of a process, in MiB.
pub(crate) fn resident(pid: u32) -> f64 {
    status(pid, "VmRSS:")
}

/// The most that it ever was.
pub(crate) fn most_resident(pid: u32) -> f64 {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|n| n.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

struct Times {
    own: f64,
    /// Of children that have been waited for.
    children: f64,
    name: String,
}

fn process(pid: u32) -> io::Result<Times> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may hold anything.
    let (head, rest) = stat.rsplit_once(") ").ok_or(io::ErrorKind::InvalidData)?;
    let name = head.split_once('(').map_or("", |(_, name)| name).to_owned();
    let fields: Vec<f64> = rest
        .split(' ')
        .map(|field| field.trim().parse().unwrap_or_default())
        .collect();
    let seconds = |at: usize| fields.get(at).copied().unwrap_or_default() / TICKS;
    Ok(Times {
        own: seconds(11) + seconds(12),
        children: seconds(13) + seconds(14),
        name,
    })
}

/// Every PostgreSQL process; what ended is in the time of the one that started it.
fn postgres() -> f64 {
    let Ok(folder) = fs::read_dir("/proc") else {
        return 0.0;
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| process(pid).ok())
        .filter(|times| times.name.starts_with("postgres"))
        .map(|times| times.own + times.children)
        .sum()
}

fn machine() -> (f64, f64) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse().unwrap_or_default())
        .collect();
    let at = |n: usize| ticks.get(n).copied().unwrap_or_default() / TICKS;
    (at(0) + at(1) + at(2), at(7))
}
