//! Who asks, and may they?

use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bursar_core::account::event::Actor;
use bursar_core::id::Key;
use bursar_engine::access::Scope;

use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// The key that asks. Every route with a scope has one.
#[derive(Clone, Debug)]
pub(crate) struct Caller(Key);

impl Caller {
    /// As whom the journal knows it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::ApiKey(self.0.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::internal("a route without a scope asks who its caller is"))
    }
}

/// Lets a request with a key of the scope through, within the key's rate limit.
pub(crate) async fn authorize(
    State((api, scope)): State<(ApiState, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match caller(&api, scope, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let standing = match api.limiter().map(|limiter| limiter.check(&caller.0)).transpose() {
        Ok(standing) => standing,
        Err((problem, standing)) => {
            let mut response = problem.into_response();
            standing.tell(response.headers_mut());
            return response;
        }
    };
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    if let Some(standing) = standing {
        standing.tell(response.headers_mut());
    }
    response
}

async fn caller(api: &ApiState, scope: Scope, headers: &HeaderMap) -> Result<Caller, Problem> {
    let secret = bearer(headers).ok_or_else(|| {
        Problem::new(Code::ApiKeyMissing, "The request has no API key.")
            .fix("Send the header Authorization: Bearer followed by a key.")
    })?;
    Ok(Caller(api.access().authorize(secret, scope).await?))
}

/// What the header Authorization says after `Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
}
