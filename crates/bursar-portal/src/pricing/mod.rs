//! `/pricing`: what is sold and on which terms, for everybody. All of it follows from the catalog in
//! force: no figure stands in a template.

mod answers;
mod costs;
mod plans;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bursar_core::catalog::{Catalog, Interval};
use serde::Deserialize;

use crate::page::problem::PageProblem;
use crate::page::words::Locale;
use crate::page::{assets, html};
use crate::state::Portal;
use answers::Answer;
use costs::{Cost, ModelCost};
use plans::{Cell, Comparison, Offer};

/// How long it may be shown again without asking whether it still holds.
const KEPT: &str = "public, max-age=300";

/// `/pricing`
pub(crate) fn routes() -> Router<Portal> {
    Router::new().route("/pricing", get(show))
}

/// What is looked at first.
#[derive(Deserialize)]
struct Chosen {
    /// `month` or `year`; anything else is `month`.
    #[serde(default)]
    interval: String,
}

#[derive(Template)]
#[template(path = "pricing/pricing.html")]
struct PricingPage<'a> {
    product: &'a str,
    support_email: &'a str,
    css: &'static str,
    own_css: &'static str,
    /// For search engines.
    description: String,
    /// Are yearly prices looked at first?
    yearly: bool,
    /// `10%`: what a year saves, if it saves anything.
    saving: Option<String>,
    offers: Vec<Offer<'a>>,
    comparison: Vec<Comparison<'a>>,
    costs: Vec<Cost>,
    models: Vec<ModelCost<'a>>,
    /// What else changes what an operation costs.
    factors: Vec<String>,
    packs: Vec<PackOffer<'a>>,
    pack_terms: Vec<String>,
    answers: Vec<Answer>,
    tax: String,
}

/// A pack.
struct PackOffer<'a> {
    name: &'a str,
    credits: String,
    price: String,
    per_credit: Option<String>,
}

/// The page. It is the same for everybody who reads the same language.
async fn show(
    State(portal): State<Portal>,
    Query(Chosen { interval }): Query<Chosen>,
    headers: HeaderMap,
) -> Result<Response, PageProblem> {
    let yearly = interval == Interval::Year.as_str();
    let locale = Locale::of(&headers);
    let page = PricingPage::of(portal.catalog(), &locale, yearly);
    let text = page.render().map_err(|error| PageProblem::defect(&error))?;
    let hash = blake3::hash(text.as_bytes()).to_hex();
    let tag = format!("\"{}\"", hash.get(..16).unwrap_or_default());
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|it| it.trim() == tag));
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { html(&page)? };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
    headers.insert(VARY, HeaderValue::from(ACCEPT_LANGUAGE));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

impl<'a> PricingPage<'a> {
    fn of(catalog: &'a Catalog, locale: &Locale, yearly: bool) -> Self {
        let offers = plans::offers(catalog, locale);
        Self {
            product: &catalog.name,
            support_email: &catalog.support_email,
            css: assets::url("page/portal.css"),
            own_css: assets::url("pricing/pricing.css"),
            description: description(catalog, &offers),
            yearly,
            saving: plans::saving(catalog, locale),
            offers,
            comparison: plans::comparison(catalog, locale),
            costs: costs::table(catalog, locale),
            models: costs::models(catalog, locale),
            factors: costs::factors(catalog, locale),
            packs: packs(catalog, locale),
            pack_terms: answers::pack_terms(catalog),
            answers: answers::all(catalog),
            tax: answers::tax(catalog, locale),
        }
    }
}

fn packs<'a>(catalog: &'a Catalog, locale: &Locale) -> Vec<PackOffer<'a>> {
    let pack = |pack: &'a bursar_core::catalog::Pack| PackOffer {
        name: &pack.name,
        credits: locale.number(pack.credits),
        price: locale.price(pack.price),
        per_credit: locale.per_credit(pack.price, pack.credits),
    };
    catalog.packs.iter().map(pack).collect()
}

fn description(catalog: &Catalog, offers: &[Offer<'_>]) -> String {
    let plans: Vec<String> =
        offers.iter().map(|offer| format!("{} {} a month", offer.name, offer.month)).collect();
    let plans = if plans.is_empty() { String::new() } else { format!(": {}", plans.join(", ")) };
    format!("Plans and prices of {}{plans}.", catalog.name)
}
