//! Running other programs from the repository's root, and saying so.

use anyhow::{Context as _, Result, bail};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root, where every program is started.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The cargo that started this task, so that the toolchain stays the same.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// A program, started in the repository's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    for (variable, _) in std::env::vars_os() {
        if describes_this_package(&variable) {
            command.env_remove(variable);
        }
    }
    command
}

/// `cargo run` tells the program it starts which package it is. Passed on to another cargo these
/// variables make build scripts that watch them (ring's does) run again on every other build.
fn describes_this_package(variable: &OsStr) -> bool {
    let Some(variable) = variable.to_str() else {
        return false;
    };
    variable.starts_with("CARGO_PKG_")
        || ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_MANIFEST_LINKS"].contains(&variable)
}

/// Prints the command, runs it with the terminal as its own, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("can't start {}", short(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", short(command));
    }
    Ok(())
}

/// Prints a command as one would type it: settings first, no directories in its own name.
pub(crate) fn announce(command: &Command) {
    println!("$ {}", line(command));
}

fn line(command: &Command) -> String {
    let settings = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={}", name.display(), value.display()))
    });
    let arguments = command.get_args().map(|argument| argument.display().to_string());
    settings.chain([short(command)]).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn short(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(command.get_program()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_as_typed() {
        let mut command = program("/somewhere/bin/cargo");
        command.env("BURSAR_BLESS", "1").args(["test", "--workspace"]);
        assert_eq!(line(&command), "BURSAR_BLESS=1 cargo test --workspace");
    }

    #[test]
    fn a_failing_program_is_an_error() {
        assert!(run(program("git").arg("no-such-command")).is_err());
        assert!(run(&mut program("no-such-program-anywhere")).is_err());
    }
}
