//! A card as a customer recognises it.

use std::fmt;

use bursar_core::provider::{self, Last4};

use crate::one_line::OneLine;

/// A card by its brand and last digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// As the provider writes it: `visa`, `amex`.
    pub brand: OneLine,
    /// The last four digits.
    pub last4: Last4,
}

impl From<&provider::Card> for Card {
    fn from(card: &provider::Card) -> Self {
        Self { brand: card.brand.as_str().into(), last4: card.last4 }
    }
}

impl fmt::Display for Card {
    /// `Visa ending in 4242`; `card ending in 4242` if the brand is none that people know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brand = match self.brand.as_str() {
            "amex" | "american_express" => "American Express",
            "diners" | "diners_club" => "Diners Club",
            "discover" => "Discover",
            "eftpos_au" => "eftpos",
            "jcb" => "JCB",
            "mastercard" => "Mastercard",
            "unionpay" => "UnionPay",
            "visa" => "Visa",
            _ => "card",
        };
        write!(f, "{brand} ending in {}", self.last4)
    }
}

/// ` with your Visa ending in 4242`, or nothing.
pub(crate) fn with_your(card: Option<&Card>) -> String {
    card.map(|card| format!(" with your {card}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_named_as_people_name_it() {
        let card = |brand: &str| Card { brand: brand.into(), last4: "4242".parse().unwrap() };
        assert_eq!(card("visa").to_string(), "Visa ending in 4242");
        assert_eq!(card("amex").to_string(), "American Express ending in 4242");
        assert_eq!(card("unknown").to_string(), "card ending in 4242");
    }
}
