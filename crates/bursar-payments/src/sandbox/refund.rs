//! Returns money.

use std::time::Duration;

use bursar_core::time::Timestamp;

use super::cards::{Refunds, by_token};
use super::state::{SandboxState, Stage, Timer};
use super::webhook::Object;
use crate::error::{NotDone, ProviderError};
use crate::id::RefundId;
use crate::refund::{Refund, RefundRequest, RefundStatus};

/// How long a refund is pending, or seems done, before it turns out otherwise.
const TURNS_AFTER: Duration = Duration::from_secs(5);

/// Returns money, once per refund id.
pub(super) fn refund(
    state: &mut SandboxState,
    request: &RefundRequest,
    now: Timestamp,
) -> Result<Refund, ProviderError> {
    if let Some(known) = state.refunds.get(&request.id) {
        let same = known.payment.as_ref() == Some(&request.payment) && known.money == request.money;
        return if same {
            Ok(known.clone())
        } else {
            Err(NotDone::Conflict(request.id.to_string()).into())
        };
    }
    let payment = state
        .payment_of(&request.payment)
        .filter(|payment| payment.stage == Stage::Succeeded)
        .ok_or(NotDone::Missing("payment"))?;
    let id = payment.id;
    if request.money.currency != payment.money.currency || request.money.amount <= 0 {
        return Err(NotDone::Amount {
            money: request.money,
            reason: "a refund is positive and in the payment's currency".to_owned(),
        }
        .into());
    }
    let refunded = payment.refunded.saturating_add(request.money.amount);
    if refunded > payment.money.amount {
        return Err(NotDone::RefundTooLarge.into());
    }
    let turns = by_token(&payment.token).map_or(Refunds::Succeed, |card| card.acts.refunds);
    let made = Refund {
        id: Some(request.id),
        reference: state.reference("rf")?,
        payment: Some(request.payment.clone()),
        money: request.money,
        status: match turns {
            Refunds::Pend => RefundStatus::Pending,
            Refunds::Succeed | Refunds::Fail => RefundStatus::Succeeded,
        },
    };
    if turns != Refunds::Succeed {
        state.set(now.after(TURNS_AFTER), Timer::Refund(request.id));
    }
    state.payments.change(&id, |payment| payment.refunded = refunded);
    state.refunds.insert(request.id, made.clone());
    state.emit(&Object::Refund(made.clone()), None, now)?;
    match state.rest.faults.lose_next.take() {
        Some(_) => Err(ProviderError::Unknown("the reply was lost".to_owned())),
        None => Ok(made),
    }
}

/// A pending refund is done; one that seemed done is sent back by the bank.
pub(super) fn settle(
    state: &mut SandboxState,
    id: RefundId,
    at: Timestamp,
) -> Result<(), ProviderError> {
    let Some(refund) = state.refunds.get(&id) else {
        return Ok(());
    };
    let status = match refund.status {
        RefundStatus::Pending => RefundStatus::Succeeded,
        _ => RefundStatus::Failed { reason: "lost_or_stolen_card".to_owned() },
    };
    let moved = Refund { status, ..refund.clone() };
    state.refunds.insert(id, moved.clone());
    if let (RefundStatus::Failed { .. }, Some(payment)) = (&moved.status, &moved.payment)
        && let Some(paid) = state.payments.marked(payment).copied()
    {
        state.payments.change(&paid, |record| {
            record.refunded = record.refunded.saturating_sub(moved.money.amount);
        });
    }
    state.emit(&Object::Refund(moved), None, at)
}
