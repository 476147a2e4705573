//! `/v1/test_clock/accounts/{id}/advance`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{AdvanceClock, ClockTarget, Command};
use bursar_core::time::Timestamp;
use bursar_engine::access::Mode;
use bursar_engine::test_clock::ClockRun;
use utoipa::ToSchema;

use crate::execute::envelope;
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
/// renewals with their invoices and payments, retries, ends, purges. Forward only, in test mode only.
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
    // The engine replaces the command by the steps of the clock.
    let envelope = envelope(&caller, id.clone(), Command::Advance, conditions);
    let ClockRun { first, to, events, version } =
        api.engine().advance_clock(envelope, clock).await?;
    // With the steps of the clock, which say where it is.
    let before = first.entry.first_version.saturating_sub(1);
    let count = usize::try_from(version.saturating_sub(before)).unwrap_or(usize::MAX);
    let all = api.engine().store().history(&id, before, count).await?;
    let body = change::advanced(to, &all, &events);
    reply::changed_at(StatusCode::OK, version, first.replayed, body)
}
