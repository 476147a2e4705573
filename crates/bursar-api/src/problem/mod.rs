//! Problem details (RFC 9457): every refusal has a stable code, a page, the numbers and a fix.

mod document;
pub(crate) mod payment;
mod refusal;
mod table;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use document::{add, examples};
pub use table::Code;

use crate::redact::without_card_numbers;
use crate::wire::payment::PaymentView;
use crate::wire::{Amount, Price, Time, Units};

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal on its way to the caller. The outermost layer gives it the request's id and writes it.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: String,
    pub(crate) fix: Option<String>,
    pub(crate) members: Box<Members>,
    /// The request's id, where the reply must be the same on each repeat.
    pub(crate) request_id: Option<String>,
}

/// What a code tells besides words.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = ProblemMembers)]
pub(crate) struct Members {
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Credits that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) need: Option<Amount>,
    /// Credits that can be spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) available: Option<Amount>,
    /// Credits that open holds reserve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<Amount>,
    /// Credits that are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) short: Option<Amount>,
    /// Credits that the hold still reserves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reserved: Option<Amount>,
    /// Credits that were spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spent: Option<Amount>,
    /// Credits that can still be refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<Amount>,
    /// The most credits at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most_credits: Option<Amount>,
    /// The most units at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most_units: Option<Units>,
    /// The longest time to live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most_seconds: Option<u64>,
    /// The most open holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most_holds: Option<u32>,
    /// The names that there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) known: Vec<String>,
    /// The feature that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) feature: Option<String>,
    /// The lowest plan that would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unlocked_by: Option<String>,
    /// How a hold ended: `captured`, `released` or `timed_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) how: Option<&'static str>,
    /// When: the hold or the subscription ended, the quote expired, the subscription will end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Time>,
    /// The account's present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<Time>,
    /// Bytes in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) used_bytes: Option<u64>,
    /// Bytes reserved for uploads under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reserved_bytes: Option<u64>,
    /// Bytes the plan has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota_bytes: Option<u64>,
    /// Bytes that the new file takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) need_bytes: Option<u64>,
    /// Bytes that are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) short_bytes: Option<u64>,
    /// The most bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most_bytes: Option<u64>,
    /// The account's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    /// The scope that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<&'static str>,
    /// Seconds after which to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_seconds: Option<u64>,
    /// Why the bank or the payment provider said no, in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decline_code: Option<String>,
    /// The payment that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment: Option<PaymentView>,
    /// The invoice it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invoice: Option<String>,
    /// The money that is due, or at least needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<Price>,
}

/// A problem as JSON has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The address of a page about this kind of problem.
    #[schema(example = "/problems/insufficient_credits")]
    r#type: String,
    /// What it is, in a few words.
    title: &'static str,
    /// The status of the reply.
    status: u16,
    /// The stable code.
    #[schema(example = "insufficient_credits")]
    code: &'static str,
    /// What happened this time.
    detail: String,
    /// What would fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    /// The request, for support.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(flatten)]
    members: Members,
}

impl Problem {
    /// A problem of that code.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { code, detail, fix: None, members: Box::default(), request_id: None }
    }

    /// With what would fix it.
    #[must_use]
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// With what it tells besides words.
    #[must_use]
    pub(crate) fn with(mut self, set: impl FnOnce(&mut Members)) -> Self {
        set(&mut self.members);
        self
    }

    /// A value that a field can't have, or a field that isn't known.
    pub(crate) fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail).with(|members| {
            members.field = Some(field.to_owned());
        })
    }

    /// A fault of ours, which is logged and not told.
    pub(crate) fn internal(what: &str) -> Self {
        tracing::error!(what, "a fault of the server");
        Self::new(Code::Internal, "The server could not finish the request.")
    }

    /// What is written for it.
    pub(crate) fn body(self, request_id: Option<&str>) -> ProblemBody {
        ProblemBody {
            r#type: page(self.code),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: without_card_numbers(&self.detail),
            fix: self.fix.as_deref().map(without_card_numbers),
            request_id: request_id.map(str::to_owned),
            members: Members {
                field: self.members.field.as_deref().map(without_card_numbers),
                ..*self.members
            },
        }
    }

    /// The finished reply, with the headers that its status asks for.
    pub(crate) fn render(self, request_id: &str) -> Response {
        let status = self.code.status();
        let retry = self.retry_after();
        let body = serde_json::to_vec(&self.body(Some(request_id))).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"bursar\""));
        }
        if let Some(seconds) = retry {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn retry_after(&self) -> Option<u64> {
        let unavailable = self.code.status() == StatusCode::SERVICE_UNAVAILABLE;
        self.members.retry_after_seconds.or(unavailable.then_some(1))
    }
}

/// The address of a code's page.
pub(crate) fn page(code: Code) -> String {
    format!("/problems/{}", code.as_str())
}

impl IntoResponse for Problem {
    /// An empty reply that carries the problem to the layer that writes it.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
