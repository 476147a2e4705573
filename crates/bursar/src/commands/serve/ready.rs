//! What is printed once the server is ready: where to go next.

use std::fmt::Write;

use anyhow::Result;
use bursar_engine::access::Mode;
use serde_json::json;

use super::logs::LogFormat;
use crate::data::catalogs::Loaded;
use crate::data::mode;
use crate::output;

/// A server that is ready.
pub(super) struct Ready<'a> {
    pub(super) mode: Mode,
    pub(super) url: String,
    /// Is there something to click on at that address?
    pub(super) has_playground: bool,
    pub(super) dir: &'a str,
    pub(super) new: bool,
    /// Where everything but files is, if not in the directory.
    pub(super) database: Option<&'a str>,
    pub(super) catalog: &'a Loaded,
    /// A secret to try it with; never one of live mode.
    pub(super) key: Option<String>,
    /// Who takes the money, in words.
    pub(super) payments: &'static str,
}

impl Ready<'_> {
    pub(super) fn print(&self, format: LogFormat) -> Result<()> {
        match format {
            LogFormat::Text => output::text(&self.for_people()?),
            LogFormat::Json => output::json_line(&json!({
                "ready": true,
                "version": env!("CARGO_PKG_VERSION"),
                "mode": mode::name(self.mode),
                "url": self.url,
                "playground": self.has_playground.then_some(&self.url),
                "docs": format!("{}/docs", self.url),
                "data": self.dir,
                "database": self.database,
                "catalog": self.catalog.catalog.version.to_string(),
                "test_key": self.key,
                "payments": self.payments,
            })),
        }
    }

    fn for_people(&self) -> Result<String> {
        let Self { mode, url, has_playground, dir, new, database, catalog, key, payments } = self;
        let mut text = String::new();
        let what = match mode {
            Mode::Test => "test mode: no money moves, clocks can be moved",
            Mode::Live => "live mode",
        };
        let version = env!("CARGO_PKG_VERSION");
        writeln!(text, "Bursar {version}, subscriptions and credits, {what}\n")?;
        match has_playground {
            true => {
                writeln!(
                    text,
                    "  Open      {url}   <- a playground: run jobs, pay, move the clock"
                )?;
            }
            false => writeln!(text, "  Address   {url}")?,
        }
        writeln!(text, "  Pricing   {url}/pricing")?;
        writeln!(text, "  Docs      {url}/docs")?;
        writeln!(text, "  Data      {dir}{}", if *new { " (new)" } else { "" })?;
        if let Some(database) = database {
            writeln!(text, "  Database  {database}")?;
        }
        writeln!(text, "  Catalog   {}", catalog.title())?;
        writeln!(text, "  Payments  {payments}")?;
        match key {
            Some(key) => {
                writeln!(text, "  Test key  {key}")?;
                writeln!(text, "\nTry it:\n\n  curl -sS {url}/v1/accounts \\")?;
                writeln!(text, "    -H 'Authorization: Bearer {key}' \\")?;
                writeln!(text, "    -H 'Content-Type: application/json' \\")?;
                writeln!(text, "    -d '{{\"name\": \"Ada\"}}'")?;
            }
            None => writeln!(text, "\nIs it up?  curl -sS {url}/readyz")?,
        }
        writeln!(text, "\nStop with Ctrl-C.")?;
        Ok(text)
    }
}
