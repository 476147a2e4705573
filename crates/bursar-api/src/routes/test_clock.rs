//! `/v1/test_clock/accounts/{id}/advance`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{AdvanceClock, ClockTarget, Command};
use bursar_core::time::Timestamp;
use bursar_engine::access::Mode;
use utoipa::ToSchema;

use crate::execute::{execute, view};
use crate::extract::{AccountPath, Body, Conditions};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::wire::Time;
use crate::wire::change::{self, ClockAdvanced};

/// Where to: `to` an instant or `by` a span of time.
#[derive(Debug, ToSchema)]
#[schema(as = AdvanceClock)]
#[schema(example = json!({"by": "1mo"}))]
pub(crate) struct AdvanceBody {
    /// The instant to go to.
    #[schema(value_type = Option<Time>)]
    to: Option<Timestamp>,
    /// The span to go on by, such as `61s`, `1mo`, `1y` or `P1M`, by the account's calendar.
    by: Option<String>,
}

impl AdvanceBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let body = Self { to: fields.parsed("to")?, by: fields.text("by")?.map(Into::into) };
        fields.finish()?;
        Ok(body)
    }

    fn command(self) -> Result<AdvanceClock, Problem> {
        let to = match (self.to, self.by) {
            (Some(at), None) => ClockTarget::At(at),
            (None, Some(span)) => ClockTarget::By(span),
            _ => {
                let detail = "The body must have exactly one of `to` (a time) and `by` (a span).";
                return Err(Problem::new(Code::InvalidRequest, detail));
            }
        };
        Ok(AdvanceClock { to })
    }
}

/// Move an account's clock ahead
///
/// Everything that falls due on the way happens in order and at its time: refreshes, expiries,
/// renewals, ends, purges. Forward only, in test mode only.
#[utoipa::path(post, path = "/v1/test_clock/accounts/{id}/advance", tag = "test clock",
    operation_id = "advance_test_clock", request_body = AdvanceBody,
    responses((status = 200, description = "What happened on the way", body = ClockAdvanced)))]
pub(crate) async fn advance(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    if api.access().mode() != Mode::Test {
        let detail = "Test clocks don't exist in live mode, where time is real.";
        return Err(Problem::new(Code::TestModeOnly, detail).fix("Run a server in test mode."));
    }
    let clock = AdvanceBody::parse(body.fields()?)?.command()?;
    let command = Command::AdvanceClock(clock.clone());
    let committed = execute(&api, &caller, id.clone(), command, conditions).await?;
    // Where it went follows from the request, the moment it was done and the account's calendar,
    // which never changes: the same on each repeat.
    let view = view(&api, &id).await?;
    let started = committed.entry.events.first().map_or(view.now, |first| first.at);
    let to =
        clock.target(&view.account, started).map_err(bursar_core::rejection::Rejection::from)?;
    reply::changed(StatusCode::OK, &committed, change::advanced(&committed.entry, to))
}
