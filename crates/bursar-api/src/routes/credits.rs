//! `/v1/accounts/{id}/credits`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{AdjustCredits, Command};
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::Reason;
use bursar_core::time::Timestamp;
use utoipa::ToSchema;

use crate::execute::execute;
use crate::extract::{AccountPath, Body, Keyed};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::change::{self, CreditsAdjusted};
use crate::wire::{Amount, ClassName, Time};

/// Credits to give or to take.
#[derive(Debug, ToSchema)]
#[schema(as = AdjustCredits)]
#[schema(example = json!({"credits": 25, "class": "promo", "reason": "apology for the outage"}))]
pub(crate) struct AdjustBody {
    /// How much; negative takes.
    #[schema(value_type = Amount)]
    credits: Credits,
    /// Of which class.
    #[schema(value_type = ClassName)]
    class: Class,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Reason,
    /// When what is given expires. Plan credits expire with the period, if absent; others never.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Timestamp>,
}

/// A class by its name.
struct ClassText(Class);

impl std::str::FromStr for ClassText {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Class::ALL.into_iter().find(|class| class.as_str() == text);
        found.map(Self).ok_or("a class is plan, promo or topup")
    }
}

impl AdjustBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let credits = fields.credits("credits", "other than 0", |credits| !credits.is_zero())?;
        let class = fields.parsed::<ClassText>("class")?;
        let reason = fields.parsed("reason")?;
        let expires_at = fields.parsed("expires_at")?;
        let ClassText(class) = fields.required("class", class)?;
        let body = Self {
            credits: fields.required("credits", credits)?,
            class,
            reason: fields.required("reason", reason)?,
            expires_at,
        };
        fields.finish()?;
        Ok(body)
    }

    fn command(self) -> AdjustCredits {
        let Self { credits, class, reason, expires_at } = self;
        AdjustCredits { credits, class, reason, expires_at }
    }
}

/// Give or take credits
///
/// Support's adjustment, with a reason that the statement shows.
#[utoipa::path(post, path = "/v1/accounts/{id}/credits", tag = "support",
    operation_id = "adjust_credits", request_body = AdjustBody,
    responses((status = 200, description = "What was given or taken", body = CreditsAdjusted)))]
pub(crate) async fn adjust(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::AdjustCredits(AdjustBody::parse(body.fields()?)?.command());
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, change::adjusted(&committed.entry))
}
