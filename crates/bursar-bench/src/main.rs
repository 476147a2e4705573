//! What a charge costs, compared in one run with what one would use instead.
//!
//! `cargo xtask bench` builds and runs it: `headline` is the real server over HTTP against a function in
//! PostgreSQL, a bare log and a bare HTTP server; `postgres` is the engine on PostgreSQL against that function;
//! `sustained` is one long load with the views watched; `pictures` draws what `headline --json` wrote.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a measurement: it prints, divides and stops at the first error"
)]

mod headline;
mod machine;
mod numbers;
mod pictures;
mod postgres;
mod sustained;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    match what.as_str() {
        "headline" => headline::run(&arguments),
        "sustained" => sustained::run(&arguments),
        "postgres" => postgres::run(&arguments),
        "pictures" => pictures::run(&arguments),
        headline::bare::NAME => headline::bare::serve(&arguments),
        _ => panic!("{what:?}: only headline, sustained, postgres and pictures"),
    }
}
