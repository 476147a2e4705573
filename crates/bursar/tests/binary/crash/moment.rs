//! When and how the server dies.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;

use super::super::clients::Servers;
use super::super::server::{BURSAR, PATIENCE, command};
use super::alone::Alone;
use super::proof;
use super::record::Shared;

/// How long clients think between two turns, at most.
const THINKING: Duration = Duration::from_millis(20);

/// How long the log may take until it is long enough to be moved.
const LOG_PATIENCE: Duration = Duration::from_secs(4);

/// In the midst of what the server dies. All but one are SIGKILL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// Under load, after a random number of acknowledgements.
    Load,
    /// While it is asked again for what it did before its last death.
    Repeats,
    /// Right after it has come up, while clients ask again for what they got no answer to.
    Return,
    /// While it writes views.
    Views,
    /// While it moves the journal's log into its file.
    Checkpoint,
    /// While it is being copied.
    Backup,
    /// While it ends, as it was told to.
    Shutdown,
    /// It is told to end, and does.
    Terminate,
}

impl Moment {
    pub(crate) const ALL: [Self; 8] = [
        Self::Load,
        Self::Repeats,
        Self::Views,
        Self::Return,
        Self::Checkpoint,
        Self::Shutdown,
        Self::Backup,
        Self::Terminate,
    ];

    pub(crate) fn draw(random: &mut Rng) -> Self {
        match random.u8(..40) {
            0..=13 => Self::Load,
            14..=18 => Self::Repeats,
            19..=23 => Self::Views,
            24..=28 => Self::Return,
            29..=30 => Self::Checkpoint,
            31..=34 => Self::Shutdown,
            35 => Self::Backup,
            _ => Self::Terminate,
        }
    }

    /// Waits for the moment, and lets the server die. [`Moment::Repeats`] is up to who asks again. In the
    /// midst of what it died: the log may be too short to be moved.
    pub(crate) fn come(self, alone: &Alone, shared: &Shared, random: &mut Rng) -> Self {
        let micros = |random: &mut Rng, most| Duration::from_micros(random.u64(..most));
        match self {
            Self::Load | Self::Repeats => {
                shared.office.reach(random.usize(1..400));
                alone.kill();
            }
            Self::Return => {
                thread::sleep(micros(random, 60_000));
                alone.kill();
            }
            Self::Views => {
                shared.office.reach(random.usize(1..50));
                assert!(
                    is_written(&alone.data.join("views.db-wal"), PATIENCE),
                    "no views are written"
                );
                thread::sleep(micros(random, 3_000));
                alone.kill();
            }
            Self::Checkpoint => {
                shared.thinking_micros.store(0, Ordering::Relaxed);
                let is_moved = is_written(&alone.data.join("journal.db"), LOG_PATIENCE);
                thread::sleep(micros(random, 8_000));
                alone.kill();
                think(shared);
                return if is_moved { self } else { Self::Load };
            }
            Self::Backup => back_up(alone, shared, random),
            Self::Shutdown => {
                shared.office.reach(random.usize(1..200));
                alone.on(|server| server.signal("-TERM"));
                thread::sleep(micros(random, 120_000));
                alone.kill();
            }
            Self::Terminate => {
                shared.office.reach(random.usize(1..200));
                alone.stop();
            }
        }
        self
    }
}

/// Clients think as long as usual.
pub(crate) fn think(shared: &Shared) {
    let micros = THINKING.as_micros().try_into().unwrap();
    shared.thinking_micros.store(micros, Ordering::Relaxed);
}

/// Waits until a file is written; `false` if it isn't in that time.
fn is_written(path: &Path, within: Duration) -> bool {
    let changed = || fs::metadata(path).and_then(|file| file.modified()).ok();
    let (before, started): (Option<SystemTime>, _) = (changed(), Instant::now());
    while changed() == before {
        if started.elapsed() > within {
            return false;
        }
        thread::sleep(Duration::from_micros(200));
    }
    true
}

/// The server dies while `bursar backup` copies its journal, or both do: then there is no backup at all, and
/// another one can be made under the same name.
fn back_up(alone: &Alone, shared: &Shared, random: &mut Rng) {
    shared.office.reach(random.usize(1..100));
    let acknowledged = proof::acknowledged(shared);
    let directory = tempfile::tempdir_in(alone.data.parent().unwrap()).unwrap();
    let file = directory.path().join("backup.db");
    let mut backup = command(BURSAR);
    backup.arg("backup").arg(&file).arg("--data").arg(&alone.data);
    let mut backup = backup.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (partial, started) = (directory.path().join("backup.db.partial"), Instant::now());
    while !partial.exists() && backup.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "no backup is begun");
        thread::sleep(Duration::from_micros(200));
    }
    thread::sleep(Duration::from_micros(random.u64(..20_000)));
    if random.bool() {
        // It may have been quicker than that.
        backup.kill().unwrap();
    }
    alone.kill();
    let ended = backup.wait_with_output().unwrap();
    if !file.exists() {
        if ended.status.code().is_some() {
            let said = String::from_utf8_lossy(&ended.stderr);
            shared.office.wrong(format!("no backup, since its server died: {said}"));
        }
        alone.bursar(&["backup", file.to_str().unwrap()]).ok();
    }
    let left = fs::read_dir(directory.path()).unwrap().count();
    if left != 1 {
        shared.office.wrong(format!("a backup has left {left} files"));
    }
    proof::compare_backup(shared, &file, &acknowledged);
}
