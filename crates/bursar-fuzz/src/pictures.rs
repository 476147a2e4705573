//! Files that customers upload: a line with the media type that is declared and a `Range` header, with a
//! blank between them, and then the content.

use std::convert::Infallible;

use bursar_vault::range::{self, Wanted};
use bursar_vault::{AccountName, ObjectName, Vault, media};
use bytes::{Bytes, BytesMut};
use futures::{TryStreamExt, stream};

use crate::office::block_on;

/// The longer side of a thumbnail, in pixels.
const LONGEST: u32 = 320;

/// A content agrees with its type or contradicts it; what is stored is read as it was written, in parts,
/// too; and it has a thumbnail that is a small picture, or none.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let head = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let content = Bytes::copy_from_slice(parts.next().unwrap_or_default());
    let (declared, range) = head.split_once(' ').unwrap_or((&head, ""));
    if media::is_media_type(declared) {
        let _ = media::check(declared, &content);
    }
    block_on(async {
        let vault = Vault::memory();
        let account = AccountName::of(&"a".parse().expect("an id"));
        let asset = "asset_0192f0c1d2e37a4b8c5d6e7f80912a3c".parse().expect("an id");
        let object = ObjectName { account, vault: 1, asset, attempt: 1 };
        let pieces = stream::iter([Ok::<_, Infallible>(content.clone())]);
        let written = vault.write(&object, pieces, 1 << 20).await.expect("room");
        assert_eq!(usize::try_from(written.bytes), Ok(content.len()));
        let size = written.bytes;
        if let Wanted::Part(part) = range::wanted(range, size) {
            assert!(part.start < part.end && part.end <= size, "{range:?} of {size} is {part:?}");
            let bounds = usize::try_from(part.start).ok().zip(usize::try_from(part.end).ok());
            let expected = bounds.and_then(|(start, end)| content.get(start..end));
            let read = vault.read(&object, Some(part)).await.expect("a part");
            let read: BytesMut = read.bytes.try_collect().await.expect("its bytes");
            assert_eq!(Some(&*read), expected, "{range:?}");
        }
        if vault.make_thumbnail(&object).await.expect("an answer") {
            let thumbnail = vault.thumbnail(&object).await.expect("a thumbnail");
            let small = image::load_from_memory(&thumbnail.bytes).expect("a picture");
            assert!(small.width().max(small.height()) <= LONGEST, "it is large");
        }
    });
}
