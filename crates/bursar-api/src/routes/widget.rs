//! `/v1/widget/…`: what `<bursar-credits>` shows, on pages of any origin.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bursar_core::account::Account;
use bursar_core::account::subscription::next::next_refresh_at;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_engine::{Follower as AccountFollower, News};
use futures::stream::{Stream, unfold};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::execute::view;
use crate::middleware::auth::bearer;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::wire::{Amount, Time};

/// What a widget shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"available": 320, "held": 80, "next_refresh_at": "2026-03-31T12:00:00Z",
    "version": 12}))]
struct WidgetBalance {
    /// What can be spent.
    available: Amount,
    /// What running jobs reserve.
    held: Amount,
    /// When the monthly credits are issued anew; null if they won't be.
    next_refresh_at: Option<Time>,
    /// The account's version.
    version: u64,
}

impl WidgetBalance {
    fn of(account: &Account) -> Self {
        Self {
            available: Amount(account.available()),
            held: Amount(account.held()),
            next_refresh_at: next_refresh_at(account).map(Time),
            version: account.version,
        }
    }

    fn event(&self) -> Event {
        let data = serde_json::to_string(self).unwrap_or_default();
        Event::default().event("balance").id(self.version.to_string()).data(data)
    }
}

/// A server-sent event.
#[derive(Debug, ToSchema)]
#[schema(as = WidgetMessage)]
#[allow(dead_code, reason = "it is the document's; the stream is written by `Follower`")]
struct Told {
    /// `balance` or `expired`.
    #[schema(pattern = "^(balance|expired)$", example = "balance")]
    event: String,
    /// The account's version; none of `expired`.
    #[schema(pattern = "^[0-9]+$", example = "12")]
    id: Option<String>,
    /// JSON: a `WidgetBalance`; an empty object of `expired`.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Whose balance the token shows that came with the request.
pub(crate) struct Pass {
    account: AccountId,
    expires_at: Timestamp,
}

impl Pass {
    /// How much longer it works; `None` if it doesn't.
    fn left(&self, api: &ApiState) -> Option<Duration> {
        let now = api.engine().wall_now();
        (now < self.expires_at).then(|| self.expires_at.since(now))
    }
}

impl FromRequestParts<ApiState> for Pass {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, Problem> {
        let unknown = |detail: &str| {
            Problem::new(Code::WidgetTokenUnknown, detail).fix(
                "Send the header Authorization: Bearer followed by a token of POST /v1/widget_tokens.",
            )
        };
        let token = bearer(&parts.headers);
        let token = token.ok_or_else(|| unknown("The request has no token of a widget."))?;
        let (account, expires_at) = (api.engine().seal())
            .open_widget(token)
            .map_err(|_| unknown("The token was not made here."))?;
        let pass = Self { account, expires_at };
        if pass.left(api).is_none() {
            return Err(expired(expires_at));
        }
        Ok(pass)
    }
}

fn expired(at: Timestamp) -> Problem {
    Problem::new(Code::WidgetTokenExpired, format!("The token expired at {at}."))
        .fix("Make a new one: POST /v1/widget_tokens.")
        .with(|members| members.at = Some(Time(at)))
}

/// Show a balance on a page
#[utoipa::path(get, path = "/v1/widget/balance", tag = "balance", operation_id = "widget_balance",
    responses((status = 200, description = "The balance", body = WidgetBalance)))]
pub(crate) async fn balance(State(api): State<ApiState>, pass: Pass) -> Result<Response, Problem> {
    let view = view(&api, &pass.account).await?;
    Ok(reply::json(StatusCode::OK, &WidgetBalance::of(&view.account)))
}

/// Follow a balance on a page
///
/// A stream of server-sent events: a `balance` at once and after each change. When the token expires,
/// `expired` is the last. Read it with `fetch`, which can send the token in a header.
#[utoipa::path(get, path = "/v1/widget/events", tag = "balance", operation_id = "follow_widget_balance",
    responses((status = 200, description = "The stream", body = Told, content_type = "text/event-stream")))]
pub(crate) async fn follow(State(api): State<ApiState>, pass: Pass) -> Result<Response, Problem> {
    // To listen before looking leaves no gap: what is committed in between comes twice, not never.
    let news = api.engine().follow(pass.account.clone()).await?;
    let first = WidgetBalance::of(&view(&api, &pass.account).await?.account);
    let left = pass.left(&api).ok_or_else(|| expired(pass.expires_at))?;
    let heartbeat = KeepAlive::new().interval(api.config().heartbeat).text("heartbeat");
    let follower = Follower {
        told: first.version,
        first: Some(first.event()),
        over_at: Some(Instant::now() + left),
        api,
        pass,
        news,
    };
    Ok(Sse::new(follower.stream()).keep_alive(heartbeat).into_response())
}

/// One widget that listens.
struct Follower {
    api: ApiState,
    pass: Pass,
    news: AccountFollower,
    first: Option<Event>,
    /// The version of the last balance that was told.
    told: u64,
    /// When the token expires; `None` once that was told.
    over_at: Option<Instant>,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; `None` after the token has expired, or when the engine ends.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let over_at = self.over_at?;
        loop {
            let news = tokio::select! {
                () = tokio::time::sleep_until(over_at) => return self.expired(),
                news = self.news.next() => news?,
            };
            let is_news = match news {
                News::Entry(entry) => entry.version() > self.told,
                // Whoever fell behind gets the balance of now.
                News::Missed => true,
            };
            // The real clock may have been set meanwhile.
            if is_news && self.pass.left(&self.api).is_none() {
                return self.expired();
            }
            if is_news {
                let view = self.api.engine().view(&self.pass.account).await.ok()??;
                let balance = WidgetBalance::of(&view.account);
                self.told = balance.version;
                return Some(balance.event());
            }
        }
    }

    fn expired(&mut self) -> Option<Event> {
        self.over_at = None;
        Some(Event::default().event("expired").data("{}"))
    }
}
