//! What SQLite and the operating system say, in words that tell what to do.

use std::path::Path;

use bursar_store::StoreError;
use rusqlite::ErrorCode;

/// The result of everything here.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Says which file an error is about.
pub(crate) fn about(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
    move |error| explain(path, &error)
}

fn explain(path: &Path, error: &rusqlite::Error) -> StoreError {
    let file = path.display();
    let unavailable = |todo: &str| StoreError::Unavailable(format!("{file}: {error}; {todo}"));
    let damaged = |todo: &str| StoreError::Damaged(format!("{file}: {error}; {todo}"));
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => unavailable("free some space on its disk"),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                unavailable("it must be writable: look at its owner and permissions")
            }
            ErrorCode::CannotOpen => {
                unavailable("look whether it is there and belongs to this user")
            }
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ConstraintViolation => damaged(cure(path)),
            _ => unavailable("trying again may help"),
        },
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => damaged(cure(path)),
        _ => unavailable("trying again may help"),
    }
}

fn cure(path: &Path) -> &'static str {
    if path.ends_with(crate::directory::VIEWS) {
        "rebuild it from the journal: stop the server and run `bursar views rebuild`"
    } else {
        "restore the last backup"
    }
}

/// What the operating system says about a file.
pub(crate) fn file(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

/// What came of removing a file, which may be gone already.
pub(crate) fn unless_missing(path: &Path, removed: std::io::Result<()>) -> Result<()> {
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(path, &error)),
        _ => Ok(()),
    }
}

/// Did the commit's fsync fail? Then the row may be on the disk or not.
pub(crate) fn is_unknown(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error().map(|failure| failure.extended_code),
        Some(rusqlite::ffi::SQLITE_IOERR_FSYNC | rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)
    )
}

/// An unsigned number as SQLite keeps it.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// An unsigned number as SQLite kept it.
pub(crate) fn unsigned(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| StoreError::Damaged(format!("{value} where a count stands")))
}
