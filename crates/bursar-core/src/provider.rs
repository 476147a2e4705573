//! Names that a payment provider gave to things of its own, and what may be known of a card.
//!
//! **Architecture invariant:** none of these types can hold a card number.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::IdError;

/// A name that the provider gave to something of its own, kept as it is and never interpreted.
macro_rules! reference {
    ($(#[$doc:meta])* $name:ident) => {
        text!($(#[$doc])* $name, is_reference, A_REFERENCE);
    };
}

reference!(
    /// A customer at the provider.
    CustomerRef
);
reference!(
    /// A stored payment method at the provider, or a token that becomes one by being attached
    /// (`pm_card_visa` in test mode).
    MethodRef
);
reference!(
    /// A payment at the provider.
    PaymentRef
);
reference!(
    /// A refund at the provider.
    RefundRef
);
reference!(
    /// A session in which a customer enters payment details at the provider.
    SetupRef
);
reference!(
    /// A customer's authenticated consent to be charged while absent.
    MandateRef
);
reference!(
    /// A dispute at the provider.
    DisputeRef
);
reference!(
    /// A message of the provider. It may arrive more than once, always under the same name.
    EventRef
);

const A_REFERENCE: &str = "a provider's reference is 1 to 255 letters, digits or any of _ -, starts with a \
     letter and is nothing like a card number";

/// The longest run of digits that can't be a card number; real references don't come near it.
const DIGITS_MOST: usize = 11;

/// Also the wall that keeps card numbers out: whatever is sent in place of a token ends here, and
/// the error doesn't repeat it.
fn is_reference(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let run = (text.split(|c: char| !c.is_ascii_digit() && c != '-'))
        .map(|run| run.bytes().filter(u8::is_ascii_digit).count())
        .max()
        .unwrap_or(0);
    text.len() <= 255
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(plain)
        && run <= DIGITS_MOST
}

/// A card as far as we may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// `visa`, `mastercard`, `amex`… as the provider writes it.
    pub brand: String,
    /// The last four digits, which receipts show.
    pub last4: Last4,
    /// The last month in which it is valid, 1 to 12.
    pub exp_month: u8,
    /// The year of that month.
    pub exp_year: u16,
    /// The same for the same card number within one provider account; tells nothing else.
    pub fingerprint: Option<String>,
}

/// Exactly four digits: a type that can't hold a card number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Last4([u8; 4]);

impl FromStr for Last4 {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "the last digits of a card are four digits";
        <[u8; 4]>::try_from(text.as_bytes())
            .ok()
            .filter(|digits| digits.iter().all(u8::is_ascii_digit))
            .map(Self)
            .ok_or(IdError { expected })
    }
}

impl TryFrom<String> for Last4 {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Last4> for String {
    fn from(last4: Last4) -> Self {
        last4.to_string()
    }
}

impl fmt::Display for Last4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(core::str::from_utf8(&self.0).unwrap_or("????"))
    }
}

impl fmt::Debug for Last4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn references_are_kept_and_card_numbers_are_not() {
        for text in ["pm_card_visa", "pi_3MtwBwLkdIwHu7ix28a3tqPa", "cus-1"] {
            assert_eq!(text.parse::<MethodRef>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "4242424242424242",
            "pm_4242424242424242",
            "pm_4242-4242-4242-4242",
            "pm card",
            "pm/card",
            &"a".repeat(256),
        ] {
            let error = text.parse::<MethodRef>().unwrap_err();
            assert!(!error.to_string().contains("4242"), "{text}");
        }
    }
}
