//! Programs the menu needs: each at one exact version under `target/tools`, or from the system where
//! that is where such programs come from.

pub(crate) mod browser;

use crate::process;
use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::MetadataCommand;
use std::ffi::OsStr;
use std::fs;
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

/// The fake Stripe server of the payment tests.
///
/// It is under the GPL, so it is never linked or shipped: the tests start it as a process.
pub(crate) fn localstripe() -> Result<()> {
    let home = python("localstripe", "xtask/localstripe.txt")?;
    let imported =
        Command::new(home.join("bin/python")).args(["-c", "import localstripe.server"]).output();
    let runs = imported.is_ok_and(|output| output.status.success());
    ensure!(runs, "localstripe doesn't run; remove {} and try again", home.display());
    Ok(())
}

/// The S3-compatible server of the vault's tests, which start it as a process.
pub(crate) fn moto() -> Result<()> {
    let home = python("moto", "xtask/moto.txt")?;
    let imported =
        Command::new(home.join("bin/python")).args(["-c", "import moto.moto_server"]).output();
    let runs = imported.is_ok_and(|output| output.status.success());
    ensure!(runs, "moto doesn't run; remove {} and try again", home.display());
    Ok(())
}

/// Schemathesis, which makes requests from the API's own document.
pub(crate) fn schemathesis() -> Result<()> {
    let home = python("schemathesis", "crates/bursar/tests/binary/generated/requirements.txt")?;
    let runs = starts(home.join("bin/schemathesis"));
    ensure!(runs, "schemathesis doesn't run; remove {} and try again", home.display());
    Ok(())
}

/// The schema and the business rules of EN 16931.
pub(crate) fn einvoice_rules() -> Result<()> {
    python("einvoice", "crates/bursar-documents/tests/einvoice/requirements.txt").map(drop)
}

/// A Python environment under `target/tools` with exactly what the list requires, made again when
/// the list changes.
fn python(name: &str, list: &str) -> Result<PathBuf> {
    let list = process::root().join(list);
    let wanted =
        fs::read_to_string(&list).with_context(|| format!("can't read {}", list.display()))?;
    let home = directory()?.join(name);
    let stamp = home.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(home);
    }
    process::run(process::program("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    process::run(
        process::program(home.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .arg("--requirement")
            .arg(&list),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("can't write {}", stamp.display()))?;
    Ok(home)
}

/// pdftotext and pdftoppm, installed by the system's package manager if they aren't there.
pub(crate) fn poppler() -> Result<()> {
    let runs = || ["pdftotext", "pdftoppm"].iter().all(starts);
    if runs() {
        return Ok(());
    }
    let other = "install poppler-utils (pdftotext, pdftoppm) with your package manager";
    install(&["poppler-utils"], other)?;
    ensure!(runs(), "pdftotext doesn't start after installing it");
    Ok(())
}

/// The programs of a PostgreSQL server, and openssl for its certificate. The tests start servers of
/// their own.
pub(crate) fn postgresql() -> Result<()> {
    let is_there = || {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut servers = versions.map(|version| version.path().join("bin/postgres"));
        servers.any(|server| server.exists()) && starts("openssl")
    };
    if is_there() {
        return Ok(());
    }
    let other =
        "install PostgreSQL 15 or later, with its programs under /usr/lib/postgresql, and openssl";
    install(&["postgresql", "openssl"], other)?;
    ensure!(is_there(), "there is no PostgreSQL under /usr/lib/postgresql after installing it");
    Ok(())
}

/// Installs packages of the system where that is Debian's way; elsewhere says what to do instead.
fn install(packages: &[&str], other: &str) -> Result<()> {
    if !starts("apt-get") {
        bail!("{other}");
    }
    process::run(process::program("apt-get").arg("update"))?;
    process::run(
        process::program("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
}

/// Whether a program is there at all; what it says to `-v` doesn't matter.
fn starts(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("-v").output().is_ok()
}

/// Where tools are kept: beside the build output.
fn directory() -> Result<PathBuf> {
    Ok(target()?.join("tools"))
}

/// The build output, wherever that is set to be.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .current_dir(process::root())
        .no_deps()
        .exec()
        .context("can't ask cargo for the target directory")?;
    Ok(metadata.target_directory.into_std_path_buf())
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
