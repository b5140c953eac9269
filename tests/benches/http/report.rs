//! The table of what was measured.

use tests::Engine;

use crate::{Options, cases::Goal, floor::Floor, load::Measured};

/// One line of the table.
pub(crate) struct Line {
    pub(crate) engine: Engine,
    pub(crate) name: String,
    pub(crate) ours: Measured,
    pub(crate) floor: Option<Floor>,
    pub(crate) resident: f64,
    /// Statements and round trips of one request.
    pub(crate) trips: Option<(usize, usize)>,
    pub(crate) goal: Goal,
}

pub(crate) fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "MISSED" }
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.ours.rate() / floor.rate)
    }

    /// CPU that others used during this case, as a share of one core.
    fn others(&self) -> f64 {
        self.ours.cpu.others() / self.ours.seconds
    }

    fn server(&self) -> f64 {
        self.ours.each(self.ours.cpu.server)
    }

    /// Goals, and whether they are met.
    fn verdict(&self) -> String {
        let mut parts = Vec::new();
        if let Some(goal) = self.goal.ratio {
            let is = self.ratio().unwrap_or_default();
            parts.push(format!("ratio {goal} {}", met(is >= goal)));
        }
        if let Some(goal) = self.goal.server {
            parts.push(format!("server {goal:.0} µs {}", met(self.server() < goal)));
        }
        if let Some(goal) = self.goal.p95 {
            let is = self.ours.percentile(0.95);
            parts.push(format!("p95 {goal:.0} ms {}", met(is < goal)));
        }
        if self.ours.busy > 0 {
            parts.push(format!("{} requests TURNED AWAY", self.ours.busy));
        }
        parts.join(", ")
    }
}

pub(crate) fn row(line: &Line) -> String {
    let ours = &line.ours;
    let floor = line.floor.map_or("-".into(), |f| format!("{:.0}", f.rate));
    let floor_cpu = match line.floor {
        Some(floor) if floor.database > 0.0 => format!("{:.0}", floor.database),
        _ => "-".into(),
    };
    let trips = match line.trips {
        Some((statements, trips)) => format!("{statements}/{trips}"),
        None => "-".into(),
    };
    format!(
        "| {:8} | {:24} | {:7.0} | {:>7} | {:>5} | {:6.2} | {:6.2} | {:6.2} | {:6.0} | {:6.0} | {:>6} | {:>6} | {:5} | {:>6} | {:4.0}% | {} |",
        format!("{:?}", line.engine),
        line.name,
        ours.rate(),
        floor,
        line.ratio().map_or("-".into(), |r| format!("{r:.2}")),
        ours.percentile(0.50),
        ours.percentile(0.95),
        ours.percentile(0.99),
        line.server(),
        ours.each(ours.cpu.database),
        floor_cpu,
        format!("{:.0}", ours.each(ours.cpu.client)),
        trips,
        format!("{:.0}", line.resident),
        line.others() * 100.0,
        line.verdict()
    )
}

pub(crate) fn print(lines: &[Line], remarks: &[String], options: &Options) {
    println!(
        "\n{} customers, {} connections, {} s a case; rates a second, times in ms, CPU in µs a request\n",
        options.customers, options.connections, options.seconds
    );
    println!(
        "| database | case                     |    ours |   floor | ratio |    p50 |    p95 |    p99 | server |     db | floor  | client | st/rt |    MiB | other | goal |"
    );
    println!(
        "|----------|--------------------------|---------|---------|-------|--------|--------|--------|--------|--------|--------|--------|-------|--------|-------|------|"
    );
    for line in lines {
        println!("{}", row(line));
    }
    println!();
    for remark in remarks {
        println!("{remark}");
    }
    let most = lines.iter().map(|line| line.resident).fold(0.0, f64::max);
    println!(
        "memory of the server at most {most:.0} MiB; goal 150 MiB: {}",
        met(most < 150.0)
    );
    let busiest = lines.iter().map(Line::others).fold(0.0, f64::max);
    println!(
        "others used up to {:.0} % of a core during a case: {}",
        busiest * 100.0,
        if busiest < 0.1 {
            "the ratios count"
        } else {
            "the machine was NOT quiet, the ratios do not count"
        }
    );
}
