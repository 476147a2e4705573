//! What commands end with: an answer, or a problem that says what would fix it.

use std::io;
use std::process::ExitCode;

use bursar_store::StoreError;

/// The exit code of wrong usage and of an environment that doesn't allow what was asked.
pub(crate) const FAILED: u8 = 2;
/// The exit code of a no.
const NO: u8 = 1;

/// What a command that could do its work has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, or yes.
    Yes,
    /// No: mistakes were found, a journal doesn't verify, a hold would be refused.
    No,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::SUCCESS,
            Answer::No => Self::from(NO),
        }
    }
}

/// What went wrong, with what would fix it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Problem {
    what: String,
    /// One or more sentences or command lines.
    pub(crate) fix: String,
}

impl Problem {
    /// As an error of anyhow, which is what commands return.
    pub(crate) fn error(what: impl Into<String>, fix: impl Into<String>) -> anyhow::Error {
        Self { what: what.into(), fix: fix.into() }.into()
    }
}

/// A problem of reading or writing a file or directory, in words.
pub(crate) fn of_file(what: &str, error: &io::Error) -> anyhow::Error {
    use io::ErrorKind;
    let (why, fix) = match error.kind() {
        ErrorKind::NotFound => ("it does not exist", "Check the path."),
        ErrorKind::PermissionDenied => (
            "permission denied",
            "Give the user that runs bursar the right to, or name another path.",
        ),
        ErrorKind::ReadOnlyFilesystem => {
            ("the file system is read-only", "Mount it writable, or name another path.")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ("the disk is full", "Free some space, or name a path on another disk.")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            ("a file is in the way", "Name another path, or move the file.")
        }
        ErrorKind::IsADirectory => ("it is a directory", "Name a file."),
        _ => return Problem::error(format!("{what}: {error}"), "Check the path and the disk."),
    };
    Problem::error(format!("{what}: {why}"), fix)
}

/// A problem of the data directory `dir` that a store reported while `doing`.
pub(crate) fn of_store(doing: &str, dir: &str, error: &StoreError) -> anyhow::Error {
    let (why, fix) = match error {
        StoreError::Unavailable(why) => {
            let fix = "Check that the disk has room and that this user may write there.".to_owned();
            (why, fix)
        }
        StoreError::Unknown(why) => {
            (why, format!("Check the disk, then `bursar verify --data {dir}`."))
        }
        StoreError::Damaged(why) => {
            (why, format!("`bursar verify --data {dir}` names the first damage."))
        }
        StoreError::Newer(why) => {
            (why, "Use the version of bursar that wrote it, or a later one.".to_owned())
        }
    };
    // Stores say what to do behind a semicolon, where they know better.
    let (why, fix) = match why.rsplit_once("; ") {
        Some((why, todo)) => (why, sentence(todo)),
        None => (why.as_str(), fix),
    };
    Problem::error(format!("cannot {doing} {dir}: {why}"), fix)
}

/// With a capital first letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    let text = first.unwrap_or_default() + letters.as_str();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

/// Did the reader of our output go away?
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(io)
}
