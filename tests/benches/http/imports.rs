//! How long lists of leads take, and how much memory.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use tests::{leads, process::Site};

use crate::{DRILL, machine, report::met, seed::Seeded};

/// A list, and what is to be reached with it.
struct List {
    rows: usize,
    /// Seconds, at most.
    seconds: Option<f64>,
    /// Rows a second, at least.
    rate: Option<f64>,
    /// MiB, at most.
    memory: Option<f64>,
}

const LISTS: [List; 2] = [
    List {
        rows: 3_000,
        seconds: Some(5.0),
        rate: None,
        memory: None,
    },
    List {
        rows: 200_000,
        seconds: None,
        rate: Some(2_000.0),
        memory: Some(200.0),
    },
];

/// Imports each list in a server of its own; what to say of them.
pub(crate) fn imports(site: &Site, seeded: &Seeded) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let measured = LISTS.iter().map(|goal| {
        let list = leads::generate(2026, goal.rows).csv;
        let process = site.start(Path::new(DRILL));
        let token = || site.token(seeded.institution, &seeded.boss);
        let campus = seeded.large_campus().to_string();
        let begun = Instant::now();
        let job = runtime.block_on(leads::send(process.address, &token(), &campus, &list));
        while !runtime
            .block_on(leads::progress(process.address, &token(), &job))
            .finished
        {
            std::thread::sleep(Duration::from_millis(50));
        }
        let took = begun.elapsed().as_secs_f64();
        let most = machine::most_resident(process.id());
        process.stop();
        let (rows, each) = (goal.rows, goal.rows as f64 / took);
        let goals = [
            goal.seconds
                .map(|goal| format!("goal {goal:.0} s: {}", met(took < goal))),
            goal.rate
                .map(|goal| format!("goal {goal:.0} rows/s: {}", met(each >= goal))),
            goal.memory
                .map(|goal| format!("goal {goal:.0} MiB: {}", met(most < goal))),
        ];
        let goals: Vec<String> = goals.into_iter().flatten().collect();
        let line = format!(
            "{:?}: import of {rows} rows: {took:.1} s, {each:.0} rows/s, at most {most:.0} MiB; {}",
            site.engine,
            goals.join(", ")
        );
        eprintln!("{line}");
        line
    });
    measured.collect()
}
