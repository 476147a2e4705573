//! The balance: by class, with what expires when; and the ways on when it is low.

use bursar_core::account::Account;
use bursar_core::account::payments::Purchase;
use bursar_core::account::state::Lot;
use bursar_core::account::subscription::next::{next_allowance, next_refresh_at};
use bursar_core::catalog::{Catalog, Class};
use bursar_core::credits::Credits;
use bursar_core::time::Timestamp;

use crate::charts::balance_bar::BalanceBar;
use crate::page::banner::is_low;
use crate::page::names;
use crate::page::words::{Locale, date, day};
use crate::session::Customer;

/// The balance.
pub(super) struct BalanceCard {
    pub(super) available: String,
    /// What can be done with it.
    pub(super) label: &'static str,
    /// None of nothing.
    pub(super) bar: Option<BalanceBar>,
    /// The parts of the bar, with their colour's class.
    pub(super) parts: Vec<Part>,
    /// `1,250 credits come on 28 February 2026`; or why none come.
    pub(super) refresh: String,
    /// Every grant, in the order in which it is spent.
    pub(super) lots: Vec<LotRow>,
    /// The ways on; empty unless credits are low.
    pub(super) ways: Vec<Way>,
}

pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) amount: String,
    pub(super) note: String,
}

pub(super) struct LotRow {
    pub(super) label: &'static str,
    pub(super) available: String,
    pub(super) held: String,
    pub(super) expires: String,
}

/// A way on when credits are low.
pub(super) struct Way {
    pub(super) title: String,
    pub(super) text: String,
    /// What the button says and where it leads; none for waiting.
    pub(super) action: Option<(&'static str, &'static str)>,
}

impl BalanceCard {
    /// The balance of a customer.
    pub(super) fn of(customer: &Customer, catalog: &Catalog) -> Self {
        let (account, locale) = (customer.account(), &customer.locale);
        let live = || account.lots.iter().filter(|lot| !lot.expired);
        let mut parts = Vec::new();
        let mut bar = Vec::new();
        for class in Class::ALL {
            let lots = || live().filter(move |lot| lot.class == class);
            let amount = Credits::total(lots().map(Lot::available));
            let next = lots().filter_map(|lot| lot.expires_at).min();
            bar.push((class.as_str(), amount.micro()));
            if amount.is_positive() || class == Class::Plan && account.live().is_some() {
                let (label, amount) = (names::class(class), locale.number(amount));
                let note = expiry(class, next, customer);
                parts.push(Part { class: class.as_str(), label, amount, note });
            }
        }
        let held = account.held();
        bar.push(("held", held.micro()));
        if held.is_positive() {
            let note = "reserved by jobs that are running".to_owned();
            let (label, amount) = ("Held", locale.number(held));
            parts.push(Part { class: "held", label, amount, note });
        }
        let words: Vec<_> =
            parts.iter().map(|part| format!("{}: {}", part.label, part.amount)).collect();
        let whole = Credits::total(bar.iter().map(|(_, amount)| Credits::from_micro(*amount)));
        let whole = whole.plus(used(account));
        let bar = BalanceBar::new(&bar, whole.micro(), format!("{}.", words.join(", ")));
        Self {
            available: locale.number(account.available()),
            label: if account.live().is_some() { "to spend" } else { "kept for your next plan" },
            bar: whole.is_positive().then_some(bar),
            parts,
            refresh: refresh(account, catalog, locale),
            lots: live().map(|lot| LotRow::of(lot, customer)).collect(),
            ways: if is_low(account) { ways(customer, catalog) } else { Vec::new() },
        }
    }
}

impl BalanceCard {
    /// As many as there are.
    pub(super) fn ways_title(&self) -> &'static str {
        match self.ways.len() {
            1 => "Running low? The way on",
            2 => "Running low? Two ways on",
            _ => "Running low? Three ways on",
        }
    }
}

/// What of this month's plan credits is gone: the empty part of the bar.
fn used(account: &Account) -> Credits {
    let issued = account.live().map_or(Credits::ZERO, |live| live.month_issued);
    let remaining = Credits::total(account.plan_lots().map(|lot| lot.remaining));
    issued.minus(remaining).max(Credits::ZERO)
}

impl LotRow {
    fn of(lot: &Lot, customer: &Customer) -> Self {
        let zone = &customer.account().zone;
        Self {
            label: names::class(lot.class),
            available: customer.locale.number(lot.available()),
            held: customer.locale.number(lot.held),
            expires: lot.expires_at.map_or_else(|| "never".to_owned(), |at| date(at, zone)),
        }
    }
}

/// When the next of a class is gone.
fn expiry(class: Class, next: Option<Timestamp>, customer: &Customer) -> String {
    let account = customer.account();
    let refreshes = class == Class::Plan && next_refresh_at(account).is_some();
    match next {
        Some(at) if refreshes => format!("refreshes {}", day(at, &account.zone)),
        Some(at) => format!("expires {}", day(at, &account.zone)),
        None if class == Class::Plan => String::new(),
        None if account.live().is_some() => "never expires".to_owned(),
        None => "waits for your next plan".to_owned(),
    }
}

fn refresh(account: &Account, catalog: &Catalog, locale: &Locale) -> String {
    let Some(live) = account.live() else {
        return String::new();
    };
    match next_allowance(account, catalog) {
        Some((at, allowance)) => format!(
            "Refreshes {} to {}. Monthly credits that are left then don't roll over.",
            date(at, &account.zone),
            locale.credits(allowance)
        ),
        None if account.is_past_due() => {
            "New monthly credits come when your payment has gone through.".to_owned()
        }
        None => format!(
            "No new monthly credits: your plan ends on {}.",
            date(live.billing.end, &account.zone)
        ),
    }
}

/// What is due brings the month's credits.
fn unpaid(customer: &Customer) -> Option<Way> {
    let live = customer.account().live()?;
    let renewal = live.renewal.as_ref().filter(|renewal| renewal.unpaid_since.is_some())?;
    let Purchase::Renewal { terms, .. } = &renewal.order.purchase else { return None };
    let locale = &customer.locale;
    Some(Way {
        title: format!("Pay {}", locale.money(renewal.order.bill.due())),
        text: format!("Then {} come at once.", locale.credits(terms.allowance)),
        action: Some(("Pay now", "/portal/past-due")),
    })
}

/// "When you run out": top up, upgrade, or wait.
fn ways(customer: &Customer, catalog: &Catalog) -> Vec<Way> {
    let (account, locale) = (customer.account(), &customer.locale);
    let mut ways: Vec<Way> = unpaid(customer).into_iter().collect();
    if let Some(pack) = catalog.packs.first() {
        ways.push(Way {
            title: "Top up".to_owned(),
            text: format!(
                "From {} for {}. They never expire and are used after your monthly credits.",
                locale.money(pack.price),
                locale.credits(pack.credits)
            ),
            action: Some(("Buy credits", "/portal/credits")),
        });
    }
    let Some(live) = account.live() else {
        return ways;
    };
    let rank = catalog.rank(&live.plan);
    let higher = catalog
        .offered()
        .find(|plan| catalog.rank(&plan.key) > rank && plan.allowance > live.terms.allowance);
    if let (Some(plan), None, None) = (higher, &live.cancellation, &live.renewal) {
        let name = crate::page::words::isolated(&plan.name);
        ways.push(Way {
            title: "Upgrade".to_owned(),
            text: format!("{name} brings {} every month.", locale.credits(plan.allowance)),
            action: Some(("Compare plans", "/portal/plan")),
        });
    }
    if let Some((at, allowance)) = next_allowance(account, catalog) {
        ways.push(Way {
            title: format!("Wait until {}", day(at, &account.zone)),
            text: format!("Then {} come by themselves.", locale.credits(allowance)),
            action: None,
        });
    }
    ways
}
