//! An invoice couldn't be collected.

use bursar_core::money::Money;
use bursar_core::time::Timestamp;

use crate::card::{Card, with_your};
use crate::decline::Reason;
use crate::envelope::Envelope;
use crate::format::money;
use crate::letter::{Letter, figure};
use crate::one_line::OneLine;

/// A renewal whose payment failed. "Retries after 1, 3, 5 and 7 days; a hard decline waits for a new
/// card; a new card retries at once."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFailed {
    /// The invoice's number.
    pub number: OneLine,
    /// What is due.
    pub amount: Money,
    /// What was charged, if it was a card.
    pub card: Option<Card>,
    /// The decline's code, in the words of the payment provider. Told in plain words, or not at all
    /// if it would tell a thief. `None` if there was nothing to charge.
    pub decline_code: Option<String>,
    /// When it is tried again; `None` waits for another card.
    pub next_attempt_at: Option<Timestamp>,
    /// When the subscription ends if it isn't paid.
    pub ends_at: Timestamp,
}

const NO_CARD: Reason = Reason {
    why: "There is no card to charge it to.",
    help: "Please add a card: it is then paid.",
};

impl PaymentFailed {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let amount = money(self.amount);
        let end = envelope.moment(self.ends_at);
        let Reason { why, help } = self.decline_code.as_deref().map_or(NO_CARD, Reason::of);
        let attempt = self.next_attempt_at.map(|at| envelope.date(at));
        let plan = match &attempt {
            Some(date) => format!("{help} We will try again on {date}."),
            None if self.decline_code.is_none() => help.to_owned(),
            None => format!("{help} We won't try the declined card again."),
        };
        let when_added = match self.decline_code {
            Some(_) => "When you add another card",
            None => "When you add a card",
        };
        Letter {
            subject: format!("Your payment of {amount} to {} failed", envelope.product()),
            opening: vec![format!(
                "We couldn't collect {amount} for invoice {}{}. {why}",
                self.number,
                with_your(self.card.as_ref()),
            )],
            figures: vec![
                figure("Invoice", &self.number),
                figure("Amount due", &amount),
                figure("Next attempt", attempt.as_deref().unwrap_or(when_added)),
                figure("Subscription ends, if unpaid", &end),
            ],
            next: vec![
                plan,
                format!(
                    "If the invoice isn't paid, your subscription ends on {end}. Until then your \
                     files stay as they are and credits that you bought can be used; new monthly \
                     credits come when it is paid."
                ),
            ],
            action: "Pay or change your card",
        }
    }
}
