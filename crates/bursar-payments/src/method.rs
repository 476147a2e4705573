//! Customers and their payment methods.

use bursar_core::id::{AccountId, IdempotencyKey};
pub use bursar_core::provider::{Card, Last4};
use serde::{Deserialize, Serialize};

use crate::decline::Decline;
use crate::id::{CustomerRef, MandateRef, MethodRef, SetupRef};
use crate::secret::Secret;

/// A customer to be made at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    /// Makes a repetition return the same customer for at least a day.
    pub key: IdempotencyKey,
    /// The account it stands for.
    pub account: AccountId,
    /// Where the provider sends receipts of its own, if it does.
    pub email: Option<String>,
    /// Shown in the provider's own pages.
    pub name: Option<String>,
}

/// A session in which a customer enters payment details, to be charged later while absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartSetup {
    /// Makes a repetition return the same session for at least a day.
    pub key: IdempotencyKey,
    /// Whose payment method it will be.
    pub customer: CustomerRef,
    /// Where the customer goes afterwards; an `https` address, or `http` on this machine. A form on the
    /// provider's page needs one.
    pub return_url: Option<String>,
    /// Where the details are entered, if the provider leaves the choice.
    pub form: SetupForm,
}

/// Where payment details are entered. Either way they go to the provider and never through us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetupForm {
    /// In the provider's script on a page of the app, if it has one.
    #[default]
    Embedded,
    /// On the provider's own page, for pages that run nobody else's script.
    Hosted,
}

/// A session that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupSession {
    /// Its name at the provider.
    pub reference: SetupRef,
    /// Where the details are entered.
    pub form: CustomerStep,
}

/// Where a customer does something at the provider: enters a card, or authenticates a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerStep {
    /// On the provider's own page.
    Page {
        /// Its address.
        url: String,
    },
    /// In the provider's script on our page.
    Script {
        /// What the script needs to act for this customer. Never logged, never in a URL, given only
        /// to this customer.
        client_secret: Secret,
        /// The provider's public key; may be shown.
        publishable_key: String,
        /// The payment method to authenticate with, for a payment.
        method: Option<MethodRef>,
    },
}

/// A session as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Its name at the provider.
    pub reference: SetupRef,
    /// Whose payment method it is.
    pub customer: Option<CustomerRef>,
    /// How far it is.
    pub status: SetupStatus,
}

/// How far a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum SetupStatus {
    /// The customer hasn't finished.
    Open,
    /// The payment method is attached to the customer and may be charged while the customer is
    /// absent.
    Succeeded {
        /// The payment method.
        method: MethodRef,
        /// The consent, if the provider has a name for it.
        mandate: Option<MandateRef>,
    },
    /// The last payment method entered was refused; the customer may enter another.
    Failed {
        /// Why.
        decline: Decline,
    },
    /// Given up.
    Cancelled,
}

/// A token to be attached to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachMethod {
    /// Makes a repetition return the same payment method for at least a day.
    pub key: IdempotencyKey,
    /// To whom.
    pub customer: CustomerRef,
    /// What: a payment method made in the provider's form, or a test token.
    pub token: MethodRef,
}

/// The outcome of attaching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// It is the customer's now.
    Attached(PaymentMethod),
    /// The bank refused it; nothing is attached.
    Declined(Decline),
}

/// A payment method as far as we may know it: enough to recognise it, nothing to pay with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// Its name at the provider.
    pub reference: MethodRef,
    /// Whose it is; nobody's after it was detached.
    pub customer: Option<CustomerRef>,
    /// What is known of it.
    pub card: Option<Card>,
}
