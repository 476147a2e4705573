//! Mails as files, for test mode.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bursar_core::time::Timestamp;
use tempfile::Builder;

use crate::message::Message;
use crate::port::{MailError, MailTransport};

/// Writes each mail into a directory, as a file that mail programs open:
/// `20270314T083000Z-<id>.eml`.
///
/// A file is there completely or not at all, whenever the process ends. A mail that is sent again
/// replaces its file by the same one.
#[derive(Clone, Debug)]
pub struct FileTransport {
    directory: PathBuf,
}

impl FileTransport {
    /// Writes into `directory`, which is made if it isn't there.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn open(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }
}

#[async_trait]
impl MailTransport for FileTransport {
    fn name(&self) -> &'static str {
        "file"
    }

    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let eml = message.to_eml()?;
        let directory = self.directory.clone();
        let name = file_name(message);
        let written = tokio::task::spawn_blocking(move || write(&directory, &name, &eml)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(MailError::Unavailable(error.to_string())),
            Err(_) => Err(MailError::Unavailable("the write was given up".to_owned())),
        }
    }
}

/// The same for the same mail; sorts by time.
fn file_name(message: &Message) -> String {
    let at = message.written_at().clamp(Timestamp::default(), Timestamp::MAX).to_jiff();
    format!("{}-{}.eml", at.strftime("%Y%m%dT%H%M%SZ"), message.id())
}

/// Until its last line, the file has another name: `.….part`.
fn write(directory: &Path, name: &str, eml: &[u8]) -> io::Result<()> {
    let mut file = Builder::new().prefix(".").suffix(".part").tempfile_in(directory)?;
    file.write_all(eml)?;
    file.as_file().sync_all()?;
    file.persist(directory.join(name))?;
    File::open(directory)?.sync_all()
}
