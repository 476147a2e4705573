//! Identifiers: ours for payments and refunds, and the provider's own references.
//!
//! They are the core's, because its events name them.

pub use bursar_core::id::{PaymentId, RefundId};
pub use bursar_core::provider::{
    CustomerRef, DisputeRef, EventRef, MandateRef, MethodRef, PaymentRef, RefundRef, SetupRef,
};
