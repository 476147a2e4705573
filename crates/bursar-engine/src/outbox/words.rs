//! What the provider says, as the core takes it.

use bursar_core::account::command::{Command, PaymentOutcome, SettleRefund};
use bursar_core::account::payments::{OpenPayment, Retry};
use bursar_core::id::Key;
use bursar_payments::{Advice, Decline, PaymentStatus, Refund, RefundStatus, Severity};

/// A payment's status as the core takes it.
pub(crate) fn outcome(status: &PaymentStatus) -> PaymentOutcome {
    match status {
        PaymentStatus::Processing => PaymentOutcome::Processing,
        PaymentStatus::RequiresAction(_) => PaymentOutcome::RequiresAction,
        PaymentStatus::Declined(decline) => {
            PaymentOutcome::Declined { code: key(decline.shown_code()), retry: retry(decline) }
        }
        PaymentStatus::Cancelled => PaymentOutcome::Cancelled,
        PaymentStatus::Succeeded => PaymentOutcome::Succeeded,
    }
}

/// A refund's status as the core takes it; `None` while it is on its way, or if it isn't ours.
pub(crate) fn settle_refund(refund: &Refund) -> Option<Command> {
    let outcome = match &refund.status {
        RefundStatus::Pending => return None,
        RefundStatus::Succeeded => Ok(()),
        RefundStatus::Failed { reason } => Err(key(reason)),
        RefundStatus::Cancelled => Err(key("canceled")),
    };
    Some(Command::SettleRefund(SettleRefund { refund: refund.id?, outcome }))
}

const fn retry(decline: &Decline) -> Retry {
    match (decline.severity, decline.advice) {
        (Severity::Hard, _) => Retry::NewMethod,
        (Severity::Soft, Advice::Authenticate) => Retry::Customer,
        (Severity::Soft, _) => Retry::Later,
    }
}

/// A provider's code; one that isn't a word is told as what it is, a refusal.
pub(crate) fn key(code: &str) -> Key {
    let plain: String = code
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
        .take(64)
        .collect();
    plain.parse().unwrap_or_else(|_| key("generic_decline"))
}

/// What the customer reads on a bank statement or the provider's page. Not personal data.
pub(super) fn description(payment: &OpenPayment) -> String {
    let lines = payment.order.bill.lines.iter().map(|line| line.description.as_str());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
