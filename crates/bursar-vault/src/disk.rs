//! What a directory needs beyond an object store: nothing but whole objects on it, and no power cut
//! that takes one away or brings one back.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::path::Path as ObjectPath;

use crate::error::VaultError;

/// How much of a file is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// The directory of a vault. [`object_store`] writes a file beside its place (`name#1`) and then moves
/// it there; what a crash leaves of it is in none of its lists.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    root: PathBuf,
}

/// What was found below a place and is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleared {
    /// Whole objects.
    pub(crate) objects: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Disk {
    /// Makes the directory if it isn't there, so that it stays there.
    pub(crate) fn create(root: &Path) -> Result<Self, VaultError> {
        let in_words = |error: io::Error| {
            let root = root.display();
            VaultError::Misconfigured(format!(
                "the vault's directory {root} can't be used: {error}"
            ))
        };
        fs::create_dir_all(root).map_err(in_words)?;
        let root = root.canonicalize().map_err(in_words)?;
        if let Some(parent) = root.parent() {
            sync(parent).map_err(in_words)?;
        }
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn locate(&self, below: &ObjectPath) -> PathBuf {
        below.parts().fold(self.root.clone(), |path, part| path.join(part.as_ref()))
    }

    /// Makes sure that the way to an object is on the disk. The library syncs what it makes itself, and
    /// finds directories that another upload has made and not synced yet.
    pub(crate) async fn settle(&self, object: &ObjectPath) -> Result<(), VaultError> {
        let (disk, object) = (self.clone(), self.locate(object));
        blocking(move || {
            let above = object.ancestors().skip(1);
            above.take_while(|path| path.starts_with(&disk.root)).try_for_each(sync)
        })
        .await
    }

    /// Removes everything below a place, unfinished uploads too, and the directories that are empty then.
    pub(crate) async fn clear(&self, below: &ObjectPath) -> Result<Cleared, VaultError> {
        let (disk, path) = (self.clone(), self.locate(below));
        blocking(move || {
            let cleared = clear(&path)?;
            disk.tidy(&path)?;
            Ok(cleared)
        })
        .await
    }

    /// Removes the directories above a place that are empty, up to the vault's own. What is below it
    /// stays gone after a power cut.
    fn tidy(&self, path: &Path) -> io::Result<()> {
        for parent in path.ancestors().skip(1).take_while(|path| path.starts_with(&self.root)) {
            if !there(sync(parent))? {
                continue;
            }
            // Another upload may be there, or come in between.
            if *parent == *self.root || fs::remove_dir(parent).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes the directories above what was erased that are empty.
    pub(crate) async fn tidy_above(&self, object: &ObjectPath) -> Result<(), VaultError> {
        let (disk, path) = (self.clone(), self.locate(object));
        blocking(move || disk.tidy(&path)).await
    }

    /// Is nothing left below a place, not even an unfinished upload?
    pub(crate) async fn is_empty(&self, below: &ObjectPath) -> Result<bool, VaultError> {
        let path = self.locate(below);
        blocking(move || Ok(files(&path)?.is_empty())).await
    }

    /// Removes what crashes have left of uploads, if nothing was written to it since `before`. Returns
    /// how many there were.
    pub(crate) async fn clear_strays(&self, before: SystemTime) -> Result<u64, VaultError> {
        let disk = self.clone();
        blocking(move || {
            let mut strays = 0;
            for file in files(&disk.root)? {
                if !is_stray(&file) || !is_older(&file, before)? {
                    continue;
                }
                if there(fs::remove_file(&file))? {
                    strays += 1;
                    disk.tidy(&file)?;
                }
            }
            Ok(strays)
        })
        .await
    }
}

/// Runs what waits for the disk where that holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, VaultError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|error| VaultError::lost(&error))??)
}

fn sync(directory: impl AsRef<Path>) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Was it there? Somebody else may have removed it meanwhile, which is as good.
fn there(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn clear(path: &Path) -> io::Result<Cleared> {
    let mut cleared = Cleared::default();
    for file in files(path)? {
        if !is_stray(&file) {
            cleared.objects += 1;
            cleared.bytes += fs::metadata(&file).map_or(0, |metadata| metadata.len());
        }
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(cleared),
    }
}

/// All files below a place. Links are followed nowhere: there are none of ours.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let list = if entry.file_type()?.is_dir() { &mut directories } else { &mut found };
            list.push(entry.path());
        }
    }
    Ok(found)
}

/// An unfinished upload: `name#1`, where `name` is an attempt or its thumbnail.
fn is_stray(file: &Path) -> bool {
    let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.rsplit_once('#').is_some_and(|(name, number)| {
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number && name.bytes().take(16).filter(u8::is_ascii_hexdigit).count() == 16
    })
}

fn is_older(file: &Path, before: SystemTime) -> io::Result<bool> {
    match fs::metadata(file).and_then(|metadata| metadata.modified()) {
        Ok(modified) => Ok(modified < before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A part of a file, in pieces. It ends with an error if the file ends before the part does.
pub(crate) fn read(
    file: File,
    range: std::ops::Range<u64>,
) -> BoxStream<'static, Result<Bytes, VaultError>> {
    let pieces = stream::try_unfold((file, range), |(file, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        blocking(move || read_piece(file, range)).await.map(Some)
    });
    pieces.boxed()
}

type Rest = (File, std::ops::Range<u64>);

fn read_piece(mut file: File, range: std::ops::Range<u64>) -> io::Result<(Bytes, Rest)> {
    use std::io::{Read as _, Seek as _};
    file.seek(io::SeekFrom::Start(range.start))?;
    let wanted = usize::try_from(range.end - range.start).map_or(CHUNK, |left| left.min(CHUNK));
    let mut piece = vec![0; wanted];
    file.read_exact(&mut piece)?;
    let length = u64::try_from(wanted).unwrap_or(u64::MAX);
    Ok((piece.into(), (file, range.start.saturating_add(length)..range.end)))
}
