// Long because all that can happen is one enum, whose order is the journal's format.
//! What can happen to an account. Past tense, with every result computed: replay never prices.
//!
//! **Encoding invariant:** events are stored in a positional binary form, so a variant's place in
//! its enum and its fields' order are part of the journal's format. New variants go to the end; a
//! variant that needs other fields gets a successor at the end, and the old one stays readable.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::documents::CreditReason;
use super::notices::NoticeKind;
use super::payments::{AutoTopup, DisputeStatus, Order, PaymentMethod, Retry};
use super::state::Terms;
use crate::bill::{Bill, LegalNumber};
use crate::catalog::{AssetKind, Class, Interval, Plan};
use crate::country::Country;
use crate::credits::Credits;
use crate::id::{
    AssetId, CatalogVersion, ChargeId, DocumentId, HoldId, IdempotencyKey, Key, LotId, PaymentId,
    Reason, Reference, RefundId, SpendId,
};
use crate::money::{Currency, Money};
use crate::pricing::{Quantity, Rate, Usage};
use crate::provider::{Card, CustomerRef, DisputeRef, MethodRef, PaymentRef};
use crate::time::{Anchor, Period, Timestamp, ZoneName};

/// Credits of one lot that a hold reserves, a charge spends or a refund returns. Carries the lot's
/// terms, so that a lot that was used up can come back as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    /// The lot.
    pub lot: LotId,
    /// Its class.
    pub class: Class,
    /// When it expires; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// How much of it; more than zero.
    pub credits: Credits,
}

/// What credits are spent on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// An operation of the rate card.
    Operation {
        /// What was used.
        usage: Usage,
        /// The rate it is priced by, until the end.
        rate: Rate,
        /// The catalog that the rate is from.
        catalog: CatalogVersion,
    },
    /// An amount that the caller named.
    Custom {
        /// Why.
        reason: Reason,
    },
}

impl Purpose {
    /// The operation, if it is one of the rate card.
    pub const fn operation(&self) -> Option<&Key> {
        match self {
            Self::Operation { usage, .. } => Some(&usage.operation),
            Self::Custom { .. } => None,
        }
    }
}

/// What a spend is about: repeated in the events that end it, so that a line of the statement says
/// it without looking anything up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The operation, if it is one of the rate card.
    pub operation: Option<Key>,
    /// Its model.
    pub model: Option<Key>,
    /// Its quality.
    pub quality: Option<Key>,
    /// The reason of an amount that the caller named.
    pub reason: Option<Reason>,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

impl About {
    /// What a spend with this purpose and reference is about.
    pub fn of(purpose: &Purpose, reference: Option<&Reference>) -> Self {
        let reference = reference.cloned();
        match purpose {
            Purpose::Operation { usage, .. } => Self {
                operation: Some(usage.operation.clone()),
                model: Some(usage.model.clone()),
                quality: Some(usage.quality.clone()),
                reason: None,
                reference,
            },
            Purpose::Custom { reason } => {
                Self { reason: Some(reason.clone()), reference, ..Self::default() }
            }
        }
    }
}

/// Why a lot was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LotSource {
    /// The part of a higher plan's allowance that is left of the month of an upgrade.
    Upgrade {
        /// The plan that was upgraded to.
        plan: Key,
    },
    /// Given by an administrator.
    Adjustment {
        /// Why.
        reason: Reason,
    },
    /// Bought.
    Topup {
        /// The pack.
        pack: Key,
        /// The invoice.
        document: DocumentId,
    },
}

/// Why a hold was released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReleaseCause {
    /// The caller released it.
    Caller {
        /// Why.
        reason: Option<Reason>,
    },
    /// Its time ran out.
    TimedOut,
}

/// Which way a plan changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To a higher plan, or from monthly to yearly.
    Upgrade,
    /// To a lower plan, or from yearly to monthly.
    Downgrade,
}

impl Direction {
    /// `upgrade` or `downgrade`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
        }
    }
}

/// Why an upload ended without a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadEnd {
    /// It wasn't finished in time.
    Abandoned,
    /// It isn't wanted any more.
    Canceled,
    /// All files were given up.
    Purged,
}

impl UploadEnd {
    /// `abandoned`, `canceled` or `purged`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Canceled => "canceled",
            Self::Purged => "purged",
        }
    }
}

/// A lot that a refund issues because the one that paid has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reissue {
    /// The new lot, of class promo.
    pub lot: LotId,
    /// How much.
    pub credits: Credits,
    /// The end of the current period; never, without one.
    pub expires_at: Option<Timestamp>,
}

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The account exists.
    AccountOpened {
        /// The calendar it is billed by.
        zone: ZoneName,
        /// The currency it pays in.
        currency: Currency,
    },
    /// Its test clock was moved on.
    ClockAdvanced {
        /// How far ahead of real time it is now.
        ahead: Duration,
    },
    /// A subscription began.
    SubscriptionStarted {
        /// The plan.
        plan: Key,
        /// The interval.
        interval: Interval,
        /// What was agreed.
        terms: Terms,
        /// Where months are counted from.
        anchor: Anchor,
        /// The first billing period.
        billing: Period,
        /// The catalog that the terms are from.
        catalog: CatalogVersion,
    },
    /// The plan, the interval or both are others from now on.
    PlanChanged {
        /// The plan before.
        from: Key,
        /// The plan now.
        plan: Key,
        /// The interval now.
        interval: Interval,
        /// Which way.
        direction: Direction,
        /// What was agreed.
        terms: Terms,
        /// Where months are counted from now.
        anchor: Anchor,
        /// The billing period now.
        billing: Period,
        /// The catalog that the terms are from.
        catalog: CatalogVersion,
    },
    /// A change of plan waits for the next billing date.
    ChangeScheduled {
        /// The plan in force.
        from: Key,
        /// The plan to change to.
        plan: Key,
        /// The interval to change to.
        interval: Interval,
        /// Which way.
        direction: Direction,
        /// The billing period, at whose end it takes effect.
        billing: Period,
        /// The month, at whose end credits refresh.
        credit: Period,
    },
    /// The change that was scheduled will not happen.
    ScheduledChangeDropped {
        /// The plan that was to be changed to.
        plan: Key,
        /// The interval that was to be changed to.
        interval: Interval,
    },
    /// The subscription goes on for another billing period.
    SubscriptionRenewed {
        /// The new billing period.
        billing: Period,
        /// What was agreed for it.
        terms: Terms,
        /// The catalog that the terms are from.
        catalog: CatalogVersion,
    },
    /// The subscription will end with the billing period.
    CancellationRequested {
        /// When it will end.
        ends_at: Timestamp,
        /// Why, if the customer said.
        reason: Option<Reason>,
    },
    /// The subscription will not end after all.
    CancellationWithdrawn,
    /// The subscription has ended; data is kept until `purge_at`.
    SubscriptionEnded {
        /// The plan it was.
        plan: Key,
        /// When data is deleted.
        purge_at: Timestamp,
    },
    /// The data has been given up for deletion.
    AccountPurged,
    /// A month of the subscription began and its allowance was issued.
    AllowanceIssued {
        /// The new lot, of class plan, which expires with the month.
        lot: LotId,
        /// The plan.
        plan: Key,
        /// The allowance.
        credits: Credits,
        /// The month.
        period: Period,
    },
    /// Credits were granted.
    LotIssued {
        /// The new lot.
        lot: LotId,
        /// Its class.
        class: Class,
        /// How much.
        credits: Credits,
        /// When it expires; never, if absent.
        expires_at: Option<Timestamp>,
        /// Why.
        source: LotSource,
    },
    /// A lot's time ran out, or its plan was replaced. What holds have reserved stays payable.
    LotExpired {
        /// The lot.
        lot: LotId,
        /// Its class.
        class: Class,
        /// What it had left that nothing held.
        credits: Credits,
    },
    /// An administrator took credits back.
    CreditsTaken {
        /// From which lots.
        portions: Vec<Portion>,
        /// Why.
        reason: Reason,
    },
    /// Credits were reserved.
    HoldPlaced {
        /// The hold.
        hold: HoldId,
        /// From which lots.
        portions: Vec<Portion>,
        /// When it releases itself.
        expires_at: Timestamp,
        /// What for.
        purpose: Purpose,
        /// The caller's reference.
        reference: Option<Reference>,
    },
    /// A hold lives longer.
    HoldExtended {
        /// The hold.
        hold: HoldId,
        /// When it releases itself now.
        expires_at: Timestamp,
    },
    /// Reserved credits were spent.
    HoldCaptured {
        /// The hold.
        hold: HoldId,
        /// What the spend is about.
        about: About,
        /// The units that were used, if the caller captured by units.
        units: Option<Quantity>,
        /// What was spent of what it reserved.
        captured: Vec<Portion>,
        /// What was spent beyond that.
        overage: Vec<Portion>,
        /// What went back to live lots.
        returned: Vec<Portion>,
        /// What went back to expired lots, and so expired.
        expired: Vec<Portion>,
        /// Has the hold ended with it?
        ended: bool,
    },
    /// Reserved credits were given back without being spent.
    HoldReleased {
        /// The hold.
        hold: HoldId,
        /// What the spend is about.
        about: About,
        /// What went back to live lots.
        returned: Vec<Portion>,
        /// What went back to expired lots, and so expired.
        expired: Vec<Portion>,
        /// Why.
        cause: ReleaseCause,
    },
    /// Credits were spent in one step.
    Charged {
        /// The charge.
        charge: ChargeId,
        /// From which lots.
        portions: Vec<Portion>,
        /// What for.
        purpose: Purpose,
        /// The caller's reference.
        reference: Option<Reference>,
    },
    /// Spent credits came back.
    ChargeRefunded {
        /// What had spent them.
        spend: SpendId,
        /// What the spend is about.
        about: About,
        /// What went back to lots that are still good.
        returned: Vec<Portion>,
        /// What came back as a new lot because the one that paid has expired.
        reissued: Option<Reissue>,
        /// The portions that `reissued` stands for, or that were forfeited.
        expired: Vec<Portion>,
        /// Why.
        reason: Option<Reason>,
    },
    /// The payment provider knows the account as this customer.
    CustomerLinked {
        /// The customer.
        customer: CustomerRef,
        /// Random bits from which the ids of this account's payments are made.
        seed: [u8; 16],
    },
    /// A payment method was set up.
    PaymentMethodAdded {
        /// The method.
        method: PaymentMethod,
        /// Is it what is paid with from now on?
        default: bool,
    },
    /// What is paid with from now on is another method.
    DefaultMethodChanged {
        /// The method.
        method: MethodRef,
    },
    /// A payment method is not used any more.
    PaymentMethodRemoved {
        /// The method.
        method: MethodRef,
    },
    /// The customer's billing details are others. They are kept apart from the journal.
    BillingDetailsChanged {
        /// Which revision they are.
        revision: u32,
        /// The country, which decides the tax.
        country: Option<Country>,
        /// Was a VAT id given?
        business: bool,
    },
    /// Money is to be taken. The provider is asked once this is durable.
    PaymentRequested {
        /// The payment.
        payment: PaymentId,
        /// What it is paid with.
        method: PaymentMethod,
        /// Is the customer there to authenticate?
        on_session: bool,
        /// When it is given up if the customer doesn't authenticate.
        expires_at: Timestamp,
        /// What for.
        order: Order,
    },
    /// A payment is under way.
    PaymentProgressed {
        /// The payment.
        payment: PaymentId,
        /// Its name at the provider.
        reference: Option<PaymentRef>,
        /// Does it wait for the customer? Otherwise for the bank.
        requires_action: bool,
    },
    /// Money was taken.
    PaymentSucceeded {
        /// The payment.
        payment: PaymentId,
        /// Its name at the provider.
        reference: Option<PaymentRef>,
        /// How much.
        money: Money,
    },
    /// No money was taken, and none will be by this payment.
    PaymentFailed {
        /// The payment.
        payment: PaymentId,
        /// The provider's code, or `canceled`.
        code: Key,
        /// What another attempt needs.
        retry: Retry,
    },
    /// A payment that waits for the customer is not wanted any more, and will be cancelled.
    PaymentAbandoned {
        /// The payment.
        payment: PaymentId,
    },
    /// An invoice was finalized.
    InvoiceIssued {
        /// The invoice.
        document: DocumentId,
        /// Its legal number, given out with the commit.
        number: LegalNumber,
        /// What was sold, and for how much.
        order: Order,
        /// Which revision of the customer's billing details it shows.
        buyer: u32,
        /// The catalog whose seller it shows.
        catalog: CatalogVersion,
    },
    /// An invoice was paid.
    InvoicePaid {
        /// The invoice.
        document: DocumentId,
        /// By which payment.
        payment: PaymentId,
        /// The payment's name at the provider.
        reference: Option<PaymentRef>,
        /// With which card.
        card: Option<Card>,
    },
    /// A credit note was finalized: all of an invoice is taken back.
    CreditNoteIssued {
        /// The credit note.
        document: DocumentId,
        /// Its legal number, given out with the commit.
        number: LegalNumber,
        /// The invoice that it takes back.
        corrects: DocumentId,
        /// What is taken back, in the invoice's own figures.
        bill: Bill,
        /// Had the invoice been paid? Then the money is returned.
        paid: bool,
        /// Why.
        reason: CreditReason,
        /// Which revision of the customer's billing details it shows.
        buyer: u32,
        /// The catalog whose seller it shows.
        catalog: CatalogVersion,
    },
    /// Money is to be returned. The provider is asked once this is durable.
    RefundRequested {
        /// The refund.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// The payment's name at the provider.
        reference: PaymentRef,
        /// How much.
        money: Money,
        /// The credit note that it fulfils, unless the money bought nothing.
        document: Option<DocumentId>,
    },
    /// Money was returned.
    RefundSucceeded {
        /// The refund.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// How much.
        money: Money,
    },
    /// Money could not be returned: it is still owed to the customer.
    RefundFailed {
        /// The refund.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// The provider's code.
        code: Key,
    },
    /// A renewal's invoice is not paid; the subscription is past due.
    RenewalUnpaid {
        /// The invoice.
        document: DocumentId,
        /// When it is tried again by itself; if absent, it waits for the customer.
        retry_at: Option<Timestamp>,
        /// When the subscription ends unless it is paid.
        ends_at: Timestamp,
    },
    /// What unused time was worth beyond what was bought is kept for later bills; or, negative, was
    /// used for one.
    UnusedTimeCarried {
        /// How much, as prices are listed.
        by: Money,
    },
    /// Money that was taken in advance has been earned.
    RevenueRecognized {
        /// The currency of the amounts.
        currency: Currency,
        /// By a month of the subscription whose credits were used, in minor units.
        subscription: i64,
        /// By a month of the subscription whose credits were not used.
        breakage: i64,
        /// By credits of top-ups that were used.
        topups: Vec<(LotId, i64)>,
    },
    /// Credits are bought when they run low; or, if absent, no longer.
    AutoTopupChanged {
        /// How.
        settings: Option<AutoTopup>,
        /// The least time between two.
        cooldown: Duration,
    },
    /// Automatic top-ups have cost as much as was allowed for this month.
    AutoTopupCapped,
    /// The account is offered a plan of its own; or, if absent, no longer.
    CustomPlanChanged {
        /// The plan.
        plan: Option<Box<Plan>>,
    },
    /// The customer is to be told of something that is to come.
    NoticeScheduled {
        /// What.
        notice: NoticeKind,
        /// When to tell it.
        at: Timestamp,
    },
    /// The customer is told of something that is to come.
    NoticeGiven {
        /// What.
        notice: NoticeKind,
        /// When it comes.
        comes_at: Timestamp,
        /// What it costs, if it costs anything.
        amount: Option<Money>,
    },
    /// A customer disputes a payment with the bank.
    PaymentDisputed {
        /// The payment.
        payment: PaymentId,
        /// The dispute's name at the provider.
        dispute: DisputeRef,
        /// How much is disputed.
        money: Money,
        /// Where it stands.
        status: DisputeStatus,
        /// Where it stood before, if it was known.
        before: Option<DisputeStatus>,
        /// The provider's word for why.
        reason: Key,
    },
    /// Room for a file was reserved while it is uploaded.
    UploadReserved {
        /// The asset that it is to be.
        asset: AssetId,
        /// Of which kind.
        kind: AssetKind,
        /// How much is reserved: the most that may be uploaded.
        bytes: u64,
        /// When the reservation is given up.
        expires_at: Timestamp,
        /// The caller's reference.
        reference: Option<Reference>,
        /// The vault that it lies in.
        vault: u32,
    },
    /// A file is in the vault.
    AssetStored {
        /// The asset.
        asset: AssetId,
        /// Of which kind.
        kind: AssetKind,
        /// Its size.
        bytes: u64,
        /// Does the app keep the bytes? Then it is counted and has no object.
        external: bool,
        /// Which attempt to upload it is the one that counts. 0 if external.
        attempt: u64,
        /// What was reserved for it, and now isn't any more. 0 if external.
        reserved_bytes: u64,
        /// The caller's reference.
        reference: Option<Reference>,
        /// The vault that it lies in.
        vault: u32,
    },
    /// An upload ended without a file; what was reserved for it is free again.
    UploadEnded {
        /// The asset that it was to be.
        asset: AssetId,
        /// What was reserved.
        bytes: u64,
        /// Why.
        cause: UploadEnd,
    },
    /// A file was deleted, and its bytes are free again. What is left of it is erased.
    AssetDeleted {
        /// The asset.
        asset: AssetId,
        /// Of which kind it was.
        kind: AssetKind,
        /// Its size.
        bytes: u64,
        /// Did the app keep the bytes?
        external: bool,
    },
    /// Nothing is left of deleted files and ended uploads: no object, no name.
    AssetsErased {
        /// Of which.
        assets: Vec<AssetId>,
    },
    /// All files were given up. What is left of them is erased.
    VaultPurged {
        /// The vault that ended.
        vault: u32,
        /// How many files it had.
        assets: u64,
        /// How many bytes they took.
        bytes: u64,
    },
    /// Nothing is left of a vault that ended.
    PurgeCertified {
        /// The vault.
        vault: u32,
        /// How many files it had.
        assets: u64,
        /// How many bytes they took.
        bytes: u64,
        /// How many of them had their bytes in the vault; the app kept those of the others.
        objects: u64,
        /// The hash of the [list](super::storage::manifest) of all of them.
        digest: [u8; 32],
    },
}

impl Event {
    /// The legal number of the document that it issues, which is given out with the commit.
    pub const fn legal_number_mut(&mut self) -> Option<&mut LegalNumber> {
        match self {
            Self::InvoiceIssued { number, .. } | Self::CreditNoteIssued { number, .. } => {
                Some(number)
            }
            _ => None,
        }
    }

    /// The legal number of the document that it issues.
    pub const fn legal_number(&self) -> Option<&LegalNumber> {
        match self {
            Self::InvoiceIssued { number, .. } | Self::CreditNoteIssued { number, .. } => {
                Some(number)
            }
            _ => None,
        }
    }
}

/// An event with the moment it is booked at and the balance it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// When: the due time for what fell due, else the time of the command.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// What could be spent afterwards.
    pub available: Credits,
    /// What holds reserved afterwards.
    pub held: Credits,
}

/// Who caused an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// Time itself: something fell due.
    System,
    /// An API key, by its public id.
    ApiKey(Key),
    /// The payment provider, by its name: what it said.
    Provider(Key),
    /// The customer, in the portal. Whose account it is says who; nothing more is kept.
    Customer,
}

/// The caller's idempotency key with a hash of what it asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// The key.
    pub key: IdempotencyKey,
    /// The first 16 bytes of a BLAKE3 hash of the command.
    pub request: [u8; 16],
    /// Which encoding of commands the hash is of. Hashes of different ones can't be compared.
    pub form: u8,
}
