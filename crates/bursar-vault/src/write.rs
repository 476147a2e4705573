//! Writing an object from a stream, in bounded memory, whole or not at all.

use std::fmt::Display;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, PutPayloadMut, WriteMultipart};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use crate::error::{VaultError, WriteError};
use crate::media::HEAD_BYTES;
use crate::name::ObjectName;
use crate::vault::Vault;

/// The size of a part. S3 takes none below 5 MiB but the last, and 10,000 parts.
const PART_BYTES: usize = 8 * 1024 * 1024;
const PARTS_MOST: u64 = 9_000;
/// How many parts are on their way at once. So an upload takes 3 parts of memory at most.
const PARTS_AT_ONCE: usize = 2;

/// What an upload has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the whole.
    pub sha256: [u8; 32],
    /// Its first bytes, for [`media::check`](crate::media::check).
    pub head: Bytes,
}

impl Vault {
    /// Writes an object of at most `limit` bytes. When it returns, the object is whole and survives a
    /// power cut; in every other case there is none: also if the future is dropped, because the client
    /// is gone. An object of that name must not exist: attempts are numbered at random.
    ///
    /// # Errors
    /// `TooLarge`, `Broken` with the stream's own error, or what the place has to say.
    pub async fn write<E: Display>(
        &self,
        object: &ObjectName,
        content: impl Stream<Item = Result<Bytes, E>> + Send,
        limit: u64,
    ) -> Result<Written, WriteError> {
        let path = object.path();
        let mut intake = Intake { limit, bytes: 0, hash: Sha256::new(), head: BytesMut::new() };
        let mut sink = Sink::new(self.objects.clone(), self.locate(&path), limit);
        let mut content = std::pin::pin!(content);
        let taken = loop {
            let Some(chunk) = content.next().await else { break Ok(()) };
            let taken = match chunk {
                Ok(chunk) => match intake.take(&chunk) {
                    Ok(()) => sink.put(chunk).await.map_err(WriteError::from),
                    Err(too_large) => Err(too_large),
                },
                Err(error) => Err(WriteError::Broken(error.to_string())),
            };
            if taken.is_err() {
                break taken;
            }
        };
        if let Err(error) = taken {
            sink.abort().await;
            return Err(error);
        }
        sink.finish().await?;
        if let Some(disk) = &self.disk {
            disk.settle(&path).await?;
        }
        let Intake { bytes, hash, head, .. } = intake;
        Ok(Written { bytes, sha256: hash.finalize().into(), head: head.freeze() })
    }
}

/// What passes by on its way into the vault.
struct Intake {
    limit: u64,
    bytes: u64,
    hash: Sha256,
    head: BytesMut,
}

impl Intake {
    fn take(&mut self, chunk: &Bytes) -> Result<(), WriteError> {
        let bytes = u64::try_from(chunk.len()).unwrap_or(u64::MAX).saturating_add(self.bytes);
        if bytes > self.limit {
            return Err(WriteError::TooLarge(self.limit));
        }
        self.bytes = bytes;
        self.hash.update(chunk);
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(chunk.get(..missing).unwrap_or(chunk));
        Ok(())
    }
}

/// Where it goes. What fits into one part is put at once; anything larger goes in parts.
struct Sink {
    store: Arc<dyn ObjectStore>,
    path: Path,
    part_bytes: usize,
    waiting: PutPayloadMut,
    parts: Option<WriteMultipart>,
}

impl Sink {
    fn new(store: Arc<dyn ObjectStore>, path: Path, limit: u64) -> Self {
        let part_bytes = usize::try_from(limit / PARTS_MOST).unwrap_or(usize::MAX).max(PART_BYTES);
        Self { store, path, part_bytes, waiting: PutPayloadMut::new(), parts: None }
    }

    async fn put(&mut self, chunk: Bytes) -> Result<(), object_store::Error> {
        if let Some(parts) = &mut self.parts {
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.put(chunk);
            return Ok(());
        }
        self.waiting.push(chunk);
        if self.waiting.content_length() < self.part_bytes {
            return Ok(());
        }
        let upload = self.store.put_multipart(&self.path).await?;
        let parts = WriteMultipart::new_with_chunk_size(upload, self.part_bytes);
        let parts = self.parts.insert(parts);
        for chunk in PutPayload::from(std::mem::take(&mut self.waiting)) {
            parts.put(chunk);
        }
        Ok(())
    }

    /// Finishes in a task of its own, since what is half finished could not be taken back. If nobody
    /// waits for it any more, it takes back the whole.
    async fn finish(mut self) -> Result<(), VaultError> {
        let (done, is_done) = oneshot::channel();
        let (store, path) = (self.store.clone(), self.path.clone());
        let parts = self.parts.take();
        let whole = PutPayload::from(std::mem::take(&mut self.waiting));
        tokio::spawn(async move {
            let result = match parts {
                Some(parts) => parts.finish().await,
                None => store.put(&path, whole).await,
            };
            let written = result.is_ok();
            if done.send(result).is_err() && written {
                // If this fails, the sweep finds it.
                let _ = store.delete(&path).await;
            }
        });
        let ended = || VaultError::Unavailable("the server is stopping".to_owned());
        is_done.await.map_err(|_| ended())??;
        Ok(())
    }

    async fn abort(mut self) {
        if let Some(parts) = self.parts.take() {
            abandon(parts).await;
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let (Some(parts), Ok(runtime)) =
            (self.parts.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(abandon(parts));
        }
    }
}

async fn abandon(parts: WriteMultipart) {
    if let Err(error) = parts.abort().await {
        tracing::warn!("an upload that broke off left parts behind: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::stream;
    use object_store::memory::InMemory;
    use object_store::throttle::{ThrottleConfig, ThrottledStore};

    use super::*;

    /// A place that takes for ever: the client has to wait, and what it has sent is all there is.
    #[tokio::test]
    async fn a_slow_place_takes_no_more_than_three_parts_of_memory() {
        let slow = ThrottleConfig {
            wait_put_per_call: Duration::from_secs(86_400),
            ..ThrottleConfig::default()
        };
        let mut vault = Vault::memory();
        vault.objects = Arc::new(ThrottledStore::new(InMemory::new(), slow));
        let sent = AtomicUsize::new(0);
        let piece = Bytes::from(vec![7; 64 * 1024]);
        let endless = stream::repeat_with(|| {
            sent.fetch_add(piece.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(piece.clone())
        });
        let asset = "asset_00000000000000000000000000000001".parse().unwrap();
        let name = ObjectName::new(&"ada".parse().unwrap(), 0, asset, 1);
        // Ends for want of a place to put it, or, if nothing holds it up, for its size.
        let mut upload = std::pin::pin!(vault.write(&name, endless, 1 << 30));
        for _ in 0..1_000 {
            assert!(futures::poll!(upload.as_mut()).is_pending(), "nothing held it up");
            tokio::task::yield_now().await;
        }
        let parts = PARTS_AT_ONCE + 1;
        let sent = sent.load(Ordering::Relaxed);
        assert!(sent > PART_BYTES && sent <= parts * PART_BYTES + piece.len(), "{sent} bytes");
    }
}
