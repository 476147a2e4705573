//! `cargo xtask screenshots`: pictures of the pages, of a server with prepared customers.

use crate::{process, tools};
use anyhow::Result;

/// Builds and starts the server, gives it customers with some weeks behind them, and takes pictures
/// into `target/screenshots`; those that the documentation shows are copied to `docs/images`.
pub(crate) fn run() -> Result<()> {
    tools::browser::chromium()?;
    tools::browser::node()?;
    let packages = tools::browser::packages()?;
    process::run(process::cargo().args(["build", "--package", "bursar", "--locked"]))?;
    let target = tools::target()?;
    process::run(
        process::program("node")
            .arg("browser/screenshots.mjs")
            .arg("--bursar")
            .arg(target.join("debug").join(format!("bursar{}", std::env::consts::EXE_SUFFIX)))
            .arg("--all")
            .arg(target.join("screenshots"))
            .args(["--shown", "docs/images"])
            .env("BURSAR_BROWSER_TOOLS", packages),
    )
}
