//! One value of everything that is stored.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::account::event::{
    About, Actor, Direction, Event, Idempotency, LotSource, Portion, Purpose, Recorded, Reissue,
    ReleaseCause,
};
use bursar_core::account::notices::{NoticeKind, ScheduledNotice};
use bursar_core::account::state::{
    Cancellation, Hold, LiveSubscription, Lot, ScheduledChange, Subscription, Terms,
};
use bursar_core::catalog::{Class, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::{CatalogVersion, ChargeId, DocumentId, HoldId, Key, LotId, SpendId};
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::{Quantity, Rate, Rounding, Usage};
use bursar_core::time::{Anchor, Period, Timestamp, ZoneName};
use bursar_store::Entry;

/// The file name of an event's golden. A new variant makes this fail to compile: name it here, and
/// add a sample of it below.
pub(crate) fn name(event: &Event) -> &'static str {
    match event {
        Event::AccountOpened { .. } => "account_opened",
        Event::ClockAdvanced { .. } => "clock_advanced",
        Event::SubscriptionStarted { .. } => "subscription_started",
        Event::PlanChanged { .. } => "plan_changed",
        Event::ChangeScheduled { .. } => "change_scheduled",
        Event::ScheduledChangeDropped { .. } => "scheduled_change_dropped",
        Event::SubscriptionRenewed { .. } => "subscription_renewed",
        Event::CancellationRequested { .. } => "cancellation_requested",
        Event::CancellationWithdrawn => "cancellation_withdrawn",
        Event::SubscriptionEnded { .. } => "subscription_ended",
        Event::AccountPurged => "account_purged",
        Event::AllowanceIssued { .. } => "allowance_issued",
        Event::LotIssued { .. } => "lot_issued",
        Event::LotExpired { .. } => "lot_expired",
        Event::CreditsTaken { .. } => "credits_taken",
        Event::HoldPlaced { .. } => "hold_placed",
        Event::HoldExtended { .. } => "hold_extended",
        Event::HoldCaptured { .. } => "hold_captured",
        Event::HoldReleased { .. } => "hold_released",
        Event::Charged { .. } => "charged",
        Event::ChargeRefunded { .. } => "charge_refunded",
        Event::CustomerLinked { .. } => "customer_linked",
        Event::PaymentMethodAdded { .. } => "payment_method_added",
        Event::DefaultMethodChanged { .. } => "default_method_changed",
        Event::PaymentMethodRemoved { .. } => "payment_method_removed",
        Event::BillingDetailsChanged { .. } => "billing_details_changed",
        Event::PaymentRequested { .. } => "payment_requested",
        Event::PaymentProgressed { .. } => "payment_progressed",
        Event::PaymentSucceeded { .. } => "payment_succeeded",
        Event::PaymentFailed { .. } => "payment_failed",
        Event::PaymentAbandoned { .. } => "payment_abandoned",
        Event::InvoiceIssued { .. } => "invoice_issued",
        Event::InvoicePaid { .. } => "invoice_paid",
        Event::CreditNoteIssued { .. } => "credit_note_issued",
        Event::RefundRequested { .. } => "refund_requested",
        Event::RefundSucceeded { .. } => "refund_succeeded",
        Event::RefundFailed { .. } => "refund_failed",
        Event::RenewalUnpaid { .. } => "renewal_unpaid",
        Event::UnusedTimeCarried { .. } => "unused_time_carried",
        Event::RevenueRecognized { .. } => "revenue_recognized",
        Event::AutoTopupChanged { .. } => "auto_topup_changed",
        Event::AutoTopupCapped => "auto_topup_capped",
        Event::CustomPlanChanged { .. } => "custom_plan_changed",
        Event::NoticeScheduled { .. } => "notice_scheduled",
        Event::NoticeGiven { .. } => "notice_given",
        Event::PaymentDisputed { .. } => "payment_disputed",
        Event::UploadReserved { .. } => "upload_reserved",
        Event::AssetStored { .. } => "asset_stored",
        Event::UploadEnded { .. } => "upload_ended",
        Event::AssetDeleted { .. } => "asset_deleted",
        Event::AssetsErased { .. } => "assets_erased",
        Event::VaultPurged { .. } => "vault_purged",
        Event::PurgeCertified { .. } => "purge_certified",
    }
}

/// One of each, and a second one where a variant holds an enum of its own.
pub(crate) fn events() -> Vec<Event> {
    let mut events = subscription_events();
    events.extend(credit_events());
    events.extend(spend_events());
    events.extend(super::money_samples::events());
    events.extend(super::storage_samples::events());
    events
}

fn subscription_events() -> Vec<Event> {
    let (plan, interval, catalog) = (key("pro"), Interval::Month, version());
    let (anchor, billing) = (anchor(), anchor().period(3, 1));
    vec![
        Event::AccountOpened { zone: "Europe/Berlin".parse().unwrap(), currency: Currency::USD },
        Event::ClockAdvanced { ahead: Duration::new(86_400, 5_000) },
        Event::SubscriptionStarted {
            plan: plan.clone(),
            interval,
            terms: terms(),
            anchor: anchor.clone(),
            billing,
            catalog,
        },
        Event::PlanChanged {
            from: key("basic"),
            plan: plan.clone(),
            interval: Interval::Year,
            direction: Direction::Upgrade,
            terms: terms(),
            anchor: anchor.clone(),
            billing,
            catalog,
        },
        Event::PlanChanged {
            from: key("studio"),
            plan: plan.clone(),
            interval,
            direction: Direction::Downgrade,
            terms: terms(),
            anchor,
            billing,
            catalog,
        },
        Event::ChangeScheduled {
            from: plan.clone(),
            plan: plan.clone(),
            interval,
            direction: Direction::Downgrade,
            billing,
            credit: billing,
        },
        Event::ScheduledChangeDropped { plan: plan.clone(), interval },
        Event::SubscriptionRenewed { billing, terms: terms(), catalog },
        Event::CancellationRequested { ends_at: at(5), reason: Some("too dear".parse().unwrap()) },
        Event::CancellationWithdrawn,
        Event::SubscriptionEnded { plan, purge_at: at(6) },
        Event::AccountPurged,
    ]
}

fn credit_events() -> Vec<Event> {
    let lot = LotId(7);
    vec![
        Event::AllowanceIssued { lot, plan: key("pro"), credits: credits("800"), period: period() },
        Event::LotIssued {
            lot,
            class: Class::Plan,
            credits: credits("12.5"),
            expires_at: Some(at(9)),
            source: LotSource::Upgrade { plan: key("pro") },
        },
        Event::LotIssued {
            lot,
            class: Class::Topup,
            credits: credits("0.000001"),
            expires_at: None,
            source: LotSource::Adjustment { reason: "sorry for the délai".parse().unwrap() },
        },
        Event::LotIssued {
            lot,
            class: Class::Topup,
            credits: credits("100"),
            expires_at: None,
            source: LotSource::Topup { pack: key("hundred"), document: DocumentId(4) },
        },
        Event::LotExpired { lot, class: Class::Promo, credits: credits("3") },
        Event::CreditsTaken { portions: portions(), reason: "a mistake".parse().unwrap() },
    ]
}

fn spend_events() -> Vec<Event> {
    let returned = vec![portions()[0]];
    let expired = vec![portions()[1]];
    vec![
        Event::HoldPlaced {
            hold: hold(),
            portions: portions(),
            expires_at: at(900),
            purpose: operation(),
            reference: Some("job-9".parse().unwrap()),
        },
        Event::HoldExtended { hold: hold(), expires_at: at(1_800) },
        Event::HoldCaptured {
            hold: hold(),
            about: about(),
            units: Some(Quantity::from_micro(7_500_000)),
            captured: portions(),
            overage: returned.clone(),
            returned: returned.clone(),
            expired: expired.clone(),
            ended: true,
        },
        Event::HoldReleased {
            hold: hold(),
            about: about(),
            returned: returned.clone(),
            expired: expired.clone(),
            cause: ReleaseCause::Caller { reason: Some("failed".parse().unwrap()) },
        },
        Event::HoldReleased {
            hold: hold(),
            about: about(),
            returned: returned.clone(),
            expired: expired.clone(),
            cause: ReleaseCause::TimedOut,
        },
        Event::Charged {
            charge: charge(),
            portions: portions(),
            purpose: operation(),
            reference: None,
        },
        Event::Charged {
            charge: charge(),
            portions: portions(),
            purpose: Purpose::Custom { reason: "by hand".parse().unwrap() },
            reference: None,
        },
        Event::ChargeRefunded {
            spend: SpendId::Charge(charge()),
            about: about(),
            returned,
            reissued: Some(Reissue {
                lot: LotId(8),
                credits: credits("2"),
                expires_at: Some(at(10)),
            }),
            expired,
            reason: None,
        },
    ]
}

fn about() -> About {
    About::of(&operation(), Some(&"job-9".parse().unwrap()))
}

/// A commit that the payment provider caused.
pub(crate) fn entries_of_the_provider() -> Vec<Entry> {
    let mut entries = entries();
    entries.truncate(1);
    entries[0].actor = Actor::Provider(key("stripe"));
    entries
}

/// A commit that the customer caused.
pub(crate) fn entries_of_the_customer() -> Vec<Entry> {
    let mut entries = entries();
    entries.truncate(1);
    entries[0].actor = Actor::Customer;
    entries
}

/// A commit of two entries.
pub(crate) fn entries() -> Vec<Entry> {
    let recorded =
        |event| Recorded { at: at(11), event, available: credits("35"), held: credits("20") };
    let entry = |actor, idempotency, events: &[Event]| Entry {
        account: "customer-1".parse().unwrap(),
        first_version: 300,
        actor,
        idempotency,
        events: events.iter().cloned().map(recorded).collect(),
    };
    let key = Idempotency { key: "job-9".parse().unwrap(), request: *b"0123456789abcdef", form: 1 };
    vec![
        entry(Actor::System, None, &subscription_events()[..1]),
        entry(Actor::ApiKey(self::key("key_app")), Some(key), &spend_events()[..2]),
    ]
}

/// An account with everything an account can have.
pub(crate) fn account() -> Account {
    Account {
        id: "customer-1".parse().unwrap(),
        version: 301,
        opened_at: at(0),
        zone: ZoneName::utc(),
        currency: "JPY".parse().unwrap(),
        last_event_at: at(12),
        clock_ahead: Duration::from_secs(60),
        first_subscribed_at: Some(at(1)),
        subscription: Subscription::Live(Arc::new(LiveSubscription {
            plan: key("pro"),
            interval: Interval::Year,
            terms: terms(),
            anchor: anchor(),
            billing: anchor().period(0, 12),
            credit: period(),
            month_allowance: credits("400"),
            started_at: at(1),
            cancellation: Some(Cancellation { requested_at: at(2) }),
            scheduled: Some(ScheduledChange { plan: key("basic"), interval: Interval::Month }),
            renewal: Some(Box::new(super::money_samples::renewal())),
            spent: credits("120"),
            month_issued: credits("900"),
            month_recognized: true,
            month_lot: LotId(1),
        })),
        lots: vec![Lot {
            id: LotId(1),
            class: Class::Plan,
            remaining: credits("55"),
            held: credits("20"),
            expires_at: Some(at(9)),
            expired: false,
        }],
        next_lot: LotId(2),
        holds: vec![Hold {
            id: hold(),
            placed_at: at(3),
            expires_at: at(900),
            portions: portions(),
            captured_units: Some((Quantity::ONE, credits("10"))),
            purpose: operation(),
            reference: Some("job-9".parse().unwrap()),
        }],
        storage: super::storage_samples::storage().into(),
        booked_at: at(13),
        billing: super::money_samples::billing().into(),
        notices: vec![ScheduledNotice { kind: NoticeKind::Ending, at: at(14) }],
    }
}

fn operation() -> Purpose {
    Purpose::Operation {
        usage: Usage {
            operation: key("video"),
            model: key("sora/2"),
            quality: key("1080p"),
            units: Quantity::from_micro(10_000_000),
            attributes: vec![(key("audio"), key("on"))],
        },
        rate: Rate {
            unit_price: "1.25".parse().unwrap(),
            step: credits("1"),
            rounding: Rounding::Up,
            minimum: credits("1"),
        },
        catalog: version(),
    }
}

fn portions() -> Vec<Portion> {
    let portion = |lot, class, expires_at, amount| Portion {
        lot: LotId(lot),
        class,
        expires_at,
        credits: credits(amount),
    };
    vec![portion(1, Class::Plan, Some(at(9)), "13"), portion(300, Class::Topup, None, "7")]
}

pub(crate) fn terms() -> Terms {
    Terms {
        price: Money::new(8_900, Currency::USD),
        allowance: credits("800"),
        storage_bytes: 50_000_000_000,
    }
}

pub(crate) fn anchor() -> Anchor {
    Anchor { at: at(1), zone: ZoneName::utc() }
}

pub(crate) fn period() -> Period {
    anchor().period(2, 1)
}

pub(crate) fn version() -> CatalogVersion {
    CatalogVersion(*b"\x01\x23\x45\x67\x89\xab\xcd\xef")
}

fn hold() -> HoldId {
    "hold_0192f0c1d2e37a4b8c5d6e7f80912a3b".parse().unwrap()
}

fn charge() -> ChargeId {
    "charge_0192f0c1d2e37a4b8c5d6e7f80912a3c".parse().unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    text.parse().unwrap()
}

pub(crate) fn credits(text: &str) -> Credits {
    Credits::parse(text).unwrap()
}

pub(crate) fn at(second: u64) -> Timestamp {
    let start: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
    start.after(Duration::from_secs(second))
}
