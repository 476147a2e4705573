//! Payments: what is bought, how it is paid for, and what is done when the money is there.
//!
//! A purchase becomes an [`Order`] and a payment; the provider is asked once that is durable, and
//! what it says comes back as a command. What was bought happens when its payment succeeds and not
//! before, in the same commit. A success that can't be applied any more is returned.

pub mod apply;
pub mod dispute;
pub mod fulfil;
pub mod invoice;
pub mod methods;
pub mod record;
pub mod request;
pub mod settle;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Direction;
use super::state::Terms;
use crate::bill::Bill;
use crate::catalog::{Interval, Plan};
use crate::country::Country;
use crate::credits::Credits;
use crate::id::{CatalogVersion, DocumentId, Key, LotId, PaymentId, RefundId};
use crate::money::Money;
use crate::provider::{Card, CustomerRef, DisputeRef, MandateRef, MethodRef, PaymentRef};
use crate::rare::Empty;
use crate::time::{Period, Timestamp};

/// What is bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purchase {
    /// A subscription, which begins when it is paid.
    Start {
        /// The plan.
        plan: Key,
        /// The interval.
        interval: Interval,
        /// What is agreed.
        terms: Terms,
        /// The catalog that the terms are from.
        catalog: CatalogVersion,
    },
    /// Another plan or interval, from the payment on.
    Change {
        /// The plan before.
        from: Key,
        /// The plan.
        plan: Key,
        /// The interval.
        interval: Interval,
        /// Which way.
        direction: Direction,
        /// What is agreed.
        terms: Terms,
        /// The billing period in which it was asked for. It is void once that has ended.
        during: Period,
        /// The moment from which time is prorated: that of the preview, if there was one.
        as_of: Timestamp,
        /// Do billing periods begin anew with it?
        new_period: bool,
        /// The catalog that the terms are from.
        catalog: CatalogVersion,
    },
    /// A pack of credits.
    Topup {
        /// The pack.
        pack: Key,
        /// How many credits.
        credits: Credits,
        /// Was it bought because credits ran low?
        automatic: bool,
    },
    /// The next billing period.
    Renewal {
        /// Its invoice, which exists before it is paid.
        document: DocumentId,
        /// The plan.
        plan: Key,
        /// The interval.
        interval: Interval,
        /// Which way, if it is a change that was scheduled.
        change: Option<Direction>,
        /// What is agreed.
        terms: Terms,
        /// The period.
        billing: Period,
        /// The catalog that the terms are from.
        catalog: CatalogVersion,
    },
}

impl Purchase {
    /// `start`, `change`, `topup` or `renewal`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Change { .. } => "change",
            Self::Topup { .. } => "topup",
            Self::Renewal { .. } => "renewal",
        }
    }

    /// Is it about the subscription, of which only one change can be under way?
    pub const fn is_subscription(&self) -> bool {
        !matches!(self, Self::Topup { .. })
    }

    /// The invoice that is paid, if it exists before the payment.
    pub const fn open_invoice(&self) -> Option<DocumentId> {
        match self {
            Self::Renewal { document, .. } => Some(*document),
            Self::Start { .. } | Self::Change { .. } | Self::Topup { .. } => None,
        }
    }
}

/// A purchase and its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What is bought.
    pub purchase: Purchase,
    /// For how much.
    pub bill: Bill,
    /// By how much what is carried forward changes with it: more for unused time beyond the price,
    /// less for what is used up. As prices are listed, in minor units.
    pub carried: i64,
}

/// A payment method as far as it may be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// Its name at the provider.
    pub reference: MethodRef,
    /// Its card, if it is one.
    pub card: Option<Card>,
    /// The consent to be charged while absent, if the provider has a name for it.
    pub mandate: Option<MandateRef>,
}

impl PaymentMethod {
    /// Has its card expired at `now`? In the calendar of UTC.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        let today = now.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
        let month = (i32::from(today.year()), i32::from(today.month()));
        let last = |card: &Card| (i32::from(card.exp_year), i32::from(card.exp_month));
        self.card.as_ref().is_some_and(|card| last(card) < month)
    }
}

/// What another attempt to take the money needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    /// Time: the same method may work later.
    Later,
    /// The customer, to authenticate.
    Customer,
    /// Another payment method; card networks forbid or fine further attempts.
    NewMethod,
}

impl Retry {
    /// `later`, `customer` or `new_method`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Later => "later",
            Self::Customer => "customer",
            Self::NewMethod => "new_method",
        }
    }
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisputeStatus {
    /// The bank asks; no money has moved.
    Inquiry,
    /// The bank took the money back, for now.
    Open,
    /// The money came back, or never left.
    Won,
    /// The money is gone.
    Lost,
}

impl DisputeStatus {
    /// `inquiry`, `open`, `won` or `lost`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// Buying credits when they run low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoTopup {
    /// Buys when less than this can be spent.
    pub threshold: Credits,
    /// What to buy.
    pub pack: Key,
    /// The most money, tax included, for automatic top-ups of one month of the subscription.
    pub monthly_cap: Money,
}

/// All that an account has to do with money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billing {
    /// Who the account is at the provider.
    pub customer: Option<CustomerRef>,
    /// What ids of payments are made from.
    pub seed: [u8; 16],
    /// Payment methods; the first is what is paid with.
    pub methods: Vec<PaymentMethod>,
    /// The revision of the customer's billing details.
    pub buyer: u32,
    /// The customer's country.
    pub country: Option<Country>,
    /// Has a VAT id been given?
    pub business: bool,
    /// Payments whose outcome isn't final, oldest first.
    pub payments: Vec<OpenPayment>,
    /// Refunds that haven't succeeded, oldest first.
    pub refunds: Vec<OpenRefund>,
    /// The number of the next payment.
    pub next_payment: u32,
    /// The number of the next document.
    pub next_document: DocumentId,
    /// What unused time is worth that no bill has used yet, as prices are listed, in minor units.
    pub carried: i64,
    /// What was invoiced for the subscription and isn't recognized as revenue, in minor units.
    pub unearned: i64,
    /// Invoices that aren't paid: of a renewal, or for the moment between issue and payment.
    pub open_invoices: Vec<(DocumentId, Order)>,
    /// Top-ups whose money isn't all recognized as revenue.
    pub topups: Vec<UnearnedTopup>,
    /// Paid invoices of the first period of the first subscription, which can be refunded for a while.
    pub refundable: Vec<PaidInvoice>,
    /// Automatic top-ups.
    pub auto_topup: Option<AutoTopupState>,
    /// A plan of its own.
    pub custom_plan: Option<Box<Plan>>,
    /// Disputes that weren't won: they are open, or the money is gone.
    pub disputes: Vec<OpenDispute>,
    /// How far automatic top-ups had gone when they were turned off: turning them on again forgets
    /// neither the cap nor the pause.
    pub auto_topup_before: Option<Box<AutoTopupState>>,
}

impl Empty for Billing {
    fn empty() -> &'static Self {
        static EMPTY: Billing = Billing::new();
        &EMPTY
    }
}

impl Billing {
    /// Of an account that has nothing to do with money yet.
    const fn new() -> Self {
        Self {
            customer: None,
            seed: [0; 16],
            methods: Vec::new(),
            buyer: 0,
            country: None,
            business: false,
            payments: Vec::new(),
            refunds: Vec::new(),
            next_payment: 1,
            next_document: DocumentId(1),
            carried: 0,
            unearned: 0,
            open_invoices: Vec::new(),
            topups: Vec::new(),
            refundable: Vec::new(),
            auto_topup: None,
            custom_plan: None,
            disputes: Vec::new(),
            auto_topup_before: None,
        }
    }

    /// What is paid with.
    pub fn default_method(&self) -> Option<&PaymentMethod> {
        self.methods.first()
    }

    /// The payment of that id, unless it is over.
    pub fn payment(&self, id: PaymentId) -> Option<&OpenPayment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    /// Has the bank taken a payment's money back, or might it?
    pub fn is_disputed(&self, payment: PaymentId) -> bool {
        self.disputes.iter().any(|dispute| dispute.payment == payment)
    }

    /// The payment that is under way for an open invoice and still wanted.
    pub fn paying(&self, invoice: DocumentId) -> Option<&OpenPayment> {
        let pays = |payment: &&OpenPayment| {
            payment.order.purchase.open_invoice() == Some(invoice) && !payment.abandoned
        };
        self.payments.iter().find(pays)
    }

    /// Is anything to be asked of the provider, or heard from it?
    pub fn is_waiting(&self) -> bool {
        !self.payments.is_empty() || self.refunds.iter().any(|refund| refund.failed.is_none())
    }

    /// What the provider is to be asked for. Empty once it has answered everything.
    pub fn effects(&self) -> Vec<Effect<'_>> {
        // What is to be cancelled first: a payment that succeeds meanwhile makes another unneeded.
        let cancels = self.payments.iter().filter(|payment| payment.abandoned).map(Effect::Cancel);
        let charges = self
            .payments
            .iter()
            .filter(|payment| payment.stage == Stage::Requested && !payment.abandoned)
            .map(Effect::Charge);
        let refunds = self.refunds.iter().filter(|refund| refund.failed.is_none());
        cancels.chain(charges).chain(refunds.map(Effect::Refund)).collect()
    }
}

/// Something that the provider is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Take money.
    Charge(&'a OpenPayment),
    /// Make sure that a payment takes no money any more.
    Cancel(&'a OpenPayment),
    /// Return money.
    Refund(&'a OpenRefund),
}

/// A payment whose outcome isn't final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPayment {
    /// Its id.
    pub id: PaymentId,
    /// What it is paid with.
    pub method: PaymentMethod,
    /// Is the customer there to authenticate?
    pub on_session: bool,
    /// What it is for.
    pub order: Order,
    /// How far it is.
    pub stage: Stage,
    /// Its name at the provider.
    pub reference: Option<PaymentRef>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it is given up if it waits for the customer.
    pub expires_at: Timestamp,
    /// Is it not wanted any more?
    pub abandoned: bool,
}

impl OpenPayment {
    /// How much.
    pub const fn money(&self) -> Money {
        self.order.bill.due()
    }

    /// When it is given up.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let waits = self.stage == Stage::RequiresAction && !self.abandoned;
        waits.then_some(self.expires_at)
    }
}

/// How far a payment is whose outcome isn't final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The provider is being asked.
    Requested,
    /// The bank is at it.
    Processing,
    /// It waits for the customer.
    RequiresAction,
}

/// A refund that hasn't succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRefund {
    /// Its id.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// The payment's name at the provider.
    pub reference: PaymentRef,
    /// How much.
    pub money: Money,
    /// The credit note that it fulfils.
    pub document: Option<DocumentId>,
    /// Why it failed, if it did; the money is still owed.
    pub failed: Option<Key>,
}

/// A dispute that wasn't won.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDispute {
    /// Its name at the provider.
    pub dispute: DisputeRef,
    /// The payment.
    pub payment: PaymentId,
    /// Where it stands.
    pub status: DisputeStatus,
    /// How much is disputed.
    pub money: Money,
}

/// A top-up whose money isn't all recognized as revenue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnearnedTopup {
    /// Its lot.
    pub lot: LotId,
    /// How many credits were bought.
    pub credits: Credits,
    /// For how much, without tax, in minor units.
    pub net: i64,
    /// How much of that isn't recognized.
    pub unearned: i64,
    /// How it was paid for.
    pub paid: PaidInvoice,
}

/// A paid invoice that may be refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidInvoice {
    /// The invoice.
    pub document: DocumentId,
    /// The payment.
    pub payment: PaymentId,
    /// Its name at the provider.
    pub reference: Option<PaymentRef>,
    /// What was sold, for how much.
    pub bill: Bill,
}

/// Automatic top-ups, and how far they have gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoTopupState {
    /// What was asked for.
    pub settings: AutoTopup,
    /// The least time between two.
    pub cooldown: Duration,
    /// What automatic top-ups have cost in this month of the subscription, in minor units.
    pub spent: i64,
    /// No other before this.
    pub not_before: Option<Timestamp>,
    /// How many failed one after another; each doubles the pause.
    pub failures: u32,
    /// The method that was declined for good, or too often: nothing is tried before there is another.
    pub declined: Option<MethodRef>,
    /// Has the cap of this month been reached?
    pub exhausted: bool,
}
