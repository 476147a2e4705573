//! How entries are written: one format byte, a checksum, then postcard.
//!
//! A frame is `format (1) · xxh3-64 of the body, little endian (8) · body`. The body of a journal row
//! is a `Vec<Entry>` in [postcard](https://postcard.jamesmunns.com/wire-format), which is positional:
//! see the encoding invariant of [`bursar_core::account::event`]. Adding a variant at the end of an
//! enum keeps the format; anything else needs a new format number here and the decoding of the old
//! one into today's types (upcasting), with the old goldens kept.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use xxhash_rust::xxh3::xxh3_64;

use crate::entry::Entry;
use crate::port::StoreError;

/// The format that is written.
pub const FORMAT: u8 = 1;

const HEADER: usize = 9;

/// Encodes the entries of one commit.
///
/// # Errors
/// [`StoreError::Damaged`] if a value can't be encoded, which no [`Entry`] is known to do.
pub fn encode_entries(entries: &[Arc<Entry>]) -> Result<Vec<u8>, StoreError> {
    encode(&entries)
}

/// Decodes what [`encode_entries`] wrote, in any format since the first.
///
/// # Errors
/// [`StoreError::Damaged`], or [`StoreError::Newer`] for a format that this version doesn't know.
pub fn decode_entries(bytes: &[u8]) -> Result<Vec<Entry>, StoreError> {
    decode(bytes)
}

/// Encodes any other stored value in the same frame.
///
/// # Errors
/// As [`encode_entries`].
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StoreError> {
    let mut framed = vec![0; HEADER];
    framed = postcard::to_extend(value, framed)
        .map_err(|error| StoreError::Damaged(format!("cannot encode: {error}")))?;
    let sum = framed.get(HEADER..).map_or(0, xxh3_64);
    let header = std::iter::once(FORMAT).chain(sum.to_le_bytes());
    framed.iter_mut().zip(header).for_each(|(place, byte)| *place = byte);
    Ok(framed)
}

/// Decodes what [`encode`] wrote.
///
/// # Errors
/// As [`decode_entries`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(what.to_owned());
    let (format, rest) = bytes.split_first().ok_or_else(|| damaged("an empty record"))?;
    match *format {
        FORMAT => {}
        newer if newer > FORMAT => {
            return Err(StoreError::Newer(format!("{newer}; this version knows {FORMAT}")));
        }
        _ => return Err(damaged("a record of no known format")),
    }
    let (sum, body) = rest.split_first_chunk::<8>().ok_or_else(|| damaged("a cut record"))?;
    if xxh3_64(body) != u64::from_le_bytes(*sum) {
        return Err(damaged("a record's checksum is wrong"));
    }
    let (value, left) = postcard::take_from_bytes(body)
        .map_err(|error| StoreError::Damaged(format!("a record does not decode: {error}")))?;
    if left.is_empty() { Ok(value) } else { Err(damaged("a record with bytes left over")) }
}
