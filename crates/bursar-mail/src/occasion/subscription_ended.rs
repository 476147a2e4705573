//! A subscription ended, and the days until its data is deleted have begun.

use bursar_core::time::Timestamp;

use super::kept_until;
use crate::envelope::Envelope;
use crate::letter::{Letter, figure};
use crate::one_line::OneLine;

/// The end as it was announced. "Data is preserved for 30 days. You can resubscribe anytime."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionEnded {
    /// The plan's name.
    pub plan: OneLine,
    /// When it ended.
    pub ended_at: Timestamp,
    /// When its data is deleted.
    pub purge_at: Timestamp,
    /// The number of the invoice that was still unpaid and falls away with it.
    pub unpaid: Option<OneLine>,
}

impl SubscriptionEnded {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { plan, .. } = self;
        let ended = envelope.moment(self.ended_at);
        let purge = envelope.moment(self.purge_at);
        let mut opening =
            vec![format!("Your {plan} plan ended on {ended}. You won't be charged for it again.")];
        opening.extend(self.unpaid.as_ref().map(|number| {
            format!("Invoice {number}, which wasn't paid, is cancelled: you don't owe it.")
        }));
        Letter {
            subject: format!("Your {} subscription has ended", envelope.product()),
            opening,
            figures: vec![
                figure("Plan", plan),
                figure("Ended", &ended),
                figure("Files are deleted", &purge),
            ],
            next: kept_until(&purge).into(),
            action: "Download your files or subscribe again",
        }
    }
}
