//! What things are called: operations, kinds of movements, cards, plans.

use bursar_core::account::Account;
use bursar_core::account::payments::PaymentMethod;
use bursar_core::catalog::{Catalog, Class, Interval};
use bursar_core::id::Key;
use bursar_core::provider::Card;
use bursar_core::statement::{StatementKind, StatementLine};

/// An operation's name for people; its key, if the catalog no longer has it.
pub(crate) fn operation<'a>(catalog: &'a Catalog, key: &'a Key) -> &'a str {
    catalog.operation(key).map_or(key.as_str(), |operation| &operation.name)
}

/// A plan's name for people; its key, if there is no such plan any more.
pub(crate) fn plan<'a>(account: &'a Account, catalog: &'a Catalog, key: &'a Key) -> &'a str {
    account.plan_of(catalog, key).map_or(key.as_str(), |plan| &plan.name)
}

/// `month` or `year`, as in "$29.00 a month".
pub(crate) const fn interval(interval: Interval) -> &'static str {
    interval.as_str()
}

/// What a line of the statement is about.
pub(crate) fn subject(catalog: &Catalog, line: &StatementLine) -> String {
    if let Some(key) = &line.operation {
        return operation(catalog, key).to_owned();
    }
    match (line.kind, &line.reason) {
        (StatementKind::Allowance, _) => "Monthly credits".to_owned(),
        (StatementKind::Upgrade, _) => "Credits of the upgrade".to_owned(),
        (StatementKind::Topup, _) => "Credits bought".to_owned(),
        (StatementKind::Expiry, _) => "Unused credits expired".to_owned(),
        (_, Some(reason)) => reason.to_string(),
        (StatementKind::Adjustment, None) => "Adjustment".to_owned(),
        _ => "Credits".to_owned(),
    }
}

/// What happened with it, in a word or two; of a job that ended its receipt says more.
pub(crate) const fn movement(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Allowance => "Issued",
        StatementKind::Upgrade => "Issued with an upgrade",
        StatementKind::Topup => "Bought",
        StatementKind::Adjustment => "Adjusted by support",
        StatementKind::Expiry => "Expired",
        StatementKind::Hold => "Held",
        StatementKind::Capture => "Charged",
        StatementKind::Release => "Not charged",
        StatementKind::Timeout => "Timed out, not charged",
        StatementKind::Charge => "Charged",
        StatementKind::Refund => "Refunded",
    }
}

/// `Monthly credits`, `Promotional credits`, `Bought credits`.
pub(crate) const fn class(class: Class) -> &'static str {
    match class {
        Class::Plan => "Monthly credits",
        Class::Promo => "Promotional credits",
        Class::Topup => "Bought credits",
    }
}

/// `Visa •••• 4242`
pub(crate) fn card(card: &Card) -> String {
    let brand = match card.brand.as_str() {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        "amex" | "american_express" => "American Express",
        "discover" => "Discover",
        "diners" | "diners_club" => "Diners Club",
        "jcb" => "JCB",
        "unionpay" => "UnionPay",
        other => other,
    };
    format!("{brand}\u{a0}••••\u{a0}{}", card.last4)
}

/// What is paid with, if it can be named.
pub(crate) fn method(method: &PaymentMethod) -> String {
    method.card.as_ref().map_or_else(|| "Your saved payment method".to_owned(), card)
}
