//! Reading an object, or a part of it.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::{BoxStream, StreamExt as _};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore as _};

use crate::disk;
use crate::error::VaultError;
use crate::name::ObjectName;
use crate::vault::Vault;

/// What is read.
pub struct Content {
    /// The size of the whole object.
    pub size: u64,
    /// Which part of it this is.
    pub range: Range<u64>,
    /// The bytes of that part. Ends with an error rather than early.
    pub bytes: BoxStream<'static, Result<Bytes, VaultError>>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, range, .. } = self;
        f.debug_struct("Content").field("size", size).field("range", range).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens an object, or a part of it that lies within its size and isn't empty; an object without
    /// any bytes is read as a whole.
    ///
    /// # Errors
    /// `Missing` if there is no such object, `Damaged` if it ends before the part does.
    pub async fn read(
        &self,
        object: &ObjectName,
        range: Option<Range<u64>>,
    ) -> Result<Content, VaultError> {
        self.read_at(&object.path(), range).await
    }

    pub(crate) async fn read_at(
        &self,
        below: &Path,
        range: Option<Range<u64>>,
    ) -> Result<Content, VaultError> {
        let options =
            GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::new() };
        let found = self.objects.get_opts(&self.locate(below), options).await?;
        let (size, given) = (found.meta.size, found.range.clone());
        if range.is_some_and(|asked| asked != given) {
            return Err(VaultError::Damaged(format!("{below} has only {size} bytes")));
        }
        Ok(Content { size, range: given, bytes: stream(found) })
    }
}

fn stream(found: GetResult) -> BoxStream<'static, Result<Bytes, VaultError>> {
    match found.payload {
        GetResultPayload::File(file, _) => disk::read(file, found.range),
        GetResultPayload::Stream(bytes) => bytes.map_err(VaultError::from).boxed(),
    }
}
