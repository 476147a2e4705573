//! `/v1/accounts/{id}/events`: what happens to an account, as it happens.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bursar_core::account::event::{Event as AccountEvent, Recorded};
use bursar_core::id::AccountId;
use bursar_engine::{Follower as AccountFollower, News};
use bursar_store::Entry;
use futures::stream::{Stream, unfold};
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::view;
use crate::extract::AccountPath;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::balance::Balance;
use crate::wire::change::EventView;

/// A server-sent event.
#[derive(Debug, ToSchema)]
#[schema(as = AccountMessage)]
#[allow(dead_code, reason = "it is the document's; the stream is written by `named`")]
struct Told {
    /// What it is about.
    #[schema(example = "balance")]
    event: String,
    /// The account's version after it.
    #[schema(pattern = "^[0-9]+$", example = "12")]
    id: String,
    /// JSON: a `Balance`, if that is the event, or else an `AccountEvent`.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Follow an account
///
/// A stream of server-sent events, each with the account's version as its id. The first is a
/// `balance`: the whole balance as it is now. Then `hold`, `charge`, `credits`, `subscription`,
/// `payment`, `invoice`, `billing` (payment methods, billing details, automatic top-ups), `notice`,
/// `storage`, `revenue` and `clock` events say what happened, and a `balance` follows each. A listener that comes
/// back or falls behind gets a fresh `balance`, so nothing it shows stays wrong.
#[utoipa::path(get, path = "/v1/accounts/{id}/events", tag = "balance",
    operation_id = "follow_account",
    responses((status = 200, description = "The stream", body = Told, content_type = "text/event-stream")))]
pub(crate) async fn follow(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    // To listen before looking leaves no gap: what is committed in between comes twice, not never.
    let news = api.engine().follow(id.clone()).await?;
    let first = view(&api, &id).await?;
    let follower = Follower {
        news,
        id,
        seen: first.account.version,
        told: first.account.version,
        waiting: VecDeque::from([balance(&Balance::of(&first.account), first.account.version)]),
        api: api.clone(),
    };
    let heartbeat = KeepAlive::new().interval(api.config().heartbeat).text("heartbeat");
    Ok(Sse::new(follower.stream()).keep_alive(heartbeat).into_response())
}

/// One listener.
struct Follower {
    api: ApiState,
    news: AccountFollower,
    id: AccountId,
    /// The account's version up to which everything was told.
    seen: u64,
    /// The account's version of the last balance, which may be ahead of the news.
    told: u64,
    /// What is to be sent.
    waiting: VecDeque<Event>,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; `None` when the engine shuts down.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            match self.news.next().await? {
                News::Entry(entry) => self.tell(&entry).await,
                News::Missed => {
                    self.tell_balance().await;
                    self.seen = self.told;
                }
            }
        }
    }

    async fn tell(&mut self, entry: &Entry) {
        let news = entry.versions().filter(|(version, _)| *version > self.seen);
        self.waiting.extend(news.map(|(version, recorded)| event(version, recorded)));
        self.seen = self.seen.max(entry.version());
        if self.seen > self.told {
            self.tell_balance().await;
        }
    }

    /// The whole balance as it is now, which may be of a later version than the news.
    async fn tell_balance(&mut self) {
        // If it can't be read now, the next change tells it.
        if let Ok(view) = view(&self.api, &self.id).await {
            let version = view.account.version;
            self.told = version;
            self.waiting.push_back(balance(&Balance::of(&view.account), version));
        }
    }
}

fn balance(balance: &Balance, version: u64) -> Event {
    named("balance", version, balance)
}

fn event(version: u64, recorded: &Recorded) -> Event {
    named(topic(&recorded.event), version, &EventView::of(version, recorded))
}

fn named<T: Serialize>(name: &str, version: u64, data: &T) -> Event {
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).id(version.to_string()).data(data)
}

/// What kind of thing an event is about.
const fn topic(event: &AccountEvent) -> &'static str {
    match event {
        AccountEvent::HoldPlaced { .. }
        | AccountEvent::HoldExtended { .. }
        | AccountEvent::HoldCaptured { .. }
        | AccountEvent::HoldReleased { .. } => "hold",
        AccountEvent::Charged { .. } | AccountEvent::ChargeRefunded { .. } => "charge",
        AccountEvent::AllowanceIssued { .. }
        | AccountEvent::LotIssued { .. }
        | AccountEvent::LotExpired { .. }
        | AccountEvent::CreditsTaken { .. } => "credits",
        AccountEvent::ClockAdvanced { .. } => "clock",
        AccountEvent::AccountOpened { .. } => "account",
        AccountEvent::SubscriptionStarted { .. }
        | AccountEvent::PlanChanged { .. }
        | AccountEvent::ChangeScheduled { .. }
        | AccountEvent::ScheduledChangeDropped { .. }
        | AccountEvent::SubscriptionRenewed { .. }
        | AccountEvent::CancellationRequested { .. }
        | AccountEvent::CancellationWithdrawn
        | AccountEvent::SubscriptionEnded { .. }
        | AccountEvent::RenewalUnpaid { .. }
        | AccountEvent::UnusedTimeCarried { .. }
        | AccountEvent::CustomPlanChanged { .. }
        | AccountEvent::AccountPurged => "subscription",
        AccountEvent::PaymentRequested { .. }
        | AccountEvent::PaymentProgressed { .. }
        | AccountEvent::PaymentSucceeded { .. }
        | AccountEvent::PaymentFailed { .. }
        | AccountEvent::PaymentAbandoned { .. }
        | AccountEvent::PaymentDisputed { .. }
        | AccountEvent::RefundRequested { .. }
        | AccountEvent::RefundSucceeded { .. }
        | AccountEvent::RefundFailed { .. } => "payment",
        AccountEvent::InvoiceIssued { .. }
        | AccountEvent::InvoicePaid { .. }
        | AccountEvent::CreditNoteIssued { .. } => "invoice",
        AccountEvent::CustomerLinked { .. }
        | AccountEvent::PaymentMethodAdded { .. }
        | AccountEvent::DefaultMethodChanged { .. }
        | AccountEvent::PaymentMethodRemoved { .. }
        | AccountEvent::BillingDetailsChanged { .. }
        | AccountEvent::AutoTopupChanged { .. }
        | AccountEvent::AutoTopupCapped => "billing",
        AccountEvent::RevenueRecognized { .. } => "revenue",
        AccountEvent::NoticeScheduled { .. } | AccountEvent::NoticeGiven { .. } => "notice",
        AccountEvent::UploadReserved { .. }
        | AccountEvent::AssetStored { .. }
        | AccountEvent::UploadEnded { .. }
        | AccountEvent::AssetDeleted { .. }
        | AccountEvent::AssetsErased { .. }
        | AccountEvent::VaultPurged { .. }
        | AccountEvent::PurgeCertified { .. } => "storage",
    }
}
