//! What handlers take from a request, parsed into types that can't be wrong.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use bursar_core::id::{AccountId, AssetId, DocumentId, HoldId, IdempotencyKey, SpendId};
use bursar_core::provider::{MethodRef, SetupRef};
use bursar_core::rejection::{AccountRejection, Rejection};
use serde::Deserialize;

use crate::fields::Fields;
use crate::problem::{Code, Problem};
use crate::state::{ApiState, Config};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A JSON body, or none.
pub(crate) struct Body(Bytes);

impl Body {
    /// Its fields; none, if there is no body.
    pub(crate) fn fields(&self) -> Result<Fields<'_>, Problem> {
        Fields::parse(&self.0)
    }

    /// The fields of a body that replaces something: to send none is no way to empty it.
    pub(crate) fn given_fields(&self) -> Result<Fields<'_>, Problem> {
        if self.0.trim_ascii().is_empty() {
            let detail = "The request has no body, and this replaces what there is by the body.";
            return Err(Problem::new(Code::InvalidRequest, detail)
                .fix("Send all fields, or {} to empty them."));
        }
        self.fields()
    }
}

impl FromRequest<ApiState> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &ApiState) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let body = Bytes::from_request(request, api).await;
        let body = body.map_err(|rejection| unreadable(&rejection, api.config()))?;
        if !body.is_empty() && !is_json {
            let detail = "The body's Content-Type is not application/json.";
            return Err(Problem::new(Code::UnsupportedMediaType, detail)
                .fix("Send Content-Type: application/json."));
        }
        Ok(Self(body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn unreadable(rejection: &BytesRejection, config: &Config) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let (most, most_of_batch) = (config.body_limit, config.batch_body_limit);
        let detail =
            format!("The body is too large: at most {most} bytes, or {most_of_batch} for a batch.");
        return Problem::new(Code::BodyTooLarge, detail).fix("Split it into several requests.");
    }
    Problem::new(Code::MalformedRequest, "The body could not be read to its end.")
}

/// The account of `/v1/accounts/{id}…`.
pub(crate) struct AccountPath(pub(crate) AccountId);

/// The account and the hold of `/v1/accounts/{id}/holds/{hold}…`.
pub(crate) struct HoldPath(pub(crate) AccountId, pub(crate) HoldId);

/// The account and the hold or charge of `/v1/accounts/{id}/…/{spend}…`.
pub(crate) struct SpendPath(pub(crate) AccountId, pub(crate) SpendId);

/// The account and the feature of `/v1/accounts/{id}/features/{feature}`.
pub(crate) struct FeaturePath(pub(crate) AccountId, pub(crate) String);

/// The account and the payment method of `/v1/accounts/{id}/payment_methods/{method}…`.
pub(crate) struct MethodPath(pub(crate) AccountId, pub(crate) MethodRef);

/// The account and the session of `/v1/accounts/{id}/setup_sessions/{session}`.
pub(crate) struct SessionPath(pub(crate) AccountId, pub(crate) SetupRef);

/// The account and the document of `/v1/accounts/{id}/invoices/{invoice}…`.
pub(crate) struct InvoicePath {
    pub(crate) account: AccountId,
    pub(crate) invoice: DocumentId,
    /// Does the address end in `.pdf`?
    pub(crate) pdf: bool,
}

/// The account and the file of `/v1/accounts/{id}/assets/{asset}…`.
pub(crate) struct AssetPath(pub(crate) AccountId, pub(crate) AssetId);

/// What the path names, as text.
#[derive(Deserialize)]
struct Named {
    id: String,
    hold: Option<String>,
    charge: Option<String>,
    receipt: Option<String>,
    feature: Option<String>,
    method: Option<String>,
    session: Option<String>,
    invoice: Option<String>,
    asset: Option<String>,
}

async fn named<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<(AccountId, Named), Problem> {
    // A path that can't be decoded names nothing.
    let Path(named) = Path::<Named>::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::new(Code::RouteNotFound, "The address can't be read."))?;
    // What can't be an id is the id of no account.
    let not_found = |_| Rejection::from(AccountRejection::NotFound);
    Ok((named.id.parse().map_err(not_found)?, named))
}

impl<S: Send + Sync> FromRequestParts<S> for AccountPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(named(parts, state).await?.0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for HoldPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { hold, .. }) = named(parts, state).await?;
        Ok(Self(account, hold_id(&hold.unwrap_or_default())?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SpendPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { charge, receipt, .. }) = named(parts, state).await?;
        let text = charge.or(receipt).unwrap_or_default();
        let not_found = |error| {
            let code =
                if text.starts_with("hold_") { Code::HoldNotFound } else { Code::ChargeNotFound };
            Problem::new(code, format!("There is no such hold or charge: {error}."))
        };
        Ok(Self(account, text.parse().map_err(not_found)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FeaturePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { feature, .. }) = named(parts, state).await?;
        Ok(Self(account, feature.unwrap_or_default()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MethodPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { method, .. }) = named(parts, state).await?;
        // What was named isn't repeated: it may be a card number.
        let not_found = |_| {
            Problem::new(Code::PaymentMethodNotFound, "The account has no such payment method.")
        };
        Ok(Self(account, method.unwrap_or_default().parse().map_err(not_found)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SessionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { session, .. }) = named(parts, state).await?;
        let not_found =
            |_| Problem::new(Code::SetupSessionNotFound, "The account has no such session.");
        Ok(Self(account, session.unwrap_or_default().parse().map_err(not_found)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AssetPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { asset, .. }) = named(parts, state).await?;
        let not_found =
            |error| Problem::new(Code::AssetNotFound, format!("There is no such file: {error}."));
        Ok(Self(account, asset.unwrap_or_default().parse().map_err(not_found)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for InvoicePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (account, Named { invoice, .. }) = named(parts, state).await?;
        let text = invoice.unwrap_or_default();
        let (text, pdf) = text.strip_suffix(".pdf").map_or((&*text, false), |text| (text, true));
        let not_found = |error| {
            Problem::new(Code::InvoiceNotFound, format!("There is no such invoice: {error}."))
        };
        Ok(Self { account, invoice: text.parse().map_err(not_found)?, pdf })
    }
}

/// The hold of that id; what can't be one is none.
pub(crate) fn hold_id(text: &str) -> Result<HoldId, Problem> {
    let not_found =
        |error| Problem::new(Code::HoldNotFound, format!("There is no such hold: {error}."));
    text.parse().map_err(not_found)
}

/// How a change may take effect: once by its key, and at one version only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    /// The Idempotency-Key.
    pub(crate) key: Option<IdempotencyKey>,
    /// The version that If-Match names.
    pub(crate) if_version: Option<u64>,
}

/// [`Conditions`] with a key.
pub(crate) struct Keyed(pub(crate) Conditions);

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let headers = &parts.headers;
        Ok(Self { key: key(headers)?, if_version: if_version(headers) })
    }
}

impl<S: Sync> FromRequestParts<S> for Keyed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let conditions = Conditions::from_request_parts(parts, state).await?;
        match conditions.key {
            Some(_) => Ok(Self(conditions)),
            None => Err(key_required()),
        }
    }
}

/// That a change without a key is refused.
pub(crate) fn key_required() -> Problem {
    Problem::new(Code::IdempotencyKeyRequired, "This changes an account and has no key.")
        .fix("Send the header Idempotency-Key, one for each effect, such as your job's id.")
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let invalid = |detail: String| Problem::new(Code::InvalidIdempotencyKey, detail);
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = given.next() else {
        return Ok(None);
    };
    if given.next().is_some() {
        return Err(invalid("The Idempotency-Key is given twice.".to_owned()));
    }
    parse_key(value.to_str().unwrap_or_default()).map(Some)
}

/// Reads an idempotency key.
pub(crate) fn parse_key(text: &str) -> Result<IdempotencyKey, Problem> {
    text.trim().parse().map_err(|error| {
        Problem::new(Code::InvalidIdempotencyKey, format!("The key is not usable: {error}."))
    })
}

/// The version that an If-Match header stands for which is no ETag of an account: accounts begin at
/// version 1, so none is ever at this one.
pub(crate) const NO_VERSION: u64 = 0;

/// The version of `If-Match: "7"`. A list is not taken: one version is what a caller knows.
fn if_version(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(IF_MATCH)?.to_str().unwrap_or_default().trim();
    if text == "*" {
        return None;
    }
    let version = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    Some(version.and_then(|it| it.parse().ok()).unwrap_or(NO_VERSION))
}
