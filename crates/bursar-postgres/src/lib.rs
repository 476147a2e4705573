//! The scale-out store: the journal and everything that is looked up, in PostgreSQL, for any number of
//! nodes on one database.
//!
//! **The rows of the accounts are the locks.** A batch is one transaction. It locks the rows of its
//! accounts in order of their ids, is decided, and writes journal, states and tables set by set, a
//! handful of statements however many commands there are. So there is no leader: whichever node locks
//! an account first decides first, and the others see what it left.
//!
//! **Architecture invariant:** nothing of an account's state outlives its lock in memory. What a batch
//! is decided on was read under the locks that its commit is made under.
//!
//! Everything lies in a schema of its own, `bursar`, so that the database may have other uses.

mod assets;
mod backoff;
mod bell;
#[cfg(feature = "cluster")]
pub mod cluster;
mod commit;
mod connection;
mod distribute;
mod error;
mod inspect;
mod journal;
mod lock;
mod migrations;
mod money;
mod past;
#[cfg(feature = "cluster")]
pub mod proxy;
mod registry;
mod replay;
mod report;
mod sharing;
mod store;
mod tls;
mod transfer;
mod url;
mod verify;
mod views;
mod visits;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

pub use distribute::{
    DistributeError, Distributed, ON_THE_COORDINATOR, Statement, distribute, statements,
};
pub use inspect::{Connected, Inspection, Versions, inspect};
pub use report::{Reported, report};
pub use store::PostgresStore;
pub use transfer::{Export, Import};
pub use verify::{Difference, Report, verify};

/// How a [`PostgresStore`] uses its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many batches are decided at once, each on a connection of its own. What waits is shared out among
    /// them, so more of them make smaller batches, and a batch costs as much as ten commands in it.
    pub writers: usize,
    /// How many reads go on at once, each on a connection of its own.
    pub readers: usize,
    /// For how long something that fails in passing is tried again: a connection that was cut, a
    /// deadlock, a server that is starting. It is also how long a batch waits for the locks of another.
    pub patience: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// After this long the server gives up a transaction whose node has gone silent, and frees its
    /// accounts. To be longer than any batch takes to decide.
    pub silence_timeout: Duration,
    /// After this long the work of a node that has gone silent goes to the others. To be longer than the
    /// server is ever out of reach without being given up.
    pub lease: Duration,
    /// The certificate authorities that the server's certificate must come from, as a PEM file. If it
    /// is given, or `sslrootcert` in the URL, the certificate is verified in every `sslmode` but
    /// `disable`.
    pub root_certificates: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            writers: 2,
            readers: 8,
            patience: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            silence_timeout: Duration::from_secs(30),
            lease: Duration::from_secs(15),
            root_certificates: None,
        }
    }
}
