//! Changes of plan: what one would cost and do, and what one did.

use bursar_core::account::Account;
use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::payments::{PaymentMethod, Purchase as Bought};
use bursar_core::account::subscription::offer::Offer;
use bursar_core::bill::{Bill, BillLine, TaxTreatment};
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::money::{Currency, Money};
use bursar_core::statement;
use bursar_core::time::{Anchor, Period, Timestamp};
use bursar_engine::purchase::Purchase;
use bursar_store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::method::MethodView;
use super::number::Percent;
use super::subscription::IntervalName;
use super::{Amount, Price, Shown, Span, Time};
use crate::purchase::Told;

/// What a change of plan would cost and do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// `start`, `upgrade` or `downgrade`.
    #[schema(example = "upgrade")]
    kind: &'static str,
    /// The plan.
    #[schema(value_type = String, example = "professional")]
    plan: Shown<Key>,
    /// The interval.
    interval: IntervalName,
    /// When it takes effect.
    effective_at: Time,
    /// Does it wait for the next billing date? Then nothing is due now.
    scheduled: bool,
    /// What is bought, and what is taken off; without tax.
    lines: Vec<LineView>,
    /// The sum of the lines.
    subtotal: Price,
    /// The tax on it.
    tax: TaxView,
    /// What is paid on confirming.
    due_now: Price,
    /// What unused time is worth that no bill has used yet, once this is done; as prices are listed.
    carried_forward: Price,
    /// What is charged next after that.
    next_charge: Price,
    /// When.
    next_charge_at: Time,
    /// Credits that it adds at once; negative if it takes some away.
    allowance_change: Amount,
    /// Keys of the features that come with it.
    #[schema(value_type = Vec<String>)]
    gained: Vec<Shown<Key>>,
    /// Keys of the features that go with it.
    #[schema(value_type = Vec<String>)]
    lost: Vec<Shown<Key>>,
    /// What it would be paid with; null if there is nothing.
    payment_method: Option<MethodView>,
    /// What has to be done before it can be confirmed; null for nothing.
    hint: Option<&'static str>,
    /// What confirms it.
    #[schema(example = "preview_gAdjdXN0b21lci03…")]
    preview: String,
    /// When it can't be confirmed any more.
    expires_at: Time,
}

/// One line of a bill.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BillLine)]
pub(crate) struct LineView {
    /// What it is.
    #[schema(example = "Unused time on Starter plan, monthly")]
    description: String,
    /// The time it covers.
    period: Option<Span>,
    /// The amount without tax; negative if it is taken off.
    amount: Price,
}

/// The tax on a bill.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BillTax)]
pub(crate) struct TaxView {
    /// What the tax is called; null if none applies.
    #[schema(example = "VAT")]
    name: Option<String>,
    /// `standard`, `reverse_charge` or `out_of_scope`.
    #[schema(example = "standard")]
    treatment: &'static str,
    /// The country whose tax it is.
    #[schema(example = "DE")]
    country: Option<&'static str>,
    /// The rate in percent.
    rate: Percent,
    /// How much.
    amount: Price,
}

impl LineView {
    /// The lines of a bill.
    pub(crate) fn list(bill: &Bill) -> Vec<Self> {
        bill.lines.iter().map(|line| Self::of(line, bill.currency)).collect()
    }

    fn of(line: &BillLine, currency: Currency) -> Self {
        let span = |(start, end)| Span { start: Time(start), end: Time(end) };
        Self {
            description: line.description.clone(),
            period: line.period.map(span),
            amount: Money::new(line.net, currency).into(),
        }
    }
}

impl TaxView {
    /// The tax of a bill, as a catalog calls it.
    pub(crate) fn of(bill: &Bill, name: &str) -> Self {
        let country = match bill.treatment {
            TaxTreatment::OutOfScope => None,
            TaxTreatment::Standard { country, .. } | TaxTreatment::ReverseCharge { country } => {
                Some(country.code())
            }
        };
        Self {
            name: country.map(|_| name.to_owned()),
            treatment: bill.treatment.as_str(),
            country,
            rate: Percent(bill.treatment.rate_ppm()),
            amount: Money::new(bill.tax, bill.currency).into(),
        }
    }
}

impl Preview {
    /// What an offer says, with the token that confirms it.
    pub(crate) fn of(offer: &Offer, account: &Account, catalog: &Catalog, preview: String) -> Self {
        let bill = &offer.order.bill;
        let carried = account.billing.carried.saturating_add(offer.order.carried);
        let keys = |keys: &[Key]| keys.iter().cloned().map(Shown).collect();
        let method = account.billing.default_method();
        Self {
            kind: offer.kind.as_str(),
            plan: Shown(offer.plan.clone()),
            interval: offer.interval.into(),
            effective_at: Time(offer.effective_at),
            scheduled: offer.scheduled,
            lines: LineView::list(bill),
            subtotal: Money::new(bill.net, bill.currency).into(),
            tax: TaxView::of(bill, &catalog.tax.name),
            due_now: bill.due().into(),
            carried_forward: Money::new(carried, bill.currency).into(),
            next_charge: offer.next_charge.into(),
            next_charge_at: Time(offer.next_charge_at),
            allowance_change: Amount(offer.allowance_change),
            gained: keys(&offer.gained),
            lost: keys(&offer.lost),
            payment_method: method.map(|method| MethodView::of(method, true, offer.as_of)),
            hint: hint(bill, method, offer.as_of),
            preview,
            expires_at: Time(offer.as_of.after(catalog.policies.preview_ttl)),
        }
    }
}

fn hint(bill: &Bill, method: Option<&PaymentMethod>, now: Timestamp) -> Option<&'static str> {
    match method {
        _ if bill.total == 0 => None,
        None => Some("Add a payment method first: POST /v1/accounts/{id}/payment_methods."),
        Some(method) if method.has_expired(now) => {
            Some("The card has expired: add another, or make another the default.")
        }
        Some(_) => None,
    }
}

/// A subscription that began, changed or will change, or waits for its payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionChanged {
    /// `start`, `upgrade` or `downgrade`.
    #[schema(example = "start")]
    kind: &'static str,
    /// When it takes effect; null while its payment is under way.
    effective_at: Option<Time>,
    /// Does it wait for the next billing date?
    scheduled: bool,
    /// The plan it changes to.
    #[schema(value_type = String, example = "starter")]
    plan: Shown<Key>,
    /// The interval it changes to.
    interval: IntervalName,
    /// The subscription's state after it.
    #[schema(example = "active")]
    state: &'static str,
    /// The period that is paid for after it; null while its payment is under way.
    current_period: Option<Span>,
    /// Credits that it issued, less those that it closed.
    allowance_change: Amount,
    /// When the monthly credits are issued anew; null while its payment is under way.
    next_refresh_at: Option<Time>,
    #[serde(flatten)]
    told: Told,
}

/// The reply of a start or change of a subscription; `state` is the subscription's while the payment
/// is under way.
pub(crate) fn subscribed(
    purchase: &Purchase,
    state: &'static str,
    told: Told,
) -> Option<SubscriptionChanged> {
    let done = purchase.entry();
    if let Some(changed) = done.events.iter().find_map(|it| changed(done, it, &told)) {
        return Some(changed);
    }
    let (kind, plan, interval) = match &purchase.paying.as_ref()?.record.order.purchase {
        Bought::Start { plan, interval, .. } => ("start", plan, interval),
        Bought::Change { plan, interval, direction, .. } => (direction.as_str(), plan, interval),
        Bought::Topup { .. } | Bought::Renewal { .. } => return None,
    };
    Some(SubscriptionChanged { state, ..bare(kind, plan, *interval, told) })
}

/// The change that an event of an entry is, if it is one.
fn changed(entry: &Entry, recorded: &Recorded, told: &Told) -> Option<SubscriptionChanged> {
    let at = recorded.at;
    let moved = entry.events.iter().filter_map(statement::line).map(|line| line.credits);
    let effective = |kind, plan, interval, anchor: &Anchor, billing: Period| SubscriptionChanged {
        effective_at: Some(Time(at)),
        current_period: Some(billing.into()),
        next_refresh_at: Some(Time(month_end(anchor, billing, at))),
        allowance_change: Amount(Credits::total(moved.clone())),
        ..bare(kind, plan, interval, told.clone())
    };
    match &recorded.event {
        Event::SubscriptionStarted { plan, interval, anchor, billing, .. } => {
            Some(effective("start", plan, *interval, anchor, *billing))
        }
        Event::PlanChanged { plan, interval, direction, anchor, billing, .. } => {
            Some(effective(direction.as_str(), plan, *interval, anchor, *billing))
        }
        Event::ChangeScheduled { plan, interval, direction, billing, credit, .. } => {
            Some(SubscriptionChanged {
                effective_at: Some(Time(billing.end)),
                scheduled: true,
                current_period: Some((*billing).into()),
                next_refresh_at: Some(Time(credit.end)),
                ..bare(direction.as_str(), plan, *interval, told.clone())
            })
        }
        _ => None,
    }
}

fn bare(kind: &'static str, plan: &Key, interval: Interval, told: Told) -> SubscriptionChanged {
    SubscriptionChanged {
        kind,
        effective_at: None,
        scheduled: false,
        plan: Shown(plan.clone()),
        interval: interval.into(),
        state: "active",
        current_period: None,
        allowance_change: Amount(Credits::ZERO),
        next_refresh_at: None,
        told,
    }
}

/// The end of the month of a billing period that `at` is in.
fn month_end(anchor: &Anchor, billing: Period, at: Timestamp) -> Timestamp {
    let mut offset = billing.offset.saturating_add(1);
    while anchor.month(offset) <= at && anchor.month(offset) < billing.end {
        offset = offset.saturating_add(1);
    }
    anchor.month(offset)
}
