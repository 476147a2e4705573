//! Returns money, looks for refunds.

use bursar_core::Context;

use super::Stripe;
use super::amount::to_stripe;
use super::client::Answer;
use super::form::Form;
use super::objects::{List, REFUND_ID, Refund as Object, ours};
use crate::error::{NotDone, ProviderError};
use crate::payment::Attempt;
use crate::refund::{Refund, RefundLookup, RefundRequest};

/// Returns money. As with charges, what may have been sent before is looked for first.
pub(super) async fn refund(
    stripe: &Stripe,
    request: &RefundRequest,
    context: &Context,
) -> Result<Refund, ProviderError> {
    let amount = to_stripe(request.money)?;
    if request.attempt == Attempt::Again {
        let lookup = RefundLookup { id: request.id, payment: request.payment.clone() };
        if let Some(found) = find(stripe, &lookup, context).await? {
            return same(request, found);
        }
    }
    let form = Form::new()
        .with("payment_intent", &request.payment)
        .with("amount", amount)
        .with(&format!("metadata[{REFUND_ID}]"), request.id);
    let id = request.id.to_string();
    let answer = stripe.client.post::<Object>("/v1/refunds", &form, Some(&id), context).await;
    match answer {
        Ok(Answer::Done(made)) => {
            let unreadable = || ProviderError::Unknown("Stripe's refund can't be read".to_owned());
            same(request, made.ours().ok_or_else(unreadable)?)
        }
        Ok(Answer::Declined(failure)) => Err(failure.refused()),
        Err(ProviderError::NotDone(NotDone::Refused { code, message })) => {
            Err(too_large(&code, &message).unwrap_or(NotDone::Refused { code, message }.into()))
        }
        Err(error) => Err(error),
    }
}

/// Stripe has a code for a payment that is returned already, and only words for one of which less is
/// left than was asked for.
fn too_large(code: &str, message: &str) -> Option<ProviderError> {
    let words = message.contains("greater than") && message.contains("unrefunded amount");
    (code == "charge_already_refunded" || words).then(|| NotDone::RefundTooLarge.into())
}

fn same(request: &RefundRequest, made: Refund) -> Result<Refund, ProviderError> {
    if made.money == request.money {
        Ok(Refund { id: Some(request.id), ..made })
    } else {
        let other = format!("{} of {}", request.id, made.money);
        Err(NotDone::Conflict(other).into())
    }
}

/// Looks for a refund among the payment's.
pub(super) async fn find(
    stripe: &Stripe,
    lookup: &RefundLookup,
    context: &Context,
) -> Result<Option<Refund>, ProviderError> {
    let query = Form::new().with("payment_intent", &lookup.payment).with("limit", 100);
    let page: Option<List<Object>> = stripe.client.get("/v1/refunds", &query, context).await?;
    let found = page.and_then(|page| {
        (page.data.into_iter()).find(|refund| ours(&refund.metadata, REFUND_ID) == Some(lookup.id))
    });
    Ok(found.and_then(|refund| refund.ours()))
}
