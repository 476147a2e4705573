//! The list that a purge certificate is over.
//!
//! One line for each file that the vault had when it ended, in order of their ids:
//! `asset_… kind bytes stored` or, if the app kept its bytes, `asset_… kind bytes external`, each with a
//! line feed. The certificate has the SHA-256 of these lines, so whoever kept a list of their files can
//! check it with `sha256sum`. The list has no names.

use sha2::{Digest, Sha256};

use super::record::{AssetRecord, Stage};

/// Hashes the list, file by file.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    hash: Sha256,
    objects: u64,
}

impl Manifest {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; to be called in order of their ids. Uploads aren't files.
    pub fn add(&mut self, asset: &AssetRecord) {
        let Stage::Stored { external, .. } = asset.stage else {
            return;
        };
        let place = if external { "external" } else { "stored" };
        let (kind, bytes) = (asset.kind.as_str(), asset.bytes);
        self.hash.update(alloc::format!("{} {kind} {bytes} {place}\n", asset.id));
        self.objects = self.objects.saturating_add(u64::from(!external));
    }

    /// How many of the files had their bytes in the vault, and the hash of the list.
    pub fn finish(self) -> (u64, [u8; 32]) {
        (self.objects, self.hash.finalize().into())
    }
}
