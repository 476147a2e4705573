//! Programs the menu needs, each at one exact version under `target/tools`.

use crate::process;
use anyhow::{Context as _, Result, ensure};
use cargo_metadata::MetadataCommand;
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_DENY_VERSION: &str = "0.20.2";

/// The pinned cargo-deny, installed first if it isn't there at this very version.
///
/// Never falls back to another version: what a version lets pass is part of the check.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let tools = directory()?;
    let binary = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if version(&binary).as_deref() != Some(CARGO_DENY_VERSION) {
        process::run(
            process::cargo()
                .args(["install", "cargo-deny", "--version"])
                .arg(format!("={CARGO_DENY_VERSION}"))
                .args(["--locked", "--force", "--root"])
                .arg(&tools),
        )?;
    }
    let found = version(&binary);
    ensure!(
        found.as_deref() == Some(CARGO_DENY_VERSION),
        "cargo-deny {CARGO_DENY_VERSION} isn't in target/tools/bin after installing it"
    );
    Ok(binary)
}

/// The fake Stripe server of the payment tests, in a Python environment of its own under
/// `target/tools/localstripe`, at exactly the versions in `xtask/localstripe.txt`.
///
/// It is under the GPL, so it is never linked or shipped: the tests start it as a process.
pub(crate) fn localstripe() -> Result<()> {
    let wanted = include_str!("../localstripe.txt");
    let home = directory()?.join("localstripe");
    let stamp = home.join("installed.txt");
    let installed = std::fs::read_to_string(&stamp).unwrap_or_default();
    if installed == wanted && runs(&home) {
        return Ok(());
    }
    process::run(process::program("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    process::run(
        process::program(home.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--disable-pip-version-check", "--requirement"])
            .arg(process::root().join("xtask/localstripe.txt")),
    )?;
    ensure!(runs(&home), "localstripe doesn't run after installing it");
    std::fs::write(&stamp, wanted).with_context(|| format!("can't write {}", stamp.display()))
}

fn runs(home: &Path) -> bool {
    let imported =
        Command::new(home.join("bin/python")).args(["-c", "import localstripe.server"]).output();
    imported.is_ok_and(|output| output.status.success())
}

/// Where tools are kept: beside the build output, wherever that is set to be.
fn directory() -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .current_dir(process::root())
        .no_deps()
        .exec()
        .context("can't ask cargo for the target directory")?;
    Ok(metadata.target_directory.join("tools").into_std_path_buf())
}

/// The version a tool reports (`name 1.2.3`), or `None` if it isn't there or doesn't run.
fn version(binary: &Path) -> Option<String> {
    let output = Command::new(binary).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_tool_has_no_version() {
        assert_eq!(version(Path::new("/no/such/cargo-deny")), None);
    }
}
