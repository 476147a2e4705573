//! Writes, delivers and reads the sandbox's webhooks.

use std::time::Duration;

use bursar_core::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cards::{LATENESS, Webhooks};
use super::state::{PaymentRecord, Queued, SandboxState};
use super::{Sandbox, SandboxConfig};
use crate::error::{ProviderError, WebhookError};
use crate::event::{Dispute, News, ProviderEvent};
use crate::id::{EventRef, MethodRef};
use crate::method::Setup;
use crate::refund::Refund;
use crate::signature::{TOLERANCE, sign, verify};

/// Carries the signature.
pub const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("bursar-sandbox-signature");

/// How long until an unacknowledged webhook is sent again, and how often it is sent at most.
const RETRY_AFTER: Duration = Duration::from_secs(60);
const TRIES_MOST: u8 = 10;

/// A webhook to be delivered: post it to Bursar's inbox, then tell
/// [`Sandbox::webhook_delivered`] if the answer was a success.
#[derive(Clone, Debug)]
pub struct DueWebhook {
    /// Names this delivery.
    pub delivery: u64,
    /// The headers, the signature among them.
    pub headers: HeaderMap,
    /// The body as it was signed.
    pub body: Vec<u8>,
}

/// What a webhook is about.
pub(super) enum Object {
    Payment(PaymentRecord),
    Refund(Refund),
    Dispute(Dispute),
    Setup(Setup),
    Detached(MethodRef),
}

#[derive(Serialize, Deserialize)]
struct Message {
    id: EventRef,
    created: Timestamp,
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

impl SandboxState {
    /// Queues a webhook.
    pub(super) fn emit(
        &mut self,
        object: &Object,
        mode: Option<Webhooks>,
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        let event: EventRef = self.reference("evt")?;
        let (kind, object) = match object {
            Object::Payment(it) => ("payment", serde_json::to_value(it)),
            Object::Refund(it) => ("refund", serde_json::to_value(it)),
            Object::Dispute(it) => ("dispute", serde_json::to_value(it)),
            Object::Setup(it) => ("setup", serde_json::to_value(it)),
            Object::Detached(it) => ("method.detached", serde_json::to_value(it)),
        };
        let unwritable = |_| ProviderError::unavailable("the sandbox can't write a webhook");
        let message = Message {
            id: event.clone(),
            created: now,
            kind: kind.to_owned(),
            object: object.map_err(unwritable)?,
        };
        let queued = Queued {
            event,
            body: serde_json::to_string(&message).map_err(unwritable)?,
            due: now,
            tries: 0,
        };
        self.queue(queued, mode.or(self.rest.faults.webhooks));
        Ok(())
    }

    fn queue(&mut self, webhook: Queued, mode: Option<Webhooks>) {
        let later = webhook.due.after(LATENESS);
        match mode.unwrap_or(Webhooks::OnTime) {
            Webhooks::OnTime => self.push(webhook),
            Webhooks::Late | Webhooks::Reordered => self.push(Queued { due: later, ..webhook }),
            Webhooks::Lost => {
                let number = self.next();
                self.lost.insert(number, webhook);
            }
            Webhooks::Twice => {
                self.push(webhook.clone());
                self.push(webhook);
            }
        }
    }

    pub(super) fn push(&mut self, webhook: Queued) {
        let number = self.next();
        self.queue.insert(number, webhook);
    }
}

/// The webhooks that are due, oldest first. Each stays queued until it is acknowledged, or was sent
/// often enough.
pub(super) fn due(
    state: &mut SandboxState,
    config: &SandboxConfig,
    now: Timestamp,
) -> Vec<DueWebhook> {
    let due: Vec<u64> = state.queue.until(&now).copied().collect();
    (due.into_iter())
        .filter_map(|number| {
            if state.queue.get(&number).is_some_and(|queued| queued.tries >= TRIES_MOST) {
                state.queue.remove(&number);
                return None;
            }
            state.queue.change(&number, |queued| {
                queued.due = now.after(RETRY_AFTER);
                queued.tries = queued.tries.saturating_add(1);
                DueWebhook {
                    delivery: number,
                    headers: headers(&queued.body, config, now),
                    body: queued.body.clone().into_bytes(),
                }
            })
        })
        .collect()
}

fn headers(body: &str, config: &SandboxConfig, now: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(http::header::CONTENT_TYPE, json);
    let signature = sign(body.as_bytes(), &config.webhook_secret, now);
    if let Ok(signature) = HeaderValue::from_str(&signature) {
        headers.insert(SIGNATURE_HEADER, signature);
    }
    headers
}

/// Reads a message if it is the sandbox's own.
pub(super) fn read(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<ProviderEvent, WebhookError> {
    let header = (headers.get(SIGNATURE_HEADER)).ok_or(WebhookError::Unsigned)?;
    let header = header.to_str().map_err(|_| WebhookError::Malformed)?;
    let secrets = std::slice::from_ref(&sandbox.config.webhook_secret);
    verify(header, body, secrets, TOLERANCE, now)?;
    let unreadable = |_| WebhookError::Unreadable;
    let message: Message = serde_json::from_slice(body).map_err(unreadable)?;
    let object = message.object;
    let news = match message.kind.as_str() {
        "payment" => serde_json::from_value(object)
            .map(|record: PaymentRecord| News::Payment(sandbox.payment_of(&record))),
        "refund" => serde_json::from_value(object).map(News::Refund),
        "dispute" => serde_json::from_value(object).map(News::Dispute),
        "setup" => serde_json::from_value(object).map(News::Setup),
        "method.detached" => serde_json::from_value(object).map(News::MethodDetached),
        _ => Ok(News::Other { kind: message.kind }),
    };
    Ok(ProviderEvent { id: message.id, at: message.created, news: news.map_err(unreadable)? })
}
