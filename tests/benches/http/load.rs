//! Requests over keep-alive connections, and how long they took.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tests::client::Connection;

use crate::machine::Cpu;

/// Before counting begins: caches fill, connections open.
const WARM_UP: Duration = Duration::from_millis(800);

/// What a server answers that has more to do than it can.
const TOO_BUSY: u16 = 503;

/// Writes the next request of one connection.
pub(crate) type Next = Box<dyn FnMut() -> Vec<u8> + Send>;

/// What a run measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) requests: usize,
    pub(crate) seconds: f64,
    /// Microseconds, sorted.
    latencies: Vec<u32>,
    /// Requests that were turned away, 503.
    pub(crate) busy: usize,
    pub(crate) cpu: Cpu,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// Milliseconds that this share of the requests took at most.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let at = (self.latencies.len() as f64 * share) as usize;
        let micros = self.latencies.get(at).or(self.latencies.last());
        micros.copied().map_or(0.0, f64::from) / 1000.0
    }

    /// Microseconds of CPU a request.
    pub(crate) fn each(&self, cpu: f64) -> f64 {
        cpu * 1e6 / self.requests.max(1) as f64
    }
}

/// Drives the server from one thread; every answer must have the status that is expected, or say
/// that the server is too busy.
pub(crate) fn drive(
    server: u32,
    address: SocketAddr,
    lasts: Duration,
    expected: u16,
    connections: Vec<Next>,
) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (counting, over) = (flag(), flag());
        let running: Vec<_> = connections
            .into_iter()
            .map(|next| {
                let (counting, over) = (counting.clone(), over.clone());
                tokio::spawn(connection(address, expected, next, counting, over))
            })
            .collect();
        tokio::time::sleep(WARM_UP).await;
        let (before, started) = (Cpu::now(server), Instant::now());
        counting.store(true, Ordering::Relaxed);
        tokio::time::sleep(lasts).await;
        counting.store(false, Ordering::Relaxed);
        let (cpu, seconds) = (Cpu::now(server).since(before), started.elapsed());
        over.store(true, Ordering::Relaxed);
        let (mut latencies, mut busy) = (Vec::new(), 0);
        for connection in running {
            let (some, turned_away) = connection.await.unwrap();
            latencies.extend(some);
            busy += turned_away;
        }
        latencies.sort_unstable();
        Measured {
            requests: latencies.len(),
            seconds: seconds.as_secs_f64(),
            latencies,
            busy,
            cpu,
        }
    })
}

async fn connection(
    address: SocketAddr,
    expected: u16,
    mut next: Next,
    counting: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
) -> (Vec<u32>, usize) {
    let mut connection = Connection::open(address).await.unwrap();
    let mut latencies = Vec::with_capacity(16 * 1024);
    let mut busy = 0;
    while !over.load(Ordering::Relaxed) {
        let request = next();
        let sent = Instant::now();
        let answer = connection.send(&request).await.unwrap();
        if answer.status == TOO_BUSY {
            busy += 1;
            continue;
        }
        assert_eq!(
            answer.status,
            expected,
            "{} answered {}",
            String::from_utf8_lossy(&request),
            String::from_utf8_lossy(answer.body)
        );
        if counting.load(Ordering::Relaxed) {
            latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
    (latencies, busy)
}

fn flag() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}
