//! Why money can't be taken, returned or noted.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::{DocumentId, Key, PaymentId};
use crate::money::Money;
use crate::provider::MethodRef;

/// Why money can't be taken, returned or noted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRejection {
    /// There is nothing to pay with.
    #[error("the account has no payment method")]
    MethodRequired,
    /// The card that would be paid with has expired.
    #[error("the card that would be paid with has expired")]
    CardExpired,
    /// The preview is too old, or something has changed since: another amount, plan, card or period.
    #[error(
        "the preview no longer holds: something has changed since it was made, or it is too old"
    )]
    StalePreview,
    /// A payment for the same is on its way.
    #[error("{payment} is on its way")]
    PaymentPending {
        /// The payment.
        payment: PaymentId,
    },
    /// As many payments as may be on their way are.
    #[error("{most} top-ups are on their way, the most there may be at once")]
    TooManyPayments {
        /// The most.
        most: usize,
    },
    /// No such pack.
    #[error("unknown pack {given:?}; there is {}", .known.iter().map(Key::as_str).collect::<Vec<_>>().join(", "))]
    UnknownPack {
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// No such payment method on this account.
    #[error("the account has no payment method {method}")]
    MethodNotFound {
        /// What was named.
        method: MethodRef,
    },
    /// The provider doesn't know the account.
    #[error("the account is not linked to a customer of the payment provider")]
    NotLinked,
    /// The account has the method already.
    #[error("the account has this payment method already")]
    MethodExists,
    /// It is what is paid with already.
    #[error("this is what the account pays with already")]
    AlreadyDefault,
    /// As many methods as an account may have.
    #[error("the account has {most} payment methods, the most there may be")]
    TooManyMethods {
        /// The most.
        most: usize,
    },
    /// The running subscription needs something to pay with.
    #[error("the last payment method of a running subscription can't be removed")]
    LastMethod,
    /// No such invoice on this account.
    #[error("there is no {document} on this account")]
    InvoiceNotFound {
        /// What was named.
        document: DocumentId,
    },
    /// The invoice is paid, or taken back.
    #[error("{document} is not open")]
    InvoiceNotOpen {
        /// The invoice.
        document: DocumentId,
    },
    /// Not the invoice of a top-up that could be refunded.
    #[error("{document} is not the invoice of a top-up that can be refunded")]
    NotRefundable {
        /// What was named.
        document: DocumentId,
    },
    /// Some of the top-up's credits are spent or held.
    #[error("credits of {document} have been spent or are held")]
    TopupTouched {
        /// The invoice.
        document: DocumentId,
    },
    /// The cap of automatic top-ups doesn't allow a single one.
    #[error("the monthly cap {cap} is less than the price of one pack, {price}")]
    CapTooLow {
        /// The cap.
        cap: Money,
        /// The price, tax included.
        price: Money,
    },
    /// A threshold of nothing.
    #[error("the threshold of automatic top-ups must be above 0")]
    BadThreshold,
    /// No such payment.
    #[error("there is no {payment} on this account")]
    PaymentNotFound {
        /// What was named.
        payment: PaymentId,
    },
    /// A success that the provider has no name for.
    #[error("{payment} is said to have succeeded, without its name at the provider")]
    NoReference {
        /// The payment.
        payment: PaymentId,
    },
    /// It is known already, or the other way nothing would change.
    #[error("nothing would change")]
    NothingNew,
}

impl PaymentRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MethodRequired => "payment_method_required",
            Self::CardExpired => "card_expired",
            Self::StalePreview => "stale_preview",
            Self::PaymentPending { .. } => "payment_pending",
            Self::TooManyPayments { .. } => "too_many_payments",
            Self::UnknownPack { .. } => "unknown_pack",
            Self::MethodNotFound { .. } => "payment_method_not_found",
            Self::NotLinked => "customer_not_linked",
            Self::MethodExists => "payment_method_exists",
            Self::AlreadyDefault => "already_default",
            Self::TooManyMethods { .. } => "too_many_payment_methods",
            Self::LastMethod => "last_payment_method",
            Self::InvoiceNotFound { .. } => "invoice_not_found",
            Self::InvoiceNotOpen { .. } => "invoice_not_open",
            Self::NotRefundable { .. } => "not_refundable",
            Self::TopupTouched { .. } => "topup_touched",
            Self::CapTooLow { .. } => "cap_too_low",
            Self::BadThreshold => "bad_threshold",
            Self::PaymentNotFound { .. } => "payment_not_found",
            Self::NoReference { .. } => "payment_without_reference",
            Self::NothingNew => "nothing_new",
        }
    }

    /// What would fix it.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::MethodRequired => "Add one: POST /v1/accounts/{id}/payment_methods.",
            Self::CardExpired => "Add another card, or make another the default.",
            Self::StalePreview => "Make a new preview and show it before confirming.",
            Self::PaymentPending { .. } => "Wait for its outcome.",
            Self::TooManyPayments { .. } => "Wait for one of them.",
            Self::UnknownPack { .. } => "Choose one of the packs that the detail lists.",
            Self::MethodNotFound { .. } => "List them: GET /v1/accounts/{id}/payment_methods.",
            Self::NotLinked => "Link it first.",
            Self::MethodExists => "Make it the default if it should be paid with.",
            Self::AlreadyDefault => "Nothing to do.",
            Self::TooManyMethods { .. } => "Remove one.",
            Self::LastMethod => "Add another first, or cancel the subscription.",
            Self::InvoiceNotFound { .. } => "List them: GET /v1/accounts/{id}/invoices.",
            Self::InvoiceNotOpen { .. } => "Only open invoices can be paid.",
            Self::NotRefundable { .. } => "Name the invoice of a top-up with unspent credits.",
            Self::TopupTouched { .. } => {
                "Only an untouched top-up can be refunded; give credits instead."
            }
            Self::CapTooLow { .. } => "Allow at least one pack a month.",
            Self::BadThreshold => "Name a threshold above 0.",
            Self::PaymentNotFound { .. } => "Check the id.",
            Self::NoReference { .. } => "Name the payment as the provider does.",
            Self::NothingNew => "Nothing to do.",
        }
    }
}
