//! The machine: what it is, and who uses it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// A measurement is made again, at most so often, if others took more than this part of the machine.
pub(crate) const ATTEMPTS: usize = 3;
/// That part.
pub(crate) const DISTURBING: f64 = 0.08;

/// What the machine is, for the head of the results.
pub(crate) fn description() -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let (cpuinfo, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |name| name.trim_start_matches([' ', '\t', ':']));
    let kilobytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    let gigabytes = kilobytes / (1 << 20);
    format!("{} cores, {model}, {gigabytes} GB, Linux {}", cores(), kernel.trim())
}

/// Microseconds that it takes to have 4 KB more in a file of this directory durable, at the median of 200.
pub(crate) fn sync_micros(directory: &Path) -> f64 {
    let path = directory.join("sync");
    let mut file = fs::File::create(&path).unwrap();
    let times = (0..200).map(|_| {
        let begun = Instant::now();
        file.write_all(&[7; 4_096]).unwrap();
        file.sync_data().unwrap();
        begun.elapsed().as_secs_f64() * 1e6
    });
    let median = crate::numbers::median(&crate::numbers::sorted(times));
    fs::remove_file(path).unwrap();
    median
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processor time of the whole machine, of a server with its children and of this process, from a moment on.
pub(crate) struct Watch {
    begun: Instant,
    server: Option<u32>,
    before: Ticks,
}

/// What was used meanwhile.
pub(crate) struct Watched {
    /// The part of the machine that others took, from 0 to 1.
    pub(crate) others: f64,
    pub(crate) server_seconds: f64,
    pub(crate) our_seconds: f64,
}

#[derive(Clone, Copy)]
struct Ticks {
    all: f64,
    server: f64,
    ours: f64,
}

/// The kernel's unit of processor time, in seconds, on every Linux of today.
const TICK: f64 = 0.01;

impl Watch {
    /// Of the server with this process id, if there is one.
    pub(crate) fn begin(server: Option<u32>) -> Self {
        Self { begun: Instant::now(), server, before: Ticks::now(server) }
    }

    pub(crate) fn end(self) -> Watched {
        let after = Ticks::now(self.server);
        let used = |of: fn(&Ticks) -> f64| (of(&after) - of(&self.before)) * TICK;
        let (all, server, ours) = (used(|t| t.all), used(|t| t.server), used(|t| t.ours));
        let there = self.begun.elapsed().as_secs_f64() * cores() as f64;
        let others = ((all - server - ours) / there).clamp(0.0, 1.0);
        Watched { others, server_seconds: server, our_seconds: ours }
    }
}

impl Ticks {
    fn now(server: Option<u32>) -> Self {
        let ours = process(std::process::id()).map_or(0.0, |(_, ticks)| ticks);
        let mut of_server = 0.0;
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            if let Some((parent, ticks)) = process(id)
                && (Some(id) == server || Some(parent) == server)
            {
                of_server += ticks;
            }
        }
        Self { all: machine(), server: of_server, ours }
    }
}

/// Ticks in which no processor was idle or waited for a disk. Interrupts count for nobody: much of them
/// is our own traffic.
fn machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let ticks = stat.lines().next().unwrap().split_whitespace().skip(1);
    let ticks: Vec<f64> = ticks.map(|ticks| ticks.parse().unwrap()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal
    ticks[0] + ticks[1] + ticks[2] + ticks[7]
}

/// A process's parent and its ticks; nothing if it is gone.
fn process(id: u32) -> Option<(u32, f64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Its name is in parentheses and may be anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?;
    Some((fields[1].parse().ok()?, ticks))
}
