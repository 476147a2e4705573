//! The plain tables of a data directory, also while a server has it.

use anyhow::Result;
use bursar_core::id::Key;
use bursar_core::time::Timestamp;
use bursar_engine::access::Mode;
use bursar_engine::{Clock, SystemClock};
use bursar_sqlite::SqliteStore;
use bursar_store::{ApiKeyRecord, Registry, StoreError};
use tokio::runtime::Runtime;

use super::mode::{self, ModeName};
use super::{Reading, database, directory, runtime};
use crate::cli::StoreArgs;
use crate::problem::{self, Problem};

/// The plain tables of a data directory.
pub(crate) struct Registering {
    /// What has them, in messages.
    dir: String,
    registry: Box<dyn Registry>,
    runtime: Runtime,
}

impl Registering {
    /// Opens the tables of what the arguments say, which has data.
    pub(crate) fn open(args: &StoreArgs) -> Result<Self> {
        let runtime = runtime()?;
        if let Some(url) = args.database() {
            let store = runtime.block_on(database::open_existing(url))?;
            let dir = store.place().to_owned();
            return Ok(Self { dir, registry: Box::new(store), runtime });
        }
        let dir = args.dir();
        directory::must_have_data(dir)?;
        let registry = SqliteStore::open_registry(dir)
            .map_err(|error| problem::of_store("open", dir, &error))?;
        Ok(Self { dir: dir.to_owned(), registry: Box::new(registry), runtime })
    }

    /// Opens the tables of what the arguments say, which is made for data of that mode if there is none.
    pub(crate) fn open_or_make(args: &StoreArgs, wanted: Option<ModeName>) -> Result<Self> {
        match (args.database(), wanted) {
            // Whatever it has: the schema is made, and the mode kept below.
            (Some(url), Some(_)) => drop(runtime()?.block_on(database::open(url))?),
            _ if Reading::exists(args) => {}
            (_, Some(wanted)) => make(args.dir(), wanted)?,
            (_, None) => {
                return Err(Problem::error(
                    format!("there is no data in {}", args.dir()),
                    "Name the directory with --data DIR (BURSAR_DATA), or say with --mode whether \
                     one is to be made for test or live data.",
                ));
            }
        }
        let this = Self::open(args)?;
        if let Some(wanted) = wanted {
            this.runtime.block_on(mode::keep(&*this.registry, wanted.mode(), &this.dir))?;
        }
        Ok(this)
    }

    /// The real time.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Test or live.
    pub(crate) fn mode(&self) -> Result<Mode> {
        self.runtime.block_on(mode::of(&*self.registry, Mode::Test, &self.dir))
    }

    /// Every key, oldest first.
    pub(crate) fn keys(&self) -> Result<Vec<ApiKeyRecord>> {
        let keys = self.runtime.block_on(self.registry.api_keys());
        keys.map_err(|error| self.failed("read the API keys of", &error))
    }

    /// The key of that id.
    pub(crate) fn key(&self, id: &Key) -> Result<ApiKeyRecord> {
        self.keys()?.into_iter().find(|key| key.id == *id).ok_or_else(|| {
            let what = format!("there is no API key {id} in {}", self.dir);
            Problem::error(what, "`bursar keys list` shows the ids.")
        })
    }

    /// Adds a key, or replaces the one of the same id.
    pub(crate) fn put_key(&self, key: &ApiKeyRecord) -> Result<()> {
        let put = self.runtime.block_on(self.registry.put_api_key(key.clone()));
        put.map_err(|error| self.failed("write an API key to", &error))
    }

    fn failed(&self, doing: &str, error: &StoreError) -> anyhow::Error {
        problem::of_store(doing, &self.dir, error)
    }
}

/// Makes a directory for data of that mode.
fn make(dir: &str, wanted: ModeName) -> Result<()> {
    directory::prepare(dir)?;
    let store = SqliteStore::open(dir, bursar_sqlite::Options::default())
        .map_err(|error| problem::of_store("make", dir, &error))?;
    runtime()?.block_on(mode::keep(&store, wanted.mode(), dir))
}
