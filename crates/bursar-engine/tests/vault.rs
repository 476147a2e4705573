//! What the engine promises of what is stored: the quota holds whatever comes at once, and what is given
//! up is erased, whatever happens on the way.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::account::command::{
    Cancel, ChangePlan, Command, Open, RegisterExternal, ReserveUpload, StoreAsset,
};
use bursar_core::account::event::{Actor, Event};
use bursar_core::account::storage::manifest::Manifest;
use bursar_core::catalog::{AssetKind, Interval};
use bursar_core::id::{AccountId, AssetId};
use bursar_core::rejection::{Rejection, StorageRejection};
use bursar_core::time::ZoneName;
use bursar_engine::clock::ManualClock;
use bursar_engine::{Engine, Envelope, Failure, Options};
use bursar_payments::Secret;
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_store::memory::MemoryStore;
use bursar_store::{
    AssetDetails, AssetFilter, AssetOrder, JournalPosition, Registry, Store, StoreError,
};
use bursar_vault::{ObjectName, Vault};
use tokio::sync::broadcast::error::RecvError;

const GB: u64 = 1_000_000_000;

/// A server that can be killed and started again on the same store, vault and clock.
struct Office {
    engine: Engine,
    store: Arc<MemoryStore>,
    vault: Arc<Vault>,
    clock: Arc<ManualClock>,
    sandbox: Arc<Sandbox>,
}

impl Office {
    async fn open(vault: Vault) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::new("2026-03-01T00:00:00Z".parse().unwrap()));
        let sandbox = Arc::new(Sandbox::new(SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("test"),
        }));
        let vault = Arc::new(vault);
        let engine = engine(&store, &vault, &clock, &sandbox).await;
        Self { engine, store, vault, clock, sandbox }
    }

    /// Ends the engine, and starts another one. What happened to the store meanwhile is `between`'s.
    async fn restart(&mut self, between: impl AsyncFnOnce(&MemoryStore, &Vault)) {
        self.engine.shutdown().await.unwrap();
        self.store = Arc::new(self.store.reopen());
        between(&self.store, &self.vault).await;
        self.engine = engine(&self.store, &self.vault, &self.clock, &self.sandbox).await;
    }

    async fn run(&self, id: &AccountId, command: Command) -> Result<Vec<Event>, Failure> {
        let envelope = Envelope::new(id.clone(), command, Actor::Customer);
        // A commit that is told to fail fails for all that share its batch: nothing was done.
        let done = loop {
            match self.engine.execute(envelope.clone()).await {
                Err(Failure::Unavailable(_)) => tokio::task::yield_now().await,
                answer => break answer?,
            }
        };
        Ok(done.entry.events.iter().map(|recorded| recorded.event.clone()).collect())
    }

    /// An account on Starter, which has 2 GB.
    async fn subscriber(&self, name: &str) -> AccountId {
        let id: AccountId = name.parse().unwrap();
        let open = Command::Open(Open { zone: ZoneName::utc(), currency: None });
        self.run(&id, open).await.unwrap();
        let envelope = Envelope::new(id.clone(), Command::Advance, Actor::System);
        let card = "pm_card_visa".parse().unwrap();
        self.engine.add_payment_method(envelope, card, true).await.unwrap();
        let (plan, interval) = ("starter".to_owned(), Interval::Month);
        let change = ChangePlan { plan, interval, confirms: None };
        self.run(&id, Command::ChangePlan(change)).await.unwrap();
        self.engine.settle(&id, Duration::from_secs(20)).await.unwrap();
        id
    }

    /// Uploads a file as the API does; its content is the same whatever its size is said to be.
    async fn upload(&self, id: &AccountId, bytes: u64) -> AssetId {
        let reserve = ReserveUpload { kind: AssetKind::Image, bytes, reference: None };
        let events = self.run(id, Command::ReserveUpload(reserve)).await.unwrap();
        let [Event::UploadReserved { asset, vault, .. }] = events[..] else { panic!("{events:?}") };
        let details = AssetDetails {
            vault,
            name: "holiday.png".to_owned(),
            media_type: "image/png".to_owned(),
            sha256: Some([1; 32]),
            thumbnail: false,
        };
        self.store.put_asset_details(id, asset, details).await.unwrap();
        write(&self.vault, id, vault, asset).await;
        let store = StoreAsset { asset, bytes, attempt: ATTEMPT };
        self.run(id, Command::StoreAsset(store)).await.unwrap();
        asset
    }

    async fn account(&self, id: &AccountId) -> Arc<Account> {
        self.store.account(id).await.unwrap().unwrap()
    }

    /// Waits until an account is as it should be.
    async fn until(&self, id: &AccountId, is_it: impl Fn(&Account) -> bool) -> Arc<Account> {
        loop {
            let mut live = self.engine.listen().await.unwrap();
            let account = self.account(id).await;
            if is_it(&account) {
                return account;
            }
            let news = tokio::time::timeout(Duration::from_secs(60), live.recv()).await.unwrap();
            assert!(!matches!(news, Err(RecvError::Closed)), "the engine is gone");
        }
    }

    /// Nothing is left of what was given up, and nothing else is missing.
    async fn check(&self) {
        let mut names = 0;
        for id in ["ada", "bob"].map(|name| name.parse::<AccountId>().unwrap()) {
            let Some(account) = self.store.account(&id).await.unwrap() else { continue };
            account.check().unwrap();
            let filter = AssetFilter { vault: account.storage.vault, ..AssetFilter::default() };
            let order = AssetOrder::Oldest;
            let rows = self.store.assets(&id, filter, order, None, 1_000).await.unwrap();
            assert_eq!(u64::try_from(rows.len()).unwrap(), account.storage.assets());
            names += rows.len();
            for row in rows {
                let attempt = row.record.attempt().unwrap();
                let object = ObjectName::new(&id, row.record.vault, row.record.id, attempt);
                assert!(self.vault.read(&object, None).await.is_ok(), "{object} is gone");
                let details = self.store.asset_details(&id, &[row.record.id]).await.unwrap();
                assert_eq!(details.len(), 1);
            }
        }
        assert_eq!(self.store.detailed_assets(None, 1_000).await.unwrap().len(), names);
        let seen =
            self.vault.sweep::<_, bursar_vault::VaultError>(Duration::ZERO, |names| async move {
                Ok(vec![true; names.len()])
            });
        assert_eq!(seen.await.unwrap().seen, u64::try_from(names).unwrap(), "objects");
    }

    async fn events(&self, kind: &str) -> usize {
        let journal = self.store.journal(JournalPosition::default(), 100_000).await.unwrap();
        let events = journal.iter().flat_map(|(_, entry)| &entry.events);
        events.filter(|event| bursar_core::describe::kind(&event.event) == kind).count()
    }

    async fn end_and_purge(&self, id: &AccountId) {
        self.run(id, Command::Cancel(Cancel { reason: None })).await.unwrap();
        self.clock.set("2026-05-01T00:00:00Z".parse().unwrap());
        self.engine.view(id).await.unwrap();
    }
}

const ATTEMPT: u64 = 7;

async fn engine(
    store: &Arc<MemoryStore>,
    vault: &Arc<Vault>,
    clock: &Arc<ManualClock>,
    sandbox: &Arc<Sandbox>,
) -> Engine {
    let options = Options {
        store: store.clone(),
        catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
        clock: clock.clone(),
        provider: sandbox.clone(),
        vault: vault.clone(),
        seed: Some(1),
    };
    Engine::start(options).await.unwrap()
}

async fn write(vault: &Vault, id: &AccountId, number: u32, asset: AssetId) {
    let content = futures::stream::iter([Ok::<_, Infallible>("a picture".into())]);
    let object = ObjectName::new(id, number, asset, ATTEMPT);
    vault.write(&object, content, 100).await.unwrap();
}

fn reserve(bytes: u64) -> Command {
    Command::ReserveUpload(ReserveUpload { kind: AssetKind::Video, bytes, reference: None })
}

fn external(bytes: u64) -> Command {
    Command::RegisterExternal(RegisterExternal { kind: AssetKind::Video, bytes, reference: None })
}

/// The last bytes go to exactly as many as fit, whoever comes first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_uploads_never_overfill() {
    let office = Office::open(Vault::memory()).await;
    let id = office.subscriber("ada").await;
    office.run(&id, external(GB)).await.unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let (engine, id) = (office.engine.clone(), id.clone());
            let command = if number % 2 == 0 { reserve(GB / 10) } else { external(GB / 10) };
            let envelope = Envelope::new(id, command, Actor::Customer);
            tokio::spawn(async move { engine.execute(envelope).await })
        })
        .collect();
    let mut fitted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => fitted += 1,
            Err(Failure::Rejected(Rejection::Storage(StorageRejection::Full(full)))) => {
                assert_eq!(full.short_bytes, GB / 10);
                assert_eq!(full.used_bytes + full.reserved_bytes, 2 * GB);
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(fitted, 10);
    let account = office.account(&id).await;
    assert_eq!(account.storage.taken(), 2 * GB);
    account.check().unwrap();
}

/// Commands that arrive together see each other: what one deletes another can't store or delete.
#[tokio::test]
async fn a_batch_sees_its_own_files() {
    let office = Office::open(Vault::memory()).await;
    let id = office.subscriber("ada").await;
    let events = office.run(&id, reserve(GB)).await.unwrap();
    let [Event::UploadReserved { asset, .. }] = events[..] else { panic!("{events:?}") };
    let store = Command::StoreAsset(StoreAsset { asset, bytes: GB, attempt: 1 });
    let again = Command::StoreAsset(StoreAsset { asset, bytes: GB, attempt: 2 });
    let (delete, twice) = (Command::DeleteAsset(asset), Command::DeleteAsset(asset));
    let commands = [store, again.clone(), delete, twice, again];
    let envelopes = commands.map(|command| Envelope::new(id.clone(), command, Actor::Customer));
    let outcomes = office.engine.execute_many(envelopes.into()).await;
    let codes: Vec<&str> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(_) => "ok",
            Err(Failure::Rejected(no)) => no.code(),
            Err(other) => panic!("{other}"),
        })
        .collect();
    let gone = "asset_not_found";
    assert_eq!(codes, ["ok", "asset_already_stored", "ok", gone, gone]);
    office.until(&id, |account| !account.storage.is_erasing()).await;
    assert_eq!(office.account(&id).await.storage.used_bytes, 0);
}

#[tokio::test]
async fn what_is_deleted_is_erased() {
    let office = Office::open(Vault::memory()).await;
    let (ada, bob) = (office.subscriber("ada").await, office.subscriber("bob").await);
    let (one, _two) = (office.upload(&ada, 5).await, office.upload(&ada, 6).await);
    office.upload(&bob, 7).await;
    office.run(&ada, Command::DeleteAsset(one)).await.unwrap();
    assert_eq!(office.account(&ada).await.storage.used_bytes, 6, "freed before it is erased");
    office.until(&ada, |account| !account.storage.is_erasing()).await;
    office.check().await;
}

/// Wherever the process dies between deleting and being done, the next one ends it.
#[tokio::test]
async fn a_deletion_goes_on_after_a_crash_at_any_point() {
    for died_after in ["nothing", "the objects", "the details"] {
        let mut office = Office::open(Vault::memory()).await;
        let id = office.subscriber("ada").await;
        let (asset, _other) = (office.upload(&id, 5).await, office.upload(&id, 6).await);
        // The eraser's command doesn't get through, as if the process had died before.
        office.store.fail_commits_with(|batch| {
            let events = batch.entries.iter().flat_map(|entry| &entry.events);
            let erased = events.filter(|event| matches!(event.event, Event::AssetsErased { .. }));
            (erased.count() > 0).then(refused)
        });
        office.run(&id, Command::DeleteAsset(asset)).await.unwrap();
        let deleted = id.clone();
        office
            .restart(async move |store, vault| {
                store.fail_commits(false);
                let details = AssetDetails { name: "holiday.png".to_owned(), ..<_>::default() };
                if died_after != "the details" {
                    store.put_asset_details(&deleted, asset, details).await.unwrap();
                }
                // What the eraser had done already comes back as if it hadn't.
                vault.erase_asset(&deleted, 0, asset).await.unwrap();
                if died_after == "nothing" {
                    write(vault, &deleted, 0, asset).await;
                }
            })
            .await;
        assert!(office.account(&id).await.storage.is_erasing(), "{died_after}");
        office.until(&id, |account| !account.storage.is_erasing()).await;
        office.check().await;
        assert_eq!(office.events("assets_erased").await, 1);
    }
}

fn refused() -> bursar_store::memory::CommitFault {
    let full = StoreError::Unavailable("told to fail".to_owned());
    bursar_store::memory::CommitFault::Refused(full)
}

#[tokio::test]
async fn a_purge_is_certified_over_the_list_of_all_files() {
    let office = Office::open(Vault::memory()).await;
    let id = office.subscriber("ada").await;
    for bytes in 1..=20 {
        office.upload(&id, bytes).await;
    }
    office.run(&id, external(1_000)).await.unwrap();
    let filter = AssetFilter::default();
    let rows = office.store.assets(&id, filter, AssetOrder::Oldest, None, 100).await.unwrap();
    let mut list = String::new();
    for asset in rows.iter().map(|row| &row.record) {
        let place = if asset.is_external() { "external" } else { "stored" };
        let (kind, bytes) = (asset.kind.as_str(), asset.bytes);
        list.push_str(&format!("{} {kind} {bytes} {place}\n", asset.id));
    }
    office.end_and_purge(&id).await;
    let account = office.until(&id, |account| !account.storage.certificates.is_empty()).await;
    let [certificate] = account.storage.certificates[..] else { panic!("{account:?}") };
    assert_eq!((certificate.vault, certificate.assets), (0, 21));
    assert_eq!((certificate.bytes, certificate.objects), (1_210, 20));
    assert_eq!(certificate.digest, sha256(&list));
    assert_eq!((account.storage.vault, account.storage.taken()), (1, 0));
    let gone = office.store.assets(&id, filter, AssetOrder::Newest, None, 100).await.unwrap();
    assert_eq!(gone, []);
    office.check().await;
    let mut manifest = Manifest::new();
    rows.iter().for_each(|row| manifest.add(&row.record));
    assert_eq!(manifest.finish(), (20, certificate.digest));
}

/// As `sha256sum` would.
fn sha256(text: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).into()
}

/// An interrupted purge goes on where it was, and certifies the same.
#[tokio::test]
async fn a_purge_goes_on_after_a_crash_at_any_point() {
    let mut digests = Vec::new();
    for died_after in ["nothing", "some of the objects", "all objects", "the details"] {
        let mut office = Office::open(Vault::memory()).await;
        let id = office.subscriber("ada").await;
        let mut files = Vec::new();
        for bytes in 1..=10 {
            files.push(office.upload(&id, bytes).await);
        }
        office.store.fail_commits_with(|batch| {
            let events = batch.entries.iter().flat_map(|entry| &entry.events);
            let certified = events.filter(|e| matches!(e.event, Event::PurgeCertified { .. }));
            (certified.count() > 0).then(refused)
        });
        office.end_and_purge(&id).await;
        let purged = id.clone();
        office
            .restart(async move |store, vault| {
                store.fail_commits(false);
                vault.erase_vault(&purged, 0).await.unwrap();
                let left = match died_after {
                    "nothing" => &files[..],
                    "some of the objects" => &files[3..],
                    _ => &[],
                };
                for asset in left {
                    write(vault, &purged, 0, *asset).await;
                }
                if died_after != "the details" {
                    for asset in &files {
                        let details = AssetDetails { name: "a".to_owned(), ..<_>::default() };
                        store.put_asset_details(&purged, *asset, details).await.unwrap();
                    }
                }
            })
            .await;
        let account = office.until(&id, |account| !account.storage.certificates.is_empty()).await;
        let certificate = account.storage.certificates[0];
        assert_eq!((certificate.assets, certificate.bytes, certificate.objects), (10, 55, 10));
        digests.push(certificate.digest);
        office.check().await;
        assert_eq!(office.events("purge_certified").await, 1);
    }
    // Ids come from the same seed at the same times.
    digests.dedup();
    assert_eq!(digests.len(), 1);
}

/// After the purge the account stores again, and a late eraser can't hit that.
#[tokio::test]
async fn a_new_vault_is_out_of_reach_of_the_old_ones_purge() {
    let mut office = Office::open(Vault::memory()).await;
    let id = office.subscriber("ada").await;
    office.upload(&id, 5).await;
    office.store.fail_commits_with(|batch| {
        let events = batch.entries.iter().flat_map(|entry| &entry.events);
        let certified = events.filter(|e| matches!(e.event, Event::PurgeCertified { .. }));
        (certified.count() > 0).then(refused)
    });
    office.end_and_purge(&id).await;
    let change =
        ChangePlan { plan: "starter".to_owned(), interval: Interval::Month, confirms: None };
    office.run(&id, Command::ChangePlan(change)).await.unwrap();
    office.engine.settle(&id, Duration::from_secs(20)).await.unwrap();
    let fresh = office.upload(&id, 9).await;
    assert!(!office.account(&id).await.storage.purges.is_empty());
    office.restart(async |store, _| store.fail_commits(false)).await;
    let account = office.until(&id, |account| !account.storage.certificates.is_empty()).await;
    assert_eq!((account.storage.used_bytes, account.storage.vault), (9, 1));
    assert_eq!(office.store.asset(&id, fresh).await.unwrap().unwrap().record.vault, 1);
    office.check().await;
}

/// An account whose objects can't be erased holds up no other, and is tried again.
#[tokio::test]
async fn one_account_in_trouble_holds_up_no_other() {
    let directory = tempfile::TempDir::new().unwrap();
    let office = Office::open(Vault::open(directory.path().to_str().unwrap()).unwrap()).await;
    let (ada, bob) = (office.subscriber("ada").await, office.subscriber("bob").await);
    let (of_ada, of_bob) = (office.upload(&ada, 5).await, office.upload(&bob, 6).await);
    // Where the account's directory should be is a file.
    let place = place_of(directory.path(), &ada);
    let aside = directory.path().join("aside");
    std::fs::rename(&place, &aside).unwrap();
    std::fs::write(&place, "in the way").unwrap();
    office.run(&ada, Command::DeleteAsset(of_ada)).await.unwrap();
    office.run(&bob, Command::DeleteAsset(of_bob)).await.unwrap();
    office.until(&bob, |account| !account.storage.is_erasing()).await;
    assert!(office.account(&ada).await.storage.is_erasing());
    let details = office.store.asset_details(&ada, &[of_ada]).await.unwrap();
    assert_eq!(details.len(), 1, "the details go after the bytes");
    std::fs::remove_file(&place).unwrap();
    std::fs::rename(&aside, &place).unwrap();
    office.until(&ada, |account| !account.storage.is_erasing()).await;
    office.check().await;
}

fn place_of(directory: &Path, id: &AccountId) -> PathBuf {
    let name: String = id.object_name().iter().map(|byte| format!("{byte:02x}")).collect();
    directory.join(name)
}

/// What a crash left between an object's last byte and its commit, and names of files that are gone.
#[tokio::test]
async fn a_sweep_erases_what_nobody_knows_and_nothing_else() {
    let office = Office::open(Vault::memory()).await;
    let (ada, bob) = (office.subscriber("ada").await, office.subscriber("bob").await);
    let kept = office.upload(&ada, 5).await;
    office.upload(&bob, 6).await;
    let events = office.run(&bob, reserve(7)).await.unwrap();
    let [Event::UploadReserved { asset: under_way, .. }] = events[..] else { panic!("{events:?}") };
    write(&office.vault, &bob, 0, under_way).await;
    // Another attempt of a file that is there; a file that is gone; an account that never was.
    let content = || futures::stream::iter([Ok::<_, Infallible>("lost".into())]);
    let gone: AssetId = "asset_019ca6c3f00070008000000000000001".parse().unwrap();
    for lost in [
        ObjectName::new(&ada, 0, kept, ATTEMPT + 1),
        ObjectName::new(&ada, 1, kept, ATTEMPT),
        ObjectName::new(&ada, 0, gone, ATTEMPT),
        ObjectName::new(&"eve".parse().unwrap(), 0, kept, ATTEMPT),
    ] {
        office.vault.write(&lost, content(), 100).await.unwrap();
    }
    office.store.put_asset_details(&ada, gone, AssetDetails::default()).await.unwrap();
    // What was just written may be about to be committed.
    let swept = office.engine.sweep(Duration::from_secs(3_600)).await.unwrap();
    assert_eq!((swept.seen, swept.erased), (7, 0));
    let swept = office.engine.sweep(Duration::ZERO).await.unwrap();
    assert_eq!((swept.seen, swept.erased), (7, 4));
    let store = StoreAsset { asset: under_way, bytes: 7, attempt: ATTEMPT };
    office.store.put_asset_details(&bob, under_way, AssetDetails::default()).await.unwrap();
    office.run(&bob, Command::StoreAsset(store)).await.unwrap();
    office.check().await;
}

/// The outbox and the eraser look after their own: an account that waits for the one is not the other's.
#[tokio::test]
async fn accounts_that_erase_do_not_ask() {
    let office = Office::open(Vault::memory()).await;
    let id = office.subscriber("ada").await;
    let asset = office.upload(&id, 5).await;
    office.store.fail_commits_with(|batch| {
        let events = batch.entries.iter().flat_map(|entry| &entry.events);
        let erased = events.filter(|event| matches!(event.event, Event::AssetsErased { .. }));
        (erased.count() > 0).then(refused)
    });
    office.run(&id, Command::DeleteAsset(asset)).await.unwrap();
    assert_eq!(office.store.erasing(None, 10).await.unwrap(), std::slice::from_ref(&id));
    assert_eq!(office.store.asking(None, 10).await.unwrap(), []);
    office.store.fail_commits(false);
    office.until(&id, |account| !account.storage.is_erasing()).await;
    assert_eq!(office.store.erasing(None, 10).await.unwrap(), []);
}
