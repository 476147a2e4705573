//! Events about money in words.

use alloc::format;
use alloc::string::{String, ToString};

use crate::account::event::Event;
use crate::account::payments::{Order, Purchase};

/// The stable name of a kind of event about money, and of those that announce something.
pub(super) const fn kind(event: &Event) -> &'static str {
    match event {
        Event::CustomerLinked { .. } => "customer_linked",
        Event::PaymentMethodAdded { .. } => "payment_method_added",
        Event::DefaultMethodChanged { .. } => "default_payment_method_changed",
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
        _ => "unknown",
    }
}

/// An event about money in a sentence without its subject.
pub(super) fn summary(event: &Event) -> String {
    match event {
        Event::CustomerLinked { customer, .. } => format!("known to the provider as {customer}"),
        Event::PaymentMethodAdded { method, default } => {
            let card = method.card.as_ref();
            let card = card.map(|card| format!(": {} ending {}", card.brand, card.last4));
            let default = if *default { ", paid with from now on" } else { "" };
            format!("payment method added{}{default}", card.unwrap_or_default())
        }
        Event::DefaultMethodChanged { .. } => "another payment method from now on".to_string(),
        Event::PaymentMethodRemoved { .. } => "payment method removed".to_string(),
        Event::BillingDetailsChanged { .. } => "billing details changed".to_string(),
        Event::PaymentRequested { .. }
        | Event::PaymentProgressed { .. }
        | Event::PaymentSucceeded { .. }
        | Event::PaymentFailed { .. }
        | Event::PaymentAbandoned { .. }
        | Event::PaymentDisputed { .. } => payment(event),
        Event::InvoiceIssued { .. }
        | Event::InvoicePaid { .. }
        | Event::CreditNoteIssued { .. }
        | Event::RenewalUnpaid { .. } => document(event),
        Event::RefundRequested { money, .. } => format!("refund of {money} under way"),
        Event::RefundSucceeded { money, .. } => format!("{money} returned"),
        Event::RefundFailed { code, .. } => format!("refund failed: {code}"),
        Event::UnusedTimeCarried { by } if by.amount < 0 => {
            format!("{by} of what was carried forward used")
        }
        Event::UnusedTimeCarried { by } => format!("{by} of unused time carried forward"),
        Event::RevenueRecognized { .. } => revenue(event),
        Event::AutoTopupChanged { settings: Some(auto), .. } => format!(
            "automatic top-up of {} below {} credits, at most {} a month",
            auto.pack, auto.threshold, auto.monthly_cap
        ),
        Event::AutoTopupChanged { settings: None, .. } => "automatic top-up off".to_string(),
        Event::AutoTopupCapped => "automatic top-up waits: its cap is reached".to_string(),
        Event::CustomPlanChanged { plan: Some(plan) } => {
            format!("offered a plan of its own, {}", plan.name)
        }
        Event::CustomPlanChanged { plan: None } => {
            "no longer offered a plan of its own".to_string()
        }
        Event::NoticeScheduled { notice, at } => format!("{} to be told at {at}", notice.as_str()),
        Event::NoticeGiven { notice, comes_at, .. } => {
            format!("told of {} on {comes_at}", notice.as_str())
        }
        _ => String::new(),
    }
}

fn payment(event: &Event) -> String {
    match event {
        Event::PaymentRequested { order, .. } => {
            format!("payment of {} under way for {}", order.bill.due(), what(order))
        }
        Event::PaymentProgressed { requires_action: true, .. } => {
            "payment waits for the customer to authenticate".to_string()
        }
        Event::PaymentProgressed { .. } => "payment is with the bank".to_string(),
        Event::PaymentSucceeded { money, .. } => format!("{money} paid"),
        Event::PaymentFailed { code, .. } => format!("payment failed: {code}"),
        Event::PaymentDisputed { money, status, .. } => {
            format!("dispute of {money}: {}", status.as_str())
        }
        _ => "payment given up".to_string(),
    }
}

fn document(event: &Event) -> String {
    match event {
        Event::InvoiceIssued { document, number, order, .. } => {
            let (due, tax) = (order.bill.due(), order.bill.tax);
            let tax = if tax == 0 { String::new() } else { format!(" with {tax} of tax") };
            format!("{document}: invoice {number} of {due}{tax} for {}", what(order))
        }
        Event::InvoicePaid { document, .. } => format!("{document} paid"),
        Event::CreditNoteIssued { document, number, corrects, bill, .. } => {
            format!("{document}: credit note {number} of {} for {corrects}", bill.due())
        }
        Event::RenewalUnpaid { document, retry_at: Some(at), ends_at } => {
            format!("{document} unpaid: tried again at {at}, ends {ends_at}")
        }
        Event::RenewalUnpaid { document, ends_at, .. } => {
            format!("{document} unpaid: waits for the customer, ends {ends_at}")
        }
        _ => String::new(),
    }
}

fn revenue(event: &Event) -> String {
    let Event::RevenueRecognized { currency, subscription, breakage, topups } = event else {
        return String::new();
    };
    let topups = topups.iter().fold(0_i64, |sum, (_, net)| sum.saturating_add(*net));
    let money = |amount: i64| crate::money::Money::new(amount, *currency);
    format!(
        "earned {} by the subscription, {} by unused credits, {} by top-ups",
        money(*subscription),
        money(*breakage),
        money(topups)
    )
}

/// What an order is for, in a few words.
fn what(order: &Order) -> String {
    match &order.purchase {
        Purchase::Start { plan, interval, .. } => format!("{plan} by the {}", interval.as_str()),
        Purchase::Change { plan, interval, direction, .. } => {
            format!("{} to {plan} by the {}", direction.as_str(), interval.as_str())
        }
        Purchase::Topup { pack, automatic: false, .. } => format!("pack {pack}"),
        Purchase::Topup { pack, .. } => format!("pack {pack}, automatically"),
        Purchase::Renewal { plan, interval, .. } => {
            format!("another {} of {plan}", interval.as_str())
        }
    }
}
