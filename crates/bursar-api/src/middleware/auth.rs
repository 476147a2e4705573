//! Who asks, and may they?

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::{FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bursar_core::account::event::Actor;
use bursar_core::id::Key;
use bursar_engine::access::Scope;
use futures::FutureExt;
use futures::future::{BoxFuture, Either};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::middleware::limit::Standing;
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

/// Lets requests with a key of the scope through to a route, within the key's rate limit.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) api: ApiState,
    pub(crate) scope: Scope,
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, route: S) -> Gated<S> {
        Gated { gate: self.clone(), route }
    }
}

/// A route behind a [`Gate`].
#[derive(Clone)]
pub(crate) struct Gated<S> {
    gate: Gate,
    route: S,
}

impl<S> Service<Request> for Gated<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Admitted<S::Future>, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if let Some(caller) = self.gate.known(request.headers()) {
            return match self.gate.admit(caller) {
                Ok(admission) => Either::Left(admission.call(&mut self.route, request)),
                Err(refusal) => Either::Right(ready(Ok(*refusal)).boxed()),
            };
        }
        // Routes are always ready, so a copy is.
        let Self { gate, mut route } = self.clone();
        let looked_up = async move {
            let caller = gate.caller(request.headers()).await;
            match gate.admit(caller) {
                Ok(admission) => admission.call(&mut route, request).await,
                Err(refusal) => Ok(*refusal),
            }
        };
        Either::Right(looked_up.boxed())
    }
}

impl Gate {
    /// Who asks, if that needn't be looked up.
    fn known(&self, headers: &HeaderMap) -> Option<Result<Caller, Problem>> {
        match secret(headers) {
            Ok(secret) => {
                let known = self.api.access().known(secret, self.scope)?;
                Some(known.map(Caller).map_err(Problem::from))
            }
            Err(missing) => Some(Err(missing)),
        }
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        Ok(Caller(self.api.access().authorize(secret(headers)?, self.scope).await?))
    }

    /// Counts the call.
    ///
    /// # Errors
    /// The refusal: of the caller, or that he calls too often.
    fn admit(&self, caller: Result<Caller, Problem>) -> Result<Admission, Box<Response>> {
        let caller = caller.map_err(|problem| Box::new(problem.into_response()))?;
        match self.api.limiter().map(|limiter| limiter.check(&caller.0)).transpose() {
            Ok(standing) => Ok(Admission { caller, standing }),
            Err((problem, standing)) => {
                let mut response = problem.into_response();
                standing.tell(response.headers_mut());
                Err(Box::new(response))
            }
        }
    }
}

/// Somebody who may call, and where he stands with his limit.
struct Admission {
    caller: Caller,
    standing: Option<Standing>,
}

impl Admission {
    fn call<S: Service<Request>>(self, route: &mut S, mut request: Request) -> Admitted<S::Future> {
        request.extensions_mut().insert(self.caller);
        Admitted { reply: route.call(request), standing: self.standing }
    }
}

pin_project! {
    /// The reply to somebody who may call.
    pub(crate) struct Admitted<F> {
        #[pin]
        reply: F,
        standing: Option<Standing>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Admitted<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(mut response) = ready!(this.reply.poll(context));
        if let Some(standing) = this.standing {
            standing.tell(response.headers_mut());
        }
        Poll::Ready(Ok(response))
    }
}

fn secret(headers: &HeaderMap) -> Result<&str, Problem> {
    bearer(headers).ok_or_else(|| {
        Problem::new(Code::ApiKeyMissing, "The request has no API key.")
            .fix("Send the header Authorization: Bearer followed by a key.")
    })
}

/// What the header Authorization says after `Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
}
