//! Whether a directory can hold data, found out before anything is opened, so that what is wrong can
//! be said in words.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::Result;
use rustix::fs::Mode;

use crate::problem::{self, Problem};

/// Written and removed again at every start.
const PROBE: &str = ".bursar-probe";
/// About what the databases need to come up.
const PROBE_BYTES: usize = 256 * 1024;

/// From now on, whatever this process makes is for its user only: journals and backups hold personal
/// data.
pub(crate) fn keep_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Makes the directory if there is none, for its owner only, and makes sure that it can be written.
/// Was it made?
pub(crate) fn prepare(dir: &str) -> Result<bool> {
    let new = !Path::new(dir).is_dir();
    (DirBuilder::new().recursive(true).mode(0o700).create(dir)).map_err(|error| {
        problem::of_file(&format!("cannot make the data directory {dir}"), &error)
    })?;
    let probe = Path::new(dir).join(PROBE);
    let written = write_private(&probe, &vec![0; PROBE_BYTES]);
    // After a failure too; if it can't be removed, the next start writes over it.
    let _ = fs::remove_file(&probe);
    written.map_err(|error| {
        problem::of_file(&format!("cannot write to the data directory {dir}"), &error)
    })?;
    Ok(new)
}

/// Writes a file for its owner only, and waits until it is on the disk.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What cannot be rebuilt; a directory without it has no data.
const JOURNAL: &str = "journal.db";

/// Is there data in the directory?
pub(crate) fn has_data(dir: &Path) -> bool {
    dir.join(JOURNAL).is_file()
}

/// Refuses a directory without data, so that looking at the wrong place doesn't make a new one there.
pub(crate) fn must_have_data(dir: &str) -> Result<()> {
    if has_data(Path::new(dir)) {
        return Ok(());
    }
    Err(Problem::error(
        format!("there is no data in {dir}"),
        "Name the directory with --data DIR (BURSAR_DATA), or start `bursar` once to make one.",
    ))
}
