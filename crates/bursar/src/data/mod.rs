//! The data directory, as commands see it.

pub(crate) mod catalogs;
pub(crate) mod database;
pub(crate) mod directory;
pub(crate) mod documents;
pub(crate) mod in_force;
pub(crate) mod keys;
pub(crate) mod mode;
mod reading;
mod registering;

pub(crate) use reading::Reading;
pub(crate) use registering::Registering;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

/// A runtime for commands that do one thing after the other.
pub(crate) fn runtime() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("cannot start a runtime")
}
