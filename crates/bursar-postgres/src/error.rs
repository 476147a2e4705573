//! What PostgreSQL and the network say: whether to try again, and in words that tell what to do.

use std::io;

use bursar_store::StoreError;
use deadpool_postgres::PoolError;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::FromSqlOwned;

/// The result of everything here.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// The result of one attempt.
pub(crate) type Attempt<T> = std::result::Result<T, Failure>;

/// Why an attempt failed. Nothing of it was done, unless it was a commit.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database, or the way to it.
    Database(tokio_postgres::Error),
    /// There was no connection to be had in time.
    Busy,
    /// The store was closed.
    Closed,
    /// What doesn't get better by itself.
    Store(StoreError),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Database(error),
            PoolError::Closed => Self::Closed,
            _ => Self::Busy,
        }
    }
}

impl Failure {
    /// May the same succeed if it is tried again?
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Database(error) => match error.code() {
                Some(code) => is_passing(code),
                None => is_cut(error),
            },
            Self::Busy => true,
            Self::Closed | Self::Store(_) => false,
        }
    }

    /// Has the server said no, so that what was asked was certainly not done? To be asked of `COMMIT`,
    /// after which silence means nothing.
    pub(crate) fn is_certain(&self) -> bool {
        let Self::Database(error) = self else {
            return true;
        };
        error.code().is_some_and(|code| {
            let class = code.code().get(..2);
            *code != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
                && matches!(class, Some("23" | "25" | "40" | "53" | "54"))
        })
    }

    /// In words, with the database's name.
    pub(crate) fn explain(self, place: &str) -> StoreError {
        let unavailable = |what: &str| StoreError::Unavailable(format!("{place}: {what}"));
        match self {
            Self::Store(error) => error,
            Self::Closed => closed(),
            Self::Busy => unavailable(
                "no connection became free in time; it is overloaded, or `writers` and `readers` are \
                 too few",
            ),
            Self::Database(error) => explain(place, &error),
        }
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

fn is_passing(code: &SqlState) -> bool {
    let passing = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        // After an earlier statement of the transaction failed, which said why.
        SqlState::IN_FAILED_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        // A standby that was, or is about to be, the primary. The second is what it says to `BEGIN`.
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::FEATURE_NOT_SUPPORTED,
    ];
    let class = code.code().get(..2);
    passing.contains(code) || matches!(class, Some("08" | "40"))
}

/// Was the connection cut, or not made?
fn is_cut(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // A certificate that is refused now will be refused again.
            return error.kind() != io::ErrorKind::InvalidData;
        }
        cause = error.source();
    }
    // Timeouts and closed connections have no cause.
    error.is_closed() || error.to_string().contains("timeout")
}

fn explain(place: &str, error: &tokio_postgres::Error) -> StoreError {
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error);
        let what = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        let todo = "look whether the server runs and can be reached";
        return StoreError::Unavailable(format!("{place}: {what}; {todo}"));
    };
    let (code, message) = (said.code(), said.message());
    // The server's `detail` quotes rows, so it is left out.
    let what = |todo: &str| format!("{place}: {message} ({}); {todo}", code.code());
    let unavailable = |todo: &str| StoreError::Unavailable(what(todo));
    match code.code() {
        "53100" => unavailable("free some space on the server's disk"),
        "53300" => {
            unavailable("raise max_connections, or lower `writers` and `readers` of the nodes")
        }
        "0A000" | "25006" => unavailable(
            "it is a standby, or read-only: the database URL must lead to the primary; it may name \
             several hosts",
        ),
        "28000" | "28P01" => unavailable("look at the user and the password of the database URL"),
        "3D000" => unavailable("create the database, or correct the database URL"),
        "42501" => unavailable("the database's owner must grant it"),
        "42P01" | "42703" | "3F000" => {
            unavailable("the schema `bursar` is not as this version makes it: restore the backup")
        }
        code if code.starts_with("23") || code.starts_with("XX") || code.starts_with("22") => {
            StoreError::Damaged(what("see the server's log"))
        }
        _ => unavailable("trying again may help"),
    }
}

/// An unsigned number as PostgreSQL keeps it.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number as it was before PostgreSQL kept it.
pub(crate) fn unsigned<T: TryFrom<i64>>(value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| StoreError::Damaged(format!("{value} where a count stands")))
}

/// A column of a row.
pub(crate) fn get<T: FromSqlOwned>(row: &Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| StoreError::Damaged(format!("column {column}: {error}")))
}
