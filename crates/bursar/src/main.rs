//! The `bursar` binary: configuration, command line and wiring.
//!
//! **Architecture invariant:** nothing is decided here. The rules are in `bursar-core`, what is
//! durable in the store; this crate reads arguments, puts concrete parts together and prints.

mod cli;
mod commands;
mod data;
mod instant;
mod json;
mod micro;
mod output;
mod problem;
mod progress;
mod span;
mod table;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request makes and frees a hundred small pieces, on one thread and another: with the system's allocator, about
/// a seventh of its processor time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    data::directory::keep_private();
    match commands::run(cli::parse()) {
        Ok(answer) => answer.into(),
        // Whoever read our output has had enough, as in `bursar ledger | head`.
        Err(error) if problem::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            problem::FAILED.into()
        }
    }
}
