//! Stripe's objects, as far as they matter: unknown fields are passed over, and nothing that may be
//! absent is required.

use std::collections::HashMap;

use http::StatusCode;
use serde::Deserialize;

use super::amount::from_stripe;
use crate::decline::{Decline, ProviderAdvice};
use crate::error::{NotDone, ProviderError};
use crate::event::{Dispute as OurDispute, DisputeStatus};
use crate::id::{MethodRef, PaymentRef};
use crate::method::{Card, PaymentMethod as OurMethod, Setup, SetupStatus};
use crate::refund::{Refund as OurRefund, RefundStatus};
use crate::secret::Secret;
use bursar_core::time::Timestamp;

/// Where our payment id stands in a PaymentIntent.
pub(super) const PAYMENT_ID: &str = "bursar_payment";
/// Where our refund id stands in a Refund.
pub(super) const REFUND_ID: &str = "bursar_refund";

/// What we say about an object of Stripe's, and get back with it.
pub(super) type Metadata = Option<HashMap<String, String>>;

/// The id that we put into an object's metadata.
pub(super) fn ours<T: std::str::FromStr>(metadata: &Metadata, name: &str) -> Option<T> {
    metadata.as_ref()?.get(name)?.parse().ok()
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// Something that is there in full or by its name alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable {
    Name(String),
    Object { id: String },
}

impl Expandable {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Name(id) | Self::Object { id } => id,
        }
    }
}

/// The name of something that may be absent, as one of our references.
pub(super) fn named<R: std::str::FromStr>(object: Option<&Expandable>) -> Option<R> {
    object?.name().parse().ok()
}

#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) payment_method: Option<Expandable>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) last_payment_error: Option<Box<Failure>>,
    pub(super) next_action: Option<NextAction>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct NextAction {
    pub(super) redirect_to_url: Option<RedirectToUrl>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RedirectToUrl {
    pub(super) url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SetupIntent {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) customer: Option<Expandable>,
    pub(super) payment_method: Option<Expandable>,
    pub(super) mandate: Option<Expandable>,
    pub(super) last_setup_error: Option<Box<Failure>>,
}

/// Stripe's page for entering a card.
#[derive(Debug, Deserialize)]
pub(super) struct CheckoutSession {
    pub(super) id: String,
    pub(super) mode: Option<String>,
    pub(super) status: Option<String>,
    /// Where the page is, while it is open.
    pub(super) url: Option<String>,
    pub(super) customer: Option<Expandable>,
    pub(super) setup_intent: Option<ExpandableIntent>,
}

/// What a card was entered for: whole where that was asked for, its name in events.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ExpandableIntent {
    Object(Box<SetupIntent>),
    Name(#[expect(dead_code, reason = "only that it is not whole matters")] String),
}

#[derive(Debug, Deserialize)]
pub(super) struct PaymentMethod {
    pub(super) id: String,
    pub(super) customer: Option<Expandable>,
    pub(super) card: Option<CardDetails>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CardDetails {
    pub(super) brand: Option<String>,
    pub(super) last4: Option<String>,
    pub(super) exp_month: Option<u8>,
    pub(super) exp_year: Option<u16>,
    pub(super) fingerprint: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: Option<String>,
    pub(super) payment_intent: Option<Expandable>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) failure_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) payment_intent: Option<Expandable>,
    pub(super) evidence_details: Option<EvidenceDetails>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EvidenceDetails {
    pub(super) due_by: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: Failure,
}

/// An error, in a reply or in an intent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
    pub(super) advice_code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) param: Option<String>,
    pub(super) payment_intent: Option<PaymentIntent>,
    pub(super) payment_method: Option<Expandable>,
}

impl Failure {
    /// For an operator.
    pub(super) fn words(&self, status: StatusCode) -> String {
        let code = self.code.as_deref().or(self.kind.as_deref());
        let message = self.message.as_deref().unwrap_or("no details");
        format!("{} {}: {message}", status.as_u16(), code.unwrap_or("error"))
    }

    /// What a refused request means.
    pub(super) fn refused(&self) -> ProviderError {
        let code = self.code.clone().or_else(|| self.kind.clone());
        let code = code.unwrap_or_else(|| "invalid_request_error".to_owned());
        let message = self.message.clone().unwrap_or_default();
        if self.kind.as_deref() == Some("idempotency_error") {
            return NotDone::Conflict(message).into();
        }
        match code.as_str() {
            "resource_missing" => NotDone::Missing(self.what()).into(),
            "charge_already_refunded" => NotDone::RefundTooLarge.into(),
            _ => NotDone::Refused { code, message }.into(),
        }
    }

    /// What a parameter names that doesn't exist.
    pub(super) fn what(&self) -> &'static str {
        match self.param.as_deref() {
            Some("customer") => "customer",
            Some("payment_method") => "payment method",
            Some("payment_intent" | "intent") => "payment",
            _ => "object",
        }
    }

    /// Whether the customer is asked to authenticate.
    pub(super) fn asks_to_authenticate(&self) -> bool {
        let required = Some("authentication_required");
        self.code.as_deref() == required || self.decline_code.as_deref() == required
    }

    /// What a refused card means. The decline code says more than the code, if it is there.
    pub(super) fn decline(&self) -> Decline {
        let code = self.decline_code.as_deref().or(self.code.as_deref());
        let code = match code {
            None | Some("card_declined") => "generic_decline",
            Some(code) => code,
        };
        let advice = match self.advice_code.as_deref() {
            Some("confirm_card_data") => Some(ProviderAdvice::ConfirmDetails),
            Some("do_not_try_again") => Some(ProviderAdvice::DoNotTryAgain),
            Some("try_again_later") => Some(ProviderAdvice::TryAgainLater),
            _ => None,
        };
        Decline::advised(code, advice)
    }
}

impl PaymentMethod {
    pub(super) fn ours(&self) -> Option<OurMethod> {
        Some(OurMethod {
            reference: self.id.parse().ok()?,
            customer: named(self.customer.as_ref()),
            card: self.card.as_ref().and_then(CardDetails::ours),
        })
    }
}

impl CardDetails {
    fn ours(&self) -> Option<Card> {
        Some(Card {
            brand: self.brand.clone().unwrap_or_else(|| "card".to_owned()),
            last4: self.last4.as_ref()?.parse().ok()?,
            exp_month: self.exp_month?,
            exp_year: self.exp_year?,
            fingerprint: self.fingerprint.clone(),
        })
    }
}

impl SetupIntent {
    pub(super) fn ours(&self) -> Option<Setup> {
        let method: Option<MethodRef> = named(self.payment_method.as_ref());
        let status = match (self.status.as_str(), method, &self.last_setup_error) {
            ("succeeded", Some(method), _) => {
                SetupStatus::Succeeded { method, mandate: named(self.mandate.as_ref()) }
            }
            ("canceled", ..) => SetupStatus::Cancelled,
            ("requires_payment_method", _, Some(error)) => {
                SetupStatus::Failed { decline: error.decline() }
            }
            _ => SetupStatus::Open,
        };
        Some(Setup {
            reference: self.id.parse().ok()?,
            customer: named(self.customer.as_ref()),
            status,
        })
    }
}

impl CheckoutSession {
    /// It counts as open until its card is known: an event only says that there is one.
    pub(super) fn ours(&self) -> Option<Setup> {
        let entered = match &self.setup_intent {
            Some(ExpandableIntent::Object(intent)) => intent.ours(),
            Some(ExpandableIntent::Name(_)) | None => None,
        };
        let status = match (self.status.as_deref(), entered) {
            (Some("complete"), Some(entered)) => entered.status,
            (Some("expired"), _) => SetupStatus::Cancelled,
            _ => SetupStatus::Open,
        };
        let customer = named(self.customer.as_ref());
        Some(Setup { reference: self.id.parse().ok()?, customer, status })
    }
}

impl Refund {
    pub(super) fn ours(&self) -> Option<OurRefund> {
        let payment: Option<PaymentRef> = named(self.payment_intent.as_ref());
        Some(OurRefund {
            id: ours(&self.metadata, REFUND_ID),
            reference: self.id.parse().ok()?,
            payment,
            money: from_stripe(self.amount, &self.currency)?,
            status: match self.status.as_deref() {
                Some("succeeded") => RefundStatus::Succeeded,
                Some("failed") => RefundStatus::Failed {
                    reason: (self.failure_reason.clone()).unwrap_or_else(|| "unknown".to_owned()),
                },
                Some("canceled") => RefundStatus::Cancelled,
                _ => RefundStatus::Pending,
            },
        })
    }
}

impl Dispute {
    pub(super) fn ours(&self) -> Option<OurDispute> {
        let due_by = self.evidence_details.as_ref().and_then(|details| details.due_by);
        Some(OurDispute {
            reference: self.id.parse().ok()?,
            payment: named(self.payment_intent.as_ref()),
            money: from_stripe(self.amount, &self.currency)?,
            reason: self.reason.clone().unwrap_or_else(|| "general".to_owned()),
            status: match self.status.as_str() {
                "warning_needs_response" | "warning_under_review" => DisputeStatus::Inquiry,
                "under_review" => DisputeStatus::UnderReview,
                // An inquiry that was closed, or a dispute that was prevented, took no money.
                "won" | "warning_closed" | "prevented" => DisputeStatus::Won,
                "lost" => DisputeStatus::Lost,
                _ => DisputeStatus::NeedsResponse,
            },
            respond_by: due_by.filter(|due| *due > 0).map(seconds),
        })
    }
}

/// Stripe's times are in seconds.
pub(super) fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}
