//! `/v1/batch`

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::id::AccountId;
use bursar_core::rejection::{AccountRejection, Rejection};
use bursar_engine::{Committed, Envelope, Outcome};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::execute::envelope;
use crate::extract::{Body, Conditions, hold_id, key_required, parse_key};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::middleware::outermost::RequestId;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::spending;
use crate::state::ApiState;
use crate::wire::spend::{self, Charged, HoldCaptured, HoldPlaced, HoldReleased};
use crate::wire::{Amount, Units};

/// The most operations of one request.
const MOST: usize = 1_000;

/// Operations of any accounts.
#[derive(Debug, ToSchema)]
#[schema(as = Batch)]
#[schema(example = json!({"operations": [
    {"op": "charge", "account": "customer-7", "idempotency_key": "job-9", "operation": "image"},
    {"op": "release", "account": "customer-8", "idempotency_key": "job-8:failed",
        "hold": "hold_0198f3a2b4c57d6e8f9012345678abcd"}
]}))]
#[allow(dead_code, reason = "it is the document's; `Fields` reads the body")]
pub(crate) struct BatchBody {
    /// At most 1,000. Those on one account are done in order.
    #[schema(max_items = 1000)]
    operations: Vec<BatchOperation>,
}

/// One operation: its kind, its account, its key, and the fields of the single call.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it is the document's; `Fields` reads the body")]
struct BatchOperation {
    /// `hold`, `capture`, `release` or `charge`.
    op: OperationKind,
    /// The account.
    account: String,
    /// The key: a repeat takes effect once and gets the same result.
    #[schema(pattern = "^[A-Za-z0-9_\\-.:/+=,@#~]{1,255}$")]
    idempotency_key: String,
    /// The hold to capture or to release.
    hold: Option<String>,
    /// Of a hold or a charge: the id of a quote.
    quote: Option<String>,
    /// Of a hold or a charge: the operation.
    operation: Option<String>,
    /// Of a hold or a charge: the model; the operation's default, if absent.
    model: Option<String>,
    /// Of a hold or a charge: the quality; the operation's default, if absent.
    quality: Option<String>,
    /// Of a hold or a charge: attributes of the operation with their values, which may also stand
    /// beside the other fields.
    attributes: Option<std::collections::HashMap<String, String>>,
    /// How much of the operation; of a capture, the units that were used.
    units: Option<Units>,
    /// An amount, instead of an operation; of a capture, the credits that were used.
    credits: Option<Amount>,
    /// What the amount is for; of a release, why.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
    /// Of a hold: how long it lives; the catalog's default, if absent.
    #[schema(minimum = 1)]
    ttl_seconds: Option<u64>,
    /// Of a hold or a charge: the caller's own reference.
    #[schema(pattern = "^[A-Za-z0-9_\\-.:/+=,@#~]{1,128}$")]
    reference: Option<String>,
    /// Of a capture: does the hold end with it?
    #[schema(default = true)]
    r#final: Option<bool>,
    /// Of a capture: may it cost more than is held?
    #[schema(default = false)]
    allow_overage: Option<bool>,
}

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OperationKind {
    /// As `POST /v1/accounts/{id}/holds`.
    Hold,
    /// As `POST /v1/accounts/{id}/holds/{hold}/capture`.
    Capture,
    /// As `POST /v1/accounts/{id}/holds/{hold}/release`.
    Release,
    /// As `POST /v1/accounts/{id}/charges`.
    Charge,
}

impl std::str::FromStr for OperationKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hold" => Ok(Self::Hold),
            "capture" => Ok(Self::Capture),
            "release" => Ok(Self::Release),
            "charge" => Ok(Self::Charge),
            _ => Err("an op is hold, capture, release or charge"),
        }
    }
}

/// A result for each operation, in order.
#[derive(Debug, Serialize, ToSchema)]
struct BatchResults {
    /// The results.
    results: Vec<BatchResult>,
}

/// What became of one operation.
#[derive(Debug, Serialize, ToSchema)]
struct BatchResult {
    /// The status that the single call would have had.
    #[schema(example = 201)]
    status: u16,
    /// Had an earlier request with the key done it?
    replayed: bool,
    /// The body that the single call would have had.
    body: ResultBody,
}

/// The body of a result.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum ResultBody {
    Hold(Box<HoldPlaced>),
    Capture(Box<HoldCaptured>),
    Release(Box<HoldReleased>),
    Charge(Box<Charged>),
    Problem(Box<ProblemBody>),
}

/// Do many operations at once
///
/// Holds, captures, releases and charges of any accounts, with a result for each, in order. They
/// are not a transaction: one that is refused spoils no other.
#[utoipa::path(post, path = "/v1/batch", tag = "spending", operation_id = "batch",
    request_body = BatchBody,
    responses((status = 200, description = "A result for each operation", body = BatchResults)))]
pub(crate) async fn run(
    State(api): State<ApiState>,
    caller: Caller,
    Extension(RequestId(request_id)): Extension<RequestId>,
    body: Body,
) -> Result<Response, Problem> {
    let operations = operations(&body)?;
    let mut parsed = Vec::with_capacity(operations.len());
    let mut envelopes = Vec::with_capacity(operations.len());
    for raw in operations {
        let operation = parse(&api, &caller, raw);
        parsed.push(operation.map(|(kind, envelope)| {
            envelopes.push(envelope);
            kind
        }));
    }
    let mut outcomes = api.engine().execute_many(envelopes).await.into_iter();
    let results = parsed.into_iter().map(|operation| {
        let result = operation.and_then(|kind| {
            let lost = || Problem::internal("an operation of a batch has no outcome");
            done(kind, outcomes.next().ok_or_else(lost)?)
        });
        result.unwrap_or_else(|problem| refused(problem, &request_id))
    });
    let body = BatchResults { results: results.collect() };
    Ok(reply::json(StatusCode::OK, &body))
}

/// The operations as they are written.
fn operations(body: &Body) -> Result<Vec<&RawValue>, Problem> {
    let mut fields = body.fields()?;
    let raw = fields.raw("operations");
    let raw = fields.required("operations", raw)?;
    fields.finish()?;
    let operations: Vec<&RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Problem::invalid("operations", "`operations` must be a list of objects."))?;
    if operations.len() > MOST {
        let detail = format!(
            "`operations` has {} operations; at most {MOST} may be sent at once.",
            operations.len()
        );
        return Err(Problem::invalid("operations", detail).fix("Split them into several batches."));
    }
    Ok(operations)
}

/// One operation as a command with its key.
fn parse(
    api: &ApiState,
    caller: &Caller,
    raw: &RawValue,
) -> Result<(OperationKind, Envelope), Problem> {
    let mut fields = Fields::part(raw)?;
    let kind = fields.parsed::<OperationKind>("op")?;
    let kind = fields.required("op", kind)?;
    let account = fields.text("account")?;
    let account = fields.required("account", account)?;
    // What can't be an id is the id of no account.
    let account: AccountId =
        account.parse().map_err(|_| Rejection::from(AccountRejection::NotFound))?;
    let key = fields.text("idempotency_key")?.ok_or_else(key_required)?;
    let conditions = Conditions { key: Some(parse_key(&key)?), if_version: None };
    let command = command(api, kind, fields)?;
    Ok((kind, envelope(caller, account, command, conditions)))
}

fn command(
    api: &ApiState,
    kind: OperationKind,
    mut fields: Fields<'_>,
) -> Result<Command, Problem> {
    let hold = |fields: &mut Fields<'_>| {
        let hold = fields.text("hold")?;
        hold_id(&fields.required("hold", hold)?)
    };
    Ok(match kind {
        OperationKind::Hold => Command::PlaceHold(spending::hold(fields, api.engine().seal())?),
        OperationKind::Charge => Command::Charge(spending::charge(fields, api.engine().seal())?),
        OperationKind::Capture => {
            let hold = hold(&mut fields)?;
            Command::CaptureHold(spending::capture(fields, hold)?)
        }
        OperationKind::Release => {
            let hold = hold(&mut fields)?;
            Command::ReleaseHold(spending::release(fields, hold)?)
        }
    })
}

/// The result of what the engine did.
fn done(kind: OperationKind, outcome: Outcome) -> Result<BatchResult, Problem> {
    let Committed { entry, replayed } = outcome?;
    let body = match kind {
        OperationKind::Hold => spend::placed(&entry).map(|it| ResultBody::Hold(it.into())),
        OperationKind::Capture => spend::captured(&entry).map(|it| ResultBody::Capture(it.into())),
        OperationKind::Release => spend::released(&entry).map(|it| ResultBody::Release(it.into())),
        OperationKind::Charge => spend::charged(&entry).map(|it| ResultBody::Charge(it.into())),
    };
    let status = match kind {
        OperationKind::Hold | OperationKind::Charge => StatusCode::CREATED,
        OperationKind::Capture | OperationKind::Release => StatusCode::OK,
    };
    let body =
        body.ok_or_else(|| Problem::internal("a commit holds other events than expected"))?;
    Ok(BatchResult { status: status.as_u16(), replayed, body })
}

fn refused(problem: Problem, request_id: &str) -> BatchResult {
    let status = problem.code.status().as_u16();
    let body = ResultBody::Problem(problem.body(Some(request_id)).into());
    BatchResult { status, replayed: false, body }
}
