//! Where an export goes: stdout, or a file that is complete or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;

use crate::problem;

/// Where to write.
pub(super) enum Target {
    Stdout(BufWriter<io::Stdout>),
    File(Partial),
}

/// A file that gets its name when it is complete.
pub(super) struct Partial {
    out: BufWriter<File>,
    path: PathBuf,
    partial: PathBuf,
    complete: bool,
}

impl Target {
    /// Opens a file, or stdout if none is named.
    pub(super) fn open(file: Option<&str>) -> Result<Self> {
        let Some(file) = file else {
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        };
        let (path, partial) = (PathBuf::from(file), PathBuf::from(format!("{file}.partial")));
        let opened = if path.is_dir() {
            Err(io::Error::from(io::ErrorKind::IsADirectory))
        } else {
            File::create(&partial)
        };
        let opened =
            opened.map_err(|error| problem::of_file(&format!("cannot write {file}"), &error))?;
        let out = BufWriter::new(opened);
        Ok(Self::File(Partial { out, path, partial, complete: false }))
    }

    /// Makes sure that all is written, and gives a file its name.
    pub(super) fn complete(mut self) -> Result<()> {
        match &mut self {
            Self::Stdout(out) => Ok(out.flush()?),
            Self::File(file) => file.complete().map_err(|error| {
                problem::of_file(&format!("cannot write {}", file.path.display()), &error)
            }),
        }
    }
}

impl Partial {
    fn complete(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        fs::rename(&self.partial, &self.path)?;
        self.complete = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.complete {
            // Half an export would be taken for a whole one.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(file) => file.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(file) => file.out.flush(),
        }
    }
}
