//! `cargo xtask check`: everything about the code that needs no test run.

use crate::{process, structure, tools};
use anyhow::{Result, bail};

/// One part of the check: the name it fails under, and what it does.
type Part = (&'static str, fn() -> Result<()>);

/// Cheap ones first; all of them run whatever the others say.
const PARTS: &[Part] =
    &[("fmt", fmt), ("structure", structure::run), ("clippy", clippy), ("deny", deny)];

/// Runs all parts, then names those that failed.
pub(crate) fn run() -> Result<()> {
    let failed = failures(PARTS);
    println!();
    if failed.is_empty() {
        println!("check: all of {} passed", names(PARTS));
        return Ok(());
    }
    bail!("check failed: {} (of {})", failed.join(", "), names(PARTS));
}

/// Runs every part, so that one run shows all there is to mend.
fn failures(parts: &[Part]) -> Vec<&'static str> {
    let mut failed = Vec::new();
    for (name, part) in parts {
        println!("\n== {name}");
        match part() {
            Ok(()) => println!("{name}: passed"),
            Err(error) => {
                eprintln!("{name}: FAILED: {error:#}");
                failed.push(*name);
            }
        }
    }
    failed
}

fn names(parts: &[Part]) -> String {
    parts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn fmt() -> Result<()> {
    process::run(process::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    process::run(
        process::cargo()
            .args(["clippy", "--workspace", "--all-targets", "--locked"])
            .args(["--", "-D", "warnings"]),
    )
}

/// Which licences, crates and sources are let in is written in `deny.toml`.
fn deny() -> Result<()> {
    let cargo_deny = tools::cargo_deny()?;
    process::run(
        process::program(cargo_deny)
            .args(["--workspace", "--locked", "check"])
            .args(["licenses", "bans", "sources"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_runs_even_after_a_failure() {
        let parts: &[Part] =
            &[("one", || bail!("no")), ("two", || Ok(())), ("three", || bail!("no"))];
        assert_eq!(failures(parts), ["one", "three"]);
    }
}
