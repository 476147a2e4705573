//! Charts as SVG from templates. Coordinates are integers; colours are classes of the stylesheet, so
//! that they follow the theme; text stays at its own size however wide the chart is, because only the
//! drawing inside is stretched. Each has a title and a description, and a table stands beside it.

pub(crate) mod balance_bar;
pub(crate) mod burn_down;
pub(crate) mod by_operation;
pub(crate) mod donut;
pub(crate) mod pace;
pub(crate) mod timeline;

/// How wide a drawing is before it is stretched.
pub(crate) const WIDTH: i64 = 1_000;
/// How high.
pub(crate) const HEIGHT: i64 = 1_000;

/// `value` of `whole` as a place between 0 and `to`, rounded down; 0 of nothing.
pub(crate) fn scaled(value: i64, whole: i64, to: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let place = i128::from(value.clamp(0, whole)) * i128::from(to) / i128::from(whole);
    i64::try_from(place).unwrap_or(to)
}

/// Consecutive parts of `whole` as (start, length) between 0 and `to`: with no gap, and what isn't
/// nothing can be seen.
pub(crate) fn stacked(parts: &[i64], whole: i64, to: i64) -> Vec<(i64, i64)> {
    let mut sum = 0_i64;
    let mut placed = Vec::with_capacity(parts.len());
    for part in parts {
        let start = scaled(sum, whole, to);
        sum = sum.saturating_add((*part).max(0));
        let end = scaled(sum, whole, to);
        let least = if *part > 0 { 4 } else { 0 };
        placed.push((start, (end - start).max(least)));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_placed_without_a_gap() {
        assert_eq!(stacked(&[1, 1, 1], 3, 1_000), [(0, 333), (333, 333), (666, 334)]);
        assert_eq!(stacked(&[0, 5], 5, 1_000), [(0, 0), (0, 1_000)]);
        assert_eq!(stacked(&[1, 999_999], 1_000_000, 1_000), [(0, 4), (0, 1_000)]);
        assert_eq!(stacked(&[5], 0, 1_000), [(0, 4)]);
        assert_eq!(scaled(i64::MAX, i64::MAX, 1_000), 1_000);
    }
}
