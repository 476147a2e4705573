//! What every place keeps to: memory, a disk, and a real S3-compatible server.
#![allow(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod bytes;
mod disk;
mod erasing;
mod exports;
mod places;

use std::future::Future;
use std::sync::Arc;

use ::bytes::Bytes;
use bursar_core::id::{AccountId, AssetId};
use bursar_vault::{ObjectName, Vault, VaultError, Written};
use futures::TryStreamExt as _;
use futures::stream::{self, Stream};
use sha2::{Digest as _, Sha256};

/// Runs each case at each place. A case gets a vault of its own.
macro_rules! contract {
    ($($case:ident)+) => {
        $(mod $case {
            #[test]
            fn in_memory() {
                crate::run($crate::places::memory, super::$case);
            }

            #[test]
            fn on_disk() {
                crate::run($crate::places::disk, super::$case);
            }

            #[test]
            fn on_s3() {
                crate::run($crate::places::s3, super::$case);
            }
        })+
    };
}
pub(crate) use contract;

fn run<F: Future<Output = ()>>(place: fn() -> places::Place, case: impl FnOnce(Arc<Vault>) -> F) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = place();
        case(place.vault.clone()).await;
        place.check_nothing_is_unfinished().await;
    });
}

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn asset(number: u128) -> AssetId {
    format!("asset_{number:032x}").parse().unwrap()
}

fn object(number: u128, attempt: u64) -> ObjectName {
    ObjectName::new(&account("ada"), 0, asset(number), attempt)
}

/// Bytes that aren't all the same, so that parts in the wrong order are noticed.
fn noise(length: usize, seed: u32) -> Bytes {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// In pieces of an odd size, as they come over a network.
fn pieces(content: &Bytes) -> impl Stream<Item = Result<Bytes, VaultError>> + use<> {
    let mut content = content.clone();
    stream::iter(std::iter::from_fn(move || {
        let piece = content.split_to(content.len().min(60_001));
        (!piece.is_empty()).then_some(Ok(piece))
    }))
}

async fn write(vault: &Vault, object: &ObjectName, content: &Bytes) -> Written {
    let limit = content.len() as u64;
    vault.write(object, pieces(content), limit).await.unwrap()
}

async fn read(vault: &Vault, object: &ObjectName) -> Bytes {
    collect(vault.read(object, None).await.unwrap().bytes).await.unwrap()
}

async fn collect(
    bytes: impl Stream<Item = Result<Bytes, VaultError>>,
) -> Result<Bytes, VaultError> {
    let chunks: Vec<Bytes> = bytes.try_collect().await?;
    Ok(chunks.concat().into())
}

async fn is_missing(vault: &Vault, object: &ObjectName) -> bool {
    matches!(vault.read(object, None).await, Err(VaultError::Missing(_)))
}

fn sha256(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

/// A picture, as a file.
fn picture() -> Bytes {
    let picture = image::RgbImage::from_fn(640, 480, |x, y| image::Rgb([x as u8, y as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}
