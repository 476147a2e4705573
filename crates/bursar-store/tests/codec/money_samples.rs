//! One value of everything that is stored of money.

use std::time::Duration;

use bursar_core::account::documents::CreditReason;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord, Paid};
use bursar_core::account::event::{Direction, Event};
use bursar_core::account::notices::NoticeKind;
use bursar_core::account::payments::record::{PaymentRecord, PaymentStatus, RefundRecord};
use bursar_core::account::payments::{
    AutoTopup, AutoTopupState, Billing, DisputeStatus, OpenDispute, OpenPayment, OpenRefund, Order,
    PaidInvoice, PaymentMethod, Purchase, Retry, Stage, UnearnedTopup,
};
use bursar_core::account::state::Renewal;
use bursar_core::bill::{Bill, BillLine, LegalNumber, TaxTreatment};
use bursar_core::catalog::{Interval, Plan};
use bursar_core::id::{DocumentId, LotId, PaymentId, RefundId};
use bursar_core::money::{Currency, Money};
use bursar_core::provider::{Card, PaymentRef};
use bursar_store::{DocumentRow, JournalPosition, PaymentRow};

use super::samples::{anchor, at, credits, key, period, terms, version};

/// One of each variant, and another where it holds an enum of its own.
pub(crate) fn events() -> Vec<Event> {
    let mut events = method_events();
    events.extend(payment_events());
    events.extend(document_events());
    events.extend(other_events());
    events
}

fn method_events() -> Vec<Event> {
    vec![
        Event::CustomerLinked { customer: "cus_1".parse().unwrap(), seed: *b"sixteen bytes ok" },
        Event::PaymentMethodAdded { method: method(), default: true },
        Event::DefaultMethodChanged { method: method().reference },
        Event::PaymentMethodRemoved { method: method().reference },
        Event::BillingDetailsChanged {
            revision: 3,
            country: Some("DE".parse().unwrap()),
            business: true,
        },
    ]
}

fn payment_events() -> Vec<Event> {
    let (payment, reference) = (payment(), Some(reference()));
    let mut events: Vec<Event> = purchases()
        .into_iter()
        .map(|purchase| Event::PaymentRequested {
            payment,
            method: method(),
            on_session: true,
            expires_at: at(900),
            order: order(purchase),
        })
        .collect();
    events.extend([
        Event::PaymentProgressed { payment, reference: reference.clone(), requires_action: true },
        Event::PaymentSucceeded { payment, reference, money: money() },
    ]);
    events.extend(
        [Retry::Later, Retry::Customer, Retry::NewMethod].map(|retry| Event::PaymentFailed {
            payment,
            code: key("card_declined"),
            retry,
        }),
    );
    events.push(Event::PaymentAbandoned { payment });
    events
}

fn document_events() -> Vec<Event> {
    let (payment, refund, document) = (payment(), refund(), DocumentId(4));
    let reason = Some("not satisfied".parse().unwrap());
    let mut events = vec![
        Event::InvoiceIssued {
            document,
            number: number("INV"),
            order: order(topup()),
            buyer: 3,
            catalog: version(),
        },
        Event::InvoicePaid { document, payment, reference: Some(reference()), card: method().card },
    ];
    let reasons = [
        CreditReason::SubscriptionRefunded { reason: reason.clone() },
        CreditReason::TopupRefunded { reason },
        CreditReason::NotPaid,
        CreditReason::Disputed,
    ];
    let taxes = [
        TaxTreatment::OutOfScope,
        standard(),
        TaxTreatment::ReverseCharge { country: "FR".parse().unwrap() },
        standard(),
    ];
    events.extend(reasons.into_iter().zip(taxes).map(|(reason, treatment)| {
        Event::CreditNoteIssued {
            document: DocumentId(5),
            number: number("CN"),
            corrects: document,
            bill: Bill { treatment, ..bill() },
            paid: true,
            reason,
            buyer: 3,
            catalog: version(),
        }
    }));
    events.extend([
        Event::RefundRequested {
            refund,
            payment,
            reference: reference(),
            money: money(),
            document: Some(DocumentId(5)),
        },
        Event::RefundSucceeded { refund, payment, money: money() },
        Event::RefundFailed { refund, payment, code: key("expired_card") },
        Event::RenewalUnpaid { document, retry_at: Some(at(20)), ends_at: at(30) },
    ]);
    events
}

fn other_events() -> Vec<Event> {
    let mut events = vec![
        Event::UnusedTimeCarried { by: Money::new(-1_234, Currency::USD) },
        Event::RevenueRecognized {
            currency: Currency::USD,
            subscription: 700,
            breakage: 300,
            topups: vec![(LotId(7), 12), (LotId(300), 1)],
        },
        Event::AutoTopupChanged {
            settings: Some(auto_topup()),
            cooldown: Duration::from_secs(3_600),
        },
        Event::AutoTopupCapped,
        Event::CustomPlanChanged { plan: Some(Box::new(plan())) },
    ];
    for notice in [NoticeKind::AnnualRenewal, NoticeKind::Ending, NoticeKind::Deletion] {
        events.push(Event::NoticeScheduled { notice, at: at(40) });
    }
    events.push(Event::NoticeGiven {
        notice: NoticeKind::AnnualRenewal,
        comes_at: at(50),
        amount: Some(money()),
    });
    for (before, status) in [
        (None, DisputeStatus::Inquiry),
        (Some(DisputeStatus::Inquiry), DisputeStatus::Open),
        (Some(DisputeStatus::Open), DisputeStatus::Won),
        (Some(DisputeStatus::Open), DisputeStatus::Lost),
    ] {
        events.push(Event::PaymentDisputed {
            payment: payment(),
            dispute: "dp_1".parse().unwrap(),
            money: money(),
            status,
            before,
            reason: key("fraudulent"),
        });
    }
    events
}

/// All that an account can have to do with money.
pub(crate) fn billing() -> Billing {
    let paid = PaidInvoice {
        document: DocumentId(4),
        payment: payment(),
        reference: Some(reference()),
        bill: bill(),
    };
    Billing {
        customer: Some("cus_1".parse().unwrap()),
        seed: *b"sixteen bytes ok",
        methods: vec![method()],
        buyer: 3,
        country: Some("DE".parse().unwrap()),
        business: true,
        payments: vec![OpenPayment {
            id: payment(),
            method: method(),
            on_session: false,
            order: order(topup()),
            stage: Stage::RequiresAction,
            reference: Some(reference()),
            requested_at: at(3),
            expires_at: at(900),
            abandoned: true,
        }],
        refunds: vec![OpenRefund {
            id: refund(),
            payment: payment(),
            reference: reference(),
            money: money(),
            document: Some(DocumentId(5)),
            failed: Some(key("expired_card")),
        }],
        next_payment: 9,
        next_document: DocumentId(6),
        carried: 1_234,
        unearned: 5_678,
        open_invoices: vec![(DocumentId(5), order(topup()))],
        topups: vec![UnearnedTopup {
            lot: LotId(7),
            credits: credits("100"),
            net: 840,
            unearned: 12,
            paid: paid.clone(),
        }],
        refundable: vec![paid],
        auto_topup: Some(AutoTopupState {
            settings: auto_topup(),
            cooldown: Duration::from_secs(3_600),
            spent: 999,
            not_before: Some(at(60)),
            failures: 0,
            declined: Some(method().reference),
            exhausted: true,
        }),
        custom_plan: Some(Box::new(plan())),
        disputes: vec![OpenDispute {
            dispute: "dp_1".parse().unwrap(),
            payment: payment(),
            status: DisputeStatus::Open,
            money: money(),
        }],
        auto_topup_before: None,
    }
}

/// A payment that was refunded and disputed.
pub(crate) fn payment_row() -> PaymentRow {
    PaymentRow {
        version: 12,
        record: PaymentRecord {
            id: payment(),
            method: method(),
            order: order(topup()),
            on_session: true,
            requested_at: at(3),
            status: PaymentStatus::Failed { at: at(4), code: key("canceled"), retry: Retry::Later },
            reference: Some(reference()),
            invoice: Some(DocumentId(4)),
            refunds: vec![RefundRecord {
                id: refund(),
                money: money(),
                document: Some(DocumentId(5)),
                requested_at: at(5),
                outcome: Some(Ok(at(6))),
            }],
            disputes: vec![("dp_1".parse().unwrap(), DisputeStatus::Lost)],
        },
        asked: JournalPosition { commit: 7, index: 1 },
        settled: Some(JournalPosition { commit: 8, index: 0 }),
    }
}

/// A credit note with everything a document can have.
pub(crate) fn document_row() -> DocumentRow {
    DocumentRow {
        version: 13,
        record: DocumentRecord {
            id: DocumentId(5),
            number: number("CN"),
            issued_at: at(9),
            kind: DocumentKind::CreditNote {
                corrects: DocumentId(4),
                paid: true,
                reason: CreditReason::Disputed,
            },
            bill: bill(),
            buyer: 3,
            catalog: version(),
            paid: Some(Paid { at: at(10), payment: payment(), card: method().card }),
            credited_by: Some(DocumentId(6)),
        },
    }
}

/// A billing period that isn't paid.
pub(crate) fn renewal() -> Renewal {
    let [.., purchase] = purchases();
    Renewal {
        document: DocumentId(5),
        order: order(purchase),
        unpaid_since: Some(at(8)),
        retry_at: Some(at(20)),
        ends_at: Some(at(30)),
    }
}

fn purchases() -> [Purchase; 4] {
    let (plan, interval, terms, catalog) = (key("pro"), Interval::Month, terms(), version());
    let billing = anchor().period(3, 1);
    [
        Purchase::Start { plan: plan.clone(), interval, terms, catalog },
        Purchase::Change {
            from: key("basic"),
            plan: plan.clone(),
            interval,
            direction: Direction::Upgrade,
            terms,
            during: period(),
            as_of: at(7),
            new_period: true,
            catalog,
        },
        topup(),
        Purchase::Renewal {
            document: DocumentId(5),
            plan,
            interval,
            change: Some(Direction::Downgrade),
            terms,
            billing,
            catalog,
        },
    ]
}

fn topup() -> Purchase {
    Purchase::Topup { pack: key("hundred"), credits: credits("100"), automatic: true }
}

fn order(purchase: Purchase) -> Order {
    Order { purchase, bill: bill(), carried: -7 }
}

fn bill() -> Bill {
    let line = |description: &str, period, net| BillLine {
        description: description.to_owned(),
        period,
        net,
    };
    Bill {
        currency: Currency::USD,
        lines: vec![
            line("Unused time on Basic plan, monthly", Some((at(1), at(2))), -1_000),
            line("Pro plan, monthly", None, 8_479),
        ],
        treatment: standard(),
        net: 7_479,
        tax: 1_421,
        total: 8_900,
    }
}

fn standard() -> TaxTreatment {
    TaxTreatment::Standard { country: "DE".parse().unwrap(), rate_ppm: 190_000 }
}

fn plan() -> Plan {
    Plan {
        key: key("team"),
        name: "Team".to_owned(),
        price_month: Money::new(50_000, Currency::USD),
        price_year: Money::new(500_000, Currency::USD),
        price_year_per_month: Money::new(41_667, Currency::USD),
        allowance: credits("9000"),
        storage_bytes: 1_000,
        features: vec![key("video")],
        highlights: vec!["A person to call".to_owned()],
        popular: true,
        retired: false,
    }
}

fn auto_topup() -> AutoTopup {
    AutoTopup { threshold: credits("20"), pack: key("hundred"), monthly_cap: money() }
}

fn method() -> PaymentMethod {
    PaymentMethod {
        reference: "pm_card_visa".parse().unwrap(),
        card: Some(Card {
            brand: "visa".to_owned(),
            last4: "4242".parse().unwrap(),
            exp_month: 12,
            exp_year: 2030,
            fingerprint: Some("print".to_owned()),
        }),
        mandate: Some("mandate_1".parse().unwrap()),
    }
}

fn number(series: &str) -> LegalNumber {
    LegalNumber { series: key(series), year: 2026, number: 123 }
}

fn money() -> Money {
    Money::new(8_900, Currency::USD)
}

fn reference() -> PaymentRef {
    "pi_1".parse().unwrap()
}

fn payment() -> PaymentId {
    "pay_0192f0c1d2e37a4b8c5d6e7f80912a3d".parse().unwrap()
}

fn refund() -> RefundId {
    "re_0192f0c1d2e37a4b8c5d6e7f80912a3e".parse().unwrap()
}
