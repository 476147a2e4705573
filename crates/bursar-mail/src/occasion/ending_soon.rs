//! A cancelled subscription is about to end.

use bursar_core::time::Timestamp;

use super::COMING_BACK;
use crate::envelope::Envelope;
use crate::letter::{Letter, figure};
use crate::one_line::OneLine;

/// The announcement of an end. "Access continues until billing period ends."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingSoon {
    /// The plan's name.
    pub plan: OneLine,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When its data is deleted.
    pub purge_at: Timestamp,
}

impl EndingSoon {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { plan, .. } = self;
        let end = envelope.moment(self.ends_at);
        let purge = envelope.moment(self.purge_at);
        Letter {
            subject: format!(
                "Your {} plan ends on {}",
                envelope.product(),
                envelope.date(self.ends_at)
            ),
            opening: vec![format!(
                "Your {plan} plan is cancelled and ends on {end}. You won't be charged for it again."
            )],
            figures: vec![
                figure("Plan", plan),
                figure("Ends", &end),
                figure("Files are deleted", &purge),
            ],
            next: vec![
                "Until then everything works as usual, and you can still resume the plan. Monthly \
                 credits that are left expire when it ends."
                    .to_owned(),
                format!(
                    "After the end you can look at your files, download them and delete them until \
                     {purge}. Then they are deleted for good."
                ),
                COMING_BACK.to_owned(),
            ],
            action: "See or resume your plan",
        }
    }
}
