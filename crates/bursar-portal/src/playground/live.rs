//! `/playground/live?account=…`: the journal of one account as it is written, and its jobs.
//!
//! The first events are the account as the API shows it and the last of its journal. Then `journal`
//! tells each event in words, with the lines of the books that it moves; `account` follows each change;
//! `job` and `exchange` tell what the jobs do. A listener that comes back starts over.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bursar_core::account::event::{Actor, Recorded};
use bursar_core::describe::{kind, summary};
use bursar_core::id::AccountId;
use bursar_core::postings::{money_postings, postings};
use bursar_engine::{Follower as AccountFollower, News};
use bursar_store::Entry;
use futures::stream::{Stream, unfold};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Playground;
use super::call::{Ask, Payload};
use super::guard::refused;
use super::jobs::Note;

/// How much of the past a listener is told.
const PAST: u64 = 60;
/// How often a silent stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Whose journal.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    account: String,
}

/// Follows an account.
pub(super) async fn follow(
    State(playground): State<Playground>,
    Query(Whose { account }): Query<Whose>,
) -> Response {
    let no_account = ("There is no such account.", "Make a new customer.");
    let Ok(id) = account.parse::<AccountId>() else {
        return refused(StatusCode::NOT_FOUND, no_account);
    };
    // To listen before looking leaves no gap.
    let Ok(news) = playground.engine().follow(id.clone()).await else {
        let later = ("The database can't be read now.", "Try again in a moment.");
        return refused(StatusCode::SERVICE_UNAVAILABLE, later);
    };
    let jobs = playground.jobs().listen();
    let mut follower = Follower { playground, id, news, jobs, seen: 0, waiting: VecDeque::new() };
    if !follower.start().await {
        return refused(StatusCode::NOT_FOUND, no_account);
    }
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    Sse::new(follower.stream()).keep_alive(heartbeat).into_response()
}

struct Follower {
    playground: Playground,
    id: AccountId,
    news: AccountFollower,
    jobs: Receiver<Arc<Note>>,
    /// The account's version up to which everything was told.
    seen: u64,
    waiting: VecDeque<Sent>,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Sent, Infallible>> {
        unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; none when the engine shuts down.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            tokio::select! {
                news = self.news.next() => match news? {
                    News::Entry(entry) => self.tell(&entry).await,
                    News::Missed => _ = self.start().await,
                },
                note = self.jobs.recv() => match note {
                    Ok(note) if note.account == self.id.as_str() => {
                        self.waiting.push_back(Sent::default().event(note.event).data(&note.json));
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.tell_jobs(),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Tells how things are. Is there such an account?
    async fn start(&mut self) -> bool {
        let Some(account) = self.account().await else {
            return false;
        };
        let version = account.get("version").and_then(Value::as_u64).unwrap_or(0);
        let (after, count) = (version.saturating_sub(PAST), usize::try_from(PAST).unwrap_or(60));
        let history = self.playground.engine().store().history(&self.id, after, count).await;
        // Without the past, what comes is told all the same.
        let rows: Vec<Value> = (history.unwrap_or_default().iter())
            .filter(|event| event.version <= version)
            .map(|event| row(event.version, &event.recorded, None))
            .collect();
        self.seen = version;
        self.send("start", &json!({ "account": account, "journal": rows }));
        self.tell_jobs();
        true
    }

    fn tell_jobs(&mut self) {
        for job in self.playground.jobs().of(self.id.as_str()).iter().rev() {
            let data = serde_json::to_string(job).unwrap_or_default();
            self.waiting.push_back(Sent::default().event("job").data(data));
        }
    }

    async fn tell(&mut self, entry: &Entry) {
        let seen = self.seen;
        for (version, recorded) in entry.versions().filter(|(version, _)| *version > seen) {
            self.send("journal", &row(version, recorded, Some(&entry.actor)));
        }
        if entry.version() > self.seen {
            self.seen = entry.version();
            // If it can't be read now, the next change tells it.
            if let Some(account) = self.account().await {
                self.send("account", &account);
            }
        }
    }

    /// The account as the API shows it.
    async fn account(&self) -> Option<Value> {
        let ask = Ask {
            about: "",
            method: Method::GET,
            path: format!("/v1/accounts/{}", self.id),
            idempotency: None,
            payload: Payload::Nothing,
        };
        let shown = self.playground.api().ask(ask).await;
        if shown.succeeded() { shown.reply } else { None }
    }

    fn send(&mut self, event: &str, data: &Value) {
        self.waiting.push_back(Sent::default().event(event).data(data.to_string()));
    }
}

/// An event in words, with what it moves in the books.
fn row(version: u64, recorded: &Recorded, actor: Option<&Actor>) -> Value {
    let Recorded { at, event, available, held } = recorded;
    let credits = postings(event).into_iter().map(|posting| {
        json!({ "book": posting.book.to_string(), "amount": posting.credits.to_string() })
    });
    let money = money_postings(event).into_iter().map(
        |posting| json!({ "book": posting.book.as_str(), "amount": posting.money.to_string() }),
    );
    let actor = actor.map(|actor| match actor {
        Actor::System => "time".to_owned(),
        Actor::ApiKey(_) => "the app".to_owned(),
        Actor::Customer => "the customer".to_owned(),
        Actor::Provider(name) => name.to_string(),
    });
    json!({
        "version": version,
        "at": at.to_string(),
        "kind": kind(event),
        "summary": summary(event),
        "by": actor,
        "available": available.to_string(),
        "held": held.to_string(),
        "credits": credits.collect::<Vec<_>>(),
        "money": money.collect::<Vec<_>>(),
    })
}
