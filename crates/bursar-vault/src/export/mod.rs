//! An archive of all assets, made while it is read: nothing of it is kept anywhere.
//!
//! A zip archive with the files as they are (pictures and videos don't get smaller), one folder per kind,
//! and `manifest.json` at the end. Its memory grows with the number of files, by some hundred bytes
//! each, and not with their size. If a file is missing or damaged, the archive breaks off, so that
//! nobody takes a part for the whole.

mod manifest;
mod names;

use std::io::{self, Write};
use std::sync::Arc;

use bursar_core::id::AssetId;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use crate::error::VaultError;
use crate::name::ObjectName;
use crate::read::Content;
use crate::vault::Vault;
use manifest::{Line, Manifest};
use names::Names;

/// Files of this size and more need the archive's larger numbers: what stands for "see there" is itself
/// the largest of the smaller ones.
const LARGE_BYTES: u64 = 0xffff_ffff;

/// What is to be in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file that lies in the vault.
    File(Box<File>),
    /// An asset whose bytes the app keeps: it is only listed.
    External(Box<External>),
}

/// A file that lies in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The asset.
    pub id: AssetId,
    /// Its object.
    pub object: ObjectName,
    /// Its kind, which is the folder's name.
    pub kind: String,
    /// What people call it: anything.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// When it was stored, RFC 3339.
    pub stored_at: String,
    /// What its bytes must add up to, if that is known.
    pub sha256: Option<[u8; 32]>,
    /// The app's own reference.
    pub reference: Option<String>,
}

/// An asset whose bytes the app keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// The asset.
    pub id: AssetId,
    /// Its kind.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// When it was registered, RFC 3339.
    pub stored_at: String,
    /// The app's own reference.
    pub reference: Option<String>,
}

/// Where an archive's entries come from.
pub trait Source: Send + Sync + 'static {
    /// The entries, in the order in which they are to be in it.
    fn entries(&self) -> BoxStream<'static, Result<Entry, VaultError>>;

    /// Is that asset still stored? Asked if its object isn't there any more: what was deleted meanwhile
    /// is left out, and anything else that is missing is an error.
    fn is_stored(&self, asset: AssetId) -> BoxFuture<'static, Result<bool, VaultError>>;
}

/// What an archive says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The account's id.
    pub account: String,
    /// When it was begun, RFC 3339.
    pub made_at: String,
}

impl Vault {
    /// The archive, as a stream. It costs nothing while nobody reads it, and is gone when it is dropped.
    ///
    /// The stream ends with an error if a file is missing or isn't what was stored.
    pub fn export(
        self: &Arc<Self>,
        about: About,
        source: Arc<dyn Source>,
    ) -> BoxStream<'static, Result<Bytes, VaultError>> {
        let archive = Archive {
            vault: self.clone(),
            about,
            entries: source.entries(),
            source,
            zip: ZipWriter::new_stream(Buffer::default()),
            names: Names::default(),
            lines: Vec::new(),
            open: None,
        };
        let pieces = stream::try_unfold(Some(archive), |archive| async move {
            let Some(mut archive) = archive else { return Ok(None) };
            loop {
                let goes_on = archive.go_on().await?;
                if !goes_on {
                    return Ok(Some((archive.finish()?, None)));
                }
                let made = archive.made()?;
                if !made.is_empty() {
                    return Ok(Some((made, Some(archive))));
                }
            }
        });
        pieces.boxed()
    }
}

/// An archive on its way.
struct Archive {
    vault: Arc<Vault>,
    about: About,
    source: Arc<dyn Source>,
    entries: BoxStream<'static, Result<Entry, VaultError>>,
    zip: ZipWriter<StreamWriter<Buffer>>,
    names: Names,
    lines: Vec<Line>,
    /// The file that is being read.
    open: Option<Open>,
}

struct Open {
    file: Box<File>,
    path: String,
    content: BoxStream<'static, Result<Bytes, VaultError>>,
    hash: Sha256,
}

impl Archive {
    /// Adds a piece of a file, or begins the next one. `false` if there is none.
    async fn go_on(&mut self) -> Result<bool, VaultError> {
        if let Some(open) = &mut self.open {
            if let Some(piece) = open.content.next().await {
                let piece = piece?;
                open.hash.update(&piece);
                self.zip.write_all(&piece)?;
                return Ok(true);
            }
            return self.close().map(|()| true);
        }
        match self.entries.next().await.transpose()? {
            Some(Entry::File(file)) => self.begin(file).await?,
            Some(Entry::External(external)) => self.lines.push(Line::of_external(*external)),
            None => return Ok(false),
        }
        Ok(true)
    }

    async fn begin(&mut self, file: Box<File>) -> Result<(), VaultError> {
        let content = match self.vault.read(&file.object, None).await {
            Ok(content) => content,
            Err(VaultError::Missing(_)) if !self.source.is_stored(file.id).await? => return Ok(()),
            Err(error) => return Err(error),
        };
        let Content { size, bytes, .. } = content;
        if size != file.bytes {
            let id = file.id;
            return Err(VaultError::Damaged(format!("{id} has {size} bytes, not {}", file.bytes)));
        }
        let path = self.names.choose(&file.kind, &file.name);
        self.zip.start_file(&path, options(size)).map_err(io::Error::from)?;
        self.open = Some(Open { file, path, content: bytes, hash: Sha256::new() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), VaultError> {
        let Some(Open { file, path, hash, .. }) = self.open.take() else { return Ok(()) };
        let sum: [u8; 32] = hash.finalize().into();
        if file.sha256.is_some_and(|expected| sum != expected) {
            return Err(VaultError::Damaged(format!("{} isn't what was stored", file.id)));
        }
        self.lines.push(Line::of_file(*file, path, sum));
        Ok(())
    }

    fn finish(mut self) -> Result<Bytes, VaultError> {
        let files: Vec<&Line> = self.lines.iter().filter(|line| line.is_file()).collect();
        let manifest = Manifest {
            account: &self.about.account,
            made_at: &self.about.made_at,
            files: files.len(),
            bytes: files.iter().map(|line| line.bytes()).sum(),
            assets: &self.lines,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.zip.start_file("manifest.json", options(size)).map_err(io::Error::from)?;
        self.zip.write_all(&text)?;
        let buffer = self.zip.finish().map_err(io::Error::from)?.into_inner();
        Ok(buffer.take())
    }

    /// What was added since the last call.
    fn made(&self) -> Result<Bytes, VaultError> {
        let ended = || VaultError::Unavailable("the archive has ended".to_owned());
        Ok(self.zip.get_ref().ok_or_else(ended)?.get_ref().take())
    }
}

fn options(bytes: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(bytes >= LARGE_BYTES)
        .unix_permissions(0o644)
}

/// What was written and not read yet.
#[derive(Debug, Default)]
struct Buffer(Mutex<Vec<u8>>);

impl Buffer {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock()).into()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.get_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
