//! Why there is no result.

use std::io;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan contradicts itself: what is wrong, and what would be right.
    #[error("{0}")]
    Plan(String, String),
    /// The address is none that can be reached.
    #[error("{0:?} is not the address of a server")]
    Url(String),
    /// Nobody answers.
    #[error("cannot reach the server at {0}: {1}")]
    Unreachable(String, io::Error),
    /// The server refused what has to be there before any load.
    #[error("the server answered {status} {code} to {what}: {detail}")]
    Refused {
        /// The request.
        what: String,
        /// The status.
        status: u16,
        /// The problem's code, if it names one.
        code: String,
        /// Its words.
        detail: String,
    },
    /// The reply is none of Bursar's.
    #[error("the reply to {0} can't be understood")]
    Odd(String),
    /// Threads or timers can't be had.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}

impl Error {
    /// What would fix it, as a sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Plan(_, fix) => fix.clone(),
            Self::Url(_) => {
                "An address is like http://127.0.0.1:8080. The load goes over plain HTTP: with TLS in \
                 front, it would measure that."
                    .to_owned()
            }
            Self::Unreachable(..) => {
                "Start one with `bursar serve`, or name the address of one that runs.".to_owned()
            }
            Self::Refused { status: 401 | 403, .. } => {
                "Name a key of that server with the scopes read, accounts, spend and adjust.".to_owned()
            }
            Self::Refused { status: 429, .. } => {
                "Serve without --rate-limit while it is measured.".to_owned()
            }
            Self::Refused { .. } => "The server's log says more.".to_owned(),
            Self::Odd(_) => "Is it Bursar that listens there, of this version?".to_owned(),
            Self::Runtime(_) => "Let this user have more threads and open files.".to_owned(),
        }
    }
}
