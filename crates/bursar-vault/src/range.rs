//! Parts of a content, as RFC 9110, section 14, asks for them.

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything: there is no range, several, or one that isn't understood. A server may ignore it.
    Whole,
    /// That part. Never empty, and within the content.
    Part(Range<u64>),
    /// A part that the content doesn't have (416).
    Unsatisfiable,
}

/// Reads the value of a `Range` header against a content of that size, in bytes.
///
/// ```
/// use bursar_vault::range::{Wanted, wanted};
/// assert_eq!(wanted("bytes=0-499", 1_000), Wanted::Part(0..500));
/// assert_eq!(wanted("bytes=-300", 1_000), Wanted::Part(700..1_000));
/// assert_eq!(wanted("bytes=1000-", 1_000), Wanted::Unsatisfiable);
/// assert_eq!(wanted("lines=1-2", 1_000), Wanted::Whole);
/// ```
pub fn wanted(header: &str, size: u64) -> Wanted {
    read(header, size).unwrap_or(Wanted::Whole)
}

fn read(header: &str, size: u64) -> Option<Wanted> {
    let (unit, set) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let part = match (first, last) {
        ("", suffix) => {
            let suffix = number(suffix)?;
            size.saturating_sub(suffix)..size
        }
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some(if part.is_empty() { Wanted::Unsatisfiable } else { Wanted::Part(part) })
}

/// Digits only: `u64` would read a sign, too. More than there are numbers is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(header: &str, expected: Wanted) {
        assert_eq!(wanted(header, 1_000), expected, "{header}");
    }

    #[test]
    fn ranges_as_the_standard_has_them() {
        check("bytes=0-0", Wanted::Part(0..1));
        check("bytes=500-999", Wanted::Part(500..1_000));
        check("bytes=500-", Wanted::Part(500..1_000));
        check("bytes=-1", Wanted::Part(999..1_000));
        check("bytes=-5000", Wanted::Part(0..1_000));
        check("bytes=0-99999999999999999999999", Wanted::Part(0..1_000));
        check("Bytes=1-2", Wanted::Part(1..3));
    }

    #[test]
    fn what_the_content_does_not_have() {
        check("bytes=1000-1001", Wanted::Unsatisfiable);
        check("bytes=1000-", Wanted::Unsatisfiable);
        check("bytes=-0", Wanted::Unsatisfiable);
        assert_eq!(wanted("bytes=0-", 0), Wanted::Unsatisfiable);
        assert_eq!(wanted("bytes=-5", 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn what_is_not_understood_is_answered_with_everything() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=2-1",
            "bytes=0-1,5-6",
            "bytes=+1-2",
            "bytes=a-b",
            "pages=1-2",
        ] {
            check(header, Wanted::Whole);
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_never_outside(header in "bytes=[0-9]{0,20}-[0-9]{0,20}|\\PC*", size: u64) {
            if let Wanted::Part(part) = wanted(&header, size) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
