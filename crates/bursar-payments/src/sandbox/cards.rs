//! The test cards: Stripe's names and published numbers, and a few of our own for what goes wrong on
//! the way.

use std::time::Duration;

use crate::event::DisputeStatus;

/// A card that behaves in one known way.
#[derive(Clone, Copy, Debug)]
pub(super) struct TestCard {
    /// Its name in the API.
    pub(super) token: &'static str,
    /// Its published number, which the form accepts. Our own have none.
    pub(super) number: Option<&'static str>,
    pub(super) brand: &'static str,
    pub(super) last4: &'static str,
    pub(super) acts: Acts,
}

/// What a test card does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acts {
    /// The decline when it is attached or entered.
    pub(super) at_attach: Option<&'static str>,
    /// When the customer has to authenticate.
    pub(super) authenticates: Authenticates,
    /// The decline when it is charged, after authentication if there is one.
    pub(super) at_charge: Option<&'static str>,
    /// The result of a charge isn't in the reply, but comes later.
    pub(super) processing: bool,
    /// The dispute that follows a charge.
    pub(super) dispute: Option<(&'static str, DisputeStatus)>,
    pub(super) refunds: Refunds,
    pub(super) webhooks: Option<Webhooks>,
    pub(super) loses: Option<Loss>,
}

/// When a card asks its holder to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authenticates {
    Never,
    /// At every charge.
    Always,
    /// At every charge, unless it was entered in the form and authenticated there.
    UnlessSetUp,
    /// When the customer is there.
    OnSession,
}

/// What becomes of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refunds {
    Succeed,
    /// First pending, then done.
    Pend,
    /// First done, then sent back by the bank.
    Fail,
}

/// How webhooks arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Webhooks {
    /// At once, in order, each once.
    OnTime,
    /// After [`LATENESS`].
    Late,
    /// Never.
    Lost,
    /// Twice.
    Twice,
    /// A payment's result first, and that it is being processed after [`LATENESS`].
    Reordered,
}

/// What is lost between the engine and the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The request: the provider never hears of it.
    Request,
    /// The reply: it was done.
    Reply,
}

/// How late a late webhook is.
pub const LATENESS: Duration = Duration::from_secs(60);

const PLAIN: Acts = Acts {
    at_attach: None,
    authenticates: Authenticates::Never,
    at_charge: None,
    processing: false,
    dispute: None,
    refunds: Refunds::Succeed,
    webhooks: None,
    loses: None,
};

const fn declines(code: &'static str) -> Acts {
    Acts { at_charge: Some(code), ..PLAIN }
}

const fn authenticates(when: Authenticates) -> Acts {
    Acts { authenticates: when, ..PLAIN }
}

const fn disputed(reason: &'static str, status: DisputeStatus) -> Acts {
    Acts { dispute: Some((reason, status)), ..PLAIN }
}

const fn delivers(webhooks: Webhooks) -> Acts {
    Acts { webhooks: Some(webhooks), ..PLAIN }
}

/// One of Stripe's: its name there and its published number.
const fn visa(
    token: &'static str,
    number: &'static str,
    last4: &'static str,
    acts: Acts,
) -> TestCard {
    TestCard { token, number: Some(number), brand: "visa", last4, acts }
}

/// One of our own, without a number.
const fn ours(token: &'static str, last4: &'static str, acts: Acts) -> TestCard {
    TestCard { token, number: None, brand: "visa", last4, acts }
}

const fn of(brand: &'static str, card: TestCard) -> TestCard {
    TestCard { brand, ..card }
}

#[rustfmt::skip]
pub(super) const CARDS: &[TestCard] = &[
    visa("pm_card_visa",                                "4242424242424242", "4242", PLAIN),
    visa("pm_card_visa_debit",                          "4000056655665556", "5556", PLAIN),
    of("mastercard", visa("pm_card_mastercard",         "5555555555554444", "4444", PLAIN)),
    of("mastercard", visa("pm_card_mastercard_debit",   "5200828282828210", "8210", PLAIN)),
    of("amex", visa("pm_card_amex",                     "378282246310005",  "0005", PLAIN)),
    of("discover", visa("pm_card_discover",             "6011111111111117", "1117", PLAIN)),
    visa("pm_card_chargeDeclined",                      "4000000000000002", "0002", declines("generic_decline")),
    visa("pm_card_chargeDeclinedInsufficientFunds",     "4000000000009995", "9995", declines("insufficient_funds")),
    visa("pm_card_chargeDeclinedLostCard",              "4000000000009987", "9987", declines("lost_card")),
    visa("pm_card_chargeDeclinedStolenCard",            "4000000000009979", "9979", declines("stolen_card")),
    visa("pm_card_chargeDeclinedExpiredCard",           "4000000000000069", "0069", declines("expired_card")),
    visa("pm_card_chargeDeclinedIncorrectCvc",          "4000000000000127", "0127", declines("incorrect_cvc")),
    visa("pm_card_chargeDeclinedProcessingError",       "4000000000000119", "0119", declines("processing_error")),
    visa("pm_card_chargeDeclinedFraudulent",            "4100000000000019", "0019", declines("fraudulent")),
    visa("pm_card_chargeCustomerFail",                  "4000000000000341", "0341", declines("generic_decline")),
    visa("pm_card_authenticationRequired",              "4000002760003184", "3184", authenticates(Authenticates::Always)),
    visa("pm_card_authenticationRequiredOnSetup",       "4000002500003155", "3155", authenticates(Authenticates::UnlessSetUp)),
    visa("pm_card_authenticationRequiredSetupForOffSession",
                                                        "4000003800000446", "0446", authenticates(Authenticates::OnSession)),
    visa("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
                                                        "4000008260003178", "3178",
         Acts { authenticates: Authenticates::Always, ..declines("insufficient_funds") }),
    visa("pm_card_createDispute",                       "4000000000000259", "0259", disputed("fraudulent", DisputeStatus::NeedsResponse)),
    visa("pm_card_createDisputeProductNotReceived",     "4000000000002685", "2685", disputed("product_not_received", DisputeStatus::NeedsResponse)),
    visa("pm_card_createDisputeInquiry",                "4000000000001976", "1976", disputed("fraudulent", DisputeStatus::Inquiry)),
    visa("pm_card_pendingRefund",                       "4000000000007726", "7726", Acts { refunds: Refunds::Pend, ..PLAIN }),
    visa("pm_card_refundFail",                          "4000000000005126", "5126", Acts { refunds: Refunds::Fail, ..PLAIN }),
    ours("pm_sandbox_attachDeclined",                   "0101", Acts { at_attach: Some("generic_decline"), ..PLAIN }),
    ours("pm_sandbox_processing",                       "0102", Acts { processing: true, ..PLAIN }),
    ours("pm_sandbox_processingFails",                  "0103", Acts { processing: true, ..declines("generic_decline") }),
    ours("pm_sandbox_requestLost",                      "0104", Acts { loses: Some(Loss::Request), ..PLAIN }),
    ours("pm_sandbox_replyLost",                        "0105", Acts { loses: Some(Loss::Reply), ..PLAIN }),
    ours("pm_sandbox_replyLostDeclined",                "0106", Acts { loses: Some(Loss::Reply), ..declines("generic_decline") }),
    ours("pm_sandbox_webhookLate",                      "0107", delivers(Webhooks::Late)),
    ours("pm_sandbox_webhookLost",                      "0108", delivers(Webhooks::Lost)),
    ours("pm_sandbox_webhookTwice",                     "0109", delivers(Webhooks::Twice)),
    ours("pm_sandbox_webhookReordered",                 "0110", delivers(Webhooks::Reordered)),
];

/// The card of a token. Stripe spells some of them twice: `pm_card_visa_chargeDeclined` is
/// `pm_card_chargeDeclined`.
pub(super) fn by_token(token: &str) -> Option<&'static TestCard> {
    let short = token.replacen("pm_card_visa_charge", "pm_card_charge", 1);
    CARDS.iter().find(|card| card.token == short)
}

/// The card of a number: the one place that sees what was typed into the form.
pub(super) fn by_number(digits: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.number == Some(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MethodRef;
    use crate::method::Last4;

    #[test]
    fn every_card_can_be_named_once_and_described() {
        for card in CARDS {
            assert!(card.token.parse::<MethodRef>().is_ok(), "{}", card.token);
            assert!(card.last4.parse::<Last4>().is_ok(), "{}", card.token);
            assert!(card.number.is_none_or(|number| number.ends_with(card.last4)));
            assert_eq!(by_token(card.token).unwrap().token, card.token);
            if let Some(number) = card.number {
                assert_eq!(by_number(number).unwrap().token, card.token);
            }
        }
        assert_eq!(by_token("pm_card_visa_chargeDeclined").unwrap().last4, "0002");
        assert!(by_token("pm_card_unknown").is_none());
    }
}
