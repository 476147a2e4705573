//! `/v1/accounts/{id}/topups` and `/v1/accounts/{id}/auto_topup`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{BuyTopup, Command};
use bursar_core::account::payments::AutoTopup;
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::money::Money;
use bursar_core::rejection::{PaymentRejection, Rejection};
use bursar_engine::Failure;
use utoipa::ToSchema;

use crate::execute::{envelope, view};
use crate::extract::{AccountPath, Body, Conditions, Keyed};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::purchase::{self, buy};
use crate::reply;
use crate::return_url::ReturnUrl;
use crate::state::ApiState;
use crate::wire::topup::{self, AutoTopupChanged, AutoTopupView, TopupBought};
use crate::wire::{Amount, Price};

/// A pack to buy.
#[derive(Debug, ToSchema)]
#[schema(as = BuyTopup)]
#[schema(example = json!({"pack": "medium"}))]
pub(crate) struct BuyBody {
    /// The pack's key.
    pack: String,
    /// Where the customer goes after the provider's page: https, or http on this machine.
    #[schema(value_type = Option<String>, max_length = 2000, format = "uri")]
    return_url: Option<ReturnUrl>,
}

/// Automatic top-ups: `{"enabled": false}`, or all of the rest.
#[derive(Debug, ToSchema)]
#[schema(as = SetAutoTopup)]
#[schema(example = json!({
    "threshold": 50, "pack": "small", "monthly_cap": {"amount": 5000, "currency": "USD"}
}))]
pub(crate) struct AutoBody {
    /// Are credits to be bought when they run low?
    #[schema(default = true)]
    enabled: Option<bool>,
    /// They are when less than this can be spent.
    #[schema(value_type = Option<Amount>)]
    threshold: Option<Credits>,
    /// The pack.
    #[schema(value_type = Option<String>)]
    pack: Option<Key>,
    /// The most that they may cost in a month of the subscription, tax included.
    #[schema(value_type = Option<Price>)]
    monthly_cap: Option<Money>,
}

impl BuyBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let pack = fields.text("pack")?;
        let return_url = fields.parsed("return_url")?;
        let pack = fields.required("pack", pack)?.into_owned();
        fields.finish()?;
        Ok(Self { pack, return_url })
    }
}

impl AutoBody {
    fn parse(mut fields: Fields<'_>) -> Result<Option<AutoTopup>, Problem> {
        let body = Self {
            enabled: fields.flag("enabled")?,
            threshold: fields.credits("threshold", "from 0", |it| !it.is_negative())?,
            pack: fields.parsed("pack")?,
            monthly_cap: fields.money("monthly_cap")?,
        };
        if body.enabled == Some(false) {
            fields.finish()?;
            if body.threshold.is_some() || body.pack.is_some() || body.monthly_cap.is_some() {
                let detail = "Automatic top-ups are turned off without further fields.";
                return Err(Problem::new(Code::InvalidRequest, detail));
            }
            return Ok(None);
        }
        let settings = AutoTopup {
            threshold: fields.required("threshold", body.threshold)?,
            pack: fields.required("pack", body.pack)?,
            monthly_cap: fields.required("monthly_cap", body.monthly_cap)?,
        };
        fields.finish()?;
        Ok(Some(settings))
    }
}

/// Buy credits
///
/// They never expire, and are there as soon as the payment succeeds. `status` says how far that is: with
/// `requires_action` the customer authenticates at `action_url`; with `failed` no money was taken, and
/// `payment.failure` says why.
#[utoipa::path(post, path = "/v1/accounts/{id}/topups", tag = "payments",
    operation_id = "buy_topup", request_body = BuyBody,
    responses((status = 200, description = "How it went", body = TopupBought)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let BuyBody { pack, return_url } = BuyBody::parse(body.fields()?)?;
    let command = Command::BuyTopup(BuyTopup { pack });
    let purchase = buy(&api, &caller, id.clone(), command, conditions, return_url).await?;
    let told = purchase::told(&api, &id, &purchase).await?;
    purchase::reply(&purchase, StatusCode::OK, topup::bought(&purchase, told))
}

/// Show automatic top-ups
#[utoipa::path(get, path = "/v1/accounts/{id}/auto_topup", tag = "payments",
    operation_id = "get_auto_topup",
    responses((status = 200, description = "What is set", body = AutoTopupView)))]
pub(crate) async fn show_auto(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    let account = view(&api, &id).await?.account;
    let body = AutoTopupView::of(account.billing.auto_topup.as_ref(), account.version);
    Ok(reply::json(StatusCode::OK, &body))
}

/// Set automatic top-ups
///
/// Off until asked for. They buy a pack when less than the threshold can be spent, one at a time, with a
/// pause after each, and never for more than the cap in a month of the subscription.
#[utoipa::path(put, path = "/v1/accounts/{id}/auto_topup", tag = "payments",
    operation_id = "set_auto_topup", request_body = AutoBody,
    responses((status = 200, description = "What is set", body = AutoTopupChanged)))]
pub(crate) async fn set_auto(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::SetAutoTopup(AutoBody::parse(body.fields()?)?);
    let envelope = envelope(&caller, id.clone(), command, conditions);
    match api.engine().execute(envelope).await {
        // To turn off what is off already is no mistake.
        Err(Failure::Rejected(Rejection::Payment(PaymentRejection::NothingNew))) => {
            let version = view(&api, &id).await?.account.version;
            Ok(reply::json(StatusCode::OK, &AutoTopupChanged::off(version)))
        }
        outcome => {
            let committed = outcome?;
            reply::changed(StatusCode::OK, &committed, AutoTopupChanged::of(&committed.entry))
        }
    }
}
