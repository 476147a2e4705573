//! `/v1/accounts/{id}/setup_sessions` and what is below it

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::provider::{MethodRef, SetupRef};
use bursar_engine::decline::advice;
use bursar_payments::{CustomerStep, Setup, SetupForm, SetupSession, SetupStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::view;
use crate::extract::{AccountPath, Body, Conditions, SessionPath};
use crate::fields::Fields;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::return_url::ReturnUrl;
use crate::state::ApiState;
use crate::wire::Shown;

/// A session to start.
#[derive(Debug, ToSchema)]
#[schema(as = StartSetup)]
#[schema(example = json!({"return_url": "https://app.example/settings/billing"}))]
pub(crate) struct StartBody {
    /// Where the customer goes afterwards: https, or http on this machine.
    #[schema(value_type = Option<String>, max_length = 2000, format = "uri")]
    return_url: Option<ReturnUrl>,
    /// On the provider's own page, also where its script could ask on a page of the app; that needs a
    /// `return_url`.
    #[schema(value_type = Option<bool>, default = false)]
    hosted: bool,
}

/// A session in which the customer enters payment details at the provider.
#[derive(Debug, Serialize, ToSchema)]
struct SetupStarted {
    /// Its name at the payment provider.
    #[schema(value_type = String, example = "seti_1")]
    id: Shown<SetupRef>,
    /// The provider's page, if it has one.
    url: Option<String>,
    /// What the provider's script needs on a page of the app, for this customer only.
    client_secret: Option<String>,
    /// The provider's public key, for its script.
    publishable_key: Option<String>,
}

/// How far a session is.
#[derive(Debug, Serialize, ToSchema)]
struct SetupSessionView {
    /// Its name at the payment provider.
    #[schema(value_type = String, example = "seti_1")]
    id: Shown<SetupRef>,
    /// `open`, `succeeded`, `failed` (the customer may try again) or `canceled`.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// The payment method that was entered.
    #[schema(value_type = Option<String>, example = "pm_1")]
    payment_method: Option<Shown<MethodRef>>,
    /// Why what was entered last was refused.
    failure: Option<SetupFailure>,
}

/// Why payment details were refused.
#[derive(Debug, Serialize, ToSchema)]
struct SetupFailure {
    /// The payment provider's code.
    #[schema(example = "expired_card")]
    code: String,
    /// Why, in a sentence for the customer.
    message: &'static str,
    /// What would help.
    fix: &'static str,
}

impl StartBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let return_url = fields.parsed("return_url")?;
        let hosted = fields.flag("hosted")?.unwrap_or(false);
        if hosted && return_url.is_none() {
            fields.required("return_url", return_url.as_ref())?;
        }
        fields.finish()?;
        Ok(Self { return_url, hosted })
    }
}

impl From<SetupSession> for SetupStarted {
    fn from(SetupSession { reference, form }: SetupSession) -> Self {
        let bare =
            Self { id: Shown(reference), url: None, client_secret: None, publishable_key: None };
        match form {
            CustomerStep::Page { url } => Self { url: Some(url), ..bare },
            CustomerStep::Script { client_secret, publishable_key, .. } => Self {
                client_secret: Some(client_secret.expose().to_owned()),
                publishable_key: Some(publishable_key),
                ..bare
            },
        }
    }
}

impl From<Setup> for SetupSessionView {
    fn from(Setup { reference, status, .. }: Setup) -> Self {
        let bare =
            |status| Self { id: Shown(reference), status, payment_method: None, failure: None };
        match status {
            SetupStatus::Open => bare("open"),
            SetupStatus::Cancelled => bare("canceled"),
            SetupStatus::Succeeded { method, .. } => {
                Self { payment_method: Some(Shown(method)), ..bare("succeeded") }
            }
            SetupStatus::Failed { decline } => {
                let code = decline.shown_code().to_owned();
                let (message, fix) = advice(&code);
                Self { failure: Some(SetupFailure { code, message, fix }), ..bare("failed") }
            }
        }
    }
}

/// Let the customer enter payment details
///
/// At the payment provider, so that no card number comes near this server. What is entered is what the
/// account pays with from then on.
#[utoipa::path(post, path = "/v1/accounts/{id}/setup_sessions", tag = "payments",
    operation_id = "start_setup_session", request_body = Option<StartBody>,
    responses((status = 201, description = "The session", body = SetupStarted)))]
pub(crate) async fn start(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let StartBody { return_url, hosted } = StartBody::parse(body.fields()?)?;
    let return_url = return_url.map(String::from);
    let form = if hosted { SetupForm::Hosted } else { SetupForm::Embedded };
    let key = conditions.key.as_ref();
    let session = api.engine().start_setup(&id, key, return_url, form).await?;
    let address = format!("/v1/accounts/{id}/setup_sessions/{}", session.reference);
    let response = reply::json(StatusCode::CREATED, &SetupStarted::from(session));
    Ok(reply::at(response, &address))
}

/// Show how far a session is
///
/// Asks the payment provider; a payment method that was entered is the account's afterwards.
#[utoipa::path(get, path = "/v1/accounts/{id}/setup_sessions/{session}", tag = "payments",
    operation_id = "get_setup_session",
    responses((status = 200, description = "How far it is", body = SetupSessionView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    SessionPath(id, session): SessionPath,
) -> Result<Response, Problem> {
    view(&api, &id).await?;
    let found = api.engine().setup(&id, &session).await?;
    let missing = || {
        Problem::new(Code::SetupSessionNotFound, "The account has no such session.")
            .fix("Start one: POST /v1/accounts/{id}/setup_sessions.")
    };
    let session = SetupSessionView::from(found.ok_or_else(missing)?);
    Ok(reply::json(StatusCode::OK, &session))
}
