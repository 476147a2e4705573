//! Why a mail is written: one file for each occasion, with its figures and its words.
//!
//! Every mail says what happened, the amount or the date, and the next step. The figures come in
//! computed; nothing is reckoned here.

mod annual_renewal_reminder;
mod auto_topup_failed;
mod credit_note;
mod data_deleted;
mod data_deletion_soon;
mod ending_soon;
mod needs_authentication;
mod past_due_ended;
mod payment_failed;
mod receipt;
mod subscription_ended;

pub use annual_renewal_reminder::AnnualRenewalReminder;
pub use auto_topup_failed::AutoTopupFailed;
pub use credit_note::{CreditNote, RefundedTo};
pub use data_deleted::DataDeleted;
pub use data_deletion_soon::DataDeletionSoon;
pub use ending_soon::EndingSoon;
pub use needs_authentication::NeedsAuthentication;
pub use past_due_ended::PastDueEnded;
pub use payment_failed::PaymentFailed;
pub use receipt::{Line, Receipt};
pub use subscription_ended::SubscriptionEnded;

use crate::envelope::Envelope;
use crate::letter::Letter;
use crate::message::Attachment;

/// Why a customer gets a mail, with the figures that it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A payment arrived.
    Receipt(Receipt),
    /// An invoice was corrected.
    CreditNote(CreditNote),
    /// An invoice couldn't be collected.
    PaymentFailed(PaymentFailed),
    /// The bank wants the customer to confirm a payment.
    NeedsAuthentication(NeedsAuthentication),
    /// The subscription ended because the last attempt to collect an invoice failed.
    PastDueEnded(PastDueEnded),
    /// Credits couldn't be bought automatically.
    AutoTopupFailed(AutoTopupFailed),
    /// A cancelled subscription is about to end.
    EndingSoon(EndingSoon),
    /// A yearly subscription is about to be paid again.
    AnnualRenewalReminder(AnnualRenewalReminder),
    /// A subscription ended, and the days until its data is deleted have begun.
    SubscriptionEnded(SubscriptionEnded),
    /// The data of an ended subscription is about to be deleted.
    DataDeletionSoon(DataDeletionSoon),
    /// The data was deleted.
    DataDeleted(DataDeleted),
}

impl Occasion {
    /// Its name in logs and records: `receipt`, `payment_failed`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Receipt(_) => "receipt",
            Self::CreditNote(_) => "credit_note",
            Self::PaymentFailed(_) => "payment_failed",
            Self::NeedsAuthentication(_) => "needs_authentication",
            Self::PastDueEnded(_) => "past_due_ended",
            Self::AutoTopupFailed(_) => "auto_topup_failed",
            Self::EndingSoon(_) => "ending_soon",
            Self::AnnualRenewalReminder(_) => "annual_renewal_reminder",
            Self::SubscriptionEnded(_) => "subscription_ended",
            Self::DataDeletionSoon(_) => "data_deletion_soon",
            Self::DataDeleted(_) => "data_deleted",
        }
    }

    /// Its words.
    pub(crate) fn letter(&self, envelope: &Envelope) -> Letter {
        match self {
            Self::Receipt(receipt) => receipt.letter(envelope),
            Self::CreditNote(note) => note.letter(envelope),
            Self::PaymentFailed(failure) => failure.letter(envelope),
            Self::NeedsAuthentication(request) => request.letter(envelope),
            Self::PastDueEnded(end) => end.letter(envelope),
            Self::AutoTopupFailed(failure) => failure.letter(envelope),
            Self::EndingSoon(notice) => notice.letter(envelope),
            Self::AnnualRenewalReminder(notice) => notice.letter(envelope),
            Self::SubscriptionEnded(end) => end.letter(envelope),
            Self::DataDeletionSoon(notice) => notice.letter(envelope),
            Self::DataDeleted(certificate) => certificate.letter(envelope),
        }
    }

    /// The document that goes with it.
    pub(crate) fn attachment(&self) -> Option<Attachment> {
        match self {
            Self::Receipt(receipt) => receipt.attachment(),
            Self::CreditNote(note) => note.attachment(),
            _ => None,
        }
    }
}

/// What can be done with the files of an ended subscription, and until when.
fn kept_until(purge: &str) -> [String; 2] {
    [
        format!(
            "Until {purge} you can look at your files, download them and delete them. Then they are \
             deleted for good."
        ),
        COMING_BACK.to_owned(),
    ]
}

/// "You can resubscribe anytime"; "top-up credits never expire".
const COMING_BACK: &str = "If you subscribe again before then, everything is there as it was. \
     Credits that you bought are kept in any case, and can be used whenever you have a subscription.";
