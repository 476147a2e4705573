//! `/widget/demo`, in test mode: `<bursar-credits>` as an app would use it, on a page of another origin
//! than the one that it asks. To a browser `localhost` and `127.0.0.1` are two: opened by either name, the
//! page asks the other one.

use std::time::Duration;

use askama::Template;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HOST};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bursar_core::account::command::{
    AdjustCredits, ChangePlan, Charge, Command, Open, PlaceHold, SpendRequest,
};
use bursar_core::account::event::Actor;
use bursar_core::catalog::{Class, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::{AccountId, Key};
use bursar_core::time::ZoneName;
use bursar_engine::{Envelope, Failure};
use serde_json::{Value, json};

use crate::page::problem::PageProblem;
use crate::page::{assets, html, see_other};
use crate::session::form::is_from_here;
use crate::state::Portal;

/// The customer of the page.
const ACCOUNT: &str = "widget-demo";
/// As whom the journal knows what its buttons do.
const ACTOR: &str = "widget-demo";
/// A test card that works.
const CARD: &str = "pm_card_visa";
const TOKEN_TTL: Duration = Duration::from_secs(15 * 60);
const HOLD_TTL: Duration = Duration::from_secs(60);

/// The page, and the app's backend that it would have.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/widget/demo", get(show))
        .route("/widget/demo/token", post(token))
        .route("/widget/demo/do/{action}", post(act))
}

#[derive(Template)]
#[template(path = "widget/demo.html")]
struct DemoPage<'a> {
    product: &'a str,
    css: &'static str,
    own_css: &'static str,
    js: &'static str,
    /// Where the widget asks.
    endpoint: String,
    /// The name under which the page was opened.
    opened_at: &'a str,
    /// Is that another origin?
    is_elsewhere: bool,
    account: &'static str,
}

async fn show(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, PageProblem> {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let other = other_name(host);
    let is_elsewhere = other.is_some();
    let endpoint = other.unwrap_or_else(|| portal.config().public_url.clone());
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self' {endpoint}; img-src data:; \
         connect-src 'self' {endpoint}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = html(&DemoPage {
        product: &portal.catalog().name,
        css: assets::url("page/portal.css"),
        own_css: assets::url("widget/demo.css"),
        js: assets::url("widget/demo.js"),
        endpoint,
        opened_at: host,
        is_elsewhere,
        account: ACCOUNT,
    })?;
    let policy = HeaderValue::try_from(policy).map_err(|error| PageProblem::defect(&error))?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The other name of this machine, as an origin: to a browser another one.
fn other_name(host: &str) -> Option<String> {
    let (name, port) = host.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let other = match name {
        "localhost" => "127.0.0.1",
        "127.0.0.1" => "localhost",
        _ => return None,
    };
    Some(format!("http://{other}:{port}"))
}

/// What an app's backend would do for a customer who is signed in there.
async fn token(State(portal): State<Portal>, headers: HeaderMap) -> Result<Response, PageProblem> {
    if !is_from_here(&headers, portal.config()) {
        return Err(PageProblem::forged());
    }
    let account = account()?;
    ensure(&portal, &account).await?;
    let engine = portal.engine();
    let expires_at = engine.wall_now().after(TOKEN_TTL);
    let token = engine.seal().widget(&account, expires_at);
    let reply: Json<Value> = Json(json!({"token": token, "expires_at": expires_at.to_string()}));
    Ok(reply.into_response())
}

/// Something happens to the account, so that there is something to see.
async fn act(
    State(portal): State<Portal>,
    Path(action): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageProblem> {
    if !is_from_here(&headers, portal.config()) {
        return Err(PageProblem::forged());
    }
    let account = account()?;
    ensure(&portal, &account).await?;
    let spend = |credits: i64| -> Result<SpendRequest, PageProblem> {
        let credits = Credits::from_whole(credits).unwrap_or(Credits::ONE);
        Ok(SpendRequest::Credits { credits, reason: text("The widget's demo")? })
    };
    let command = match action.as_str() {
        "spend" => Command::Charge(Charge { spend: spend(5)?, reference: None }),
        "hold" => Command::PlaceHold(PlaceHold {
            spend: spend(20)?,
            ttl: Some(HOLD_TTL),
            reference: None,
        }),
        "give" => give(50)?,
        _ => return Err(PageProblem::not_found("such button")),
    };
    match portal.engine().execute(envelope(&account, command)?).await {
        // Nothing left to spend is something to see, too.
        Ok(_) | Err(Failure::Rejected(_)) => Ok(see_other("/widget/demo")),
        Err(failure) => Err(failure.into()),
    }
}

fn account() -> Result<AccountId, PageProblem> {
    text(ACCOUNT)
}

fn text<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, PageProblem> {
    text.parse().map_err(|error| PageProblem::defect(&error))
}

fn envelope(account: &AccountId, command: Command) -> Result<Envelope, PageProblem> {
    let actor: Key = text(ACTOR)?;
    Ok(Envelope::new(account.clone(), command, Actor::ApiKey(actor)))
}

fn give(credits: i64) -> Result<Command, PageProblem> {
    Ok(Command::AdjustCredits(AdjustCredits {
        credits: Credits::from_whole(credits).unwrap_or(Credits::ONE),
        class: Class::Topup,
        reason: text("The widget's demo")?,
        expires_at: None,
    }))
}

/// Makes the account on first use, on the lowest plan for sale; without one, or without anybody to pay,
/// with some credits.
async fn ensure(portal: &Portal, account: &AccountId) -> Result<(), PageProblem> {
    let engine = portal.engine();
    if engine.view(account).await?.is_some() {
        return Ok(());
    }
    let open = Command::Open(Open { zone: ZoneName::utc(), currency: None });
    match engine.execute(Envelope { key: Some(text("open")?), ..envelope(account, open)? }).await {
        // Of several requests at once one makes it.
        Ok(committed) if committed.replayed => return Ok(()),
        Err(Failure::Rejected(_)) => return Ok(()),
        other => other?,
    };
    if subscribe(portal, account).await?.is_none() {
        engine.execute(envelope(account, give(400)?)?).await?;
    }
    Ok(())
}

async fn subscribe(portal: &Portal, account: &AccountId) -> Result<Option<()>, PageProblem> {
    let engine = portal.engine();
    let Some(plan) = portal.catalog().offered().next() else {
        return Ok(None);
    };
    let card = envelope(account, Command::Advance)?;
    if engine.add_payment_method(card, text(CARD)?, true).await.is_err() {
        return Ok(None);
    }
    let plan = plan.key.to_string();
    let change = ChangePlan { plan, interval: Interval::Month, confirms: None };
    let bought = engine.buy(envelope(account, Command::ChangePlan(change))?).await;
    Ok(bought.is_ok().then_some(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_the_other_name_of_this_machine() {
        let check = |host: &str, expected: Option<&str>| {
            assert_eq!(other_name(host).as_deref(), expected, "{host}");
        };
        check("localhost:8080", Some("http://127.0.0.1:8080"));
        check("127.0.0.1:8080", Some("http://localhost:8080"));
        check("billing.example", None);
        check("billing.example:8080", None);
        check("localhost:8080; script-src *", None);
        check("localhost", None);
        check("", None);
    }
}
