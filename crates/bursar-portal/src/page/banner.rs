//! What should be known on every page: what happened, the amount or date, and the next step.

use bursar_core::account::Account;
use bursar_core::account::state::{LiveSubscription, Retention, Subscription};
use bursar_core::account::subscription::next::next_allowance;
use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;

use super::words::{date, isolated};
use crate::page::names;
use crate::session::Customer;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something has stopped, or will unless something is done.
    Bad,
    /// Something will happen.
    Warn,
}

impl Tone {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Warn => "warn",
        }
    }
}

/// One thing to know.
pub(crate) struct Banner {
    pub(crate) tone: Tone,
    /// What, in a few words.
    pub(crate) title: String,
    /// What, when, how much.
    pub(crate) text: String,
    /// What the button says, and where it leads.
    pub(crate) action: (&'static str, &'static str),
}

/// Credits are low when less than a tenth of the month's allowance can be spent.
pub(crate) fn is_low(account: &Account) -> bool {
    let available = account.available();
    match account.live() {
        Some(live) => available.micro().saturating_mul(10) < live.terms.allowance.micro(),
        None => false,
    }
}

/// All there is to know, the gravest first.
pub(crate) fn of(catalog: &Catalog, customer: &Customer) -> Vec<Banner> {
    let account = customer.account();
    let mut banners = Vec::new();
    match &account.subscription {
        Subscription::Live(live) => {
            banners.extend(past_due(live, customer));
            banners.extend(ending(live, catalog, customer));
            banners.extend(low(catalog, customer));
        }
        Subscription::Retention(retention) => {
            banners.push(ended(retention, catalog, customer));
        }
        Subscription::None | Subscription::Purged { .. } => {}
    }
    banners.extend(storage_full(account));
    banners
}

fn past_due(live: &LiveSubscription, customer: &Customer) -> Option<Banner> {
    let renewal = live.renewal.as_ref()?;
    renewal.unpaid_since?;
    let zone = &customer.account().zone;
    let amount = customer.locale.money(renewal.order.bill.due());
    let retry = match renewal.retry_at {
        Some(at) => format!("We try again on {}.", date(at, zone)),
        None => "It waits for another payment method.".to_owned(),
    };
    let end = match renewal.ends_at {
        Some(at) => format!(" Unless it is paid, your plan ends on {}.", date(at, zone)),
        None => String::new(),
    };
    Some(Banner {
        tone: Tone::Bad,
        title: format!("Your payment of {amount} failed"),
        text: format!("{retry}{end}"),
        action: ("Pay now", "/portal/past-due"),
    })
}

fn ending(live: &LiveSubscription, catalog: &Catalog, customer: &Customer) -> Option<Banner> {
    live.cancellation.as_ref()?;
    let account = customer.account();
    let plan = isolated(names::plan(account, catalog, &live.plan));
    Some(Banner {
        tone: Tone::Warn,
        title: format!("{plan} ends on {}", date(live.billing.end, &account.zone)),
        text: "Everything works until then, and nothing more is charged.".to_owned(),
        action: ("Resume plan", "/portal/cancel"),
    })
}

fn low(catalog: &Catalog, customer: &Customer) -> Option<Banner> {
    let account = customer.account();
    if !is_low(account) {
        return None;
    }
    let available = account.available();
    let title = if available == Credits::ZERO {
        "You have no credits left".to_owned()
    } else {
        format!("{} left", customer.locale.credits(available))
    };
    let text = match next_allowance(account, catalog) {
        Some((at, allowance)) => {
            let allowance = customer.locale.credits(allowance);
            format!("{allowance} come on {}.", date(at, &account.zone))
        }
        None => "Credits that you buy never expire.".to_owned(),
    };
    Some(Banner { tone: Tone::Warn, title, text, action: ("Buy credits", "/portal/credits") })
}

fn ended(retention: &Retention, catalog: &Catalog, customer: &Customer) -> Banner {
    let account = customer.account();
    let zone = &account.zone;
    let plan = isolated(names::plan(account, catalog, &retention.plan));
    Banner {
        tone: Tone::Bad,
        title: format!("{plan} ended on {}", date(retention.ended_at, zone)),
        text: format!(
            "Your files are kept until {}, then they are deleted. Until then you can look at them, \
             download and delete them.",
            date(retention.purge_at, zone)
        ),
        action: ("Choose a plan", "/portal/plan"),
    }
}

fn storage_full(account: &Account) -> Option<Banner> {
    let quota = account.live()?.terms.storage_bytes;
    let taken = account.storage.used_bytes.saturating_add(account.storage.reserved_bytes);
    if taken < quota {
        return None;
    }
    Some(Banner {
        tone: Tone::Bad,
        title: "Your storage is full".to_owned(),
        text: "Nothing new can be made or uploaded until you delete files or have more room."
            .to_owned(),
        action: ("Make room", "/portal/storage"),
    })
}
