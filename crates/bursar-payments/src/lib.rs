//! Payments: the [port](PaymentProvider) between the engine and whoever takes the money, and what
//! stands behind it.
//!
//! **Architecture invariant:** no card number passes through here. Payment methods are references to
//! things that the provider keeps; the types can't hold a number ([`id::MethodRef`],
//! [`method::Last4`]). The one form that takes one, the [sandbox]'s, compares it with the published
//! test cards and drops it.
//!
//! **Architecture invariant:** this crate knows the core and neither engine nor store. It decides
//! nothing about subscriptions or invoices: it says what was asked of a provider and what came of
//! it. Time and randomness come in with each call.
//!
//! The adapters use the same file names: `sandbox/charge.rs` and `stripe/charge.rs` do the same
//! thing in two ways, and [`contract`] holds both to it.

#[cfg(feature = "contract")]
pub mod contract;
pub mod decline;
pub mod error;
pub mod event;
#[cfg(feature = "fake")]
pub mod fake;
pub mod id;
pub mod method;
pub mod payment;
pub mod port;
pub mod refund;
pub mod sandbox;
pub mod secret;
mod signature;
pub mod stripe;
mod unconfigured;

pub use decline::{Advice, Decline, Severity};
pub use error::{NotDone, ProviderError, WebhookError};
pub use event::{Dispute, DisputeStatus, News, ProviderEvent};
pub use id::{PaymentId, RefundId};
pub use method::{
    AttachMethod, Attachment, Card, CustomerStep, Last4, NewCustomer, PaymentMethod, Setup,
    SetupForm, SetupSession, SetupStatus, StartSetup,
};
pub use payment::{Attempt, Payment, PaymentLookup, PaymentRequest, PaymentStatus, Presence};
pub use port::PaymentProvider;
pub use refund::{Refund, RefundLookup, RefundRequest, RefundStatus};
pub use secret::Secret;
pub use unconfigured::Unconfigured;
