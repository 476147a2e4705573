//! What a node sees of the database.

use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::account::Account;
use bursar_core::id::{AccountId, AssetId, DocumentId, PaymentId, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::memory::MemoryStore;
use bursar_store::{
    AssetCursor, AssetFilter, AssetOrder, AssetRow, DocumentRow, Due, Entry, JournalPosition,
    Payer, PaymentName, PaymentRow, SpendEvent, StatementRow, Store, StoreError, Writer,
};

use super::Database;
use super::writer::NodeWriter;
use crate::life::Life;

/// The database as one node has it, until it dies.
pub struct NodeStore {
    pub(super) database: Arc<Database>,
    pub(super) node: u32,
    pub(super) life: Life,
}

impl NodeStore {
    /// What is committed, for those who live.
    pub(super) async fn memory(&self) -> Arc<MemoryStore> {
        self.life.goes_on().await;
        self.database.truth()
    }
}

#[async_trait]
impl Store for NodeStore {
    fn writers(&self) -> usize {
        1
    }

    fn writers_block(&self) -> bool {
        false
    }

    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(NodeWriter {
            database: Arc::clone(&self.database),
            node: self.node,
            life: self.life.clone(),
        }))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, StoreError> {
        self.memory().await.account(id).await
    }

    async fn statement(
        &self,
        id: &AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementRow>, StoreError> {
        self.memory().await.statement(id, before, limit).await
    }

    async fn spend(&self, id: &AccountId, spend: SpendId) -> Result<Vec<SpendEvent>, StoreError> {
        self.memory().await.spend(id, spend).await
    }

    async fn history(
        &self,
        id: &AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<SpendEvent>, StoreError> {
        self.memory().await.history(id, after, limit).await
    }

    async fn journal(
        &self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Vec<(JournalPosition, Arc<Entry>)>, StoreError> {
        self.memory().await.journal(after, limit).await
    }

    async fn end(&self) -> Result<JournalPosition, StoreError> {
        self.memory().await.end().await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError> {
        self.memory().await.due(now, limit).await
    }

    async fn asking(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.memory().await.asking(after, limit).await
    }

    async fn erasing(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.memory().await.erasing(after, limit).await
    }

    async fn asset(&self, id: &AccountId, asset: AssetId) -> Result<Option<AssetRow>, StoreError> {
        self.memory().await.asset(id, asset).await
    }

    async fn assets(
        &self,
        id: &AccountId,
        filter: AssetFilter,
        order: AssetOrder,
        after: Option<AssetCursor>,
        limit: usize,
    ) -> Result<Vec<AssetRow>, StoreError> {
        self.memory().await.assets(id, filter, order, after, limit).await
    }

    async fn owner(&self, object_name: [u8; 16]) -> Result<Option<AccountId>, StoreError> {
        self.memory().await.owner(object_name).await
    }

    async fn payment(
        &self,
        id: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRow>, StoreError> {
        self.memory().await.payment(id, payment).await
    }

    async fn payer(&self, payment: &PaymentName) -> Result<Option<Payer>, StoreError> {
        self.memory().await.payer(payment).await
    }

    async fn document(
        &self,
        id: &AccountId,
        document: DocumentId,
    ) -> Result<Option<DocumentRow>, StoreError> {
        self.memory().await.document(id, document).await
    }

    async fn documents(
        &self,
        id: &AccountId,
        before: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.memory().await.documents(id, before, limit).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.life.goes_on().await;
        Ok(())
    }
}
