//! Erasing and sweeping.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bursar_vault::{Erased, ObjectName, Swept, Vault, VaultError};

use crate::{account, asset, contract, is_missing, noise, object, picture, write};

contract! {
    an_asset_is_erased_with_all_its_attempts
    a_vault_is_erased_and_its_neighbours_stay
    many_objects_are_erased
    what_nobody_knows_is_swept
    what_is_young_is_left
    a_sweep_that_gets_no_answer_erases_nothing
}

async fn an_asset_is_erased_with_all_its_attempts(vault: Arc<Vault>) {
    write(&vault, &object(1, 1), &picture()).await;
    write(&vault, &object(1, 2), &noise(10, 1)).await;
    write(&vault, &object(0x11, 1), &noise(10, 1)).await;
    vault.make_thumbnail(&object(1, 1)).await.unwrap();
    assert_eq!(vault.erase_asset(&account("ada"), 0, asset(1)).await.unwrap(), 3);
    assert_eq!(vault.erase_asset(&account("ada"), 0, asset(1)).await.unwrap(), 0);
    assert!(is_missing(&vault, &object(1, 1)).await && is_missing(&vault, &object(1, 2)).await);
    assert!(!is_missing(&vault, &object(0x11, 1)).await);
}

async fn a_vault_is_erased_and_its_neighbours_stay(vault: Arc<Vault>) {
    let mine = |vault, number| ObjectName::new(&account("ada"), vault, asset(number), 1);
    let neighbours =
        [mine(0, 1), mine(10, 1), mine(11, 1), ObjectName::new(&account("Ada"), 1, asset(1), 1)];
    for name in [mine(1, 1), mine(1, 2)].iter().chain(&neighbours) {
        write(&vault, name, &noise(10, 1)).await;
    }
    assert!(!vault.is_empty(&account("ada"), 1).await.unwrap());
    let erased = vault.erase_vault(&account("ada"), 1).await.unwrap();
    assert_eq!(erased, Erased { objects: 2, bytes: 20 });
    assert_eq!(vault.erase_vault(&account("ada"), 1).await.unwrap(), Erased::default());
    assert!(vault.is_empty(&account("ada"), 1).await.unwrap());
    for name in &neighbours {
        assert!(!is_missing(&vault, name).await, "{name}");
    }
    assert!(!vault.is_empty(&account("Ada"), 1).await.unwrap());
}

/// More than an object store lists or erases at once.
async fn many_objects_are_erased(vault: Arc<Vault>) {
    use futures::stream::{StreamExt as _, iter};
    let content = noise(10, 1);
    let names: Vec<_> = (0..1_100).map(|number| object(number, 1)).collect();
    iter(&names)
        .for_each_concurrent(16, async |name| drop(write(&vault, name, &content).await))
        .await;
    let erased = vault.erase_vault(&account("ada"), 0).await.unwrap();
    assert_eq!(erased, Erased { objects: 1_100, bytes: 11_000 });
    assert!(vault.is_empty(&account("ada"), 0).await.unwrap());
}

async fn sweep(vault: &Vault, age: Duration, known: &[ObjectName]) -> Swept {
    let known: BTreeSet<_> = known.iter().copied().collect();
    // What S3 says is to the second.
    loop {
        let before = std::time::SystemTime::now();
        let swept = vault.sweep(age, |asked: Vec<ObjectName>| {
            let answer = asked.iter().map(|name| known.contains(name)).collect();
            async { Ok::<_, VaultError>(answer) }
        });
        let swept = swept.await.unwrap();
        if age > Duration::ZERO
            || swept.erased > 0
            || before.elapsed().unwrap() > Duration::from_secs(9)
        {
            return swept;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn what_nobody_knows_is_swept(vault: Arc<Vault>) {
    vault.claim("the mark of an owner is no object").await.unwrap();
    let (known, unknown) = (object(1, 1), object(1, 2));
    for name in [known, unknown] {
        write(&vault, &name, &picture()).await;
        vault.make_thumbnail(&name).await.unwrap();
    }
    let swept = sweep(&vault, Duration::ZERO, &[known]).await;
    assert_eq!((swept.seen, swept.erased, swept.strays, swept.foreign), (4, 2, 0, 0));
    assert!(swept.bytes > picture().len() as u64);
    assert!(!is_missing(&vault, &known).await && vault.thumbnail(&known).await.is_ok());
    assert!(is_missing(&vault, &unknown).await && vault.thumbnail(&unknown).await.is_err());
}

async fn what_is_young_is_left(vault: Arc<Vault>) {
    write(&vault, &object(1, 1), &noise(10, 1)).await;
    let swept = sweep(&vault, Duration::from_secs(3_600), &[]).await;
    assert_eq!((swept.seen, swept.erased), (1, 0));
    assert!(!is_missing(&vault, &object(1, 1)).await);
}

async fn a_sweep_that_gets_no_answer_erases_nothing(vault: Arc<Vault>) {
    write(&vault, &object(1, 1), &noise(10, 1)).await;
    let no_answer = |_| async { Err(VaultError::Unavailable("the store is closed".to_owned())) };
    // Whether it is old enough to be asked about or not.
    let _ = vault.sweep(Duration::ZERO, no_answer).await;
    assert!(!is_missing(&vault, &object(1, 1)).await);
    // An answer about fewer than were asked is no answer about the rest.
    let too_short = |_| async { Ok::<_, VaultError>(Vec::new()) };
    let _ = vault.sweep(Duration::ZERO, too_short).await;
    assert!(!is_missing(&vault, &object(1, 1)).await);
}
