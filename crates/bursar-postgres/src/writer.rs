//! Batches, from their locks to their commit.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::account::event::Recorded;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::{AccountId, AssetId, IdempotencyKey, Key, PaymentId, SpendId};
use bursar_store::projection::legal_numbers;
use bursar_store::{Batch, Begun, Entry, Numbers, PaymentRow, StoreError, Wanted, Writer};

use crate::assets::{ASSET, asset_row};
use crate::commit::Commit;
use crate::error::{Attempt, Failure, Result, get};
use crate::lock::{self, Locked};
use crate::money::PAYMENT;
use crate::past;
use crate::store::Shared;
use crate::views::decode;

/// One of several. What keeps them apart, here and on other nodes, is the locks of what they begin.
pub(crate) struct PostgresWriter {
    shared: Arc<Shared>,
    locked: Option<Locked>,
}

impl PostgresWriter {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, locked: None }
    }

    fn place(&self) -> &str {
        &self.shared.writers.place
    }

    fn explain(&self, failure: Failure) -> StoreError {
        failure.explain(self.place())
    }

    fn locked(&mut self) -> Attempt<&mut Locked> {
        let none = || StoreError::Damaged("a batch that was not begun".to_owned());
        Ok(self.locked.as_mut().ok_or_else(none)?)
    }

    async fn joined(
        &mut self,
        keys: &[(AccountId, IdempotencyKey)],
    ) -> Attempt<Vec<Option<Arc<Entry>>>> {
        let place = self.shared.writers.place.clone();
        lock::known(self.locked()?.session.client()?, &place, keys).await
    }

    async fn spent(&mut self, id: &AccountId, spend: SpendId) -> Attempt<Vec<Recorded>> {
        let place = self.shared.writers.place.clone();
        let client = self.locked()?.session.client()?;
        past::spend_within(client, &place, id, spend).await
    }

    async fn paid(&mut self, id: &AccountId, payment: PaymentId) -> Attempt<Option<PaymentRecord>> {
        let place = self.shared.writers.place.clone();
        let client = self.locked()?.session.client()?;
        let select = client.prepare_cached(PAYMENT).await?;
        let row = client.query_opt(&select, &[&id.as_str(), &payment.to_string()]).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let row: PaymentRow = decode(&place, id, &get::<Vec<u8>>(&row, 0)?)?;
        Ok(Some(row.record))
    }

    async fn filed(&mut self, id: &AccountId, asset: AssetId) -> Attempt<Option<AssetRecord>> {
        let client = self.locked()?.session.client()?;
        let select = client.prepare_cached(ASSET).await?;
        let row = client.query_opt(&select, &[&id.as_str(), &asset.to_string()]).await?;
        Ok(row.as_ref().map(asset_row).transpose()?.map(|row| row.record))
    }

    /// Does the batch follow what is locked? The last legal numbers after it.
    async fn check(&mut self, batch: &Batch) -> Result<Numbers> {
        let versions = self.locked.as_ref().map(|locked| locked.versions.clone());
        batch.check(versions.unwrap_or_default())?;
        let mut last = HashMap::new();
        for number in batch.entries.iter().flat_map(|entry| legal_numbers(entry)) {
            let known = self.last_number(&number.series, number.year).await?;
            last.insert((number.series.clone(), number.year), known);
        }
        let known = |series: &Key, year| last.get(&(series.clone(), year)).copied();
        batch.check_numbers(|series, year| Ok(known(series, year).unwrap_or(0)))
    }
}

#[async_trait]
impl Writer for PostgresWriter {
    async fn begin(&mut self, wanted: &Wanted) -> Result<Begun> {
        self.abandon().await;
        self.shared.check_open()?;
        let connections = &self.shared.writers;
        let mut backoff = connections.backoff();
        loop {
            match lock::lock(connections, wanted).await {
                Ok((locked, begun)) => {
                    connections.away.ended();
                    self.locked = Some(locked);
                    return Ok(begun);
                }
                Err(failure) if backoff.again(&failure).await => {}
                Err(failure) => return Err(self.explain(failure)),
            }
        }
    }

    async fn join(
        &mut self,
        keys: &[(AccountId, IdempotencyKey)],
    ) -> Result<Vec<Option<Arc<Entry>>>> {
        self.joined(keys).await.map_err(|failure| self.explain(failure))
    }

    async fn spend(&mut self, account: &AccountId, spend: SpendId) -> Result<Vec<Recorded>> {
        self.spent(account, spend).await.map_err(|failure| self.explain(failure))
    }

    async fn payment(
        &mut self,
        account: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>> {
        self.paid(account, payment).await.map_err(|failure| self.explain(failure))
    }

    async fn asset(&mut self, account: &AccountId, asset: AssetId) -> Result<Option<AssetRecord>> {
        self.filed(account, asset).await.map_err(|failure| self.explain(failure))
    }

    async fn last_number(&mut self, series: &Key, year: u16) -> Result<u32> {
        let last = match self.locked() {
            Ok(locked) => locked.last_number(series, year).await,
            Err(failure) => Err(failure),
        };
        last.map_err(|failure| self.explain(failure))
    }

    async fn commit(&mut self, batch: Batch) -> Result<()> {
        let numbers = match self.check(&batch).await {
            Ok(numbers) if !batch.entries.is_empty() => numbers,
            otherwise => {
                self.abandon().await;
                return otherwise.map(drop);
            }
        };
        let Some(locked) = self.locked.take() else {
            return Ok(());
        };
        let shared = Arc::clone(&self.shared);
        Commit::new(&shared.writers, batch, numbers)?.make(locked).await?;
        shared.bell.ring();
        Ok(())
    }

    async fn abandon(&mut self) {
        if let Some(locked) = self.locked.take() {
            locked.session.roll_back().await;
        }
    }
}
