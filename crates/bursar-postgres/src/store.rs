//! The store: opening, reading, closing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bursar_core::account::Account;
use bursar_core::id::{AccountId, AssetId, DocumentId, PaymentId, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::{
    AssetCursor, AssetFilter, AssetOrder, AssetRow, DocumentRow, Due, Entry, JournalPosition,
    Payer, PaymentName, PaymentRow, SpendEvent, StatementRow, Store, Writer,
};

use crate::assets::{self, Listing};
use crate::bell::Bell;
use crate::connection::{Connections, Line};
use crate::error::{Result, closed};
use crate::url::Target;
use crate::writer::PostgresWriter;
use crate::{Options, distribute, journal, migrations, money, past, views};

/// The scale-out store, in one PostgreSQL database that it may share with any number of others.
pub struct PostgresStore {
    pub(crate) shared: Arc<Shared>,
}

/// What the writers have in common with the store.
pub(crate) struct Shared {
    pub(crate) writers: Connections,
    readers: Connections,
    /// How many writers there may be at once.
    most: usize,
    closed: AtomicBool,
    /// What this node is called among the others, until it is closed.
    pub(crate) node: String,
    pub(crate) lease: Duration,
    pub(crate) bell: Bell,
}

impl Shared {
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }
}

impl PostgresStore {
    /// Opens a database by its URL, `postgres://user:password@host:port/database`, and makes or migrates
    /// the schema. What `sslmode` means is as with PostgreSQL's own programs, except that `verify-ca` is
    /// taken as `verify-full`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](bursar_store::StoreError::Unavailable) if the URL is wrong or the server
    /// refuses, `Damaged`, and `Newer` if a newer Bursar has the database.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let store = Self::connect(url, &options)?;
        migrations::migrate(&store.shared.writers).await?;
        distribute::note(&store.shared.writers).await?;
        Ok(store)
    }

    /// Opens a database that has data of this version, and changes nothing of its schema: for tools.
    ///
    /// # Errors
    /// As [`PostgresStore::open`]; also if there is no data, or it is of an older version.
    pub async fn open_existing(url: &str, options: Options) -> Result<Self> {
        let store = Self::connect(url, &options)?;
        migrations::check_existing(&store.shared.readers).await?;
        distribute::note(&store.shared.writers).await?;
        Ok(store)
    }

    fn connect(url: &str, options: &Options) -> Result<Self> {
        let target = Target::parse(url)?;
        let most = options.writers.max(1);
        let line = Line::new(&target, options)?;
        let node = format!("{:016x}", fastrand::u64(..));
        let writers = Connections::of(line.clone(), most)?;
        let mut readers = Connections::of(line.clone(), options.readers)?;
        readers.away = writers.away.clone();
        Ok(Self {
            shared: Arc::new(Shared {
                writers,
                readers,
                most,
                closed: AtomicBool::new(false),
                bell: Bell::new(line, node.clone()),
                node,
                lease: options.lease,
            }),
        })
    }

    /// What the database is called in messages: its host, port and name.
    pub fn place(&self) -> &str {
        &self.shared.writers.place
    }

    /// For the plain tables.
    pub(crate) fn tables(&self) -> Result<&Connections> {
        self.shared.check_open()?;
        Ok(&self.shared.readers)
    }

    fn readers(&self) -> Result<&Connections> {
        self.tables()
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn writers(&self) -> usize {
        self.shared.most
    }

    fn writers_block(&self) -> bool {
        false
    }

    fn writer(&self) -> Result<Box<dyn Writer>> {
        self.shared.check_open()?;
        Ok(Box::new(PostgresWriter::new(Arc::clone(&self.shared))))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>> {
        views::account(self.readers()?, id).await
    }

    async fn statement(
        &self,
        id: &AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementRow>> {
        past::statement(self.readers()?, id, before, limit).await
    }

    async fn spend(&self, id: &AccountId, spend: SpendId) -> Result<Vec<SpendEvent>> {
        past::spend(self.readers()?, id, spend).await
    }

    async fn history(&self, id: &AccountId, after: u64, limit: usize) -> Result<Vec<SpendEvent>> {
        past::history(self.readers()?, id, after, limit).await
    }

    async fn journal(
        &self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
        journal::read(self.readers()?, after, limit).await
    }

    async fn end(&self) -> Result<JournalPosition> {
        journal::end(self.readers()?).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>> {
        views::due(self.readers()?, now, limit).await
    }

    async fn asking(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<AccountId>> {
        views::waiting(self.readers()?, views::ASKING, after, limit).await
    }

    async fn erasing(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<AccountId>> {
        views::waiting(self.readers()?, views::ERASING, after, limit).await
    }

    async fn asset(&self, id: &AccountId, asset: AssetId) -> Result<Option<AssetRow>> {
        assets::read(self.readers()?, id, asset).await
    }

    async fn assets(
        &self,
        id: &AccountId,
        filter: AssetFilter,
        order: AssetOrder,
        after: Option<AssetCursor>,
        limit: usize,
    ) -> Result<Vec<AssetRow>> {
        let wanted = Listing { filter, order, after, limit };
        assets::list(self.readers()?, id, &wanted).await
    }

    async fn owner(&self, object_name: [u8; 16]) -> Result<Option<AccountId>> {
        assets::owner(self.readers()?, object_name).await
    }

    async fn payment(&self, id: &AccountId, payment: PaymentId) -> Result<Option<PaymentRow>> {
        money::payment(self.readers()?, id, payment).await
    }

    async fn payer(&self, payment: &PaymentName) -> Result<Option<Payer>> {
        money::payer(self.readers()?, payment).await
    }

    async fn document(&self, id: &AccountId, document: DocumentId) -> Result<Option<DocumentRow>> {
        money::document(self.readers()?, id, document).await
    }

    async fn documents(
        &self,
        id: &AccountId,
        before: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>> {
        money::documents(self.readers()?, id, before, limit).await
    }

    async fn close(&self) -> Result<()> {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.bell.close();
        self.shared.writers.close();
        self.shared.readers.close();
        Ok(())
    }
}
