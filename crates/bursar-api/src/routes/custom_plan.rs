//! `/v1/accounts/{id}/custom_plan`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::subscription::custom::CUSTOM;
use bursar_core::catalog::Plan;
use bursar_core::credits::Credits;
use bursar_core::id::{Key, Reason};
use bursar_core::money::Money;
use utoipa::ToSchema;

use crate::execute::execute;
use crate::extract::{AccountPath, Body, Conditions};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::billing::CustomPlanChanged;
use crate::wire::{Amount, Price};

/// A plan of an account's own: "Contact us for team and enterprise pricing."
#[derive(Debug, ToSchema)]
#[schema(as = SetCustomPlan)]
#[schema(example = json!({
    "name": "Team", "price_month": {"amount": 49900, "currency": "USD"},
    "price_year": {"amount": 538900, "currency": "USD"}, "allowance": 10000,
    "storage_bytes": 200_000_000_000_u64, "features": ["video_editor"]
}))]
pub(crate) struct PlanBody {
    /// Its name for people.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    name: Reason,
    /// The price of a month.
    #[schema(value_type = Price)]
    price_month: Money,
    /// The price of a year, paid at once.
    #[schema(value_type = Price)]
    price_year: Money,
    /// Credits each month.
    #[schema(value_type = Amount)]
    allowance: Credits,
    /// Storage quota.
    storage_bytes: u64,
    /// Keys of the features that it unlocks.
    #[schema(value_type = Vec<String>)]
    features: Vec<Key>,
    /// Further selling points, a line of at most 500 bytes each.
    #[schema(value_type = Option<Vec<String>>)]
    highlights: Option<Vec<Reason>>,
}

impl PlanBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let name = fields.parsed("name")?;
        let price_month = fields.money("price_month")?;
        let price_year = fields.money("price_year")?;
        let allowance = fields.credits("allowance", "from 0", |it| !it.is_negative())?;
        let storage_bytes = fields.count("storage_bytes")?;
        let features = fields.list("features")?;
        let highlights = fields.list("highlights")?;
        let body = Self {
            name: fields.required("name", name)?,
            price_month: fields.required("price_month", price_month)?,
            price_year: fields.required("price_year", price_year)?,
            allowance: fields.required("allowance", allowance)?,
            storage_bytes: fields.required("storage_bytes", storage_bytes)?,
            features: fields.required("features", features)?,
            highlights,
        };
        fields.finish()?;
        Ok(body)
    }

    /// The plan, under the key that is every account's own.
    fn plan(self) -> Option<Plan> {
        let texts = self.highlights.unwrap_or_default();
        Some(Plan {
            key: CUSTOM.parse().ok()?,
            name: self.name.to_string(),
            price_month: self.price_month,
            price_year: self.price_year,
            price_year_per_month: self.price_year.scaled(1, 12, 1)?,
            allowance: self.allowance,
            storage_bytes: self.storage_bytes,
            features: self.features,
            highlights: texts.iter().map(Reason::to_string).collect(),
            popular: false,
            retired: false,
        })
    }
}

/// Offer an account a plan of its own
///
/// The account subscribes to it like to any other, as `custom`. Terms of a period that is paid for stay
/// what they are.
#[utoipa::path(put, path = "/v1/accounts/{id}/custom_plan", tag = "support",
    operation_id = "set_custom_plan", request_body = PlanBody,
    responses((status = 200, description = "The plan", body = CustomPlanChanged)))]
pub(crate) async fn set(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let plan = PlanBody::parse(body.fields()?)?.plan();
    let plan = plan.ok_or_else(|| Problem::internal("a custom plan can't be put together"))?;
    change(&api, &caller, id, conditions, Some(plan)).await
}

/// Take an account's own plan away
#[utoipa::path(delete, path = "/v1/accounts/{id}/custom_plan", tag = "support",
    operation_id = "remove_custom_plan",
    responses((status = 200, description = "There is none any more", body = CustomPlanChanged)))]
pub(crate) async fn remove(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
) -> Result<Response, Problem> {
    change(&api, &caller, id, conditions, None).await
}

async fn change(
    api: &ApiState,
    caller: &Caller,
    id: bursar_core::id::AccountId,
    conditions: Conditions,
    plan: Option<Plan>,
) -> Result<Response, Problem> {
    let command = Command::SetCustomPlan(plan.map(Box::new));
    let committed = execute(api, caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, CustomPlanChanged::of(&committed.entry))
}
