//! A node's writer: locks, decides in peace, and commits in steps between which the node may die.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bursar_core::account::event::Recorded;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::{AccountId, AssetId, IdempotencyKey, Key, PaymentId, SpendId};
use bursar_store::{Batch, Begun, Entry, StoreError, Wanted, Writer};
use futures::FutureExt;

use super::{Database, at_once};
use crate::life::Life;
use crate::scenario::StoreKind;
use crate::step::{CommitFailure, Moment};

pub(super) struct NodeWriter {
    pub(super) database: Arc<Database>,
    pub(super) node: u32,
    pub(super) life: Life,
}

impl NodeWriter {
    /// Dies here, if that was to be.
    async fn survive(&self, moment: Moment) {
        if self.database.dies(self.node, moment) {
            self.life.end();
        }
        self.life.goes_on().await;
    }

    async fn try_commit(&self, batch: Batch) -> Result<(), StoreError> {
        let unknown = || Err(StoreError::Unknown("the connection was cut".to_owned()));
        let fails = self.database.inner.lock().fails.take();
        match fails {
            Some(CommitFailure::Refused) => {
                return Err(StoreError::Unavailable("the disk is full".to_owned()));
            }
            Some(CommitFailure::UnknownNotDone) => return unknown(),
            Some(CommitFailure::UnknownDone) | None => {}
        }
        self.survive(Moment::Before).await;
        let began = self.write(&batch)?;
        self.survive(Moment::Written).await;
        let sync = self.database.inner.lock().sync_millis;
        tokio::time::sleep(Duration::from_millis(sync)).await;
        self.life.goes_on().await;
        self.synced(batch, began)?;
        self.survive(Moment::Synced).await;
        if fails.is_some() { unknown() } else { Ok(()) }
    }

    /// On its way to the disk, or to the server.
    fn write(&self, batch: &Batch) -> Result<usize, StoreError> {
        let mut inner = self.database.inner.lock();
        match self.database.kind {
            StoreKind::Embedded => inner.disk.append(&batch.entries),
            StoreKind::Shared => {
                inner.in_flight.insert(self.node, batch.clone());
                Ok(0)
            }
        }
    }

    fn synced(&self, batch: Batch, began: usize) -> Result<(), StoreError> {
        let mut inner = self.database.inner.lock();
        inner.in_flight.remove(&self.node);
        let published = inner.publish(batch);
        if self.database.kind == StoreKind::Embedded {
            if published.is_err() {
                inner.disk.cut(began);
            }
            inner.disk.sync();
        }
        published
    }
}

#[async_trait]
impl Writer for NodeWriter {
    async fn begin(&mut self, wanted: &Wanted) -> Result<Begun, StoreError> {
        self.life.goes_on().await;
        self.database.lock(self.node, &self.life, &wanted.accounts).await;
        self.database.inner.lock().begin(wanted)
    }

    async fn join(
        &mut self,
        keys: &[(AccountId, IdempotencyKey)],
    ) -> Result<Vec<Option<Arc<Entry>>>, StoreError> {
        self.life.goes_on().await;
        let mut inner = self.database.inner.lock();
        at_once(inner.writer.join(keys).now_or_never())
    }

    async fn spend(
        &mut self,
        account: &AccountId,
        spend: SpendId,
    ) -> Result<Vec<Recorded>, StoreError> {
        let mut inner = self.database.inner.lock();
        at_once(inner.writer.spend(account, spend).now_or_never())
    }

    async fn payment(
        &mut self,
        account: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>, StoreError> {
        let mut inner = self.database.inner.lock();
        at_once(inner.writer.payment(account, payment).now_or_never())
    }

    async fn asset(
        &mut self,
        account: &AccountId,
        asset: AssetId,
    ) -> Result<Option<AssetRecord>, StoreError> {
        let mut inner = self.database.inner.lock();
        at_once(inner.writer.asset(account, asset).now_or_never())
    }

    async fn last_number(&mut self, series: &Key, year: u16) -> Result<u32, StoreError> {
        self.database.lock_numbers(self.node, &self.life).await;
        let mut inner = self.database.inner.lock();
        at_once(inner.writer.last_number(series, year).now_or_never())
    }

    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.life.goes_on().await;
        let committed = self.try_commit(batch).await;
        if self.life.is_over() {
            return pending().await;
        }
        self.database.unlock(self.node);
        committed
    }

    async fn abandon(&mut self) {
        self.life.goes_on().await;
        self.database.unlock(self.node);
    }
}
