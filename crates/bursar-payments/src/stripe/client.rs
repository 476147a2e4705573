//! Sends requests to Stripe, and says what became of them.

use std::fmt;
use std::time::Duration;

use bursar_core::Context;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use super::form::Form;
use super::objects::{ErrorBody, Failure};
use super::retry::pause;
use super::{API_VERSION, StripeConfig};
use crate::error::{NotDone, ProviderError};

/// More than any reply we ask for; a larger one isn't Stripe's.
const REPLY_BYTES_MOST: usize = 4 << 20;

/// An answer: what was asked for, or a card's refusal.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Done(T),
    /// HTTP 402.
    Declined(Box<Failure>),
}

/// One connection pool, one key.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    config: StripeConfig,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// What became of one attempt.
enum Outcome {
    /// Stripe's words.
    Reply(StatusCode, HeaderMap, Vec<u8>),
    /// It never left.
    NotSent(String),
    /// It left, and no answer came.
    Lost(String),
}

/// What one attempt means.
enum Verdict {
    /// It is decided.
    Final(Result<(StatusCode, Vec<u8>), ProviderError>),
    /// Another attempt may help. If none is left, this is what is known.
    Retry(ProviderError, Option<Duration>),
}

impl Client {
    pub(super) fn new(config: &StripeConfig) -> Result<Self, ProviderError> {
        let misconfigured = |what: &str| ProviderError::Misconfigured(what.to_owned());
        let base = base(&config.base_url)
            .ok_or_else(|| misconfigured("its address must be https, or http on this machine"))?;
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", config.secret_key.expose()))
                .map_err(|_| misconfigured("the secret key has characters that no key has"))?;
        // Keeps it out of the logs of the layers below.
        authorization.set_sensitive(true);
        // The process has one provider of cryptography. It is an error to install a second one, and
        // none to find that the first is there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(config.timeout)
            .connect_timeout(config.connect_timeout)
            // A redirect would carry the key elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("Bursar/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ProviderError::Misconfigured(error.to_string()))?;
        Ok(Self { http, base, authorization, config: config.clone() })
    }

    /// Changes something. The key is sent with every attempt, so that Stripe does it once.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        key: Option<&str>,
        context: &Context,
    ) -> Result<Answer<T>, ProviderError> {
        self.call(Method::POST, path, form, key, context).await
    }

    /// Reads something; `None` if it isn't there.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Form,
        context: &Context,
    ) -> Result<Option<T>, ProviderError> {
        match self.call(Method::GET, path, query, None, context).await {
            Ok(Answer::Done(found)) => Ok(Some(found)),
            Ok(Answer::Declined(failure)) => Err(failure.refused()),
            Err(ProviderError::NotDone(NotDone::Missing(_))) => Ok(None),
            // Nothing is done by reading, so nothing is unknown but the answer.
            Err(ProviderError::Unknown(reason)) => Err(ProviderError::unavailable(reason)),
            Err(error) => Err(error),
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        form: &Form,
        key: Option<&str>,
        context: &Context,
    ) -> Result<Answer<T>, ProviderError> {
        let (status, body) = self.attempts(&method, path, form, key, context).await?;
        if status == StatusCode::PAYMENT_REQUIRED {
            let body: ErrorBody = read(&body)?;
            return Ok(Answer::Declined(Box::new(body.error)));
        }
        read(&body).map(Answer::Done)
    }

    /// Attempts a call until it is decided or the attempts are used up.
    ///
    /// An attempt that may have been done isn't undone by a later one that wasn't: a time-out and
    /// then a refused connection are, together, unknown.
    async fn attempts(
        &self,
        method: &Method,
        path: &str,
        form: &Form,
        key: Option<&str>,
        context: &Context,
    ) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let mut doubt: Option<String> = None;
        let mut number: u32 = 1;
        loop {
            let outcome = self.attempt(method, path, form, key).await;
            let (error, asked) = match judge(outcome) {
                Verdict::Final(Ok(reply)) => return Ok(reply),
                Verdict::Final(Err(error)) => return Err(with_doubt(error, doubt)),
                Verdict::Retry(error, asked) => (error, asked),
            };
            tracing::debug!(path, attempt = number, %error, "Stripe didn't answer as hoped");
            if let ProviderError::Unknown(reason) = &error {
                doubt.get_or_insert_with(|| reason.clone());
            }
            if number >= self.config.attempts {
                return Err(with_doubt(error, doubt));
            }
            number = number.saturating_add(1);
            tokio::time::sleep(pause(&self.config, number, asked, context)).await;
        }
    }

    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        form: &Form,
        key: Option<&str>,
    ) -> Outcome {
        let mut url = self.base.clone();
        url.set_path(path);
        if *method == Method::GET {
            url.query_pairs_mut().extend_pairs(form.fields());
        }
        let mut request = (self.http.request(method.clone(), url))
            .header(AUTHORIZATION, self.authorization.clone())
            .header("stripe-version", API_VERSION);
        if *method != Method::GET {
            request = request.form(form.fields());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        match request.send().await {
            Ok(reply) => {
                let (status, headers) = (reply.status(), reply.headers().clone());
                match body(reply).await {
                    Ok(body) => Outcome::Reply(status, headers, body),
                    Err(reason) => Outcome::Lost(reason),
                }
            }
            Err(error) if error.is_connect() || error.is_builder() => {
                Outcome::NotSent(words(error))
            }
            Err(error) => Outcome::Lost(words(error)),
        }
    }
}

/// The address, if secrets may be sent there.
fn base(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    (url.scheme() == "https" || (url.scheme() == "http" && here)).then_some(url)
}

/// An error without the address, which says nothing here, but with its causes, which do.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

async fn body(mut reply: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = reply.chunk().await.map_err(words)? {
        body.extend_from_slice(&chunk);
        if body.len() > REPLY_BYTES_MOST {
            return Err("the reply is too large".to_owned());
        }
    }
    Ok(body)
}

/// It was done, so an answer that can't be read leaves its outcome unknown.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body)
        .map_err(|error| ProviderError::Unknown(format!("Stripe's reply can't be read: {error}")))
}

fn with_doubt(error: ProviderError, doubt: Option<String>) -> ProviderError {
    match doubt {
        Some(reason) => ProviderError::Unknown(reason),
        None => error,
    }
}

fn judge(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::NotSent(reason) => Verdict::Retry(ProviderError::unavailable(reason), None),
        Outcome::Lost(reason) => Verdict::Retry(ProviderError::Unknown(reason), None),
        Outcome::Reply(status, headers, body) => {
            if status.is_success() || status == StatusCode::PAYMENT_REQUIRED {
                return Verdict::Final(Ok((status, body)));
            }
            let failure = serde_json::from_slice::<ErrorBody>(&body)
                .map(|body| body.error)
                .unwrap_or_default();
            let (error, again) = meaning(status, &failure, &headers);
            let advised = headers.get("stripe-should-retry").map(HeaderValue::as_bytes);
            match advised {
                Some(b"true") => Verdict::Retry(error, retry_after(&headers)),
                Some(b"false") => Verdict::Final(Err(error)),
                _ if again => Verdict::Retry(error, retry_after(&headers)),
                _ => Verdict::Final(Err(error)),
            }
        }
    }
}

/// What a failure means, and whether another attempt may help.
fn meaning(status: StatusCode, failure: &Failure, headers: &HeaderMap) -> (ProviderError, bool) {
    let said = || failure.words(status);
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            (ProviderError::Misconfigured(said()), false)
        }
        StatusCode::NOT_FOUND => (NotDone::Missing(failure.what()).into(), false),
        // The first request under this key is still under way, here or on another node.
        StatusCode::CONFLICT => (ProviderError::Unknown(said()), true),
        // Refused before anything was begun.
        StatusCode::TOO_MANY_REQUESTS => {
            let error = NotDone::Unavailable { reason: said(), retry_after: retry_after(headers) };
            (error.into(), true)
        }
        _ if status.is_client_error() && status != StatusCode::FAILED_DEPENDENCY => {
            (failure.refused(), false)
        }
        // A redirect, or a failure at Stripe: it may have come after the charge was made.
        _ => (ProviderError::Unknown(said()), status.is_server_error()),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn secrets_go_to_https_or_to_this_machine_only() {
        for text in [
            "https://api.stripe.com",
            "http://127.0.0.1:8420",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert!(base(text).is_some(), "{text}");
        }
        for text in
            ["http://api.stripe.com", "http://10.0.0.1", "ftp://127.0.0.1", "api.stripe.com", ""]
        {
            assert!(base(text).is_none(), "{text}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let secrets = vec![Secret::new("whsec_hidden")];
        let mut config =
            StripeConfig::new(Secret::new("sk_live_hidden"), "pk_1".to_owned(), secrets);
        let shown = format!("{:?}", super::super::Stripe::new(config.clone()).unwrap());
        assert!(shown.contains("api.stripe.com") && !shown.contains("hidden"), "{shown}");
        config.secret_key = Secret::new("sk_hidden\n");
        let error = super::super::Stripe::new(config).unwrap_err();
        assert!(!error.to_string().contains("hidden"), "{error}");
    }

    #[track_caller]
    fn check(status: u16, code: &str, expected: &str) {
        let failure = Failure { code: Some(code.to_owned()), ..Failure::default() };
        let status = StatusCode::from_u16(status).unwrap();
        let (error, again) = meaning(status, &failure, &HeaderMap::new());
        let first = match error {
            ProviderError::NotDone(_) => "not done",
            ProviderError::Unknown(_) => "unknown",
            ProviderError::Misconfigured(_) => "misconfigured",
        };
        let again = if again { ", again" } else { "" };
        assert_eq!(format!("{first}{again}"), expected, "{status} {code}");
    }

    #[test]
    fn each_status_says_whether_it_was_done() {
        check(400, "amount_too_small", "not done");
        check(401, "", "misconfigured");
        check(403, "", "misconfigured");
        check(404, "resource_missing", "not done");
        check(409, "idempotency_key_in_use", "unknown, again");
        check(424, "", "unknown");
        check(429, "rate_limit", "not done, again");
        check(429, "lock_timeout", "not done, again");
        check(500, "", "unknown, again");
        check(503, "", "unknown, again");
        check(302, "", "unknown");
    }
}
