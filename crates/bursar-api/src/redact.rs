//! Card numbers end here: whatever a caller puts where it doesn't belong is not sent back.

/// The shortest and the longest card number.
const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// The text with every card number in it as `…`: a run of 12 to 19 digits that stands alone, has at
/// most single spaces or hyphens within, and carries a right check digit.
pub(crate) fn without_card_numbers(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let stands_alone = !before.is_ascii_alphanumeric();
        let end = if first.is_ascii_digit() && stands_alone { run(rest) } else { 0 };
        let (number, after) = rest.split_at_checked(end).unwrap_or(("", rest));
        if is_card_number(number) && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            clean.push('…');
            before = '…';
            rest = after;
        } else {
            clean.push(first);
            before = first;
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    clean
}

/// How far digits with single spaces or hyphens between them go.
fn run(text: &str) -> usize {
    let (mut end, mut separated) = (0, false);
    for (place, letter) in text.char_indices() {
        match letter {
            '0'..='9' => {
                end = place.saturating_add(1);
                separated = false;
            }
            ' ' | '-' if !separated => separated = true,
            _ => break,
        }
    }
    end
}

/// Luhn's check digit, which every card number ends with.
fn is_card_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|letter| letter.to_digit(10)).collect();
    let sum =
        digits.iter().rev().zip([1, 2].into_iter().cycle()).fold(0_u32, |sum, (digit, by)| {
            let product = digit.saturating_mul(by);
            sum.saturating_add(product / 10).saturating_add(product % 10)
        });
    DIGITS.contains(&digits.len()) && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(without_card_numbers(text), expected);
    }

    #[test]
    fn card_numbers_are_not_repeated() {
        check("4242424242424242", "…");
        check("`x` is \"4242 4242 4242 4242\".", "`x` is \"…\".");
        check("pm_4242424242424242", "pm_…");
        check("3782-822463-10005, 5555555555554444", "…, …");
    }

    #[test]
    fn other_numbers_are() {
        for text in [
            "",
            "hold_00000000000000000000000000000001",
            "2026-03-31T12:00:00Z is 1774958400",
            "4242424242424241",
            "needs 80 credits, has 35 — é",
            "at most 1000000000",
        ] {
            check(text, text);
        }
    }
}
