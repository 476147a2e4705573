//! The machine: what it is, and who uses it.

use std::fs;
use std::time::Instant;

/// What the machine is, for the head of the results.
pub fn description() -> String {
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

/// How many processors there are.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processor time of the whole machine, of this process, and of others that belong to the measurement,
/// from a moment on.
pub struct Watch {
    begun: Instant,
    partners: Vec<u32>,
    before: Ticks,
}

/// What was used meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// The part of the machine that neither this process nor its partners took, from 0 to 1.
    pub others: f64,
    /// Processor time of the partners, with their children.
    pub partner_seconds: f64,
    /// Processor time of this process.
    pub our_seconds: f64,
}

#[derive(Clone, Copy)]
struct Ticks {
    all: f64,
    partners: f64,
    ours: f64,
}

/// The kernel's unit of processor time, in seconds, on every Linux of today.
const TICK: f64 = 0.01;

impl Watch {
    /// Begins to watch. The processes in `partners` and their children belong to the measurement, a
    /// database server for instance; everybody else disturbs it.
    pub fn begin(partners: &[u32]) -> Self {
        let partners = partners.to_vec();
        Self { begun: Instant::now(), before: Ticks::now(&partners), partners }
    }

    /// What was used since then.
    pub fn end(self) -> Watched {
        let after = Ticks::now(&self.partners);
        let used = |of: fn(&Ticks) -> f64| (of(&after) - of(&self.before)) * TICK;
        let (all, partners, ours) = (used(|t| t.all), used(|t| t.partners), used(|t| t.ours));
        let there = self.begun.elapsed().as_secs_f64() * cores() as f64;
        let others = ((all - partners - ours) / there).clamp(0.0, 1.0);
        Watched { others, partner_seconds: partners, our_seconds: ours }
    }
}

impl Ticks {
    fn now(partners: &[u32]) -> Self {
        let ours = process(std::process::id()).map_or(0.0, |(_, ticks)| ticks);
        let ids = fs::read_dir("/proc").unwrap().flatten();
        let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let ticks = ids.filter(|_| !partners.is_empty()).filter_map(|id: u32| {
            let (parent, ticks) = process(id)?;
            (partners.contains(&id) || partners.contains(&parent)).then_some(ticks)
        });
        Self { all: machine(), partners: ticks.sum(), ours }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    /// Keeps a processor busy until this process has used so much.
    fn work(seconds: f64) {
        let begun = crate::Usage::now();
        while begun.elapsed().cpu_seconds < seconds {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn our_own_time_is_ours_and_not_that_of_others() {
        let watch = Watch::begin(&[]);
        let begun = Instant::now();
        work(0.3);
        let elapsed = begun.elapsed().as_secs_f64();
        let watched = watch.end();
        assert!(watched.our_seconds >= 0.2, "{watched:?}");
        assert!(watched.our_seconds <= elapsed * cores() as f64 + 0.1, "{watched:?}");
        assert!((0.0..=1.0).contains(&watched.others), "{watched:?}");
        assert!(watched.partner_seconds == 0.0, "{watched:?}");
    }

    #[test]
    fn a_partner_is_not_one_of_the_others() {
        let busy = "i=0; while [ $i -lt 100000000 ]; do i=$((i+1)); done";
        let mut partner = Command::new("sh").args(["-c", busy]).spawn().unwrap();
        let watch = Watch::begin(&[partner.id()]);
        while Ticks::now(&[partner.id()]).partners < 30.0 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let watched = watch.end();
        partner.kill().unwrap();
        partner.wait().unwrap();
        assert!(watched.partner_seconds > 0.2, "{watched:?}");
    }
}
