//! The data was deleted.

use bursar_core::time::Timestamp;

use crate::envelope::Envelope;
use crate::letter::{Letter, figure};

/// The certificate of the deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDeleted {
    /// When.
    pub deleted_at: Timestamp,
}

impl DataDeleted {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let deleted = envelope.moment(self.deleted_at);
        Letter {
            subject: format!("Your {} files have been deleted", envelope.product()),
            opening: vec![format!(
                "As announced, all your files and the details stored with them were deleted for \
                 good on {deleted}. They can't be restored."
            )],
            figures: vec![figure("Deleted", &deleted)],
            next: vec![
                "Your invoices are kept, as the law requires, and so are credits that you bought. \
                 There is nothing for you to do; if you subscribe again, you start without files."
                    .to_owned(),
            ],
            action: "See your billing history",
        }
    }
}
