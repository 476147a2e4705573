//! Declines in words: why a payment failed, and what helps.

/// Why a payment failed, and what helps. Two sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) why: &'static str,
    pub(crate) help: &'static str,
}

const fn reason(why: &'static str, help: &'static str) -> Reason {
    Reason { why, help }
}

impl Reason {
    /// What a decline code of the payment provider means to its customer.
    ///
    /// What a bank suspects (lost, stolen, fraud) reads like any other decline, since it would tell
    /// a thief; and so does every code that isn't known. So no code gets into a mail by itself.
    pub(crate) fn of(code: &str) -> Self {
        match code {
            "insufficient_funds" => reason(
                "There wasn't enough money on the card.",
                "Please make sure that there is enough, or use another card.",
            ),
            "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => reason(
                "The card's limit was reached.",
                "Ask your bank to raise the limit, or use another card.",
            ),
            "expired_card" => {
                reason("The card has expired.", "Add your new card, or use another one.")
            }
            "incorrect_number" | "invalid_number" => {
                reason("The card's number isn't right.", ENTER_AGAIN)
            }
            "incorrect_cvc" | "invalid_cvc" => {
                reason("The card's security code isn't right.", ENTER_AGAIN)
            }
            "invalid_expiry_month" | "invalid_expiry_year" => {
                reason("The card's expiry date isn't right.", ENTER_AGAIN)
            }
            "incorrect_address" | "incorrect_zip" => {
                reason("The billing address isn't the one that the bank has.", ENTER_AGAIN)
            }
            "authentication_not_handled"
            | "authentication_required"
            | "mobile_device_authentication_required"
            | "payment_intent_authentication_failure"
            | "setup_intent_authentication_failure" => reason(
                "Your bank wants you to confirm the payment.",
                "Pay on your billing page, where you can confirm it, or use another card.",
            ),
            "approve_with_id"
            | "issuer_not_available"
            | "processing_error"
            | "reenter_transaction"
            | "try_again_later" => reason(
                "The bank couldn't process the payment at that moment.",
                "That usually passes by itself; you can also use another card.",
            ),
            "card_not_supported" | "currency_not_supported" => {
                reason("The card can't be used for this kind of payment.", "Use another card.")
            }
            "invalid_account" | "new_account_information_available" => reason(
                "The card, or the account behind it, is no longer valid.",
                "Add your new card, or use another one.",
            ),
            "revocation_of_all_authorizations"
            | "revocation_of_authorization"
            | "stop_payment_order" => reason(
                "Payments to us from this card were stopped.",
                "Use another card, or ask your bank to allow them again.",
            ),
            "duplicate_transaction" => reason(
                "The bank took it for a repetition of an earlier payment.",
                "Look at your billing history before you pay again.",
            ),
            // Nobody finished it, so that it was cancelled.
            "canceled" => reason(
                "The payment wasn't confirmed in time.",
                "Pay on your billing page, where you can confirm it, or use another card.",
            ),
            // The provider wouldn't or couldn't make it; no bank was asked.
            "provider_refused" | "provider_unavailable" => {
                reason("The payment couldn't be processed.", "You can also use another card.")
            }
            _ => reason(
                "The bank declined the payment.",
                "Your bank can tell you why it did; you can also use another card.",
            ),
        }
    }
}

const ENTER_AGAIN: &str = "Enter the card again, or use another one.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decline_is_told_in_words() {
        assert_eq!(Reason::of("expired_card").why, "The card has expired.");
        assert_eq!(Reason::of("incorrect_cvc").help, ENTER_AGAIN);
    }

    #[test]
    fn what_would_tell_a_thief_is_not_told() {
        let generic = Reason::of("generic_decline");
        for code in [
            "fraudulent",
            "highest_risk_level",
            "lost_card",
            "merchant_blacklist",
            "pickup_card",
            "restricted_card",
            "security_violation",
            "stolen_card",
            "a_code_of_tomorrow",
            "<script>",
        ] {
            assert_eq!(Reason::of(code), generic, "{code}");
        }
    }
}
