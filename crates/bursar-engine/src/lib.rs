//! Makes decisions durable: load → advance → decide → apply → commit.
//!
//! **Architecture invariant:** the engine knows ports, never an adapter, and no HTTP. All changes of
//! an account go through one writer at a time, in the order in which they arrived, so that commands
//! on one account never race; commands that arrive together share one commit, so that a hot account
//! is the fast case. The clock and randomness are handed in.

pub mod access;
pub mod buyer;
pub mod clock;
mod deciding;
pub mod decline;
pub mod engine;
pub mod envelope;
mod eraser;
mod errands;
mod follow;
mod lease;
mod live;
pub mod mailer;
pub mod metrics;
mod outbox;
mod pauses;
pub mod payments;
pub mod purchase;
mod replies;
mod scheduler;
pub mod seal;
mod sweep;
pub mod test_clock;
pub mod visits;
mod writer;

pub use clock::{Clock, SystemClock};
pub use engine::{Engine, Options, View};
pub use envelope::{Committed, Envelope, Failure, Outcome};
pub use follow::{Follower, News};
pub use mailer::Mailer;
pub use sweep::NotSwept;
