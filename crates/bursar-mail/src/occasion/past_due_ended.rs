//! The subscription ended because an invoice stayed unpaid.

use bursar_core::money::Money;
use bursar_core::time::Timestamp;

use super::kept_until;
use crate::envelope::Envelope;
use crate::format::money;
use crate::letter::{Letter, figure};
use crate::one_line::OneLine;

/// The end after the last attempt. "After the last retry the subscription ends as if cancelled."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastDueEnded {
    /// The plan's name.
    pub plan: OneLine,
    /// The number of the unpaid invoice.
    pub number: OneLine,
    /// What it was about.
    pub amount: Money,
    /// When the subscription ended.
    pub ended_at: Timestamp,
    /// When its data is deleted.
    pub purge_at: Timestamp,
}

impl PastDueEnded {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { plan, number, .. } = self;
        let amount = money(self.amount);
        let ended = envelope.moment(self.ended_at);
        let purge = envelope.moment(self.purge_at);
        Letter {
            subject: format!("Your {} subscription ended: payment failed", envelope.product()),
            opening: vec![format!(
                "Your {plan} plan ended on {ended}, because we couldn't collect {amount} for \
                 invoice {number}. The invoice is \
                 cancelled: you don't owe it, and we won't try to charge it again."
            )],
            figures: vec![
                figure("Plan", plan),
                figure("Ended", &ended),
                figure("Unpaid invoice", format!("{number}, {amount}")),
                figure("Files are deleted", &purge),
            ],
            next: kept_until(&purge).into(),
            action: "Download your files or subscribe again",
        }
    }
}
