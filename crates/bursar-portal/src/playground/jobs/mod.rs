//! `/playground/jobs`: the app's own backend, as it would be written against the API.
//!
//! A job asks for a quote, holds its credits, works, puts what it made into the vault, and captures; if
//! anything goes wrong it releases. The story is told in [`run`](super::jobs::run) from top to bottom. Jobs
//! live in memory: what lasts is the account.

mod desk;
mod order;
mod run;
mod vault;
mod work;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Playground;
use super::call::Exchange;
use super::guard::refused;
pub(super) use desk::{Jobs, Note};
use order::Order;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// It asks what it costs.
    Quoting,
    /// It reserves that.
    Holding,
    /// It works; the hold is open.
    Working,
    /// It puts what it made into the vault.
    Storing,
    /// It takes what it cost.
    Capturing,
    /// It gives back what it held.
    Releasing,
    /// Its worker is gone, and nobody has told the API.
    Lost,
    /// It is done and paid.
    Done,
    /// It was not allowed to begin.
    Refused,
    /// It failed; nothing was charged.
    Failed,
}

impl Stage {
    /// Does nothing more happen?
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Failed)
    }
}

/// What a job made.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Produced {
    pub(super) title: String,
    pub(super) media_type: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) size: usize,
    /// What makes the same again.
    pub(super) seed: u32,
    pub(super) tint: Option<u32>,
    pub(super) model: String,
    /// Its id in the vault.
    pub(super) asset: String,
    /// Where the page finds it.
    pub(super) url: String,
}

/// A job as it is shown.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Job {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) order: Order,
    pub(super) stage: Stage,
    /// How far the work is.
    pub(super) percent: u8,
    /// How it stands, in a sentence.
    pub(super) words: String,
    /// What it was quoted.
    pub(super) credits: Option<serde_json::Value>,
    /// What it cost in the end.
    pub(super) captured: Option<serde_json::Value>,
    pub(super) hold: Option<String>,
    pub(super) hold_expires_at: Option<String>,
    /// The main colours of what is being made.
    pub(super) colors: Vec<String>,
    pub(super) produced: Vec<Produced>,
    /// What was said to the API and back, in order. Told one by one as they happen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) exchanges: Vec<Exchange>,
}

/// Starts a job.
pub(super) async fn start(State(playground): State<Playground>, body: Bytes) -> Response {
    let order: Order = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => {
            let detail = format!("The job can't be read: {error}.");
            return refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                (&detail, "Send it as the page does."),
            );
        }
    };
    if let Err(wrong) = order.check() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, (wrong, "Send it as the page does."));
    }
    match playground.jobs().open(playground.engine(), order) {
        Some(job) => {
            tokio::spawn(run::run(playground.clone(), job.id.clone()));
            (StatusCode::ACCEPTED, Json(job)).into_response()
        }
        None => refused(
            StatusCode::TOO_MANY_REQUESTS,
            ("Too many jobs are under way.", "Wait until one of them is done."),
        ),
    }
}

/// Whose jobs.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    account: String,
}

/// The jobs of an account, newest first.
pub(super) async fn list(
    State(playground): State<Playground>,
    Query(Whose { account }): Query<Whose>,
) -> Response {
    Json(playground.jobs().of(&account)).into_response()
}

/// One job with all that was said.
pub(super) async fn show(
    State(playground): State<Playground>,
    Path(job): Path<String>,
) -> Response {
    match playground.jobs().get(&job) {
        Some(job) => Json(job).into_response(),
        None => unknown(),
    }
}

fn unknown() -> Response {
    let why = ("The playground has no such job.", "Jobs are forgotten when the server stops.");
    refused(StatusCode::NOT_FOUND, why)
}
