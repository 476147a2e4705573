//! What to ask, how often, of whom.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use crate::error::Error;
use crate::target::Target;

/// The most operations that `/v1/batch` takes at once.
const MOST_IN_BATCH: usize = 1_000;

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub target: Target,
    /// How many clients there are, each with a connection of its own.
    pub connections: NonZeroUsize,
    /// Threads of the generator; one is best on a machine that it shares with the server.
    pub threads: NonZeroUsize,
    /// How long the load is on before it counts.
    pub warm_up: Duration,
    /// How long it counts.
    pub time: Duration,
    /// How fast clients ask.
    pub pace: Pace,
    /// What they ask for.
    pub work: Work,
    /// The operation whose price is asked for, by its key in the catalog.
    pub operation: String,
    /// So many operations in one request of `/v1/batch`; single requests, if absent.
    pub batch: Option<NonZeroUsize>,
    /// Which accounts they ask for.
    pub spread: Spread,
    /// How many accounts there are.
    pub accounts: NonZeroUsize,
    /// What their ids begin with. Accounts that are there already are used again.
    pub prefix: String,
    /// Is every reply parsed and looked at, and not only its status? That costs more than the rest.
    pub check: bool,
    /// What the choice of accounts follows from.
    pub seed: u64,
    /// What the idempotency keys begin with: another one for each run.
    pub run: String,
}

/// How fast clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Each asks again once it is answered: how much can be done.
    Closed,
    /// So many operations a second come, whatever becomes of those before them. How long one took counts from
    /// when it was due and not from when a client was free for it: waiting in line is part of it.
    Open(NonZeroU64),
}

/// What clients ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Charges of one credit.
    Charge,
    /// A hold of one credit and then its capture; both are one operation.
    HoldCapture,
    /// What an account has.
    Balance,
    /// What an operation costs, and whether the account may run it: a quote.
    Estimate,
}

/// Which accounts are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Any, each as often.
    Uniform,
    /// The nth of them 1/n times as often as the first (Zipf's law with exponent 1).
    Zipf,
    /// The first for this part of the load, from 0 to 1; any for the rest.
    Hot(f64),
}

impl Plan {
    /// How many operations a request has.
    pub(crate) fn per_request(&self) -> u64 {
        u64::try_from(self.batch.map_or(1, NonZeroUsize::get)).unwrap_or(1)
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let wrong = |what: &str, fix: &str| Err(Error::Plan(what.to_owned(), fix.to_owned()));
        if self.time.is_zero() {
            return wrong("a measurement takes some time", "Name at least one second.");
        }
        if self.batch.is_some_and(|batch| batch.get() > MOST_IN_BATCH) {
            return wrong("a batch has at most 1,000 operations", "Choose --batch 1000 or fewer.");
        }
        if self.batch.is_some() && matches!(self.work, Work::Balance | Work::Estimate) {
            return wrong(
                "only charges, holds and captures can be sent as a batch",
                "Leave --batch out, or choose --work charge or --work hold-capture.",
            );
        }
        if let Spread::Hot(share) = self.spread
            && !(0.0..=1.0).contains(&share)
        {
            return wrong(
                "the hot account's share is a part of the whole",
                "Choose --hot-share from 0 to 1, as in 0.5 for one half.",
            );
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.:@".contains(&b);
        if self.prefix.len() > 48 || !self.prefix.bytes().all(allowed) {
            return wrong(
                "accounts can't be called so",
                "A prefix is at most 48 letters, digits, _, -, ., : or @.",
            );
        }
        Ok(())
    }
}
