//! How far the mailer has read, and what it owes of that.

use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{JournalPosition, Store, StoreError, codec};
use serde::{Deserialize, Serialize};

const SETTING: &str = "mail_cursor";

/// What is durable of the mailer: one setting, so that both move together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Everything up to here was sent, refused or is in `waiting`.
    pub(super) after: JournalPosition,
    /// Mails that couldn't be sent yet, those of one account in order.
    pub(super) waiting: Vec<Waiting>,
}

/// A mail that couldn't be sent yet. It is made again from its event when it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) account: AccountId,
    /// Its entry.
    pub(super) position: JournalPosition,
    /// The place of its event in the entry.
    pub(super) event: u32,
    /// Since when, by the real clock.
    pub(super) since: Timestamp,
}

impl Cursor {
    /// The cursor that is kept, with its bytes. Without one it is at the journal's end: what happened before
    /// there was a mailer is mailed to nobody.
    pub(super) async fn load(store: &dyn Store) -> Result<(Self, Vec<u8>), StoreError> {
        if let Some(kept) = store.setting(SETTING).await? {
            return Ok((codec::decode(&kept)?, kept));
        }
        let fresh = Self { after: store.end().await?, waiting: Vec::new() };
        let kept = store.setting_or(SETTING, &codec::encode(&fresh)?).await?;
        Ok((codec::decode(&kept)?, kept))
    }

    /// Keeps it, if what is kept is still what it was; its bytes, if so. Otherwise another node sends the
    /// mails: its cursor must not be put back.
    pub(super) async fn replace(
        &self,
        kept: &[u8],
        store: &dyn Store,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = codec::encode(self)?;
        let replaced = store.replace_setting(SETTING, Some(kept), &bytes).await?;
        Ok(replaced.then_some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bursar_core::account::command::{Command, Open};
    use bursar_core::account::event::Actor;
    use bursar_core::time::ZoneName;
    use bursar_payments::Secret;
    use bursar_payments::sandbox::{Sandbox, SandboxConfig};
    use bursar_sqlite::SqliteStore;
    use bursar_store::memory::MemoryStore;

    use super::super::known::entry_at;
    use super::*;
    use crate::{Engine, Envelope, Options, SystemClock};

    #[tokio::test]
    async fn without_a_cursor_it_begins_at_the_end() {
        check(Arc::new(MemoryStore::new())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_disk_as_well() {
        let directory = tempfile::TempDir::new().unwrap();
        let store = SqliteStore::open(directory.path(), bursar_sqlite::Options::default()).unwrap();
        check(Arc::new(store)).await;
    }

    async fn check(store: Arc<dyn Store>) {
        let engine = Engine::start(Options {
            store: Arc::clone(&store),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: Arc::new(SystemClock),
            provider: Arc::new(Sandbox::new(SandboxConfig {
                base_url: "http://127.0.0.1/sandbox".to_owned(),
                webhook_secret: Secret::new("test"),
            })),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(1),
        });
        let engine = engine.await.unwrap();
        for commits in 0..20_u64 {
            let end = store.end().await.unwrap();
            assert_eq!(end.commit, commits);
            assert!(store.journal(end, 1).await.unwrap().is_empty());
            let open = Command::Open(Open { zone: ZoneName::utc(), currency: None });
            let id: AccountId = format!("account-{commits}").parse().unwrap();
            engine.execute(Envelope::new(id.clone(), open, Actor::System)).await.unwrap();
            let next = store.journal(end, 9).await.unwrap();
            assert_eq!(next.len(), 1);
            let found = entry_at(&*store, next[0].0).await.unwrap().unwrap();
            assert_eq!(found.account, id);
        }
        let (cursor, kept) = Cursor::load(&*store).await.unwrap();
        assert_eq!(cursor.after.commit, 20);
        let moved = Cursor { after: JournalPosition { commit: 21, index: 0 }, waiting: Vec::new() };
        assert!(moved.replace(b"other", &*store).await.unwrap().is_none());
        assert_eq!(Cursor::load(&*store).await.unwrap(), (cursor, kept.clone()));
        let bytes = moved.replace(&kept, &*store).await.unwrap().unwrap();
        assert_eq!(Cursor::load(&*store).await.unwrap(), (moved, bytes));
        engine.shutdown().await.unwrap();
    }
}
