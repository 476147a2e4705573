//! Writing and reading.

use std::pin::pin;
use std::sync::Arc;

use bursar_vault::{Foreign, Vault, VaultError, WriteError};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};

use crate::{collect, contract, is_missing, noise, object, picture, pieces, read, sha256, write};

const MIB: usize = 1024 * 1024;

contract! {
    what_was_written_is_read_back
    a_part_is_read
    what_is_not_there_is_missing
    more_than_the_limit_leaves_nothing
    a_stream_that_breaks_leaves_nothing
    a_client_that_is_gone_leaves_nothing
    two_attempts_do_not_mix
    a_thumbnail_lies_beside_its_picture
    a_vault_has_one_owner
}

async fn what_was_written_is_read_back(vault: Arc<Vault>) {
    // From nothing at all to several parts; 8 MiB is the size of one.
    for (number, length) in
        [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB].into_iter().enumerate()
    {
        let (name, content) = (object(number as u128, 7), noise(length, 1));
        let written = write(&vault, &name, &content).await;
        assert_eq!(written.bytes, length as u64);
        assert_eq!(written.sha256, sha256(&content));
        assert_eq!(written.head, content.slice(..length.min(8 * 1024)));
        assert!(read(&vault, &name).await == content, "{length} bytes came back otherwise");
    }
}

async fn a_part_is_read(vault: Arc<Vault>) {
    let (name, content) = (object(1, 1), noise(MIB, 2));
    write(&vault, &name, &content).await;
    for (start, end) in [(0, 1), (1, 300_000), (MIB - 1, MIB), (0, MIB)] {
        let part = vault.read(&name, Some(start as u64..end as u64)).await.unwrap();
        assert_eq!((part.size, part.range.clone()), (MIB as u64, start as u64..end as u64));
        assert!(collect(part.bytes).await.unwrap() == content.slice(start..end), "{start}..{end}");
    }
    let beyond = vault.read(&name, Some(10..MIB as u64 + 1)).await;
    assert!(matches!(beyond, Err(VaultError::Damaged(_))), "{beyond:?}");
}

async fn what_is_not_there_is_missing(vault: Arc<Vault>) {
    assert!(is_missing(&vault, &object(1, 1)).await);
    assert!(matches!(vault.thumbnail(&object(1, 1)).await, Err(VaultError::Missing(_))));
    assert!(matches!(vault.make_thumbnail(&object(1, 1)).await, Err(VaultError::Missing(_))));
}

async fn more_than_the_limit_leaves_nothing(vault: Arc<Vault>) {
    for length in [100, 20 * MIB] {
        let (name, content) = (object(1, 1), noise(length, 3));
        let result = vault.write(&name, pieces(&content), length as u64 - 1).await;
        assert!(matches!(result, Err(WriteError::TooLarge(_))), "{result:?}");
        assert!(is_missing(&vault, &name).await);
    }
    assert!(vault.is_empty(&"ada".parse().unwrap(), 0).await.unwrap());
}

async fn a_stream_that_breaks_leaves_nothing(vault: Arc<Vault>) {
    for length in [100, 20 * MIB] {
        let name = object(1, 1);
        let pieces =
            pieces(&noise(length, 4)).map(|piece| piece.map_err(|error| error.to_string()));
        let broken = pieces.chain(stream::iter([Err("gone".to_owned())]));
        let error = vault.write(&name, broken, 1 << 30).await.unwrap_err();
        assert_eq!(error.to_string(), "the content broke off: gone");
        assert!(is_missing(&vault, &name).await);
    }
    assert!(vault.is_empty(&"ada".parse().unwrap(), 0).await.unwrap());
}

async fn a_client_that_is_gone_leaves_nothing(vault: Arc<Vault>) {
    for length in [100, 9 * MIB, 20 * MIB] {
        let name = object(1, 1);
        let (reached, is_reached) = tokio::sync::oneshot::channel();
        let end = stream::once(async move {
            reached.send(()).unwrap();
            std::future::pending::<Result<Bytes, VaultError>>().await
        });
        let never_ends = pieces(&noise(length, 5)).chain(end);
        {
            let upload = pin!(vault.write(&name, never_ends, 1 << 30));
            tokio::select! {
                _ = upload => panic!("it can't end"),
                reached = is_reached => reached.unwrap(),
            }
        }
        crate::places::eventually("nothing is left", async || {
            vault.is_empty(&"ada".parse().unwrap(), 0).await.unwrap()
        })
        .await;
        assert!(is_missing(&vault, &name).await);
    }
}

async fn two_attempts_do_not_mix(vault: Arc<Vault>) {
    let (one, other) = (noise(9 * MIB, 6), noise(10 * MIB, 7));
    let (first, second) = (object(1, 1), object(1, 2));
    tokio::join!(write(&vault, &first, &one), write(&vault, &second, &other));
    assert!(read(&vault, &first).await == one);
    vault.erase_attempt(&first).await.unwrap();
    assert!(is_missing(&vault, &first).await);
    assert!(read(&vault, &second).await == other);
}

async fn a_thumbnail_lies_beside_its_picture(vault: Arc<Vault>) {
    let (name, other) = (object(1, 1), object(1, 2));
    write(&vault, &name, &picture()).await;
    write(&vault, &other, &noise(1_000, 8)).await;
    assert!(vault.make_thumbnail(&name).await.unwrap());
    assert!(!vault.make_thumbnail(&other).await.unwrap(), "noise is no picture");
    let thumbnail = vault.thumbnail(&name).await.unwrap();
    assert_eq!(thumbnail.media_type, "image/jpeg");
    assert_eq!(image::load_from_memory(&thumbnail.bytes).unwrap().width(), 320);
    vault.erase_attempt(&name).await.unwrap();
    assert!(matches!(vault.thumbnail(&name).await, Err(VaultError::Missing(_))));
}

async fn a_vault_has_one_owner(vault: Arc<Vault>) {
    let object = object(1, 1);
    write(&vault, &object, &noise(10, 1)).await;
    vault.claim("one").await.unwrap();
    vault.claim("one").await.unwrap();
    let another = vault.opened_again();
    let refused = another.claim("another").await;
    assert!(matches!(&refused, Err(Foreign::Other(owner)) if owner == "one"), "{refused:?}");
    // To the other one, all objects look like some that nobody knows.
    let unknown = |names: Vec<_>| async move { Ok(vec![false; names.len()]) };
    let swept = another.sweep(std::time::Duration::ZERO, unknown).await;
    assert!(matches!(swept, Err(VaultError::Misconfigured(_))), "{swept:?}");
    assert!(read(&vault, &object).await == noise(10, 1));
}
