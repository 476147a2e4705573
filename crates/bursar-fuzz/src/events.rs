//! What the journal holds, with the right checksum: from a disk that was written to by others, or by
//! another version.

use std::sync::Arc;

use bursar_store::audit::Audit;
use bursar_store::codec::{FORMAT, decode_entries, encode_entries};
use bursar_store::{JournalPosition, codec};
use xxhash_rust::xxh3::xxh3_64;

/// Entries are read or refused; those that are read are written as they were read, are all that there was, and
/// proving them says yes or no.
pub fn run(body: &[u8]) {
    let framed = frame(body);
    let _ = codec::decode::<bursar_core::account::Account>(&framed);
    let Ok(entries) = decode_entries(&framed) else {
        return;
    };
    let entries: Vec<Arc<_>> = entries.into_iter().map(Arc::new).collect();
    let written = encode_entries(&entries).expect("what was read can be written");
    let read = decode_entries(&written).expect("what was written can be read");
    assert!(entries.iter().map(|entry| &**entry).eq(&read), "written otherwise than read");
    let longer = frame(&[body, &[0]].concat());
    assert!(decode_entries(&longer).is_err(), "something was left over, and nobody minds");
    let mut audit = Audit::new();
    for (index, entry) in (0..).zip(&entries) {
        if audit.add(JournalPosition { commit: 1, index }, entry).is_err() {
            return;
        }
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut framed = vec![FORMAT];
    framed.extend(xxh3_64(body).to_le_bytes());
    framed.extend(body);
    framed
}
