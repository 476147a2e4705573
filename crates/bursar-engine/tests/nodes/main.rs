//! Several nodes on one PostgreSQL: they share the work, hear of each other, and take over when one dies.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "what crashes of one node need is more")]
#[path = "../payment_crashes/bank.rs"]
mod bank;
mod joining;
mod live;
mod mails;
mod town;
mod work;
