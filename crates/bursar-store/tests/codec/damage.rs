//! Whatever the bytes, decoding answers; and a changed bit never passes for what was written.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_store::{Entry, StoreError, codec};
use proptest::prelude::*;

use super::samples;

fn frame() -> Vec<u8> {
    let entries: Vec<Arc<Entry>> = samples::entries().into_iter().map(Arc::new).collect();
    codec::encode_entries(&entries).unwrap()
}

#[test]
fn every_changed_bit_is_seen() {
    let frame = frame();
    for bit in 0..frame.len() * 8 {
        let mut damaged = frame.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(codec::decode_entries(&damaged).is_err(), "bit {bit}");
    }
}

#[test]
fn every_cut_is_seen() {
    let frame = frame();
    for length in 0..frame.len() {
        assert!(codec::decode_entries(&frame[..length]).is_err(), "{length} bytes");
    }
    let longer = [&frame[..], &[0]].concat();
    assert!(codec::decode_entries(&longer).is_err());
}

#[test]
fn a_newer_format_is_not_called_damaged() {
    let mut frame = frame();
    frame[0] = codec::FORMAT + 1;
    let error = codec::decode_entries(&frame).unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
}

proptest! {
    #[test]
    fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(codec::decode_entries(&bytes).is_err());
        prop_assert!(codec::decode::<Account>(&bytes).is_err());
    }

    /// With a right checksum, so that what is behind it is decoded.
    #[test]
    fn decoding_a_wrong_body_never_panics(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut body = codec::encode(&samples::entries()).unwrap().split_off(9);
        for (place, byte) in flips {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let sum = xxhash_rust::xxh3::xxh3_64(&body).to_le_bytes();
        let frame = [&[codec::FORMAT][..], &sum, &body].concat();
        let _ = codec::decode_entries(&frame);
        let _ = codec::decode::<Account>(&frame);
    }
}
