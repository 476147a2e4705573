//! `/portal/credits`: buy credits, by hand or when they run low.

pub(super) mod auto;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{BuyTopup, Command};
use bursar_core::account::topups::bill_of;
use bursar_core::catalog::{Catalog, Operation, Pack};
use bursar_core::credits::Credits;
use bursar_core::money::Money;
use bursar_core::pricing::{UsageRequest, price};
use serde::Deserialize;

use super::action::{buy, onward};
use super::bill::ShownBill;
use super::refusal::Refusal;
use super::waiting::{Waiting, waiting};
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::Locale;
use crate::page::{html_as, see_other};
use crate::session::{Customer, Submission};
use crate::state::Portal;
use auto::AutoForm;

/// What can be made of a pack is told of at most that many operations.
const MOST_USES: usize = 5;

#[derive(Template)]
#[template(path = "customer/credits.html")]
struct CreditsPage {
    shell: Shell,
    refusal: Option<Refusal>,
    waiting: Vec<Waiting>,
    packs: Vec<ShownPack>,
    /// The pack that is chosen; `None` if nothing can be bought.
    order: Option<PackOrder>,
    /// Why nothing can be bought.
    closed: Option<&'static str>,
    auto: Option<AutoForm>,
}

/// A pack on sale.
struct ShownPack {
    url: String,
    name: String,
    credits: String,
    price: String,
    /// `$8.33 per 100`
    rate: String,
    /// `Save 16%`, against the smallest.
    saving: String,
    is_chosen: bool,
}

/// The pack that is chosen, ready to be paid.
struct PackOrder {
    key: String,
    name: String,
    uses: Vec<String>,
    bill: ShownBill,
    /// The card that is charged.
    card: Option<String>,
    has_expired: bool,
    add_card: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    pack: String,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(Chosen { pack }): Query<Chosen>,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, &pack, None, None)
}

/// Buys a pack.
pub(super) async fn pay(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let pack = form.get("pack").to_owned();
    let command = Command::BuyTopup(BuyTopup { pack: pack.clone() });
    match buy(&portal, &customer, &form, command).await {
        Ok(purchase) => Ok(onward(&purchase).unwrap_or_else(|| see_other("/portal/credits"))),
        Err(failure) => {
            let refusal = Refusal::of(failure, &portal, &customer)?;
            page(&portal, &customer, &pack, Some(refusal), None)
        }
    }
}

/// The page with a pack chosen, what was refused, and what was filled in for automatic purchases.
fn page(
    portal: &Portal,
    customer: &Customer,
    chosen: &str,
    refusal: Option<Refusal>,
    filled: Option<AutoForm>,
) -> Result<Response, PageProblem> {
    let (account, catalog) = (customer.account(), portal.catalog());
    let closed = match (account.live(), catalog.packs.is_empty()) {
        (_, true) => Some("Credits aren't sold separately here."),
        (None, _) => Some(
            "Credits can be bought on any plan. Choose a plan first; credits that you bought before \
             come back with it.",
        ),
        (Some(_), false) => None,
    };
    let pack = catalog.packs.iter().find(|pack| pack.key.as_str() == chosen);
    let pack = pack.or_else(|| catalog.packs.get(1)).or_else(|| catalog.packs.first());
    let auto = closed.is_none().then(|| filled.unwrap_or_else(|| auto::as_set(portal, customer)));
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    html_as(
        status,
        &CreditsPage {
            shell: Shell::new(portal, customer, Section::Credits, "Buy credits"),
            refusal,
            waiting: waiting(customer, |purchase| !purchase.is_subscription()),
            packs: packs(catalog, &customer.locale, pack),
            order: pack.filter(|_| closed.is_none()).and_then(|pack| order(portal, customer, pack)),
            closed,
            auto,
        },
    )
}

fn packs(catalog: &Catalog, locale: &Locale, chosen: Option<&Pack>) -> Vec<ShownPack> {
    let smallest = catalog.packs.first().and_then(per_hundred);
    let shown = |pack: &Pack| {
        let rate = per_hundred(pack);
        let saving = smallest.zip(rate).and_then(|(first, this)| {
            let saved = first.amount.checked_sub(this.amount)?.checked_mul(100)?;
            saved.checked_div(first.amount).filter(|percent| *percent > 0)
        });
        ShownPack {
            url: format!("/portal/credits?pack={}", pack.key),
            name: pack.name.clone(),
            credits: locale.credits(pack.credits),
            price: locale.money(pack.price),
            rate: rate.map(|it| format!("{} per 100", locale.money(it))).unwrap_or_default(),
            saving: saving.map(|percent| format!("Save {percent}%")).unwrap_or_default(),
            is_chosen: chosen.is_some_and(|chosen| chosen.key == pack.key),
        }
    };
    catalog.packs.iter().map(shown).collect()
}

/// What 100 credits of a pack cost, half up.
fn per_hundred(pack: &Pack) -> Option<Money> {
    let credits = Credits::ONE.micro().checked_mul(100)?;
    pack.price.scaled(credits, pack.credits.micro(), 1)
}

fn order(portal: &Portal, customer: &Customer, pack: &Pack) -> Option<PackOrder> {
    let (account, catalog) = (customer.account(), portal.catalog());
    let bill = bill_of(account, catalog, pack.key.as_str()).ok()?;
    let method = account.billing.default_method();
    let uses = catalog.operations.iter().filter_map(|it| uses(catalog, &customer.locale, it, pack));
    Some(PackOrder {
        key: pack.key.to_string(),
        name: pack.name.clone(),
        uses: uses.take(MOST_USES).collect(),
        bill: ShownBill::of(&bill, catalog, customer),
        card: method.map(names::method),
        has_expired: method.is_some_and(|method| method.has_expired(customer.view.now)),
        add_card: format!("/portal/payment-methods?back=/portal/credits%3Fpack%3D{}", pack.key),
    })
}

/// How often an operation could be done with a pack, at what it costs as it comes: `6 × Video Generation
/// (5 seconds)`.
fn uses(catalog: &Catalog, locale: &Locale, operation: &Operation, pack: &Pack) -> Option<String> {
    let request = UsageRequest {
        operation: operation.key.to_string(),
        model: None,
        quality: None,
        units: None,
        attributes: Vec::new(),
    };
    let price = price(catalog, &request).ok()?;
    let times = pack.credits.micro().checked_div(price.credits.micro()).filter(|it| *it > 0)?;
    let units = price.usage.units;
    let plural = if units == bursar_core::pricing::Quantity::ONE { "" } else { "s" };
    let units = format!("{} {}{plural}", locale.quantity(units), operation.unit);
    let times = locale.count(times.unsigned_abs());
    Some(format!("{times}\u{a0}×\u{a0}{} ({units})", operation.name))
}
