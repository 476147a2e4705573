//! The plain tables.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::id::CatalogVersion;
use bursar_core::time::Timestamp;

use super::Place;
use crate::{
    ApiKeyRecord, BillingDetails, CatalogRecord, Contact, NewPortalSession, PortalLink,
    PortalSession, Store,
};

/// Replaced as a whole; an empty one is none.
pub async fn contacts_are_kept_and_erased(place: &dyn Place) {
    let store = place.open().await;
    let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
    let contact =
        Contact { name: Some("Ada".to_owned()), email: Some("ada@example.com".to_owned()) };
    let renamed = Contact { name: Some("Ada L.".to_owned()), email: None };
    store.put_contact(&a, contact.clone()).await.unwrap();
    assert_eq!(store.contact(&a).await.unwrap(), contact);
    assert_eq!(store.contact(&b).await.unwrap(), Contact::default());
    store.put_contact(&a, renamed.clone()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(store.contact(&a).await.unwrap(), renamed);
    store.put_contact(&a, Contact::default()).await.unwrap();
    assert_eq!(store.contact(&a).await.unwrap(), Contact::default());
}

/// A revision never changes, and each account counts its own.
pub async fn billing_details_are_revised(place: &dyn Place) {
    let store = place.open().await;
    let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
    let first = BillingDetails {
        name: "Ada Lovelace".to_owned(),
        company: "Analytical \"Engines\" Ltd".to_owned(),
        address: vec!["12 St James's Square".to_owned(), "London".to_owned()],
        country: Some("GB".parse().unwrap()),
        vat_id: Some("GB123456789".to_owned()),
    };
    let second = BillingDetails { name: "Ada King".to_owned(), ..BillingDetails::default() };
    assert_eq!(store.billing_details(&a, 1).await.unwrap(), None);
    assert_eq!(store.add_billing_details(&a, first.clone()).await.unwrap(), 1);
    assert_eq!(store.add_billing_details(&b, second.clone()).await.unwrap(), 1);
    assert_eq!(store.add_billing_details(&a, second.clone()).await.unwrap(), 2);
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(store.add_billing_details(&a, first.clone()).await.unwrap(), 3);
    for (revision, details) in [(1, Some(&first)), (2, Some(&second)), (3, Some(&first))] {
        assert_eq!(store.billing_details(&a, revision).await.unwrap().as_ref(), details);
    }
    for revision in [0, 4] {
        assert_eq!(store.billing_details(&a, revision).await.unwrap(), None);
    }
    assert_eq!(store.billing_details(&b, 1).await.unwrap(), Some(second));
}

/// By hash, in order of their making, and changed in place.
pub async fn api_keys_are_found_by_their_hash(place: &dyn Place) {
    let store = place.open().await;
    let (new, old) = (key("key_new", 2), key("key_old", 1));
    store.put_api_key(new.clone()).await.unwrap();
    store.put_api_key(old.clone()).await.unwrap();
    let keys = store.api_keys().await.unwrap();
    assert_eq!(keys, [old.clone(), new.clone()]);
    assert_eq!(store.api_key_by_hash(&[9; 32]).await.unwrap(), None);
    assert_eq!(store.api_key_by_hash(&[2; 32]).await.unwrap(), Some(new));
    let revoked =
        ApiKeyRecord { expires_at: Some(Timestamp::from_micros(99)), scopes: Vec::new(), ..old };
    store.put_api_key(revoked.clone()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    let found = store.api_key_by_hash(&[1; 32]).await.unwrap();
    assert_eq!(found, Some(revoked));
    assert_eq!(store.api_keys().await.unwrap().len(), 2);
}

fn key(id: &str, n: u8) -> ApiKeyRecord {
    ApiKeyRecord {
        id: id.parse().unwrap(),
        hash: [n; 32],
        name: "the \"app\"".to_owned(),
        scopes: vec!["read".to_owned(), "write all".to_owned()],
        created_at: Timestamp::from_micros(i64::from(n)),
        expires_at: None,
    }
}

/// Whoever comes first sets it, and all get that.
pub async fn of_several_defaults_one_wins(place: &dyn Place) {
    let store = place.open().await;
    let tasks: Vec<_> = (0_u8..8)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.setting_or("secret", &[n; 4]).await.unwrap() })
        })
        .collect();
    let mut values = Vec::new();
    for task in tasks {
        values.push(task.await.unwrap());
    }
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    let other = store.setting_or("other", b"").await.unwrap();
    assert_eq!(other, b"");
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    let kept = store.setting_or("secret", b"later").await.unwrap();
    assert_eq!(kept, values[0]);
}

/// Also one that a default had set.
pub async fn a_setting_is_replaced(place: &dyn Place) {
    let store = place.open().await;
    store.put_setting("mode", b"test").await.unwrap();
    assert_eq!(store.setting_or("mode", b"live").await.unwrap(), b"test");
    assert_eq!(store.setting_or("secret", b"one").await.unwrap(), b"one");
    store.put_setting("secret", b"two").await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(store.setting_or("secret", b"one").await.unwrap(), b"two");
    assert_eq!(store.setting_or("mode", b"live").await.unwrap(), b"test");
}

/// The first time is the one that counts.
pub async fn catalogs_are_noted_once(place: &dyn Place) {
    let store = place.open().await;
    let record = |n: u8, since: u64| CatalogRecord {
        version: CatalogVersion([n; 8]),
        text: format!("catalog {n}"),
        since: Timestamp::default().after(Duration::from_secs(since)),
    };
    for (n, since) in [(2, 20), (1, 10), (2, 30)] {
        store.put_catalog(record(n, since)).await.unwrap();
    }
    let catalogs = store.catalogs().await.unwrap();
    assert_eq!(catalogs, [record(1, 10), record(2, 20)]);
}

const fn seconds(n: i64) -> Timestamp {
    Timestamp::from_micros(n * 1_000_000)
}

fn link(n: u8, expires_at: Timestamp) -> PortalLink {
    PortalLink {
        hash: [n; 32],
        account: "ada".parse().unwrap(),
        return_url: Some("https://app.example/billing".to_owned()),
        expires_at,
        used_at: None,
    }
}

fn visit(n: u8) -> NewPortalSession {
    NewPortalSession { hash: [n; 32], expires_at: seconds(100), ends_at: seconds(1_000) }
}

/// Once, and before it expires; of several at once one gets in.
pub async fn a_portal_link_is_used_once(place: &dyn Place) {
    let store = place.open().await;
    store.put_portal_link(link(1, seconds(10))).await.unwrap();
    store.put_portal_link(link(2, seconds(10))).await.unwrap();
    let used = store.use_portal_link(&[9; 32], seconds(1), visit(9)).await.unwrap();
    assert_eq!(used, None, "there is no such link");
    let late = store.use_portal_link(&[2; 32], seconds(10), visit(9)).await.unwrap();
    assert_eq!(late, Some(link(2, seconds(10))), "it tells whose it was");
    let tasks: Vec<_> = (10_u8..18)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let link = store.use_portal_link(&[1; 32], seconds(5), visit(n)).await;
                (n, link.unwrap().unwrap().is_good(seconds(5)))
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let (n, won) = task.await.unwrap();
        let session = store.portal_session(&[n; 32]).await.unwrap();
        assert_eq!(session.is_some(), won, "there is a session if and only if it is said");
        winners.extend(won.then_some(n));
    }
    let [winner] = winners[..] else { panic!("{winners:?} got in") };
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    let session = store.portal_session(&[winner; 32]).await.unwrap().unwrap();
    let of_link = link(1, seconds(10));
    let NewPortalSession { hash, expires_at, ends_at } = visit(winner);
    let (account, return_url) = (of_link.account, of_link.return_url);
    assert_eq!(session, PortalSession { hash, account, return_url, expires_at, ends_at });
    let again = store.use_portal_link(&[1; 32], seconds(6), visit(9)).await.unwrap().unwrap();
    assert_eq!(again.used_at, Some(seconds(5)));
    assert_eq!(store.portal_session(&[9; 32]).await.unwrap(), None);
}

/// Extended, ended, and forgotten with the links when they are over.
pub async fn portal_sessions_end(place: &dyn Place) {
    let store = place.open().await;
    for n in 1..=3 {
        store.put_portal_link(link(n, seconds(i64::from(n)))).await.unwrap();
        store.use_portal_link(&[n; 32], seconds(0), visit(n)).await.unwrap();
    }
    store.extend_portal_session(&[1; 32], seconds(200)).await.unwrap();
    store.end_portal_session(&[2; 32]).await.unwrap();
    store.end_portal_session(&[9; 32]).await.unwrap();
    store.extend_portal_session(&[2; 32], seconds(200)).await.unwrap();
    let found = |n| until(&*store, n);
    assert_eq!(found(1).await, Some(seconds(200)));
    assert_eq!(found(2).await, None);
    assert_eq!(found(3).await, Some(seconds(100)));
    store.forget_portal_visits(seconds(3)).await.unwrap();
    assert_eq!(found(3).await, Some(seconds(100)), "it isn't over");
    let gone = store.use_portal_link(&[2; 32], seconds(0), visit(9)).await.unwrap();
    assert_eq!(gone, None);
    let kept = store.use_portal_link(&[3; 32], seconds(0), visit(9)).await.unwrap();
    assert!(kept.is_some());
    store.forget_portal_visits(seconds(101)).await.unwrap();
    assert_eq!(found(3).await, None);
    assert_eq!(found(1).await, Some(seconds(200)));
}

/// When a session is over, unless it has ended.
async fn until(store: &dyn Store, n: u8) -> Option<Timestamp> {
    store.portal_session(&[n; 32]).await.unwrap().map(|session| session.expires_at)
}
