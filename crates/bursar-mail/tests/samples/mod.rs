//! One mail of every kind, and what it is when something is different.
#![allow(dead_code, reason = "each test file uses what it needs")]

use bursar_core::credits::Credits;
use bursar_core::money::{Currency, Money};
use bursar_core::time::Timestamp;
use bursar_mail::occasion::{
    AnnualRenewalReminder, AutoTopupFailed, CreditNote, DataDeleted, DataDeletionSoon, EndingSoon,
    Line, NeedsAuthentication, PastDueEnded, PaymentFailed, Receipt, RefundedTo, SubscriptionEnded,
};
use bursar_mail::{Card, Envelope, Mailbox, Occasion, Pdf, Sender};

pub(crate) fn envelope() -> Envelope {
    Envelope {
        id: "mail_0198f2c4".parse().unwrap(),
        written_at: at("2027-03-14T08:30:00Z"),
        sender: Sender {
            product: "ScriptKit".into(),
            from: Mailbox::new("ScriptKit Billing", "billing@scriptkit.example".parse().unwrap()),
            support: "support@scriptkit.example".parse().unwrap(),
        },
        to: Mailbox::new("Ada Lovelace", "ada@example.com".parse().unwrap()),
        zone: "Europe/Berlin".parse().unwrap(),
        billing_url: Some("https://app.scriptkit.example/billing".parse().unwrap()),
    }
}

/// Every occasion by the name of its snapshot.
pub(crate) fn all() -> Vec<(&'static str, Occasion)> {
    let mut all = payments();
    all.extend(ends());
    all
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        number: "INV-2027-000123".into(),
        purpose: "Professional, monthly".into(),
        lines: vec![
            Line {
                description: "Professional plan, monthly".into(),
                period: Some((at("2027-03-14T08:29:57Z"), at("2027-04-13T22:00:00Z"))),
                amount: usd(89),
            },
            Line { description: "Unused time of Starter".into(), period: None, amount: usd(-9) },
            Line {
                description: "VAT 19%".into(),
                period: None,
                amount: Money::new(1520, Currency::USD),
            },
        ],
        total: Money::new(9520, Currency::USD),
        paid_at: at("2027-03-14T08:29:57Z"),
        card: Some(card()),
        invoice: Some(pdf()),
    }
}

pub(crate) fn payment_failed() -> PaymentFailed {
    PaymentFailed {
        number: "INV-2027-000124".into(),
        amount: usd(89),
        card: Some(card()),
        decline_code: Some("insufficient_funds".to_owned()),
        next_attempt_at: Some(at("2027-03-15T08:30:00Z")),
        ends_at: at("2027-03-21T08:30:00Z"),
    }
}

fn payments() -> Vec<(&'static str, Occasion)> {
    let free = Receipt {
        lines: vec![],
        total: usd(0),
        card: None,
        invoice: None,
        purpose: "your trial of Professional".into(),
        ..receipt()
    };
    let note = CreditNote {
        number: "CN-2027-000007".into(),
        amount: Money::new(2900, "EUR".parse().unwrap()),
        corrects: "INV-2027-000122".into(),
        refunded_to: Some(RefundedTo::Card(card())),
        document: Some(pdf()),
    };
    let hard = PaymentFailed {
        decline_code: Some("stolen_card".to_owned()),
        next_attempt_at: None,
        card: None,
        ..payment_failed()
    };
    let no_card = PaymentFailed { decline_code: None, ..hard.clone() };
    let request = NeedsAuthentication {
        amount: usd(89),
        purpose: "Professional, monthly".into(),
        until: at("2027-03-15T08:30:00Z"),
        subscription_ends: false,
    };
    let past_due = NeedsAuthentication { subscription_ends: true, ..request.clone() };
    let topup = AutoTopupFailed {
        credits: Credits::from_whole(1000).unwrap(),
        amount: usd(75),
        card: Some(card()),
        decline_code: "card_velocity_exceeded".to_owned(),
        next_attempt_at: Some(at("2027-03-15T08:30:00Z")),
    };
    let topup_waits = AutoTopupFailed {
        decline_code: "expired_card".to_owned(),
        next_attempt_at: None,
        ..topup.clone()
    };
    vec![
        ("receipt", Occasion::Receipt(receipt())),
        ("receipt_of_nothing", Occasion::Receipt(free)),
        (
            "credit_note_without_refund",
            Occasion::CreditNote(CreditNote { refunded_to: None, document: None, ..note.clone() }),
        ),
        ("credit_note", Occasion::CreditNote(note)),
        ("payment_failed", Occasion::PaymentFailed(payment_failed())),
        ("payment_failed_for_good", Occasion::PaymentFailed(hard)),
        ("payment_failed_without_card", Occasion::PaymentFailed(no_card)),
        ("needs_authentication_past_due", Occasion::NeedsAuthentication(past_due)),
        ("needs_authentication", Occasion::NeedsAuthentication(request)),
        ("auto_topup_failed", Occasion::AutoTopupFailed(topup)),
        ("auto_topup_failed_for_good", Occasion::AutoTopupFailed(topup_waits)),
    ]
}

fn ends() -> Vec<(&'static str, Occasion)> {
    let (end, purge) = (at("2027-03-21T08:30:00Z"), at("2027-04-20T08:30:00Z"));
    let past_due = PastDueEnded {
        plan: "Professional".into(),
        number: "INV-2027-000124".into(),
        amount: usd(89),
        ended_at: end,
        purge_at: purge,
    };
    let renewal = AnnualRenewalReminder {
        plan: "Professional".into(),
        becomes: None,
        amount: usd(961),
        renews_at: at("2027-04-14T08:30:00Z"),
        card: Some(card()),
    };
    let soon = EndingSoon { plan: "Professional".into(), ends_at: end, purge_at: purge };
    let ended = SubscriptionEnded { plan: "Professional".into(), ended_at: end, purge_at: purge };
    let deletion = |days_left| DataDeletionSoon { days_left, purge_at: purge };
    vec![
        ("past_due_ended", Occasion::PastDueEnded(past_due)),
        ("ending_soon", Occasion::EndingSoon(soon)),
        (
            "annual_renewal_reminder_without_card",
            Occasion::AnnualRenewalReminder(AnnualRenewalReminder {
                card: None,
                ..renewal.clone()
            }),
        ),
        (
            "annual_renewal_reminder_of_a_change",
            Occasion::AnnualRenewalReminder(AnnualRenewalReminder {
                becomes: Some("Starter, monthly".into()),
                amount: usd(29),
                ..renewal.clone()
            }),
        ),
        ("annual_renewal_reminder", Occasion::AnnualRenewalReminder(renewal)),
        ("subscription_ended", Occasion::SubscriptionEnded(ended)),
        ("data_deletion_soon", Occasion::DataDeletionSoon(deletion(16))),
        ("data_deletion_tomorrow", Occasion::DataDeletionSoon(deletion(1))),
        ("data_deleted", Occasion::DataDeleted(DataDeleted { deleted_at: purge })),
    ]
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn usd(major: i64) -> Money {
    Money::new(major * 100, Currency::USD)
}

fn card() -> Card {
    Card { brand: "visa".into(), last4: "4242".parse().unwrap() }
}

/// All bytes there are, so that no encoding gets away with less.
pub(crate) fn pdf() -> Pdf {
    let all = (0..=u8::MAX).cycle().take(3000);
    Pdf::from(b"%PDF-1.7\r\n".iter().copied().chain(all).collect::<Vec<u8>>())
}
