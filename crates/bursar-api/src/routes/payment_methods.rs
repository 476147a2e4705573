//! `/v1/accounts/{id}/payment_methods` and what is below it

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::provider::MethodRef;
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::{envelope, view};
use crate::extract::{AccountPath, Body, Conditions, MethodPath};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::purchase::{self, buy};
use crate::reply;
use crate::state::ApiState;
use crate::wire::method::{self, MethodView, PaymentMethodAdded, PaymentMethodChanged};

/// A payment method to add. Never a card number: those go to the payment provider only.
#[derive(Debug, ToSchema)]
#[schema(as = AddPaymentMethod)]
#[schema(example = json!({"token": "pm_card_visa"}))]
pub(crate) struct AddBody {
    /// What the provider's form made, or a test token such as `pm_card_visa` in test mode.
    #[schema(value_type = String, max_length = 255, pattern = "^[A-Za-z][A-Za-z0-9_\\-]*$")]
    token: MethodRef,
    /// Pay with it from now on? The first one always is.
    #[schema(default = true)]
    default: Option<bool>,
}

/// An account's payment methods; the first is what is paid with.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentMethods {
    /// The methods.
    data: Vec<MethodView>,
    /// Always null: there are at most 20.
    next: Option<String>,
}

impl AddBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let token = fields.reference("token")?;
        let default = fields.flag("default")?;
        let token = fields.required("token", token)?;
        fields.finish()?;
        Ok(Self { token, default })
    }
}

/// List the payment methods
#[utoipa::path(get, path = "/v1/accounts/{id}/payment_methods", tag = "payments",
    operation_id = "list_payment_methods",
    responses((status = 200, description = "The payment methods", body = PaymentMethods)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    let view = view(&api, &id).await?;
    let methods = view.account.billing.methods.iter().enumerate();
    let data = methods.map(|(place, it)| MethodView::of(it, place == 0, view.now)).collect();
    Ok(reply::json(StatusCode::OK, &PaymentMethods { data, next: None }))
}

/// Add a payment method
///
/// From a token that the payment provider's form made. It is what is paid with from now on, unless
/// `default` is false; an invoice that is past due is paid with it at once, and `payment` says how that
/// went.
#[utoipa::path(post, path = "/v1/accounts/{id}/payment_methods", tag = "payments",
    operation_id = "add_payment_method", request_body = AddBody,
    responses((status = 201, description = "The payment method", body = PaymentMethodAdded)))]
pub(crate) async fn add(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let AddBody { token, default } = AddBody::parse(body.fields()?)?;
    // The engine replaces the command by what the provider answers.
    let envelope = envelope(&caller, id.clone(), Command::Advance, conditions);
    let default = default.unwrap_or(true);
    let committed = api.engine().add_payment_method(envelope, token, default).await?;
    let purchase = api.engine().purchase(&id, committed).await?;
    let entry = &purchase.committed.entry;
    let body = method::added(entry, purchase.entry(), purchase::payment(&purchase));
    purchase::reply(&purchase, StatusCode::CREATED, body)
}

/// Pay with another payment method
///
/// From now on; an invoice that is past due is paid with it at once, and `payment` says how that went.
#[utoipa::path(post, path = "/v1/accounts/{id}/payment_methods/{method}/default", tag = "payments",
    operation_id = "set_default_payment_method",
    responses((status = 200, description = "What is paid with", body = PaymentMethodChanged)))]
pub(crate) async fn set_default(
    State(api): State<ApiState>,
    caller: Caller,
    MethodPath(id, reference): MethodPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    body.fields()?.finish()?;
    let command = Command::SetDefaultMethod(reference);
    let purchase = buy(&api, &caller, id, command, conditions, None).await?;
    let entry = &purchase.committed.entry;
    let body = method::changed(entry, purchase.entry(), purchase::payment(&purchase));
    purchase::reply(&purchase, StatusCode::OK, body)
}

/// Remove a payment method
///
/// The last one of a subscription that goes on can't be removed.
#[utoipa::path(delete, path = "/v1/accounts/{id}/payment_methods/{method}", tag = "payments",
    operation_id = "remove_payment_method",
    responses((status = 200, description = "It is gone", body = PaymentMethodChanged)))]
pub(crate) async fn remove(
    State(api): State<ApiState>,
    caller: Caller,
    MethodPath(id, reference): MethodPath,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let command = Command::RemovePaymentMethod(reference.clone());
    let envelope = envelope(&caller, id, command, conditions);
    let committed = api.engine().remove_payment_method(envelope, &reference).await?;
    let body = method::changed(&committed.entry, &committed.entry, None);
    reply::changed(StatusCode::OK, &committed, body)
}
