//! Disputes: the bank takes money back on the customer's word.

use alloc::vec::Vec;

use super::DisputeStatus;
use super::record::PaymentRecord;
use crate::account::Account;
use crate::account::command::NoteDispute;
use crate::account::event::Event;
use crate::rejection::PaymentRejection;

impl NoteDispute {
    /// Notes where a dispute stands.
    ///
    /// # Errors
    /// [`PaymentRejection`]: there is no such payment, or it stands there already.
    pub fn decide(
        &self,
        account: &Account,
        past: Option<&PaymentRecord>,
    ) -> Result<Vec<Event>, PaymentRejection> {
        let past = past.ok_or(PaymentRejection::PaymentNotFound { payment: self.payment })?;
        // A payment that took nothing has nothing to dispute.
        if !past.has_succeeded() || self.money.currency != past.order.bill.currency {
            return Err(PaymentRejection::PaymentNotFound { payment: self.payment });
        }
        let mut open = account.billing.disputes.iter();
        let known = open.find(|known| known.dispute == self.dispute);
        let known = known.map(|known| known.status).or_else(|| past.dispute_over(&self.dispute));
        let over = matches!(known, Some(DisputeStatus::Won | DisputeStatus::Lost));
        // An inquiry may become a dispute, but not the other way round: that is late news.
        let late = known == Some(DisputeStatus::Open) && self.status == DisputeStatus::Inquiry;
        if over || late || known == Some(self.status) {
            return Err(PaymentRejection::NothingNew);
        }
        Ok(alloc::vec![Event::PaymentDisputed {
            payment: self.payment,
            dispute: self.dispute.clone(),
            money: self.money,
            status: self.status,
            before: known,
            reason: self.reason.clone(),
        }])
    }
}
