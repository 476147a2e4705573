//! What a developer or a test can make happen.

use bursar_core::time::Timestamp;

use super::cards::{Loss, Webhooks};
use super::state::{Queued, Stage};
use super::webhook::Object;
use super::{Sandbox, charge};
use crate::error::{NotDone, ProviderError};
use crate::event::{Dispute, DisputeStatus};
use crate::id::{DisputeRef, PaymentId};

/// The sandbox's levers: faults on the way, and what customers and banks do.
///
/// They stay as they were set over a restart. A test card that brings its own fault
/// (`pm_sandbox_webhookLate`) goes before the lever.
pub struct SandboxControls<'a>(pub(super) &'a Sandbox);

impl SandboxControls<'_> {
    /// How webhooks arrive from now on.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] if the change can't be kept; so of every lever.
    pub fn webhooks(&self, mode: Webhooks) -> Result<(), ProviderError> {
        self.0.change(|state| {
            state.rest.faults.webhooks = Some(mode);
            Ok(())
        })
    }

    /// Loses the next charge's request or reply.
    ///
    /// # Errors
    /// As [`webhooks`](Self::webhooks).
    pub fn lose_next(&self, loss: Loss) -> Result<(), ProviderError> {
        self.0.change(|state| {
            state.rest.faults.lose_next = Some(loss);
            Ok(())
        })
    }

    /// Declines the next charge that would be decided at once.
    ///
    /// # Errors
    /// As [`webhooks`](Self::webhooks).
    pub fn decline_next(&self, code: &str) -> Result<(), ProviderError> {
        self.0.change(|state| {
            state.rest.faults.decline_next = Some(code.to_owned());
            Ok(())
        })
    }

    /// Sends the webhooks that were lost after all; returns how many.
    ///
    /// # Errors
    /// As [`webhooks`](Self::webhooks).
    pub fn find_lost_webhooks(&self, now: Timestamp) -> Result<usize, ProviderError> {
        self.0.change(|state| {
            let lost: Vec<u64> = state.lost.keys().copied().collect();
            for number in &lost {
                if let Some(webhook) = state.lost.remove(number) {
                    state.push(Queued { due: now, ..webhook });
                }
            }
            Ok(lost.len())
        })
    }

    /// A customer disputes a payment that succeeded.
    ///
    /// # Errors
    /// [`NotDone::Missing`] if there is no such payment.
    pub fn dispute(
        &self,
        payment: PaymentId,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        self.0.change(|state| {
            let record = (state.payments.get(&payment))
                .filter(|record| record.stage == Stage::Succeeded)
                .cloned()
                .ok_or(NotDone::Missing("payment"))?;
            let status = DisputeStatus::NeedsResponse;
            charge::open_dispute(state, &record, reason, status, now)
        })
    }

    /// The bank moves on with a dispute.
    ///
    /// # Errors
    /// [`NotDone::Missing`] if there is no such dispute.
    pub fn move_dispute(
        &self,
        dispute: &DisputeRef,
        status: DisputeStatus,
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        self.0.change(|state| {
            let known = (state.disputes.get(dispute)).ok_or(NotDone::Missing("dispute"))?;
            let moved = Dispute { status, ..known.clone() };
            state.disputes.insert(dispute.clone(), moved.clone());
            state.emit(&Object::Dispute(moved), None, now)
        })
    }

    /// How much was taken under a payment id and not returned, in minor units: what a bank statement
    /// would show.
    pub fn kept(&self, payment: PaymentId) -> i64 {
        let state = self.0.state.lock();
        (state.payments.get(&payment))
            .filter(|record| record.stage == Stage::Succeeded)
            .map_or(0, |record| record.money.amount.saturating_sub(record.refunded))
    }
}
