//! Test or live: a data directory remembers which, for ever.

use anyhow::Result;
use bursar_engine::access::Mode;
use bursar_store::Registry;

use crate::problem::{self, Problem};

const SETTING: &str = "mode";

/// A mode on the command line: sandbox payments and test clocks, or real money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ModeName {
    #[default]
    Test,
    Live,
}

impl ModeName {
    pub(crate) const fn mode(self) -> Mode {
        match self {
            Self::Test => Mode::Test,
            Self::Live => Mode::Live,
        }
    }
}

/// `test` or `live`.
pub(crate) const fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "test",
        Mode::Live => "live",
    }
}

/// The mode of a data directory: `wanted`, if it has none yet.
pub(crate) async fn of(registry: &dyn Registry, wanted: Mode, dir: &str) -> Result<Mode> {
    let kept = (registry.setting_or(SETTING, name(wanted).as_bytes()).await)
        .map_err(|error| problem::of_store("read", dir, &error))?;
    let of_name = |mode: &Mode| name(*mode).as_bytes() == kept;
    [Mode::Test, Mode::Live].into_iter().find(of_name).ok_or_else(|| {
        let fix = format!("Restore a backup of {dir}.");
        Problem::error(format!("the mode that {dir} remembers is neither test nor live"), fix)
    })
}

/// Makes `wanted` the mode of a data directory, or refuses because it has the other one.
pub(crate) async fn keep(registry: &dyn Registry, wanted: Mode, dir: &str) -> Result<()> {
    let kept = of(registry, wanted, dir).await?;
    if kept == wanted {
        return Ok(());
    }
    let (kept, wanted) = (name(kept), name(wanted));
    Err(Problem::error(
        format!("{dir} holds {kept} data, and this is {wanted} mode"),
        format!(
            "Test and live data never mix. Add --mode {kept} (BURSAR_MODE={kept}) to use this \
             directory,\nor name another one with --data DIR (BURSAR_DATA) for {wanted} data."
        ),
    ))
}
