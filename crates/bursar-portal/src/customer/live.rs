//! `/portal/live`: the balance as it changes, as server-sent events.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bursar_core::account::Account;
use bursar_core::credits::Credits;
use bursar_engine::{Follower as AccountFollower, News};
use futures::stream::{Stream, unfold};
use serde_json::json;

use crate::page::problem::PageProblem;
use crate::session::Customer;
use crate::state::Portal;

/// A `balance` event at once and after each change: what the header shows, ready to be shown, with the
/// account's version. It ends with the session.
pub(super) async fn follow(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    // To listen before looking leaves no gap: what is committed in between comes twice, not never.
    let news = portal.engine().follow(customer.visit.account.clone()).await?;
    let Some(view) = portal.engine().view(&customer.visit.account).await? else {
        return Err(PageProblem::signed_out(None));
    };
    let first = balance(&view.account, &customer);
    let heartbeat = KeepAlive::new().interval(portal.config().heartbeat).text("heartbeat");
    let told = view.account.version;
    let follower = Follower { portal, customer, news, told, first: Some(first) };
    Ok(Sse::new(follower.stream()).keep_alive(heartbeat).into_response())
}

/// One page that is open.
struct Follower {
    portal: Portal,
    customer: Customer,
    news: AccountFollower,
    /// The version of the last balance that was told.
    told: u64,
    first: Option<Event>,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; `None` when the session or the engine ends.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        // Whoever fell behind gets the balance of now as well.
        while let News::Entry(entry) = self.news.next().await? {
            if entry.version() > self.told {
                break;
            }
        }
        if !self.customer.is_still_in(&self.portal).await {
            return None;
        }
        let view = self.portal.engine().view(&self.customer.visit.account).await.ok()??;
        self.told = view.account.version;
        Some(balance(&view.account, &self.customer))
    }
}

fn balance(account: &Account, customer: &Customer) -> Event {
    let held = account.held();
    let held = if held == Credits::ZERO { String::new() } else { customer.locale.number(held) };
    let data = json!({
        "available": customer.locale.number(account.available()),
        "held": held,
        "version": account.version,
    });
    Event::default().event("balance").id(account.version.to_string()).data(data.to_string())
}
