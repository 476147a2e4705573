//! Takes money, looks for payments, gives them up.

use bursar_core::time::Timestamp;

use super::Sandbox;
use super::cards::{Acts, Authenticates, Loss, Webhooks, by_token};
use super::state::{Challenge, PaymentRecord, SandboxState, Stage, Timer};
use super::webhook::Object;
use crate::decline::Decline;
use crate::error::{NotDone, ProviderError};
use crate::event::{Dispute, DisputeStatus};
use crate::id::PaymentId;
use crate::method::CustomerStep;
use crate::payment::{Payment, PaymentLookup, PaymentRequest, PaymentStatus, Presence};

/// How long the bank of the sandbox thinks about a charge whose result comes later.
const PROCESSING_SECONDS: u64 = 5;
/// How long evidence can be handed in.
const EVIDENCE_DAYS: u64 = 7;

/// Takes money, once per payment id. The sandbox forgets no id, so a repetition needs no look-up.
pub(super) fn charge(
    sandbox: &Sandbox,
    state: &mut SandboxState,
    request: &PaymentRequest,
    now: Timestamp,
) -> Result<Payment, ProviderError> {
    if let Some(known) = state.payments.get(&request.id) {
        let same = known.customer == request.customer
            && known.method == request.method
            && known.money == request.money;
        return if same {
            Ok(sandbox.payment_of(known))
        } else {
            Err(NotDone::Conflict(request.id.to_string()).into())
        };
    }
    state.known_customer(&request.customer)?;
    let card = payable(state, request)?;
    let loses = state.rest.faults.lose_next.take().or(card.1.loses);
    // Lost once: the repetition gets through.
    if loses == Some(Loss::Request) && !state.lost_requests.contains_key(&request.id) {
        state.lost_requests.insert(request.id, Loss::Request);
        return Err(ProviderError::Unknown("the request was lost".to_owned()));
    }
    let stage = stage(sandbox, state, request, &card.1, now);
    let record = PaymentRecord {
        id: request.id,
        reference: state.reference("pi")?,
        customer: request.customer.clone(),
        method: request.method.clone(),
        token: card.0.to_owned(),
        money: request.money,
        description: request.description.clone(),
        return_url: match &request.presence {
            Presence::OnSession { return_url } => return_url.clone(),
            Presence::OffSession { .. } => None,
        },
        refunded: 0,
        stage,
    };
    let payment = sandbox.payment_of(&record);
    state.payments.insert(request.id, record);
    state.lost_requests.remove(&request.id);
    announce(state, request.id, &card.1, now)?;
    match loses {
        Some(Loss::Reply) => Err(ProviderError::Unknown("the reply was lost".to_owned())),
        _ => Ok(payment),
    }
}

/// The test card of a request that makes sense.
fn payable(
    state: &SandboxState,
    request: &PaymentRequest,
) -> Result<(&'static str, Acts), ProviderError> {
    if request.money.amount <= 0 {
        return Err(NotDone::Amount {
            money: request.money,
            reason: "a payment is positive".to_owned(),
        }
        .into());
    }
    let stored = state.methods.get(&request.method);
    if stored.is_some_and(|stored| stored.customer.as_ref() != Some(&request.customer)) {
        return Err(NotDone::Missing("payment method").into());
    }
    let card = (state.card_of(&request.method)).ok_or(NotDone::Missing("payment method"))?;
    Ok((card.token, card.acts))
}

fn stage(
    sandbox: &Sandbox,
    state: &mut SandboxState,
    request: &PaymentRequest,
    acts: &Acts,
    now: Timestamp,
) -> Stage {
    let absent = matches!(request.presence, Presence::OffSession { .. });
    let set_up = (state.methods.get(&request.method)).is_some_and(|m| m.mandate.is_some());
    let authenticate = match acts.authenticates {
        Authenticates::Never => false,
        Authenticates::Always => true,
        Authenticates::UnlessSetUp => !set_up,
        Authenticates::OnSession => !absent,
    };
    if authenticate {
        let challenge = sandbox.page_secret(state);
        state.challenges.insert(challenge.clone(), Challenge::Payment(request.id));
        Stage::RequiresAction { challenge }
    } else if acts.processing {
        let until = now.after(std::time::Duration::from_secs(PROCESSING_SECONDS));
        state.set(until, Timer::Payment(request.id));
        Stage::Processing
    } else {
        let code = state.rest.faults.decline_next.take();
        result(code.as_deref().or(acts.at_charge))
    }
}

/// What a bank's answer makes of a payment.
pub(super) fn result(declined: Option<&str>) -> Stage {
    match declined {
        None => Stage::Succeeded,
        Some(code) => Stage::Declined { decline: Decline::of(code) },
    }
}

/// Sends the webhooks of a payment that was just made or moved, and the dispute that follows it.
pub(super) fn announce(
    state: &mut SandboxState,
    id: PaymentId,
    acts: &Acts,
    now: Timestamp,
) -> Result<(), ProviderError> {
    let Some(record) = state.payments.get(&id).cloned() else {
        return Ok(());
    };
    let mode = acts.webhooks.or(state.rest.faults.webhooks);
    if record.stage == Stage::Processing || mode == Some(Webhooks::Reordered) {
        let processing = PaymentRecord { stage: Stage::Processing, ..record.clone() };
        state.emit(&Object::Payment(processing), mode, now)?;
    }
    if record.stage == Stage::Processing {
        return Ok(());
    }
    let mode = match mode {
        Some(Webhooks::Reordered) => Some(Webhooks::OnTime),
        other => other,
    };
    state.emit(&Object::Payment(record.clone()), mode, now)?;
    match acts.dispute {
        Some((reason, status)) if record.stage == Stage::Succeeded => {
            open_dispute(state, &record, reason, status, now)
        }
        _ => Ok(()),
    }
}

/// The bank has made up its mind about a payment that was being processed.
pub(super) fn settle(
    state: &mut SandboxState,
    id: PaymentId,
    at: Timestamp,
) -> Result<(), ProviderError> {
    let Some(record) = state.payments.get(&id) else {
        return Ok(());
    };
    let Some(card) = by_token(&record.token).filter(|_| record.stage == Stage::Processing) else {
        return Ok(());
    };
    state.payments.change(&id, |record| record.stage = result(card.acts.at_charge));
    announce(state, id, &card.acts, at)
}

/// A customer disputes a payment.
pub(super) fn open_dispute(
    state: &mut SandboxState,
    payment: &PaymentRecord,
    reason: &str,
    status: DisputeStatus,
    now: Timestamp,
) -> Result<(), ProviderError> {
    let evidence = std::time::Duration::from_secs(EVIDENCE_DAYS * 24 * 3600);
    let dispute = Dispute {
        reference: state.reference("dp")?,
        payment: Some(payment.reference.clone()),
        money: payment.money,
        reason: reason.to_owned(),
        status,
        respond_by: Some(now.after(evidence)),
    };
    let reference = dispute.reference.clone();
    state.disputes.insert(reference, dispute.clone());
    state.emit(&Object::Dispute(dispute), None, now)
}

/// Gives a payment up, unless it is over.
pub(super) fn cancel(
    sandbox: &Sandbox,
    state: &mut SandboxState,
    lookup: &PaymentLookup,
    now: Timestamp,
) -> Result<Option<Payment>, ProviderError> {
    let Some(record) = state.payments.get(&lookup.id) else {
        return Ok(None);
    };
    if let Stage::RequiresAction { challenge } = &record.stage {
        state.challenges.remove(challenge);
        let cancelled = PaymentRecord { stage: Stage::Cancelled, ..record.clone() };
        state.payments.insert(lookup.id, cancelled.clone());
        state.emit(&Object::Payment(cancelled.clone()), None, now)?;
        return Ok(Some(sandbox.payment_of(&cancelled)));
    }
    Ok(Some(sandbox.payment_of(record)))
}

impl Sandbox {
    /// A payment as the port shows it.
    pub(super) fn payment_of(&self, record: &PaymentRecord) -> Payment {
        let status = match &record.stage {
            Stage::Processing => PaymentStatus::Processing,
            Stage::RequiresAction { challenge } => {
                PaymentStatus::RequiresAction(CustomerStep::Page {
                    url: self.challenge_url(challenge),
                })
            }
            Stage::Declined { decline } => PaymentStatus::Declined(decline.clone()),
            Stage::Cancelled => PaymentStatus::Cancelled,
            Stage::Succeeded => PaymentStatus::Succeeded,
        };
        Payment {
            id: record.id,
            reference: Some(record.reference.clone()),
            money: record.money,
            status,
        }
    }
}
