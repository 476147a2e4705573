//! Why a payment failed, in words for the customer: the same in the API and on pages.

use bursar_payments::{Advice, Decline};

/// A decline in words: why, and what would help. Codes that would tell a thief what the bank knows
/// never get here.
pub fn advice(code: &str) -> (&'static str, &'static str) {
    match code {
        "canceled" => (
            "The payment was given up before it was completed.",
            "Start again, and complete it on the provider's page.",
        ),
        "returned" => (
            "The payment came too late to take effect, and the money goes back.",
            "Look at the subscription as it is now, and start again if it is still wanted.",
        ),
        "provider_unavailable" => (
            "The payment provider could not be reached; no money was taken.",
            "Try again in a moment.",
        ),
        "provider_refused" => (
            "The payment provider refused the payment; no money was taken.",
            "Use another payment method, or ask support.",
        ),
        "insufficient_funds" => (
            "The card was declined: insufficient funds.",
            "Use another card, or make sure there is enough money and try again.",
        ),
        "expired_card" => ("The card was declined: it has expired.", "Use another card."),
        "incorrect_cvc" | "invalid_cvc" => (
            "The card was declined: the security code is wrong.",
            "Enter the card again, with its security code.",
        ),
        code => by_advice(Decline::of(code).advice),
    }
}

const fn by_advice(advice: Advice) -> (&'static str, &'static str) {
    match advice {
        Advice::TryLater => {
            ("The bank could not process the card just now.", "Try again in a moment.")
        }
        Advice::AddFunds => {
            ("The card was declined: a limit is reached.", "Use another card, or try again later.")
        }
        Advice::CorrectDetails => {
            ("The card was declined: its details are wrong.", "Enter the card again.")
        }
        Advice::Authenticate => (
            "The bank asks the customer to authenticate, and that did not happen.",
            "Try again, and complete the bank's authentication.",
        ),
        Advice::ContactBank => {
            ("The card was declined.", "Use another card, or ask the bank that issued it.")
        }
        Advice::UseAnother => ("The card was declined.", "Use another card."),
        Advice::CheckDuplicate => (
            "The bank takes this for the same payment as one a moment ago.",
            "Look whether it is paid already before trying again.",
        ),
    }
}
