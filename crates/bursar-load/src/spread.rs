//! Which account is next.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::SmallRng;

use crate::plan::Spread;

/// Draws accounts as a spread wants them.
#[derive(Clone)]
pub(crate) enum Choice {
    Uniform(usize),
    /// Boxed, since it has a weight for each.
    Zipf(std::sync::Arc<WeightedIndex<u64>>),
    Hot(f64, usize),
}

/// The weight of the most frequent account; the nth has that divided by n.
const FIRST: u64 = 1 << 40;

impl Choice {
    /// Of `accounts`, which is at least 1.
    pub(crate) fn new(spread: Spread, accounts: usize) -> Self {
        match spread {
            Spread::Uniform => Self::Uniform(accounts),
            Spread::Hot(share) => Self::Hot(share, accounts),
            Spread::Zipf => {
                let weights = (1..).take(accounts).map(|nth: u64| FIRST / nth);
                WeightedIndex::new(weights)
                    .map_or(Self::Uniform(accounts), |index| Self::Zipf(index.into()))
            }
        }
    }

    /// The next one.
    pub(crate) fn next(&self, random: &mut SmallRng) -> usize {
        match self {
            Self::Uniform(accounts) => random.random_range(0..*accounts),
            Self::Zipf(index) => index.sample(random),
            Self::Hot(share, accounts) => {
                if random.random_bool(*share) {
                    0
                } else {
                    random.random_range(0..*accounts)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// How often of 100,000 the first, the second and the tenth of 100 accounts are drawn.
    fn drawn(spread: Spread) -> [usize; 3] {
        let choice = Choice::new(spread, 100);
        let mut random = SmallRng::seed_from_u64(7);
        let mut counts = [0; 100];
        for _ in 0..100_000 {
            counts[choice.next(&mut random)] += 1;
        }
        [counts[0], counts[1], counts[9]]
    }

    #[test]
    fn uniform_draws_each_as_often() {
        assert!(drawn(Spread::Uniform).iter().all(|count| (850..1_150).contains(count)));
    }

    #[test]
    fn zipf_draws_the_nth_an_nth_as_often() {
        // The harmonic number of 100 is 5.187.
        let [first, second, tenth] = drawn(Spread::Zipf);
        assert!((18_700..19_850).contains(&first), "{first}");
        assert!((9_200..10_100).contains(&second), "{second}");
        assert!((1_700..2_150).contains(&tenth), "{tenth}");
    }

    #[test]
    fn hot_draws_the_first_for_its_share() {
        let [first, second, _] = drawn(Spread::Hot(0.5));
        assert!((49_500..51_500).contains(&first), "{first}");
        assert!((380..620).contains(&second), "{second}");
        assert_eq!(drawn(Spread::Hot(1.0)), [100_000, 0, 0]);
    }
}
