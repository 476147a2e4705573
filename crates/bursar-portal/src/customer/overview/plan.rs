//! The plan: its state, and the next amount and date, labelled by the state.

use bursar_core::account::Account;
use bursar_core::account::documents::record::DocumentKind;
use bursar_core::account::payments::{OpenPayment, Purchase, Stage};
use bursar_core::account::state::{LiveSubscription, Retention, Subscription};
use bursar_core::account::subscription::next::next_charge;
use bursar_core::catalog::Catalog;
use bursar_core::time::Timestamp;
use bursar_store::DocumentRow;

use crate::page::names;
use crate::page::words::date;
use crate::session::Customer;

/// A fact with its name.
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) value: String,
    /// What explains it, below.
    pub(super) note: String,
}

/// A change that waits for the next billing date.
pub(super) struct Scheduled {
    pub(super) plan: String,
    pub(super) interval: &'static str,
    pub(super) on: String,
}

/// The plan.
pub(super) struct PlanCard {
    /// Its name; empty without one.
    pub(super) name: String,
    /// The state in a word, and the class of its colour.
    pub(super) state: (&'static str, &'static str),
    /// `$89.00 a month`
    pub(super) price: String,
    /// What it means, where figures don't say it.
    pub(super) text: String,
    pub(super) facts: Vec<Fact>,
    pub(super) scheduled: Option<Scheduled>,
    /// What buttons say and where they lead, the first of them the one to press.
    pub(super) actions: Vec<(&'static str, &'static str)>,
    /// Can its end be taken back?
    pub(super) can_resume: bool,
}

impl PlanCard {
    /// The plan of a customer. `documents` are the last, newest first.
    pub(super) fn of(customer: &Customer, catalog: &Catalog, documents: &[DocumentRow]) -> Self {
        let account = customer.account();
        match &account.subscription {
            Subscription::Live(live) => Self::live(live, customer, catalog, documents),
            Subscription::Retention(retention) => Self::ended(retention, customer, catalog),
            Subscription::None | Subscription::Purged { .. } => Self::without(customer, catalog),
        }
    }

    fn live(
        live: &LiveSubscription,
        customer: &Customer,
        catalog: &Catalog,
        documents: &[DocumentRow],
    ) -> Self {
        let (account, locale) = (customer.account(), &customer.locale);
        let zone = &account.zone;
        let interval = names::interval(live.interval);
        let mut facts = match account.status() {
            "past_due" => past_due(live, customer),
            "canceling" => canceling(live, customer, documents),
            _ => vec![next(customer, catalog)],
        };
        facts.push(Fact {
            label: "Credits each month",
            value: locale.number(live.terms.allowance),
            note: match live.scheduled {
                Some(_) => "until the change".to_owned(),
                None => String::new(),
            },
        });
        let (state, actions) = match account.status() {
            "past_due" => (("Past due", "bad"), vec![("Pay now", "/portal/past-due")]),
            "canceling" => (("Ending", "warn"), Vec::new()),
            _ => (
                ("Active", "good"),
                vec![("Change plan", "/portal/plan"), ("Cancel plan", "/portal/cancel")],
            ),
        };
        Self {
            name: names::plan(account, catalog, &live.plan).to_owned(),
            state,
            price: format!("{} a {interval}", locale.money(live.terms.price)),
            text: String::new(),
            facts,
            scheduled: live.scheduled.as_ref().map(|change| Scheduled {
                plan: names::plan(account, catalog, &change.plan).to_owned(),
                interval: names::interval(change.interval),
                on: date(live.billing.end, zone),
            }),
            actions,
            can_resume: live.cancellation.is_some() && live.renewal.is_none(),
        }
    }

    fn ended(retention: &Retention, customer: &Customer, catalog: &Catalog) -> Self {
        let account = customer.account();
        let zone = &account.zone;
        let left = days_until(retention.purge_at, customer.view.now);
        let days = if left == 1 { "1 day left".to_owned() } else { format!("{left} days left") };
        Self {
            name: names::plan(account, catalog, &retention.plan).to_owned(),
            state: ("Ended", "bad"),
            price: String::new(),
            text:
                "Subscribe again before your files are deleted, and everything comes back. Credits \
                   that you bought wait for you."
                    .to_owned(),
            facts: vec![
                Fact {
                    label: "Ended",
                    value: date(retention.ended_at, zone),
                    note: "nothing more is charged".to_owned(),
                },
                Fact {
                    label: "Files are kept until",
                    value: date(retention.purge_at, zone),
                    note: days,
                },
            ],
            scheduled: None,
            actions: vec![
                ("Choose a plan", "/portal/plan"),
                ("Export all files", "/portal/export"),
            ],
            can_resume: false,
        }
    }

    fn without(customer: &Customer, catalog: &Catalog) -> Self {
        let account = customer.account();
        if let Some(payment) = starting(account) {
            return Self::incomplete(payment, customer, catalog);
        }
        let product = crate::page::words::isolated(&catalog.name);
        let text = match &account.subscription {
            Subscription::Purged { at } => format!(
                "Your files were deleted on {}. A new plan starts with an empty vault; credits that \
                 you bought are still there.",
                date(*at, &account.zone)
            ),
            _ => format!("Choose a plan to make things with {product}."),
        };
        let is_purged = matches!(account.subscription, Subscription::Purged { .. });
        Self {
            name: String::new(),
            state: if is_purged { ("Deleted", "bad") } else { ("No plan", "") },
            price: String::new(),
            text,
            facts: Vec::new(),
            scheduled: None,
            actions: vec![("Choose a plan", "/portal/plan")],
            can_resume: false,
        }
    }

    fn incomplete(payment: &OpenPayment, customer: &Customer, catalog: &Catalog) -> Self {
        let account = customer.account();
        let name = match &payment.order.purchase {
            Purchase::Start { plan, .. } => names::plan(account, catalog, plan).to_owned(),
            _ => String::new(),
        };
        let waits = payment.stage == Stage::RequiresAction;
        let text = if waits {
            "Your bank wants you to confirm the first payment. Your plan starts when you have."
        } else {
            "Your bank is working on the first payment. Your plan starts when it is done."
        };
        let note = if waits {
            format!("confirm until {}", date(payment.expires_at, &account.zone))
        } else {
            String::new()
        };
        Self {
            name,
            state: ("Payment outstanding", "warn"),
            price: String::new(),
            text: text.to_owned(),
            facts: vec![Fact {
                label: "First payment",
                value: customer.locale.money(payment.money()),
                note,
            }],
            scheduled: None,
            actions: vec![("Continue", "/portal/plan")],
            can_resume: false,
        }
    }
}

fn starting(account: &Account) -> Option<&OpenPayment> {
    let starts = |payment: &&OpenPayment| {
        matches!(payment.order.purchase, Purchase::Start { .. }) && !payment.abandoned
    };
    account.billing.payments.iter().find(starts)
}

/// With what, as in `from Visa •••• 4242`.
fn by_card(customer: &Customer) -> String {
    match customer.account().billing.default_method() {
        Some(method) if method.has_expired(customer.view.now) => {
            format!("{}, which has expired", names::method(method))
        }
        Some(method) => names::method(method),
        None => "no payment method yet".to_owned(),
    }
}

fn next(customer: &Customer, catalog: &Catalog) -> Fact {
    let account = customer.account();
    let being_paid = account.live().is_some_and(|live| live.renewal.is_some());
    let charge = next_charge(account, catalog);
    match (charge, being_paid) {
        (Some((amount, at)), false) => Fact {
            label: "Next charge",
            value: customer.locale.money(amount),
            note: format!("{} · {}", date(at, &account.zone), by_card(customer)),
        },
        _ => Fact {
            label: "Being charged now",
            value: account
                .live()
                .and_then(|live| live.renewal.as_ref())
                .map_or_else(String::new, |it| customer.locale.money(it.order.bill.due())),
            note: by_card(customer),
        },
    }
}

fn past_due(live: &LiveSubscription, customer: &Customer) -> Vec<Fact> {
    let Some(renewal) = &live.renewal else { return Vec::new() };
    let zone = &customer.account().zone;
    let retry = match renewal.retry_at {
        Some(at) => format!("next attempt {} · {}", date(at, zone), by_card(customer)),
        None => "waits for another payment method".to_owned(),
    };
    let due = Fact {
        label: "Payment due",
        value: customer.locale.money(renewal.order.bill.due()),
        note: retry,
    };
    let ends = renewal.ends_at.map(|at| Fact {
        label: "Ends unless paid",
        value: date(at, zone),
        note: "bought credits can be used until then".to_owned(),
    });
    std::iter::once(due).chain(ends).collect()
}

fn canceling(live: &LiveSubscription, customer: &Customer, documents: &[DocumentRow]) -> Vec<Fact> {
    let zone = &customer.account().zone;
    let until = Fact {
        label: "Access until",
        value: date(live.billing.end, zone),
        note: "nothing more is charged".to_owned(),
    };
    let paid = documents.iter().map(|row| &row.record).find(|record| {
        let of_plan = matches!(&record.kind,
            DocumentKind::Invoice { purchase } if purchase.is_subscription());
        of_plan && record.paid.is_some()
    });
    let last = paid.and_then(|record| {
        let paid = record.paid.as_ref()?;
        Some(Fact {
            label: "Final charge",
            value: customer.locale.money(record.bill.due()),
            note: format!("paid on {}", date(paid.at, zone)),
        })
    });
    std::iter::once(until).chain(last).collect()
}

/// Whole days until then, one that has begun included.
fn days_until(then: Timestamp, now: Timestamp) -> u64 {
    then.since(now).as_secs().div_ceil(86_400)
}
