//! Attaches, describes and detaches payment methods.

use bursar_core::time::Timestamp;

use super::cards::by_token;
use super::state::{Made, MethodRecord, SandboxState};
use super::webhook::Object;
use crate::decline::Decline;
use crate::error::{NotDone, ProviderError};
use crate::id::MethodRef;
use crate::method::{AttachMethod, Attachment, PaymentMethod};

/// The expiry of a card attached by its token: far enough to outlive any test clock's journey.
const EXPIRY: (u8, u16) = (12, 2099);

/// Attaches a test token. Stripe refuses to attach the cards that decline; the sandbox attaches
/// them, so that each decline can be seen at a renewal. The form refuses them as Stripe does, and so
/// does `pm_sandbox_attachDeclined` here.
pub(super) fn attach(
    state: &mut SandboxState,
    method: &AttachMethod,
) -> Result<Attachment, ProviderError> {
    state.known_customer(&method.customer)?;
    match state.keys.get(&method.key) {
        Some(Made::Method(made, customer, token))
            if *customer == method.customer && *token == method.token =>
        {
            let made = made.clone();
            return describe(state, &made)
                .map(Attachment::Attached)
                .ok_or(NotDone::Missing("payment method").into());
        }
        Some(_) => return Err(NotDone::Conflict(method.key.to_string()).into()),
        None => {}
    }
    let reference = match state.methods.get(&method.token) {
        // Made in the form, and perhaps attached already.
        Some(record) => match &record.customer {
            Some(owner) if *owner == method.customer => method.token.clone(),
            // What was detached is gone for good, and what is another's isn't to be had.
            _ => return Err(NotDone::Missing("payment method").into()),
        },
        None => {
            let card = by_token(method.token.as_str()).ok_or(NotDone::Missing("payment method"))?;
            if let Some(code) = card.acts.at_attach {
                return Ok(Attachment::Declined(Decline::of(code)));
            }
            let reference: MethodRef = state.reference("pm")?;
            let record = MethodRecord {
                customer: Some(method.customer.clone()),
                token: card.token.to_owned(),
                exp_month: EXPIRY.0,
                exp_year: EXPIRY.1,
                mandate: None,
            };
            state.methods.insert(reference.clone(), record);
            reference
        }
    };
    let made = Made::Method(reference.clone(), method.customer.clone(), method.token.clone());
    state.keys.insert(method.key.clone(), made);
    describe(state, &reference)
        .map(Attachment::Attached)
        .ok_or(NotDone::Missing("payment method").into())
}

/// Describes a payment method.
pub(super) fn describe(state: &SandboxState, method: &MethodRef) -> Option<PaymentMethod> {
    (state.methods.get(method)).map(|record| record.describe(method))
}

/// Detaches a payment method for good.
pub(super) fn detach(
    state: &mut SandboxState,
    method: &MethodRef,
    now: Timestamp,
) -> Result<(), ProviderError> {
    let owner = state.methods.change(method, |record| record.customer.take());
    if owner.flatten().is_some() {
        state.emit(&Object::Detached(method.clone()), None, now)?;
    }
    Ok(())
}
