//! The bank wants the customer to confirm a payment.

use bursar_core::money::Money;
use bursar_core::time::Timestamp;

use crate::envelope::Envelope;
use crate::format::money;
use crate::letter::{Letter, figure};
use crate::one_line::OneLine;

/// A payment that waits for its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedsAuthentication {
    /// What is to be paid.
    pub amount: Money,
    /// For what, in a few words: `Professional, monthly`.
    pub purpose: OneLine,
    /// When the payment is given up.
    pub until: Timestamp,
    /// Does the subscription end then, because it is the payment of its renewal that is missing?
    pub subscription_ends: bool,
}

impl NeedsAuthentication {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { purpose, .. } = self;
        let amount = money(self.amount);
        let until = envelope.moment(self.until);
        let otherwise = if self.subscription_ends {
            "nothing is charged and your subscription ends then"
        } else {
            "nothing is charged and the payment counts as failed"
        };
        Letter {
            subject: format!("Please confirm your payment of {amount} to {}", envelope.product()),
            opening: vec![format!(
                "Your bank asks you to confirm a payment of {amount} for {purpose}. Nothing has \
                 been charged yet."
            )],
            figures: vec![
                figure("For", purpose),
                figure("Amount", &amount),
                figure("Confirm by", &until),
            ],
            next: vec![format!("Please confirm it by {until}. If you don't, {otherwise}.")],
            action: "Confirm the payment",
        }
    }
}
