//! Programs the menu needs: each at one exact version under `target/tools`, or from the system where
//! that is where such programs come from.

use crate::process;
use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::MetadataCommand;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_DENY_VERSION: &str = "0.20.2";

/// The pinned cargo-deny, installed first if it isn't there at this very version.
///
/// Never falls back to another version: what a version lets pass is part of the check.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let tools = directory()?;
    let binary = tools
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
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

/// pdftotext and pdftoppm, installed by the system's package manager if they aren't there.
pub(crate) fn poppler() -> Result<()> {
    let runs = || ["pdftotext", "pdftoppm"].iter().all(|name| starts(name));
    if runs() {
        return Ok(());
    }
    if !starts("apt-get") {
        bail!("install poppler-utils (pdftotext, pdftoppm) with your package manager");
    }
    process::run(process::program("apt-get").arg("update"))?;
    process::run(
        process::program("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .arg("poppler-utils"),
    )?;
    ensure!(runs(), "pdftotext doesn't start after installing it");
    Ok(())
}

/// Whether a program is there at all; what it says to `-v` doesn't matter.
fn starts(program: &str) -> bool {
    Command::new(program).arg("-v").output().is_ok()
}

/// A virtual environment with the schema and the business rules of EN 16931, made again when the
/// list of what belongs in it changes.
pub(crate) fn einvoice_rules() -> Result<()> {
    let wanted = process::root().join("crates/bursar-documents/tests/einvoice/requirements.txt");
    let wanted_text = fs::read_to_string(&wanted).context("can't read what is required")?;
    let place = directory()?.join("einvoice");
    let installed = place.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted_text) {
        return Ok(());
    }
    process::run(
        process::program("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&place),
    )?;
    process::run(
        process::program(place.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&wanted),
    )?;
    fs::write(&installed, wanted_text).context("can't note what is installed")
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
        assert!(!starts("/no/such/pdftotext"));
    }
}
