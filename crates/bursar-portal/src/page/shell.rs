//! What surrounds every page of a customer: the header with the balance, where one is, what should be
//! known.

use bursar_core::credits::Credits;
use data_encoding::BASE32_NOPAD;

use super::banner::{self, Banner};
use super::{assets, words};
use crate::session::{Customer, Note};
use crate::state::Portal;

/// Where one is: what the navigation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each page that there will be has its place")]
pub(crate) enum Section {
    Overview,
    Usage,
    Credits,
    Plan,
    PaymentMethods,
    Invoices,
    Storage,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Usage,
        Self::Credits,
        Self::Plan,
        Self::PaymentMethods,
        Self::Invoices,
        Self::Storage,
    ];

    const fn link(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("Overview", "/portal"),
            Self::Usage => ("Usage", "/portal/usage"),
            Self::Credits => ("Buy credits", "/portal/credits"),
            Self::Plan => ("Plan", "/portal/plan"),
            Self::PaymentMethods => ("Payment methods", "/portal/payment-methods"),
            Self::Invoices => ("Billing history", "/portal/invoices"),
            Self::Storage => ("Storage", "/portal/storage"),
        }
    }
}

/// A line of the navigation.
pub(crate) struct Link {
    pub(crate) label: &'static str,
    pub(crate) url: &'static str,
    pub(crate) is_here: bool,
}

/// What surrounds a page. Every page's template extends `page/portal.html` and has one as `shell`.
pub(crate) struct Shell {
    /// The page's title, which no other page has.
    pub(crate) title: String,
    pub(crate) product: String,
    pub(crate) nav: Vec<Link>,
    /// What can be spent, as it reads.
    pub(crate) available: String,
    /// What running jobs reserve, as it reads; empty if it is nothing.
    pub(crate) held: String,
    pub(crate) name: Option<String>,
    pub(crate) return_url: Option<String>,
    /// The account's present, if a test clock has moved it.
    pub(crate) clock: Option<String>,
    pub(crate) banners: Vec<Banner>,
    pub(crate) note: Option<Note>,
    /// [`crate::session::form::MARK`]
    pub(crate) mark: String,
    nonce: String,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
}

impl Shell {
    /// Around a page of a customer.
    pub(crate) fn new(portal: &Portal, customer: &Customer, here: Section, title: &str) -> Self {
        let (account, locale) = (customer.account(), &customer.locale);
        let link = |section: Section| {
            let (label, url) = section.link();
            Link { label, url, is_here: section == here }
        };
        let held = account.held();
        let moved = !account.clock_ahead.is_zero();
        Self {
            title: title.to_owned(),
            product: portal.catalog().name.clone(),
            nav: Section::ALL.map(link).into(),
            available: locale.number(account.available()),
            held: if held == Credits::ZERO { String::new() } else { locale.number(held) },
            name: customer.name.clone(),
            return_url: customer.visit.return_url.clone(),
            clock: moved.then(|| words::moment(customer.view.now, &account.zone)),
            banners: banner::of(portal.catalog(), customer),
            note: customer.note.clone(),
            mark: portal.engine().visits().mark(&customer.visit),
            nonce: BASE32_NOPAD.encode(&portal.engine().entropy::<10>()).to_lowercase(),
            css: assets::url("page/portal.css"),
            js: assets::url("page/portal.js"),
        }
    }

    /// What stands in the hidden field `nonce` of the form of that name: forms of two pages, and two forms
    /// of one, are two effects however much they look the same.
    pub(crate) fn nonce(&self, form: &str) -> String {
        format!("{}-{form}", self.nonce)
    }
}
