//! A small pool of connections for reading, so that no async caller ever waits for a disk.

use std::sync::Arc;

use bursar_store::StoreError;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::connection::Reader;
use crate::directory::Directory;
use crate::error::Result;
use crate::sorted::Sorted;

pub(crate) struct Readers {
    directory: Directory,
    sorted: Option<Arc<Sorted>>,
    /// One permit for each connection there may be. Closed with the store.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    pub(crate) fn new(directory: Directory, sorted: Option<Arc<Sorted>>, most: usize) -> Self {
        Self {
            directory,
            sorted,
            permits: Arc::new(Semaphore::new(most.max(1))),
            idle: Mutex::default(),
        }
    }

    /// Reads on a thread that may block. All that `read` reads of the views is of one moment.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let pool = Arc::clone(self);
        blocking(move || {
            let _permit = permit;
            let idle = pool.idle.lock().pop();
            let mut reader = match idle {
                Some(reader) => reader,
                None => Reader::open(&pool.directory, pool.sorted.as_ref())?,
            };
            let result = reader.at_a_moment(read);
            // A connection that failed is not used again.
            if result.is_ok() && !pool.permits.is_closed() {
                pool.idle.lock().push(reader);
            }
            result
        })
        .await
    }

    /// No more reads.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle.lock().clear();
    }
}

/// Runs what may block on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Unavailable(format!("a task has ended: {error}"))),
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
