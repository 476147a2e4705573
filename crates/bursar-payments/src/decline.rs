//! Declines: what a bank's or provider's "no" means for the next attempt.

use serde::{Deserialize, Serialize};

/// A declined payment. It is final for its payment id; another attempt is another payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// The reason in the words of Stripe's decline codes, such as `insufficient_funds`, or a code
    /// of the provider's own.
    pub code: String,
    /// Whether the same payment method is worth another attempt.
    pub severity: Severity,
    /// What would help.
    pub advice: Advice,
}

/// Whether a payment method that was declined is worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Retrying later may succeed.
    Soft,
    /// Retrying can't succeed and card networks forbid or fine it: wait for another payment method.
    Hard,
}

/// What would help after a decline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Nothing to do: try again later.
    TryLater,
    /// The customer needs money or limit on the card, or another one.
    AddFunds,
    /// The customer enters the details again: number, expiry, security code or address.
    CorrectDetails,
    /// The customer authenticates while present.
    Authenticate,
    /// The customer asks the bank.
    ContactBank,
    /// The customer uses another payment method.
    UseAnother,
    /// The same payment was made a moment ago; look before repeating it.
    CheckDuplicate,
}

/// A provider's own advice, which knows more than the code alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProviderAdvice {
    ConfirmDetails,
    DoNotTryAgain,
    TryAgainLater,
}

use Advice::{
    AddFunds, Authenticate, CheckDuplicate, ContactBank, CorrectDetails, TryLater, UseAnother,
};
use Severity::{Hard, Soft};

/// Stripe's documented decline codes for cards (docs.stripe.com/declines/codes), with what its
/// "next steps" and its rules for retries say. Everything not listed is soft: retries are few
/// anyway, and giving up on a good customer costs more than one attempt.
#[rustfmt::skip]
const CODES: &[(&str, Severity, Advice)] = &[
    ("approve_with_id",                         Soft, TryLater),
    ("authentication_not_handled",              Soft, Authenticate),
    ("authentication_required",                 Soft, Authenticate),
    ("call_issuer",                             Soft, ContactBank),
    ("card_not_supported",                      Hard, UseAnother),
    ("card_velocity_exceeded",                  Soft, AddFunds),
    ("currency_not_supported",                  Hard, UseAnother),
    ("do_not_honor",                            Soft, ContactBank),
    ("do_not_try_again",                        Hard, UseAnother),
    ("duplicate_transaction",                   Soft, CheckDuplicate),
    ("expired_card",                            Hard, UseAnother),
    ("fraudulent",                              Hard, UseAnother),
    ("generic_decline",                         Soft, ContactBank),
    ("highest_risk_level",                      Hard, UseAnother),
    ("incorrect_address",                       Hard, CorrectDetails),
    ("incorrect_cvc",                           Hard, CorrectDetails),
    ("incorrect_number",                        Hard, CorrectDetails),
    ("incorrect_pin",                           Hard, CorrectDetails),
    ("incorrect_zip",                           Hard, CorrectDetails),
    ("insufficient_funds",                      Soft, AddFunds),
    ("invalid_account",                         Hard, UseAnother),
    ("invalid_amount",                          Soft, ContactBank),
    ("invalid_cvc",                             Hard, CorrectDetails),
    ("invalid_expiry_month",                    Hard, CorrectDetails),
    ("invalid_expiry_year",                     Hard, CorrectDetails),
    ("invalid_number",                          Hard, CorrectDetails),
    ("invalid_pin",                             Hard, CorrectDetails),
    ("issuer_not_available",                    Soft, TryLater),
    ("lost_card",                               Hard, UseAnother),
    ("merchant_blacklist",                      Hard, UseAnother),
    ("mobile_device_authentication_required",   Soft, Authenticate),
    ("new_account_information_available",       Hard, UseAnother),
    ("no_action_taken",                         Soft, ContactBank),
    ("not_permitted",                           Hard, UseAnother),
    ("offline_pin_required",                    Hard, UseAnother),
    ("online_or_offline_pin_required",          Hard, UseAnother),
    ("payment_intent_authentication_failure",   Soft, Authenticate),
    ("pickup_card",                             Hard, UseAnother),
    ("pin_try_exceeded",                        Hard, UseAnother),
    ("processing_error",                        Soft, TryLater),
    ("reenter_transaction",                     Soft, TryLater),
    ("restricted_card",                         Hard, UseAnother),
    ("revocation_of_all_authorizations",        Hard, UseAnother),
    ("revocation_of_authorization",             Hard, UseAnother),
    ("security_violation",                      Hard, UseAnother),
    ("service_not_allowed",                     Hard, UseAnother),
    ("setup_intent_authentication_failure",     Soft, Authenticate),
    ("stolen_card",                             Hard, UseAnother),
    ("stop_payment_order",                      Hard, UseAnother),
    ("testmode_decline",                        Hard, UseAnother),
    ("transaction_not_allowed",                 Hard, UseAnother),
    ("try_again_later",                         Soft, TryLater),
    ("withdrawal_count_limit_exceeded",         Soft, AddFunds),
];

/// Codes that must not be told to whoever holds the card: they would tell a thief.
const NOT_TOLD: &[&str] = &[
    "fraudulent",
    "highest_risk_level",
    "lost_card",
    "merchant_blacklist",
    "pickup_card",
    "restricted_card",
    "security_violation",
    "stolen_card",
];

impl Decline {
    /// What a code means by itself.
    pub fn of(code: &str) -> Self {
        let known = CODES.iter().find(|(known, ..)| *known == code);
        let (_, severity, advice) = known.copied().unwrap_or((code, Soft, ContactBank));
        Self { code: bounded(code), severity, advice }
    }

    /// What a code means when the provider says more about it.
    pub(crate) fn advised(code: &str, said: Option<ProviderAdvice>) -> Self {
        let by_code = Self::of(code);
        match said {
            None => by_code,
            Some(ProviderAdvice::DoNotTryAgain) => Self {
                severity: Hard,
                advice: match by_code.advice {
                    TryLater | AddFunds => UseAnother,
                    other => other,
                },
                ..by_code
            },
            Some(ProviderAdvice::ConfirmDetails) => {
                Self { severity: Hard, advice: CorrectDetails, ..by_code }
            }
            // The provider knows of a reason that passes; a code that is hard stays hard.
            Some(ProviderAdvice::TryAgainLater) => Self {
                advice: match by_code.severity {
                    Soft if by_code.advice == ContactBank => TryLater,
                    _ => by_code.advice,
                },
                ..by_code
            },
        }
    }

    /// The code as it may be shown to the customer: those that would tell a thief what the bank
    /// knows become `generic_decline`.
    pub fn shown_code(&self) -> &str {
        if NOT_TOLD.contains(&self.code.as_str()) { "generic_decline" } else { &self.code }
    }
}

/// A provider's code is a short word; whatever else comes in its place isn't kept.
fn bounded(code: &str) -> String {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !code.is_empty() && code.len() <= 64 && code.bytes().all(word) {
        code.to_owned()
    } else {
        "generic_decline".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, severity: Severity, advice: Advice) {
        let decline = Decline::of(code);
        assert_eq!((decline.severity, decline.advice), (severity, advice));
        assert_eq!(decline.code, code);
    }

    #[test]
    fn the_codes_dunning_lives_by() {
        check("insufficient_funds", Soft, AddFunds);
        check("processing_error", Soft, TryLater);
        check("do_not_honor", Soft, ContactBank);
        check("authentication_required", Soft, Authenticate);
        check("expired_card", Hard, UseAnother);
        check("stolen_card", Hard, UseAnother);
        check("incorrect_cvc", Hard, CorrectDetails);
        check("revocation_of_all_authorizations", Hard, UseAnother);
        check("a_code_of_tomorrow", Soft, ContactBank);
    }

    /// "A hard decline waits for a new card": so nothing hard may advise to wait or to try later.
    #[test]
    fn the_table_is_sorted_and_consistent() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, severity, advice) in CODES {
            let another = matches!(advice, UseAnother | CorrectDetails);
            assert_eq!(*severity == Hard, another, "{code}");
        }
        for code in NOT_TOLD {
            assert!(CODES.iter().any(|(known, severity, _)| known == code && *severity == Hard));
        }
    }

    #[test]
    fn the_provider_knows_better() {
        let of = |code, said| {
            let decline = Decline::advised(code, Some(said));
            (decline.severity, decline.advice)
        };
        use ProviderAdvice::{ConfirmDetails, DoNotTryAgain, TryAgainLater};
        assert_eq!(of("generic_decline", DoNotTryAgain), (Hard, ContactBank));
        assert_eq!(of("insufficient_funds", DoNotTryAgain), (Hard, UseAnother));
        assert_eq!(of("generic_decline", TryAgainLater), (Soft, TryLater));
        assert_eq!(of("stolen_card", TryAgainLater), (Hard, UseAnother));
        assert_eq!(of("generic_decline", ConfirmDetails), (Hard, CorrectDetails));
    }

    #[test]
    fn what_would_tell_a_thief_is_not_shown() {
        assert_eq!(Decline::of("stolen_card").shown_code(), "generic_decline");
        assert_eq!(Decline::of("expired_card").shown_code(), "expired_card");
        assert_eq!(Decline::of("4242 4242 4242").code, "generic_decline");
    }
}
