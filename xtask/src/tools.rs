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
