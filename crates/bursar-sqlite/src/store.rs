//! The store: opening, reading, closing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use async_trait::async_trait;
use bursar_core::account::Account;
use bursar_core::id::{AccountId, AssetId, DocumentId, PaymentId, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::{
    AssetCursor, AssetFilter, AssetOrder, AssetRow, DocumentRow, Due, Entry, JournalPosition,
    LocalClaims, Payer, PaymentName, PaymentRow, SpendEvent, StatementRow, Store, StoreError,
    Writer,
};
use parking_lot::Mutex;

use crate::assets::Listing;
use crate::checkpoint::{self, Stop};
use crate::connection::{self, Reader};
use crate::directory::Directory;
use crate::error::Result;
use crate::journal::Journal;
use crate::migrations::{ViewsVersion, check_journal, check_views, migrate_journal};
use crate::readers::{Readers, blocking, closed};
use crate::reads::{self, Pins};
use crate::registry::read_only;
use crate::shared::{Shared, Threads};
use crate::tail::Tail;
use crate::transfer::refuse_marked;
use crate::views::Waiting;
use crate::writer::SqliteWriter;
use crate::{Lag, Options, journal, replay, view_writer};

/// The embedded store, in a directory of its own.
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
}

impl SqliteStore {
    /// Opens a directory, making it if there is none, and takes it for this process. What a crash
    /// kept from the views is written into them first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if another process has it or it can't be written,
    /// [`StoreError::Damaged`], [`StoreError::Newer`].
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self> {
        let directory = Directory::new(dir.as_ref());
        directory.create()?;
        let lock = directory.lock()?;
        refuse_marked(&directory)?;
        let mut connection = connection::journal(&directory)?;
        migrate_journal(&directory, &mut connection)?;
        let (views, sorted) = replay::open_views(&directory, &connection, &mut |done, total| {
            tracing::info!(done, total, "bringing the views up to the journal");
        })?;
        let sorted = Arc::new(sorted);
        let journal = Journal::new(&directory, connection)?;
        let tail = Arc::new(Tail::new(&options, journal.last()));
        let shared = Arc::new(Shared {
            lock: Mutex::new(Some(lock)),
            journal: Mutex::new(Some(journal)),
            pins: Pins::Tail(Arc::clone(&tail)),
            readers: Arc::new(Readers::new(
                directory.clone(),
                Some(Arc::clone(&sorted)),
                options.readers,
            )),
            sorted: Some(Arc::clone(&sorted)),
            has_writer: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            // What a crash has left counts, or a log would only grow under a server that never lives long.
            log_bytes: AtomicU64::new(directory.log_bytes()),
            checkpoint_bytes: options.checkpoint_bytes,
            threads: Mutex::new(None),
            claims: LocalClaims::default(),
            tail: Arc::clone(&tail),
            directory,
        });
        let stop = Arc::new(Stop::default());
        let threads = Threads {
            checkpoint: checkpoint::start(Arc::clone(&shared), Arc::clone(&stop))?,
            views: view_writer::start(shared.directory.clone(), views, sorted, tail)?,
            stop,
        };
        *shared.threads.lock() = Some(threads);
        Ok(Self { shared })
    }

    /// Opens a directory for reading only, whether or not another process has it. Reads see what
    /// that process has committed; whatever writes fails.
    ///
    /// # Errors
    /// [`StoreError`]: there is no data, or its views are missing or of another version.
    pub fn open_read_only(dir: impl AsRef<Path>) -> Result<Self> {
        let directory = Directory::new(dir.as_ref());
        let options = Options::default();
        refuse_marked(&directory)?;
        let journal = connection::read_only(&directory.journal())?;
        check_journal(&directory.journal(), &journal)?;
        let views = connection::read_only(&directory.views())?;
        if check_views(&directory, &views)? != ViewsVersion::Fitting {
            return Err(StoreError::Unavailable(format!(
                "{} is of another version of Bursar; starting the server builds it anew",
                directory.views().display()
            )));
        }
        let shared = Arc::new(Shared {
            lock: Mutex::new(None),
            journal: Mutex::new(None),
            tail: Arc::new(Tail::new(&options, u64::MAX)),
            pins: Pins::Journal,
            readers: Arc::new(Readers::new(directory.clone(), None, options.readers)),
            sorted: None,
            has_writer: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            log_bytes: AtomicU64::new(0),
            checkpoint_bytes: options.checkpoint_bytes,
            threads: Mutex::new(None),
            claims: LocalClaims::default(),
            directory,
        });
        Ok(Self { shared })
    }

    /// Opens the plain tables of a directory that has data, whether or not another process has it:
    /// they can be changed, the journal and the views only read.
    ///
    /// # Errors
    /// As [`SqliteStore::open_read_only`].
    pub fn open_registry(dir: impl AsRef<Path>) -> Result<Self> {
        let store = Self::open_read_only(dir)?;
        let connection = connection::journal(&store.shared.directory)?;
        let journal = Journal::new(&store.shared.directory, connection)?;
        *store.shared.journal.lock() = Some(journal);
        Ok(store)
    }

    /// How far the views are behind the journal, for metrics and health checks.
    pub fn lag(&self) -> Lag {
        self.shared.tail.lag()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if !self.shared.is_closed()
            && let Err(error) = self.shared.finish()
        {
            tracing::error!(%error, "closing the store");
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn writers(&self) -> usize {
        1
    }

    fn writer(&self) -> Result<Box<dyn Writer>> {
        if self.shared.is_read_only() {
            return Err(read_only());
        }
        if self.shared.is_closed() {
            return Err(closed());
        }
        Ok(Box::new(SqliteWriter::open(&self.shared)?))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>> {
        if self.shared.is_closed() {
            return Err(closed());
        }
        if let Some(account) = self.shared.tail.account(id) {
            return Ok(Some(account));
        }
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::account(reader, &pins, &id)).await
    }

    async fn statement(
        &self,
        id: &AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementRow>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let read = self
            .shared
            .readers
            .read(move |reader| reads::statement(reader, &pins, &id, before, limit));
        read.await
    }

    async fn spend(&self, id: &AccountId, spend: SpendId) -> Result<Vec<SpendEvent>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::spend(reader, &pins, &id, spend)).await
    }

    async fn history(&self, id: &AccountId, after: u64, limit: usize) -> Result<Vec<SpendEvent>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::history(reader, &pins, &id, after, limit)).await
    }

    async fn journal(
        &self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
        // Not beyond what the other reads see.
        let upto = self.shared.tail.committed();
        let read =
            self.shared.readers.read(move |reader| reads::journal(reader, after, upto, limit));
        read.await
    }

    async fn end(&self) -> Result<JournalPosition> {
        if self.shared.is_closed() {
            return Err(closed());
        }
        let commit = match &self.shared.pins {
            Pins::Tail(tail) => tail.committed(),
            Pins::Journal => {
                let readers = &self.shared.readers;
                let last = |reader: &Reader| journal::last(&reader.directory, &reader.journal);
                readers.read(last).await?.commit
            }
        };
        Ok(JournalPosition { commit, index: u32::MAX })
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>> {
        let pins = self.shared.pins.clone();
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::due(reader, &pins, now, limit)).await
    }

    async fn asking(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<AccountId>> {
        let (after, pins) = (after.cloned(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        let read = readers.read(move |reader| {
            reads::waiting(reader, &pins, Waiting::Asking, after.as_ref(), limit)
        });
        read.await
    }

    async fn erasing(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<AccountId>> {
        let (after, pins) = (after.cloned(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        let read = readers.read(move |reader| {
            reads::waiting(reader, &pins, Waiting::Erasing, after.as_ref(), limit)
        });
        read.await
    }

    async fn asset(&self, id: &AccountId, asset: AssetId) -> Result<Option<AssetRow>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::asset(reader, &pins, &id, asset)).await
    }

    async fn assets(
        &self,
        id: &AccountId,
        filter: AssetFilter,
        order: AssetOrder,
        after: Option<AssetCursor>,
        limit: usize,
    ) -> Result<Vec<AssetRow>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let wanted = Listing { filter, order, after, limit };
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::assets(reader, &pins, &id, &wanted)).await
    }

    async fn owner(&self, object_name: [u8; 16]) -> Result<Option<AccountId>> {
        let pins = self.shared.pins.clone();
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::owner(reader, &pins, object_name)).await
    }

    async fn payment(&self, id: &AccountId, payment: PaymentId) -> Result<Option<PaymentRow>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::payment(reader, &pins, &id, payment)).await
    }

    async fn payer(&self, payment: &PaymentName) -> Result<Option<Payer>> {
        let (name, pins) = (payment.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::payer(reader, &pins, &name)).await
    }

    async fn document(&self, id: &AccountId, document: DocumentId) -> Result<Option<DocumentRow>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::document(reader, &pins, &id, document)).await
    }

    async fn documents(
        &self,
        id: &AccountId,
        before: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>> {
        let (id, pins) = (id.clone(), self.shared.pins.clone());
        let readers = &self.shared.readers;
        readers.read(move |reader| reads::documents(reader, &pins, &id, before, limit)).await
    }

    async fn close(&self) -> Result<()> {
        // This may take as long as the last write into the views.
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.finish()).await
    }
}
