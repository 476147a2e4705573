//! What can be asked of an account. Imperatives; one file per command decides it.

use core::time::Duration;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use super::Account;
use super::payments::{AutoTopup, DisputeStatus, PaymentMethod, Retry};
use super::subscription::offer::Offer;
use crate::catalog::{AssetKind, Class, Interval, Plan};
use crate::country::Country;
use crate::credits::Credits;
use crate::id::{
    AssetId, DocumentId, HoldId, Key, PaymentId, Reason, Reference, RefundId, SpendId,
};
use crate::money::{Currency, Money};
use crate::pricing::{Quantity, UsageRequest};
use crate::provider::{CustomerRef, DisputeRef, MethodRef, PaymentRef};
use crate::quote::Quote;
use crate::time::{Timestamp, ZoneName};

/// What can be asked of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Open it.
    Open(Open),
    /// Let what has fallen due happen, and nothing else.
    Advance,
    /// Move its test clock on.
    AdvanceClock(AdvanceClock),
    /// Reserve credits.
    PlaceHold(PlaceHold),
    /// Spend reserved credits.
    CaptureHold(CaptureHold),
    /// Give reserved credits back.
    ReleaseHold(ReleaseHold),
    /// Let a hold live longer.
    ExtendHold(ExtendHold),
    /// Spend credits in one step.
    Charge(Charge),
    /// Bring spent credits back.
    RefundCharge(RefundCharge),
    /// Give or take credits as an administrator.
    AdjustCredits(AdjustCredits),
    /// Subscribe, or change the plan.
    ChangePlan(ChangePlan),
    /// End the subscription with its billing period.
    Cancel(Cancel),
    /// Don't end it after all.
    Resume,
    /// Forget the scheduled change.
    DropScheduledChange,
    /// Note who the account is at the payment provider.
    LinkCustomer(LinkCustomer),
    /// Note a payment method that was set up at the provider.
    AddPaymentMethod(AddPaymentMethod),
    /// Pay with another one from now on.
    SetDefaultMethod(MethodRef),
    /// Forget a payment method.
    RemovePaymentMethod(MethodRef),
    /// Note where the customer is, for tax.
    SetBillingDetails(SetBillingDetails),
    /// Buy credits.
    BuyTopup(BuyTopup),
    /// Buy credits when they run low, or no longer.
    SetAutoTopup(Option<AutoTopup>),
    /// Pay an open invoice.
    PayInvoice(DocumentId),
    /// Note what became of a payment.
    SettlePayment(SettlePayment),
    /// Note what became of a refund.
    SettleRefund(SettleRefund),
    /// Note a dispute.
    NoteDispute(NoteDispute),
    /// Refund the first subscription and end it.
    RefundSubscription(RefundSubscription),
    /// Refund a top-up that hasn't been touched.
    RefundTopup(RefundTopup),
    /// Offer the account a plan of its own, or no longer.
    SetCustomPlan(Option<Box<Plan>>),
    /// Reserve room for a file that is to be uploaded.
    ReserveUpload(ReserveUpload),
    /// Note that a file has been uploaded.
    StoreAsset(StoreAsset),
    /// Count a file whose bytes the app keeps.
    RegisterExternal(RegisterExternal),
    /// Delete a file, or give an upload up.
    DeleteAsset(AssetId),
    /// Note that nothing is left of deleted files.
    NoteErased(NoteErased),
    /// Note that nothing is left of a vault that was purged.
    CertifyPurge(CertifyPurge),
}

/// Reserve room for a file that is to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveUpload {
    /// Of which kind.
    pub kind: AssetKind,
    /// The most it may have, in bytes; more than zero.
    pub bytes: u64,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// Note that a file has been uploaded: its object is complete and durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAsset {
    /// The asset.
    pub asset: AssetId,
    /// How much came, in bytes; at most what is reserved.
    pub bytes: u64,
    /// Which attempt to upload it.
    pub attempt: u64,
}

/// Count a file whose bytes the app keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterExternal {
    /// Of which kind.
    pub kind: AssetKind,
    /// Its size in bytes; more than zero.
    pub bytes: u64,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// Note that nothing is left of deleted files and ended uploads: their objects first, then their
/// details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteErased {
    /// The vault that they were in.
    pub vault: u32,
    /// Which.
    pub assets: Vec<AssetId>,
}

/// Note that nothing is left of a vault that was purged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifyPurge {
    /// The vault.
    pub vault: u32,
    /// How many of its files had their bytes in it.
    pub objects: u64,
    /// The hash of the [list](super::storage::manifest) of all of them.
    pub digest: [u8; 32],
}

/// Open an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The calendar it is billed by.
    pub zone: ZoneName,
    /// The currency it pays in; the catalog's, if absent.
    pub currency: Option<Currency>,
}

/// Move a test clock on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvanceClock {
    /// To when.
    pub to: ClockTarget,
}

/// Where a test clock goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockTarget {
    /// To an instant.
    At(Timestamp),
    /// By a span of calendar and clock units in the account's zone, as ISO 8601 text.
    By(String),
}

/// What credits are wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpendRequest {
    /// What a quote offered, at its price.
    Quote(Quote),
    /// An operation, at today's price.
    Operation(UsageRequest),
    /// An amount; more than zero.
    Credits {
        /// How much.
        credits: Credits,
        /// Why.
        reason: Reason,
    },
}

/// Reserve credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceHold {
    /// What for.
    pub spend: SpendRequest,
    /// How long it lives; the catalog's default, if absent.
    pub ttl: Option<Duration>,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// How much of a hold to capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaptureAmount {
    /// All it still reserves.
    Rest,
    /// This many credits.
    Credits(Credits),
    /// What this many units cost at the hold's rate.
    Units(Quantity),
}

/// Spend reserved credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureHold {
    /// The hold.
    pub hold: HoldId,
    /// How much.
    pub amount: CaptureAmount,
    /// Does the hold end with it, giving the rest back?
    pub ends: bool,
    /// May it cost more than the hold reserves, if the balance has it?
    pub allow_overage: bool,
}

/// Give reserved credits back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseHold {
    /// The hold.
    pub hold: HoldId,
    /// Why.
    pub reason: Option<Reason>,
}

/// Let a hold live longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendHold {
    /// The hold.
    pub hold: HoldId,
    /// How long from now.
    pub ttl: Duration,
}

/// Spend credits in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What for.
    pub spend: SpendRequest,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// Bring spent credits back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCharge {
    /// What had spent them.
    pub spend: SpendId,
    /// How much; all that is left to refund, if absent.
    pub credits: Option<Credits>,
    /// Why.
    pub reason: Option<Reason>,
}

/// Give or take credits as an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustCredits {
    /// How much; negative takes.
    pub credits: Credits,
    /// Of which class.
    pub class: Class,
    /// Why.
    pub reason: Reason,
    /// When what is given expires.
    pub expires_at: Option<Timestamp>,
}

/// Subscribe, or change the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePlan {
    /// The plan, by key.
    pub plan: String,
    /// The interval.
    pub interval: Interval,
    /// The preview that is confirmed: what happens is what it says, or nothing.
    pub confirms: Option<Box<Offer>>,
}

/// Note who the account is at the payment provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCustomer {
    /// The customer.
    pub customer: CustomerRef,
    /// Fresh random bits, from which the ids of this account's payments are made.
    pub seed: [u8; 16],
}

/// Note a payment method that was set up at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddPaymentMethod {
    /// The method.
    pub method: PaymentMethod,
    /// Pay with it from now on? The first one always is.
    pub default: bool,
}

/// Note where the customer is, for tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBillingDetails {
    /// Which revision of the details, which are kept apart from the journal.
    pub revision: u32,
    /// The country.
    pub country: Option<Country>,
    /// Has a VAT id been given?
    pub business: bool,
}

/// Buy credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuyTopup {
    /// The pack, by key.
    pub pack: String,
}

/// Note what became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlePayment {
    /// The payment.
    pub payment: PaymentId,
    /// Its name at the provider.
    pub reference: Option<PaymentRef>,
    /// What became of it.
    pub outcome: PaymentOutcome,
}

/// What became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentOutcome {
    /// It is on its way.
    Processing,
    /// It waits for the customer.
    RequiresAction,
    /// It was refused.
    Declined {
        /// The provider's code.
        code: Key,
        /// What the next attempt needs.
        retry: Retry,
    },
    /// It was given up.
    Cancelled,
    /// The money was taken.
    Succeeded,
}

/// Note what became of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleRefund {
    /// The refund.
    pub refund: RefundId,
    /// Did it go through? If not, the provider's code.
    pub outcome: Result<(), Key>,
}

/// Note a dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteDispute {
    /// The payment.
    pub payment: PaymentId,
    /// The dispute's name at the provider.
    pub dispute: DisputeRef,
    /// How much is disputed.
    pub money: Money,
    /// Where it stands.
    pub status: DisputeStatus,
    /// The provider's word for why.
    pub reason: Key,
}

/// Refund the first subscription and end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSubscription {
    /// Why.
    pub reason: Option<Reason>,
}

/// Refund a top-up that hasn't been touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundTopup {
    /// Its invoice.
    pub document: DocumentId,
    /// Why.
    pub reason: Option<Reason>,
}

/// End the subscription with its billing period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Why, if the customer said.
    pub reason: Option<Reason>,
}

impl Command {
    /// Its name in metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Advance => "advance",
            Self::AdvanceClock(_) => "advance_clock",
            Self::PlaceHold(_) => "place_hold",
            Self::CaptureHold(_) => "capture_hold",
            Self::ReleaseHold(_) => "release_hold",
            Self::ExtendHold(_) => "extend_hold",
            Self::Charge(_) => "charge",
            Self::RefundCharge(_) => "refund_charge",
            Self::AdjustCredits(_) => "adjust_credits",
            Self::ChangePlan(_) => "change_plan",
            Self::Cancel(_) => "cancel",
            Self::Resume => "resume",
            Self::DropScheduledChange => "drop_scheduled_change",
            Self::LinkCustomer(_) => "link_customer",
            Self::AddPaymentMethod(_) => "add_payment_method",
            Self::SetDefaultMethod(_) => "set_default_method",
            Self::RemovePaymentMethod(_) => "remove_payment_method",
            Self::SetBillingDetails(_) => "set_billing_details",
            Self::BuyTopup(_) => "buy_topup",
            Self::SetAutoTopup(_) => "set_auto_topup",
            Self::PayInvoice(_) => "pay_invoice",
            Self::SettlePayment(_) => "settle_payment",
            Self::SettleRefund(_) => "settle_refund",
            Self::NoteDispute(_) => "note_dispute",
            Self::RefundSubscription(_) => "refund_subscription",
            Self::RefundTopup(_) => "refund_topup",
            Self::SetCustomPlan(_) => "set_custom_plan",
            Self::ReserveUpload(_) => "reserve_upload",
            Self::StoreAsset(_) => "store_asset",
            Self::RegisterExternal(_) => "register_external",
            Self::DeleteAsset(_) => "delete_asset",
            Self::NoteErased(_) => "note_erased",
            Self::CertifyPurge(_) => "certify_purge",
        }
    }

    /// The asset whose record deciding it takes, because the state has uploads only.
    pub fn needs_asset(&self, account: &Account) -> Option<AssetId> {
        match self {
            Self::StoreAsset(StoreAsset { asset, .. }) | Self::DeleteAsset(asset) => {
                account.storage.upload(*asset).is_none().then_some(*asset)
            }
            _ => None,
        }
    }

    /// The payment whose record deciding it takes, because the state no longer has it.
    pub fn needs_payment(&self, account: &Account) -> Option<PaymentId> {
        match self {
            Self::SettlePayment(SettlePayment { payment, .. }) => {
                account.billing.payment(*payment).is_none().then_some(*payment)
            }
            Self::NoteDispute(NoteDispute { payment, .. }) => Some(*payment),
            _ => None,
        }
    }

    /// The spend whose history deciding it takes, because the state no longer has it.
    pub fn needs_history(&self, account: &Account) -> Option<SpendId> {
        match self {
            Self::CaptureHold(CaptureHold { hold, .. })
            | Self::ReleaseHold(ReleaseHold { hold, .. })
            | Self::ExtendHold(ExtendHold { hold, .. }) => {
                account.hold(*hold).is_none().then_some(SpendId::Hold(*hold))
            }
            Self::RefundCharge(refund) => Some(refund.spend),
            _ => None,
        }
    }
}
