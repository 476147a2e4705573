//! The list of all that is in an archive.

use serde::Serialize;

use super::{External, File};

/// `manifest.json`, the archive's last file. So whoever finds it has a whole archive, and all sums in it
/// have been checked.
#[derive(Debug, Serialize)]
pub(super) struct Manifest<'a> {
    /// What the archive is of.
    pub(super) account: &'a str,
    /// When it was begun, RFC 3339.
    pub(super) made_at: &'a str,
    /// How many files are in it, and their bytes.
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) assets: &'a [Line],
}

/// One asset.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: String,
    kind: String,
    name: String,
    media_type: String,
    bytes: u64,
    stored_at: String,
    /// Where in the archive it lies; an external asset lies elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    external: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

impl Line {
    /// Does it lie in the archive?
    pub(super) fn is_file(&self) -> bool {
        !self.external
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn of_file(file: File, path: String, sha256: [u8; 32]) -> Self {
        let File { id, kind, name, media_type, bytes, stored_at, reference, .. } = file;
        let sha256 = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            id: id.to_string(),
            kind,
            name,
            media_type,
            bytes,
            stored_at,
            path: Some(path),
            sha256: Some(sha256),
            external: false,
            reference,
        }
    }

    pub(super) fn of_external(external: External) -> Self {
        let External { id, kind, name, media_type, bytes, stored_at, reference } = external;
        Self {
            id: id.to_string(),
            kind,
            name,
            media_type,
            bytes,
            stored_at,
            path: None,
            sha256: None,
            external: true,
            reference,
        }
    }
}
