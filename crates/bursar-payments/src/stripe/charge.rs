//! Takes money, looks for payments, gives them up.

use bursar_core::Context;

use super::Stripe;
use super::amount::{currency, from_stripe, to_stripe};
use super::client::Answer;
use super::form::Form;
use super::objects::{Failure, List, PAYMENT_ID, PaymentIntent, named, ours};
use crate::decline::Decline;
use crate::error::{NotDone, ProviderError};
use crate::id::PaymentId;
use crate::method::CustomerStep;
use crate::payment::{Attempt, Payment, PaymentLookup, PaymentRequest, PaymentStatus, Presence};

/// How many of a customer's payments are looked through for one of ours, newest first. What is
/// looked for was begun lately.
const PAGES_MOST: u32 = 10;
const PAGE: u32 = 100;

/// Takes money. What may have been sent before is looked for first, since Stripe forgets keys after
/// a day; what isn't found is sent under the same key, which settles the race with a request that is
/// still on its way.
pub(super) async fn charge(
    stripe: &Stripe,
    request: &PaymentRequest,
    context: &Context,
) -> Result<Payment, ProviderError> {
    let amount = to_stripe(request.money)?;
    if request.attempt == Attempt::Again {
        let lookup =
            PaymentLookup { id: request.id, customer: request.customer.clone(), reference: None };
        if let Some(found) = search(stripe, &lookup, context).await? {
            return same(request, found, stripe);
        }
    }
    let id = request.id.to_string();
    let answer = stripe
        .client
        .post("/v1/payment_intents", &form(request, amount), Some(&id), context)
        .await?;
    match answer {
        Answer::Done(intent) => same(request, intent, stripe),
        Answer::Declined(failure) => match &failure.payment_intent {
            Some(intent) => {
                let mut intent = intent.clone();
                // The reply's own error is what happened just now.
                let asked_method = failure.payment_method.clone();
                intent.payment_method = intent.payment_method.or(asked_method);
                intent.last_payment_error = Some(failure);
                same(request, intent, stripe)
            }
            // Declined before there was an intent: no name, no second chance, no money.
            None => Ok(Payment {
                id: request.id,
                reference: None,
                money: request.money,
                status: PaymentStatus::Declined(failure.decline()),
            }),
        },
    }
}

fn form(request: &PaymentRequest, amount: i64) -> Form {
    let form = Form::new()
        .with("amount", amount)
        .with("currency", currency(request.money))
        .with("customer", &request.customer)
        .with("payment_method", &request.method)
        .with("payment_method_types[]", "card")
        .with("confirm", true)
        .with("description", &request.description)
        .with(&format!("metadata[{PAYMENT_ID}]"), request.id);
    match &request.presence {
        Presence::OnSession { return_url } => form.with_if("return_url", return_url.as_ref()),
        Presence::OffSession { mandate } => {
            form.with("off_session", true).with_if("mandate", mandate.as_ref())
        }
    }
}

/// The payment, if it is the one that was asked for.
fn same(
    request: &PaymentRequest,
    intent: PaymentIntent,
    stripe: &Stripe,
) -> Result<Payment, ProviderError> {
    let payment = payment_of(request.id, &intent, &stripe.config.publishable_key)
        .ok_or_else(|| ProviderError::Unknown("Stripe's payment can't be read".to_owned()))?;
    if payment.money == request.money {
        Ok(payment)
    } else {
        let other = format!("{} of {}", request.id, payment.money);
        Err(NotDone::Conflict(other).into())
    }
}

/// Looks for a payment: by Stripe's name if it is known, else among the customer's by ours.
pub(super) async fn find(
    stripe: &Stripe,
    lookup: &PaymentLookup,
    context: &Context,
) -> Result<Option<Payment>, ProviderError> {
    let found = intent(stripe, lookup, context).await?;
    let key = &stripe.config.publishable_key;
    Ok(found.and_then(|intent| payment_of(lookup.id, &intent, key)))
}

async fn intent(
    stripe: &Stripe,
    lookup: &PaymentLookup,
    context: &Context,
) -> Result<Option<PaymentIntent>, ProviderError> {
    match &lookup.reference {
        Some(reference) => {
            let path = format!("/v1/payment_intents/{reference}");
            let found: Option<PaymentIntent> =
                stripe.client.get(&path, &Form::new(), context).await?;
            let another = |intent: &PaymentIntent| {
                ours::<PaymentId>(&intent.metadata, PAYMENT_ID) != Some(lookup.id)
            };
            // Another payment's success must not be taken for this one's.
            if found.as_ref().is_some_and(another) {
                let other = format!("{reference} isn't {}", lookup.id);
                return Err(NotDone::Conflict(other).into());
            }
            Ok(found)
        }
        None => search(stripe, lookup, context).await,
    }
}

/// Lists the customer's payments. Stripe's search would find it by metadata at once, but only a
/// minute later; a list is up to date.
async fn search(
    stripe: &Stripe,
    lookup: &PaymentLookup,
    context: &Context,
) -> Result<Option<PaymentIntent>, ProviderError> {
    let mut after: Option<String> = None;
    for _ in 0..PAGES_MOST {
        let query = Form::new()
            .with("customer", &lookup.customer)
            .with("limit", PAGE)
            .with_if("starting_after", after.as_ref());
        let page: Option<List<PaymentIntent>> =
            stripe.client.get("/v1/payment_intents", &query, context).await?;
        let Some(page) = page else {
            return Ok(None);
        };
        let last = page.data.last().map(|intent| intent.id.clone());
        let is_it = |intent: &PaymentIntent| ours(&intent.metadata, PAYMENT_ID) == Some(lookup.id);
        if let Some(found) = page.data.into_iter().find(is_it) {
            return Ok(Some(found));
        }
        match last {
            Some(last) if page.has_more => after = Some(last),
            _ => return Ok(None),
        }
    }
    // "Not found" would allow a second charge.
    let reason = format!("{} isn't among the customer's latest payments", lookup.id);
    Err(NotDone::Refused { code: "too_many_payments".to_owned(), message: reason }.into())
}

/// Gives a payment up. If Stripe refuses, because it succeeded or is under way, what it has come to
/// is the answer.
pub(super) async fn cancel(
    stripe: &Stripe,
    lookup: &PaymentLookup,
    context: &Context,
) -> Result<Option<Payment>, ProviderError> {
    let Some(found) = intent(stripe, lookup, context).await? else {
        return Ok(None);
    };
    let key = &stripe.config.publishable_key;
    if matches!(found.status.as_str(), "succeeded" | "canceled") {
        return Ok(payment_of(lookup.id, &found, key));
    }
    let path = format!("/v1/payment_intents/{}/cancel", found.id);
    let answer = stripe.client.post(&path, &Form::new(), None, context).await;
    match answer {
        Ok(Answer::Done(cancelled)) => Ok(payment_of(lookup.id, &cancelled, key)),
        Ok(Answer::Declined(failure)) => Err(failure.refused()),
        Err(ProviderError::NotDone(NotDone::Refused { .. })) => {
            let named = PaymentLookup { reference: found.id.parse().ok(), ..lookup.clone() };
            find(stripe, &named, context).await
        }
        Err(error) => Err(error),
    }
}

/// A payment as the port shows it.
pub(super) fn payment_of(
    id: PaymentId,
    intent: &PaymentIntent,
    publishable_key: &str,
) -> Option<Payment> {
    Some(Payment {
        id,
        reference: Some(intent.id.parse().ok()?),
        money: from_stripe(intent.amount, &intent.currency)?,
        status: status(intent, publishable_key),
    })
}

fn status(intent: &PaymentIntent, publishable_key: &str) -> PaymentStatus {
    let error = intent.last_payment_error.as_deref();
    match intent.status.as_str() {
        "succeeded" => PaymentStatus::Succeeded,
        "canceled" => PaymentStatus::Cancelled,
        "requires_action" => step(intent, error, publishable_key),
        // An absent customer was asked to authenticate: Stripe calls it a decline, but the same
        // intent can be completed when the customer is there.
        "requires_payment_method" if error.is_some_and(Failure::asks_to_authenticate) => {
            step(intent, error, publishable_key)
        }
        "requires_payment_method" => PaymentStatus::Declined(
            error.map_or_else(|| Decline::of("generic_decline"), Failure::decline),
        ),
        _ => PaymentStatus::Processing,
    }
}

fn step(intent: &PaymentIntent, error: Option<&Failure>, publishable_key: &str) -> PaymentStatus {
    let page = (intent.next_action.as_ref())
        .and_then(|action| action.redirect_to_url.as_ref())
        .and_then(|redirect| redirect.url.clone());
    if let Some(url) = page {
        return PaymentStatus::RequiresAction(CustomerStep::Page { url });
    }
    let method = (intent.payment_method.as_ref())
        .or_else(|| error.and_then(|error| error.payment_method.as_ref()));
    match &intent.client_secret {
        Some(secret) => PaymentStatus::RequiresAction(CustomerStep::Script {
            client_secret: secret.clone(),
            publishable_key: publishable_key.to_owned(),
            method: named(method),
        }),
        // Without the secret nobody can complete it.
        None => PaymentStatus::Declined(Decline::of("authentication_required")),
    }
}
