//! The data of an ended subscription is about to be deleted.

use bursar_core::time::Timestamp;

use super::kept_until;
use crate::envelope::Envelope;
use crate::format::days;
use crate::letter::{Letter, figure};

/// The announcement of the deletion. "After 30 days, data is permanently deleted."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDeletionSoon {
    /// Days until then.
    pub days_left: u32,
    /// When the data is deleted.
    pub purge_at: Timestamp,
}

impl DataDeletionSoon {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let purge = envelope.moment(self.purge_at);
        let left = match self.days_left {
            0 => "less than a day".to_owned(),
            count => days(count),
        };
        Letter {
            subject: format!(
                "Your {} files will be deleted on {}",
                envelope.product(),
                envelope.date(self.purge_at),
            ),
            opening: vec![format!(
                "Your subscription has ended, and all your files will be deleted for good on \
                 {purge}. That is in {left}."
            )],
            figures: vec![figure("Files are deleted", &purge), figure("Time left", &left)],
            next: kept_until(&purge).into(),
            action: "Download your files or subscribe again",
        }
    }
}
