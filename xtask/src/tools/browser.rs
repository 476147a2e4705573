//! What the browser journeys need: Chromium and Node from the system, two packages of their own.

use super::{directory, install, starts};
use crate::process;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node that playwright-core runs on.
const NODE_OLDEST: u32 = 18;
/// What npm is given, and what a change of installs the packages anew.
const MANIFESTS: &[&str] = &["package.json", "package-lock.json", ".npmrc"];

/// Headless Chromium, with letters to show; the system's own, so that it gets its security fixes.
///
/// `BURSAR_CHROMIUM` names another one.
pub(crate) fn chromium() -> Result<()> {
    if let Some(named) = std::env::var_os("BURSAR_CHROMIUM") {
        ensure!(starts(&named), "BURSAR_CHROMIUM={} doesn't start", named.display());
        return Ok(());
    }
    let here = || Path::new("/usr/bin/chromium").exists();
    if !here() {
        let other = "install Chromium and name its program by BURSAR_CHROMIUM";
        install(&["chromium", "fonts-dejavu-core", "fonts-liberation"], other)?;
    }
    ensure!(here(), "chromium isn't in /usr/bin after installing it");
    Ok(())
}

/// Node and npm.
pub(crate) fn node() -> Result<()> {
    let here = || node_version().is_some_and(|version| version >= NODE_OLDEST) && starts("npm");
    if !here() {
        let other = format!("install Node {NODE_OLDEST} or later, with npm");
        install(&["nodejs", "npm"], &other)?;
    }
    ensure!(
        here(),
        "node {NODE_OLDEST} or later and npm aren't there after installing them; node reports {:?}",
        node_version()
    );
    Ok(())
}

/// The packages of `browser/package-lock.json`, exactly; installed again when it changes.
pub(crate) fn packages() -> Result<PathBuf> {
    let sources = process::root().join("browser");
    let home = directory()?.join("browser");
    let stamp = home.join("installed.txt");
    let wanted = wanted(&sources)?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(home);
    }
    fs::create_dir_all(&home).with_context(|| format!("can't make {}", home.display()))?;
    for name in MANIFESTS {
        fs::copy(sources.join(name), home.join(name))
            .with_context(|| format!("can't copy browser/{name}"))?;
    }
    process::run(
        process::program("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            // The browser is the system's; nothing is fetched but the two packages.
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .env_remove("NODE_ENV")
            .current_dir(&home),
    )?;
    let loaded = Command::new("node")
        .args(["--eval", "require('playwright-core'); require('axe-core')"])
        .current_dir(&home)
        .output();
    ensure!(
        loaded.is_ok_and(|output| output.status.success()),
        "playwright-core or axe-core doesn't load; remove {} and try again",
        home.display()
    );
    fs::write(&stamp, wanted).with_context(|| format!("can't write {}", stamp.display()))?;
    Ok(home)
}

fn wanted(sources: &Path) -> Result<String> {
    let mut all = String::new();
    for name in MANIFESTS {
        let text = fs::read_to_string(sources.join(name))
            .with_context(|| format!("can't read browser/{name}"))?;
        all.push_str(&text);
    }
    Ok(all)
}

/// The major version that node reports (`v20.1.0`).
fn node_version() -> Option<u32> {
    let output = Command::new("node").arg("--version").output().ok()?;
    major(&String::from_utf8(output.stdout).ok()?)
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("node"), None);
    }

    #[test]
    fn packages_are_pinned_by_hash_and_come_from_whatever_registry_is_set() {
        let lock = wanted(&process::root().join("browser")).unwrap();
        assert!(!lock.contains("\"resolved\""), "the lock file names where to download from");
        assert_eq!(lock.matches("\"integrity\": \"sha512-").count(), 2);
    }
}
