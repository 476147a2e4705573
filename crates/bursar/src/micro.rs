//! Sums over all accounts, which may be larger than an amount of credits can be.

/// Micro-credits as a plain number of credits: `-3.000001`.
pub(crate) fn text(micro: i128) -> String {
    let (whole, rest) = (micro.unsigned_abs() / 1_000_000, micro.unsigned_abs() % 1_000_000);
    let sign = if micro < 0 { "-" } else { "" };
    let decimals = format!(".{rest:06}");
    format!("{sign}{whole}{}", decimals.trim_end_matches('0').trim_end_matches('.'))
}

/// `units ÷ 10^exponent`, with that many decimals.
pub(crate) fn decimal(units: i128, exponent: u32) -> String {
    let places = usize::try_from(exponent).unwrap_or(0);
    let mut digits = format!("{:0width$}", units.unsigned_abs(), width = places.saturating_add(1));
    if places > 0 {
        digits.insert(digits.len().saturating_sub(places), '.');
    }
    if units < 0 {
        digits.insert(0, '-');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_as_credits_are() {
        assert_eq!(text(0), "0");
        assert_eq!(text(-3_000_001), "-3.000001");
        assert_eq!(text(100_000_000), "100");
        assert_eq!(text(7_500_000), "7.5");
        assert_eq!(text(i128::from(i64::MAX) * 2), "18446744073709.551614");
    }
}
