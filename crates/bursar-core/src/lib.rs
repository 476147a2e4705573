//! The rules of money, credits and time.
//!
//! **Architecture invariant:** this crate is pure. It does no I/O, reads no clock, draws no
//! randomness and uses no floating point: `now` and fresh entropy come in as arguments, so the same
//! state, catalog, command and [`Context`] always give the same events. Nothing of ours is below it.
//!
//! The way through it: a [`Command`](account::command::Command) is decided against an
//! [`Account`](account::Account) and a [`Catalog`](catalog::Catalog) into
//! [`Event`](account::event::Event)s or a [`Rejection`](rejection::Rejection);
//! [`apply`](account::apply) folds events into state and never prices; [`postings`] maps each event
//! to balanced double-entry lines; [`statement`] to what a customer reads.
#![no_std]

extern crate alloc;

#[macro_use]
mod text;

pub mod account;
pub mod bill;
pub mod catalog;
pub mod country;
pub mod credits;
pub mod describe;
pub mod entitlements;
pub mod id;
pub mod money;
pub mod postings;
pub mod pricing;
pub mod provider;
pub mod quote;
pub mod rare;
pub mod readable;
pub mod rejection;
pub mod statement;
pub mod time;

use time::Timestamp;

/// What a decision may know besides state, catalog and command: the time and fresh randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The account's present. Never earlier than the account's last event.
    pub now: Timestamp,
    /// 80 fresh random bits, from which the one new id a command may need is made.
    pub entropy: [u8; 10],
}
