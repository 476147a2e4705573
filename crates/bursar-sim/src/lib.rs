//! Seeded simulation: the real engine, core and payment logic, judged by a naive model.
//!
//! Everything runs on one thread with a clock of its own: an [engine](bursar_engine::Engine) per node,
//! a [database](store) that keeps apart what is synced and what isn't, the sandbox provider behind a
//! [line](bank) that loses things, and customers who repeat themselves. A seed makes a
//! [scenario](scenario::Scenario), which is a list of [steps](step::Step) in plain text; the list alone
//! decides what happens, so that a failure can be repeated, [made shorter](shrink) and kept.
//!
//! What happened is judged after every step by a [model](model) that shares no rule with the core: it has
//! lists of lots and holds, adds them up, and knows the prices by heart.
//!
//! **Architecture invariant:** nothing here reads the real clock or draws real randomness, and nothing
//! depends on the order of a hash map: the same scenario gives the same [trace](run::Report::trace).

pub mod bank;
pub mod clock;
mod customers;
mod ending;
pub mod generate;
mod life;
pub mod model;
mod panics;
pub mod run;
pub mod scenario;
pub mod shrink;
pub mod step;
pub mod store;
mod world;
