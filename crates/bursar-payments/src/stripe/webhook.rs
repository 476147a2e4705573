//! Reads Stripe's webhooks.

use bursar_core::time::Timestamp;
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::Value;

use super::Stripe;
use super::charge::payment_of;
use super::objects::{
    CheckoutSession, Dispute, PAYMENT_ID, PaymentIntent, PaymentMethod, Refund, SetupIntent, ours,
    seconds,
};
use crate::error::WebhookError;
use crate::event::{News, ProviderEvent};
use crate::signature::{TOLERANCE, verify};

/// Carries the signature.
pub const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("stripe-signature");

#[derive(Deserialize)]
struct Event {
    id: String,
    created: i64,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// Reads a message if it is really Stripe's.
pub(super) fn read(
    stripe: &Stripe,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<ProviderEvent, WebhookError> {
    let header = headers.get(SIGNATURE_HEADER).ok_or(WebhookError::Unsigned)?;
    let header = header.to_str().map_err(|_| WebhookError::Malformed)?;
    verify(header, body, &stripe.config.webhook_secrets, TOLERANCE, now)?;
    parse(body, &stripe.config.publishable_key)
}

/// Reads a message that was verified. What can't be understood is no error: Stripe would send it
/// again for days, and turn the endpoint off in the end.
fn parse(body: &[u8], publishable_key: &str) -> Result<ProviderEvent, WebhookError> {
    let event: Event = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
    let news = news(&event.kind, event.data.object, publishable_key);
    Ok(ProviderEvent {
        id: event.id.parse().map_err(|_| WebhookError::Unreadable)?,
        at: seconds(event.created),
        news: news.unwrap_or(News::Other { kind: event.kind }),
    })
}

fn news(kind: &str, object: Value, publishable_key: &str) -> Option<News> {
    match kind {
        "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.processing"
        | "payment_intent.requires_action"
        | "payment_intent.canceled" => {
            let intent: PaymentIntent = serde_json::from_value(object).ok()?;
            let id = ours(&intent.metadata, PAYMENT_ID)?;
            payment_of(id, &intent, publishable_key).map(News::Payment)
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            let refund: Refund = serde_json::from_value(object).ok()?;
            refund.ours().map(News::Refund)
        }
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => {
            let dispute: Dispute = serde_json::from_value(object).ok()?;
            dispute.ours().map(News::Dispute)
        }
        "setup_intent.succeeded" | "setup_intent.setup_failed" | "setup_intent.canceled" => {
            let setup: SetupIntent = serde_json::from_value(object).ok()?;
            setup.ours().map(News::Setup)
        }
        "checkout.session.completed" | "checkout.session.expired" => {
            let session: CheckoutSession = serde_json::from_value(object).ok()?;
            let is_setup = session.mode.as_deref() == Some("setup");
            is_setup.then(|| session.ours()).flatten().map(News::Setup)
        }
        "payment_method.updated" | "payment_method.automatically_updated" => {
            let method: PaymentMethod = serde_json::from_value(object).ok()?;
            method.ours().map(News::MethodUpdated)
        }
        "payment_method.detached" => {
            let method: PaymentMethod = serde_json::from_value(object).ok()?;
            method.id.parse().ok().map(News::MethodDetached)
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
