//! Beginning, committing, abandoning; idempotency keys.

use std::sync::Arc;

use bursar_core::id::DocumentId;

use super::clerk::wanted;
use super::{Ask, Clerk, Outcome, Place, payment_id};
use crate::port::{Batch, StoreError, Wanted};
use crate::{JournalPosition, PaymentName, Store};

/// Nothing is there at first, and asking makes nothing.
pub async fn an_unknown_account_is_none(place: &dyn Place) {
    let store = place.open().await;
    let nobody = "nobody".parse().unwrap();
    let mut writer = store.writer().unwrap();
    let wanted = wanted(&[Ask::charge("nobody").keyed("k")]);
    let begun = writer.begin(&wanted).await.unwrap();
    assert_eq!((begun.accounts, begun.entries), (vec![None], vec![None]));
    writer.abandon().await;
    assert_eq!(store.account(&nobody).await.unwrap(), None);
    assert_eq!(store.statement(&nobody, None, 10).await.unwrap(), []);
    assert_eq!(store.journal(JournalPosition::default(), 10).await.unwrap(), []);
    let spend = "hold_00000000000000000000000000000000".parse().unwrap();
    assert_eq!(store.spend(&nobody, spend).await.unwrap(), []);
    let payment = payment_id("nobody", 1);
    assert_eq!(store.payment(&nobody, payment).await.unwrap(), None);
    assert_eq!(store.payer(&PaymentName::Id(payment)).await.unwrap(), None);
    assert_eq!(store.document(&nobody, DocumentId(1)).await.unwrap(), None);
    assert_eq!(store.documents(&nobody, None, 10).await.unwrap(), []);
    assert_eq!(store.asking(None, 10).await.unwrap(), []);
}

/// When a commit returns, every read sees it.
pub async fn a_commit_is_seen_at_once(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(1);
    let asks = [Ask::open("a"), Ask::give("a", 10), Ask::charge("a")];
    let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
    let charged = outcomes[2].entry().unwrap();
    let a = "a".parse().unwrap();
    let account = store.account(&a).await.unwrap().unwrap();
    assert_eq!((account.version, account.available().to_string()), (3, "8".to_owned()));
    let lines = store.statement(&a, None, 10).await.unwrap();
    let versions: Vec<u64> = lines.iter().map(|row| row.version).collect();
    assert_eq!(versions, [3, 2], "opening is no statement line");
    let spend = lines[0].line.spend.unwrap();
    let events = store.spend(&a, spend).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].version, &events[0].recorded), (3, &charged.events[0]));
    let journal = store.journal(JournalPosition::default(), 10).await.unwrap();
    let entries: Vec<_> = journal.into_iter().map(|(_, entry)| entry).collect();
    let expected: Vec<_> = outcomes.into_iter().map(Outcome::done).collect();
    assert_eq!(entries, expected);
}

/// A batch finds what the one before it left.
pub async fn batches_in_a_row_see_each_other(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(2);
    clerk.one(&mut *writer, Ask::open("a")).await.unwrap().done();
    clerk.one(&mut *writer, Ask::give("a", 100)).await.unwrap().done();
    for spent in 1..=20 {
        clerk.one(&mut *writer, Ask::charge("a")).await.unwrap().done();
        let account = store.account(&"a".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(account.version, 2 + spent);
        assert_eq!(account.available().to_string(), (100 - 2 * spent).to_string());
    }
}

/// What was begun and not committed never was.
pub async fn an_abandoned_batch_leaves_nothing(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(3);
    clerk.one(&mut *writer, Ask::open("a")).await.unwrap().done();
    let asks = [Ask::give("a", 5).keyed("k")];
    let wanted = wanted(&asks);
    let begun = writer.begin(&wanted).await.unwrap();
    clerk.decide(&mut *writer, &asks, &wanted, begun).await.unwrap();
    writer.abandon().await;
    let begun = writer.begin(&wanted).await.unwrap();
    assert_eq!(begun.entries, [None]);
    assert_eq!(begun.accounts[0].as_ref().unwrap().version, 1);
    writer.abandon().await;
    assert_eq!(journal_length(&*store).await, 1);
}

/// The journal is for ever: what can't be right is not written, and nothing else is lost by it.
pub async fn a_batch_that_no_command_makes_is_refused(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(4);
    clerk.one(&mut *writer, Ask::open("a")).await.unwrap().done();
    let asks = [Ask::give("a", 5)];
    let wanted = wanted(&asks);
    let begun = writer.begin(&wanted).await.unwrap();
    let (_, batch) = clerk.decide(&mut *writer, &asks, &wanted, begun).await.unwrap();
    let without_state = Batch { accounts: Vec::new(), ..batch.clone() };
    refused(&*store, writer.commit(without_state).await).await;
    refused(&*store, writer.commit(batch.clone()).await).await;
    writer.begin(&Wanted::default()).await.unwrap();
    refused(&*store, writer.commit(batch.clone()).await).await;
    writer.begin(&wanted).await.unwrap();
    writer.commit(batch.clone()).await.unwrap();
    writer.begin(&wanted).await.unwrap();
    let twice = writer.commit(batch).await;
    assert!(twice.is_err());
    assert_eq!(journal_length(&*store).await, 2);
}

async fn refused(store: &dyn Store, result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::Damaged(_))), "{result:?}");
    assert_eq!(journal_length(store).await, 1);
}

async fn journal_length(store: &dyn Store) -> usize {
    let journal = store.journal(JournalPosition::default(), 100_000).await;
    journal.unwrap().len()
}

/// At once, after many other commits, and after opening again.
pub async fn a_key_is_found_after_its_commit(place: &dyn Place) {
    let mut clerk = Clerk::new(5);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let asks = [Ask::open("a").keyed("open"), Ask::give("a", 900), Ask::charge("a").keyed("first")];
    let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
    let first = Arc::clone(outcomes[2].entry().unwrap());
    let again = || Ask::charge("a").keyed("first");
    let replayed = Outcome::Replayed(first);
    assert_eq!(clerk.one(&mut *writer, again()).await.unwrap(), replayed);
    for n in 0..300 {
        let ask = Ask::charge("a").keyed(&format!("later-{n}"));
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    assert_eq!(clerk.one(&mut *writer, again()).await.unwrap(), replayed);
    drop(writer);
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    assert_eq!(clerk.one(&mut *writer, again()).await.unwrap(), replayed);
    let of_opening = clerk.one(&mut *writer, Ask::open("a").keyed("open")).await.unwrap();
    assert_eq!(of_opening, Outcome::Replayed(Arc::clone(outcomes[0].entry().unwrap())));
    clerk.one(&mut *writer, Ask::charge("a").keyed("new")).await.unwrap().done();
    assert_eq!(journal_length(&*store).await, 304);
}

/// Commands that join a batch have their keys looked up under its locks, in the order in which they are asked for.
pub async fn a_key_is_found_by_who_joins(place: &dyn Place) {
    let mut clerk = Clerk::new(13);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let asks = [Ask::open("a").keyed("one"), Ask::open("b"), Ask::give("b", 5).keyed("two")];
    let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
    let entry = |at: usize| outcomes[at].entry().cloned();
    let asks = [Ask::give("a", 5).keyed("new"), Ask::give("b", 5)];
    let wanted = wanted(&asks);
    let begun = writer.begin(&wanted).await.unwrap();
    let key = |account: &str, key: &str| (account.parse().unwrap(), key.parse().unwrap());
    let keys = [key("b", "two"), key("a", "two"), key("b", "new"), key("a", "one")];
    let found = writer.join(&keys).await.unwrap();
    assert_eq!(found, [entry(2), None, None, entry(0)]);
    assert_eq!(writer.join(&[]).await.unwrap(), []);
    let (_, batch) = clerk.decide(&mut *writer, &asks, &wanted, begun).await.unwrap();
    writer.commit(batch).await.unwrap();
    assert_eq!(journal_length(&*store).await, 5);
}

/// Two accounts may use the same key.
pub async fn a_key_belongs_to_its_account(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(6);
    for account in ["a", "b"] {
        let ask = Ask::open(account).keyed("open");
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    let asks = ["a", "b", "c"].map(|account| Ask::open(account).keyed("open"));
    let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
    let replayed = |outcome: &Outcome| matches!(outcome, Outcome::Replayed(_));
    assert_eq!(outcomes.iter().map(replayed).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(outcomes[1].entry().unwrap().account.as_str(), "b");
}

/// A store that has one writer gives out one at a time.
pub async fn an_account_has_one_writer(place: &dyn Place) {
    let store = place.open().await;
    let writers: Vec<_> = (0..store.writers()).map(|_| store.writer().unwrap()).collect();
    if store.writers() == 1 {
        assert!(store.writer().is_err());
    }
    drop(writers);
    let mut clerk = Clerk::new(7);
    let mut writer = store.writer().unwrap();
    clerk.one(&mut *writer, Ask::open("a")).await.unwrap().done();
}

/// After closing nothing works, and nothing is lost.
pub async fn a_closed_store_refuses(place: &dyn Place) {
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(8);
    clerk.one(&mut *writer, Ask::open("a")).await.unwrap().done();
    store.close().await.unwrap();
    assert!(clerk.one(&mut *writer, Ask::give("a", 1)).await.is_err());
    assert!(store.account(&"a".parse().unwrap()).await.is_err());
    assert!(store.documents(&"a".parse().unwrap(), None, 1).await.is_err());
    assert!(store.writer().is_err());
    store.close().await.unwrap();
    drop((writer, store));
    let store = place.open().await;
    assert_eq!(journal_length(&*store).await, 1);
}
