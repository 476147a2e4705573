//! One payment: how far it is, where the customer completes it, and why it failed.

use bursar_core::account::payments::Retry;
use bursar_core::account::payments::record::{PaymentRecord, PaymentStatus};
use bursar_core::id::{DocumentId, Key, PaymentId};
use bursar_engine::decline::advice;
use bursar_engine::purchase::{Paying, Standing};
use bursar_payments::CustomerStep;
use bursar_store::DocumentRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::method::CardView;
use super::{Price, Shown};

/// How a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentStatus)]
pub(crate) enum StatusName {
    /// It is paid and done.
    Succeeded,
    /// It waits for the customer, who authenticates at `action_url`.
    RequiresAction,
    /// It is with the bank; the outcome comes as an event.
    Processing,
    /// Nothing was bought.
    Failed,
}

impl From<Standing> for StatusName {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Succeeded => Self::Succeeded,
            Standing::RequiresAction => Self::RequiresAction,
            Standing::Processing => Self::Processing,
            Standing::Failed => Self::Failed,
        }
    }
}

/// A payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentView {
    /// The payment.
    #[schema(value_type = String, example = "pay_0198f3a2b4c57d6e8f9012345678abcd")]
    pub(crate) id: Shown<PaymentId>,
    /// How it stands.
    pub(crate) status: StatusName,
    /// How much.
    amount: Price,
    /// The card that it is paid with.
    card: Option<CardView>,
    /// The provider's page on which the customer completes it.
    pub(crate) action_url: Option<String>,
    /// What the provider's script needs to complete it on a page of the app, for this customer only.
    client_secret: Option<String>,
    /// The provider's public key, for its script.
    publishable_key: Option<String>,
    /// Why it failed.
    pub(crate) failure: Option<FailureView>,
}

/// Why a payment failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PaymentFailure)]
pub(crate) struct FailureView {
    /// The payment provider's code, such as `insufficient_funds`; `canceled` if it was given up;
    /// `returned` if the money came too late to buy anything and goes back.
    #[schema(value_type = String, example = "insufficient_funds")]
    pub(crate) code: Shown<Key>,
    /// Why, in a sentence for the customer.
    pub(crate) message: &'static str,
    /// What would help.
    pub(crate) fix: &'static str,
    /// What another attempt needs: `later`, `customer` or `new_method`; null if that is not known.
    #[schema(example = "later")]
    needs: Option<&'static str>,
}

/// The invoice of a purchase.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = InvoiceName)]
pub(crate) struct InvoiceName {
    /// The invoice.
    #[schema(value_type = String, example = "inv_1")]
    id: Shown<DocumentId>,
    /// Its legal number.
    #[schema(example = "INV-2026-000123")]
    number: String,
}

impl From<&DocumentRow> for InvoiceName {
    fn from(row: &DocumentRow) -> Self {
        Self { id: Shown(row.record.id), number: row.record.number.to_string() }
    }
}

impl PaymentView {
    /// A payment as far as the provider has answered.
    pub(crate) fn of(paying: &Paying) -> Self {
        let record = &paying.record;
        let (action_url, client_secret, publishable_key) = match &paying.step {
            None => (None, None, None),
            Some(CustomerStep::Page { url }) => (Some(url.clone()), None, None),
            Some(CustomerStep::Script { client_secret, publishable_key, .. }) => {
                (None, Some(client_secret.expose().to_owned()), Some(publishable_key.clone()))
            }
        };
        Self {
            id: Shown(record.id),
            status: paying.standing().into(),
            amount: record.order.bill.due().into(),
            card: record.method.card.as_ref().map(CardView::from),
            action_url,
            client_secret,
            publishable_key,
            failure: failure(record, paying.standing().into()),
        }
    }
}

fn failure(record: &PaymentRecord, status: StatusName) -> Option<FailureView> {
    if status != StatusName::Failed {
        return None;
    }
    let (code, needs) = match &record.status {
        PaymentStatus::Failed { code, retry, .. } => (code.clone(), Some(*retry)),
        _ => ("returned".parse().ok()?, None),
    };
    let (message, fix) = advice(code.as_str());
    Some(FailureView { code: Shown(code), message, fix, needs: needs.map(Retry::as_str) })
}
