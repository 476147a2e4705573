//! Claims, and the places that readers begin at.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::Command;
use bursar_core::id::AccountId;

use super::{Ask, Clerk, Place};
use crate::sharing::{Claim, Task};
use crate::{JournalPosition, Store};

const HOUR: Duration = Duration::from_secs(3_600);

fn claim_of(task: Task, name: &str) -> Claim {
    Claim::of(task, name.parse().unwrap())
}

async fn claimed(store: &dyn Store, clerk: &Clerk, task: Task, limit: usize) -> Vec<String> {
    let claimed = store.claim(task, clerk.now, limit).await.unwrap();
    let mut names: Vec<String> = claimed.iter().map(AccountId::to_string).collect();
    names.sort_unstable();
    names
}

/// Accounts with something due each.
async fn due(store: &dyn Store, clerk: &mut Clerk, names: &[&str]) {
    let mut writer = store.writer().unwrap();
    for name in names {
        let asks = [Ask::open(name), Ask::give(name, 10), Ask::hold(name)];
        clerk.batch(&mut *writer, &asks).await.unwrap();
        clerk.wait(Duration::from_secs(1));
    }
    clerk.wait(HOUR);
}

/// Whoever asks gets what nobody has, longest due first.
pub async fn work_is_claimed_once(place: &dyn Place) {
    let store = place.open().await;
    let mut clerk = Clerk::new(31);
    due(&*store, &mut clerk, &["c", "a", "b", "d"]).await;
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 2).await, ["a", "c"]);
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 10).await, ["b", "d"]);
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 10).await, [""; 0]);
    assert_eq!(claimed(&*store, &clerk, Task::Pay, 10).await, [""; 0], "nobody pays");
    assert_eq!(claimed(&*store, &clerk, Task::Mail, 10).await, [""; 0], "it is of no account");
    let mine = claim_of(Task::Advance, "c");
    assert!(store.keep(&mine).await.unwrap());
    assert!(!store.keep(&claim_of(Task::Pay, "c")).await.unwrap(), "another task");
    let given_up = [mine.clone(), claim_of(Task::Advance, "b"), claim_of(Task::Advance, "nobody")];
    store.release(&given_up, Duration::ZERO).await.unwrap();
    assert!(!store.keep(&mine).await.unwrap(), "it was given up");
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 1).await, ["c"]);
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 10).await, ["b"]);
}

/// So many that a store may look for more than it is asked for: each is claimed once all the same, and
/// none is left out.
pub async fn of_thousands_each_is_claimed_once(place: &dyn Place) {
    const ACCOUNTS: usize = 5_000;
    const AT_ONCE: usize = 700;
    let store = place.open().await;
    let mut clerk = Clerk::new(34);
    let names: Vec<String> = (0..ACCOUNTS).map(|number| format!("account-{number}")).collect();
    let mut writer = store.writer().unwrap();
    for names in names.chunks(500) {
        let asks =
            names.iter().flat_map(|name| [Ask::open(name), Ask::give(name, 10), Ask::hold(name)]);
        clerk.batch(&mut *writer, &asks.collect::<Vec<Ask>>()).await.unwrap();
    }
    clerk.wait(HOUR);
    let mut seen = BTreeSet::new();
    while seen.len() < ACCOUNTS {
        let claimed = store.claim(Task::Advance, clerk.now, AT_ONCE).await.unwrap();
        assert_eq!(claimed.len(), AT_ONCE.min(ACCOUNTS - seen.len()));
        let claims = claimed.iter().map(|account| Claim::of(Task::Advance, account.clone()));
        store.release(&claims.collect::<Vec<Claim>>(), HOUR).await.unwrap();
        for account in claimed {
            assert!(seen.insert(account.clone()), "{account} rests, and was claimed again");
        }
    }
    assert_eq!(claimed(&*store, &clerk, Task::Advance, AT_ONCE).await, [""; 0]);
}

/// Nobody comes upon it by looking.
pub async fn what_rests_is_taken_when_there_is_news(place: &dyn Place) {
    let store = place.open().await;
    let mut clerk = Clerk::new(32);
    due(&*store, &mut clerk, &["a", "b"]).await;
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 10).await, ["a", "b"]);
    let (a, b) = (claim_of(Task::Advance, "a"), claim_of(Task::Advance, "b"));
    store.release(&[a.clone(), b.clone()], HOUR).await.unwrap();
    assert!(!store.keep(&a).await.unwrap(), "it is nobody's");
    store.release(std::slice::from_ref(&a), Duration::ZERO).await.unwrap();
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 10).await, [""; 0]);
    assert!(store.take(&a).await.unwrap());
    assert!(store.take(&a).await.unwrap(), "whoever has it may take it again");
    assert!(store.keep(&a).await.unwrap());
    store.release(&[a], Duration::ZERO).await.unwrap();
    assert_eq!(claimed(&*store, &clerk, Task::Advance, 10).await, ["a"]);
    let mail = Claim::alone(Task::Mail);
    assert!(!store.keep(&mail).await.unwrap());
    assert!(store.take(&mail).await.unwrap());
    assert!(store.keep(&mail).await.unwrap());
    assert!(store.take(&Claim::alone(Task::Sweep)).await.unwrap(), "another task");
    store.release(std::slice::from_ref(&mail), Duration::ZERO).await.unwrap();
    assert!(!store.keep(&mail).await.unwrap());
}

/// Those that ask and those that erase, as they are listed.
pub async fn waiting_accounts_are_claimed(place: &dyn Place) {
    let store = place.open().await;
    let mut clerk = Clerk::new(33);
    let mut writer = store.writer().unwrap();
    for name in ["b", "a", "c"] {
        clerk.batch(&mut *writer, &Ask::subscriber(name, "small")[..4]).await.unwrap();
    }
    clerk.batch(&mut *writer, &[Ask::open("d")]).await.unwrap();
    assert_eq!(store.asking(None, 10).await.unwrap().len(), 3);
    assert_eq!(claimed(&*store, &clerk, Task::Erase, 10).await, [""; 0]);
    assert_eq!(claimed(&*store, &clerk, Task::Pay, 1).await, ["a"]);
    assert_eq!(claimed(&*store, &clerk, Task::Pay, 10).await, ["b", "c"]);
}

/// Also when there is nothing yet.
pub async fn the_end_comes_before_what_is_new(place: &dyn Place) {
    let store = place.open().await;
    let mut clerk = Clerk::new(34);
    let mut writer = store.writer().unwrap();
    let mut ends: Vec<JournalPosition> = Vec::new();
    for name in ["a", "b", "c"] {
        let end = store.end().await.unwrap();
        assert_eq!(store.journal(end, 10).await.unwrap(), []);
        ends.push(end);
        clerk.batch(&mut *writer, &[Ask::open(name), Ask::give(name, 1)]).await.unwrap();
        let nothing = Ask::new(name, Command::Resume);
        clerk.batch(&mut *writer, &[nothing]).await.unwrap();
        let new = store.journal(end, 10).await.unwrap();
        assert!(new.iter().all(|(_, entry)| entry.account.as_str() == name), "{new:?}");
        assert_eq!(new.len(), 2);
    }
    assert!(ends.is_sorted_by(|one, next| one < next));
    drop(writer);
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    let end = store.end().await.unwrap();
    assert!(ends.iter().all(|earlier| *earlier < end));
    assert_eq!(store.journal(end, 10).await.unwrap(), []);
}

/// Compared with what it was, and with nothing if it wasn't there.
pub async fn of_several_who_replace_a_setting_one_wins(place: &dyn Place) {
    let store = place.open().await;
    assert!(!store.replace_setting("cursor", Some(b"1"), b"2").await.unwrap());
    assert_eq!(store.setting("cursor").await.unwrap(), None);
    for from in [None, Some(vec![255])] {
        let tasks: Vec<_> = (0_u8..8)
            .map(|n| {
                let (store, from) = (Arc::clone(&store), from.clone());
                tokio::spawn(async move {
                    store.replace_setting("cursor", from.as_deref(), &[n]).await.unwrap()
                })
            })
            .collect();
        let mut winners = Vec::new();
        for (n, task) in (0_u8..).zip(tasks) {
            winners.extend(task.await.unwrap().then_some(n));
        }
        let [winner] = winners[..] else { panic!("{winners:?} won") };
        assert_eq!(store.setting("cursor").await.unwrap(), Some(vec![winner]));
        assert!(store.replace_setting("cursor", Some(&[winner]), &[255]).await.unwrap());
    }
    assert!(!store.replace_setting("cursor", None, b"0").await.unwrap());
    assert_eq!(store.setting("cursor").await.unwrap(), Some(vec![255]));
}
