//! Which names a run certainly doesn't have, in memory.
//!
//! Nearly every key that is looked up is new: without this, that would be read out of every run. A split block
//! Bloom filter as Parquet defines it (<https://parquet.apache.org/docs/file-format/bloomfilter/>): a name sets
//! one bit in each of the eight words of one block, so that a look touches 32 bytes. About one name in a hundred
//! that isn't there seems to be.
//!
//! Only [rare](Name::is_rare) names are in it. Others are looked up where they are.

use super::name::Name;

/// Names for each block, so that there are ten bits for each.
const NAMES: u64 = 24;
/// The filter of more names is no larger, so that those of one run take 21 MB at most: one in five that isn't there seems
/// to be if there are twice as many names and a bit more.
const MOST_NAMES: u64 = 16 << 20;
/// Runs that may have more have none, since it would say little.
const TOO_MANY_NAMES: u64 = 3 * MOST_NAMES;
/// A block's bytes.
pub(super) const BLOCK: usize = 32;

/// Odd numbers, one for each word, that spread a name's bits differently.
const SALTS: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// The filter of a run; without blocks it says of every name that it may be there.
#[derive(Debug)]
pub(super) struct Filter(Vec<[u32; 8]>);

impl Filter {
    /// An empty one for about so many rare names.
    pub(super) fn with_room(names: u64) -> Self {
        let most = if names > TOO_MANY_NAMES { 0 } else { names.min(MOST_NAMES) };
        let blocks = most.div_ceil(NAMES);
        Self(vec![[0; 8]; usize::try_from(blocks).unwrap_or(0)])
    }

    /// From what [`Filter::bytes`] gave, a multiple of [`BLOCK`].
    pub(super) fn of(bytes: &[u8]) -> Self {
        let block = |bytes: &[u8; BLOCK]| {
            let mut words = [0; 8];
            for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *word = u32::from_be_bytes(*bytes);
            }
            words
        };
        Self(bytes.as_chunks().0.iter().map(block).collect())
    }

    /// As it is kept.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flatten().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// From now on the name may be there.
    pub(super) fn add(&mut self, name: Name) {
        let place = self.place(name);
        if let Some(block) = self.0.get_mut(place)
            && name.is_rare()
        {
            block.iter_mut().zip(bits(name)).for_each(|(word, bit)| *word |= bit);
        }
    }

    /// May it be there?
    pub(super) fn may_have(&self, name: Name) -> bool {
        !name.is_rare()
            || self
                .0
                .get(self.place(name))
                .is_none_or(|block| block.iter().zip(bits(name)).all(|(word, bit)| word & bit != 0))
    }

    /// The block of a name, by the upper half of its bits.
    fn place(&self, name: Name) -> usize {
        let blocks = u64::try_from(self.0.len()).unwrap_or(0);
        usize::try_from((name.0 >> 32).saturating_mul(blocks) >> 32).unwrap_or(usize::MAX)
    }
}

/// A bit of each word, by the lower half of a name's bits.
fn bits(name: Name) -> impl Iterator<Item = u32> {
    let lower = u32::try_from(name.0 & u64::from(u32::MAX)).unwrap_or(0);
    SALTS.iter().map(move |salt| 1 << (lower.wrapping_mul(*salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(seed: u64, count: usize) -> Vec<Name> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..count).map(|_| Name(random.u64(..) | 1)).collect()
    }

    #[test]
    fn what_was_added_may_be_there_and_little_else() {
        for count in [1, 24, 1_000, 100_000] {
            let there = names(1, count);
            let mut filter = Filter::with_room(u64::try_from(count).unwrap());
            there.iter().for_each(|name| filter.add(*name));
            let kept = Filter::of(&filter.bytes());
            assert!(there.iter().all(|name| kept.may_have(*name)));
            let seems = names(2, 10_000).iter().filter(|name| kept.may_have(**name)).count();
            assert!(seems < 300, "{seems} of 10,000 with {count}");
            assert!(kept.may_have(Name(0)), "versions always may");
        }
    }

    #[test]
    fn a_run_that_is_too_long_has_none() {
        let mut filter = Filter::with_room(TOO_MANY_NAMES + 1);
        filter.add(Name(1));
        assert!(filter.bytes().is_empty() && filter.may_have(Name(1)) && filter.may_have(Name(3)));
        let (whole, full) = (Filter::with_room(MOST_NAMES), Filter::with_room(TOO_MANY_NAMES));
        assert_eq!(whole.0.len(), full.0.len());
    }
}
