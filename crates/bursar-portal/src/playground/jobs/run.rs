//! One job from the quote to the capture, as any app would do it.

use std::time::Duration;

use bursar_art::{Made, Recipe};
use bursar_core::catalog::{AssetKind, Operation};
use http::Method;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::order::{Ending, Order};
use super::vault::{self, said};
use super::work::work;
use super::{Job, Stage};
use crate::playground::Playground;
use crate::playground::call::{Ask, Exchange, Payload};

/// How long the hold of a worker that vanishes lives: long enough to watch, not to wait for.
const VANISHING: u64 = 20;
/// How long other holds live.
const LIVES: u64 = 300;
/// At what percent what goes wrong does.
const FAILS_AT: u8 = 64;
const VANISHES_AT: u8 = 38;

/// A job under way.
struct Run {
    playground: Playground,
    job: String,
    order: Order,
}

/// Why a job ended early.
struct Over {
    stage: Stage,
    words: String,
}

/// Runs a job to its end.
pub(super) async fn run(playground: Playground, job: String) {
    let Some(Job { order, .. }) = playground.jobs().get(&job) else {
        return;
    };
    let run = Run { playground, job, order };
    let (stage, words) = match run.story().await {
        Ok(words) => (Stage::Done, words),
        Err(Over { stage, words }) => (stage, words),
    };
    run.change(|job| {
        job.stage = stage;
        job.words = words;
    });
}

impl Run {
    async fn story(&self) -> Result<String, Over> {
        let quote = self.quote().await?;
        let operation = self.operation()?;
        let units = quote.told("units").and_then(Value::as_u64);
        let units = units.and_then(|units| u32::try_from(units).ok()).unwrap_or(1);
        let done =
            if self.order.ending == Ending::Partial { units.saturating_sub(1) } else { units };
        // Ids of holds are new with every hold, which is what a seed should be.
        let hold = self.hold(&quote).await?;
        let seed = self.order.seed.unwrap_or_else(|| seed_of(&hold));
        let recipes = self.order.recipes(operation, done, seed);
        let made = self.work(operation, &hold, recipes).await?;
        let produced = self.store(operation, &hold, made).await?;
        self.change(|job| job.produced.clone_from(&produced));

        let captured = self.capture(&hold, (done < units).then_some(done)).await;
        match captured {
            Ok(captured) => Ok(self.paid(&captured, done, units)),
            Err(why) => {
                // The hold ended while the job worked: its time was up, or someone released it.
                vault::discard(&self.playground, (&self.job, &self.order.account), &produced).await;
                self.change(|job| job.produced.clear());
                Err(failed(format!(
                    "Nothing is charged, and the result is discarded. {}",
                    why.problem()
                )))
            }
        }
    }

    async fn quote(&self) -> Result<Exchange, Over> {
        let quote = Ask {
            about: "What does it cost, and may this customer? A quote reserves nothing; it binds the \
                price.",
            method: Method::POST,
            path: self.path("quotes"),
            idempotency: None,
            payload: Payload::Json(self.usage()),
        };
        let refused = |why: Box<Exchange>| Over { stage: Stage::Refused, words: why.problem() };
        let quote = self.said(quote).await.map_err(refused)?;
        self.change(|job| job.credits = quote.told("credits").cloned());
        Ok(quote)
    }

    /// What is run, as the API takes it.
    fn usage(&self) -> Value {
        let Order { operation, model, quality, units, attributes, .. } = &self.order;
        let mut usage = Map::new();
        usage.insert("operation".to_owned(), json!(operation));
        let named = [("model", json!(model)), ("quality", json!(quality)), ("units", json!(units))];
        let given = named.into_iter().filter(|(_, value)| !value.is_null());
        usage.extend(given.map(|(name, value)| (name.to_owned(), value)));
        usage.extend(attributes.iter().map(|(name, value)| (name.clone(), json!(value))));
        Value::Object(usage)
    }

    fn operation(&self) -> Result<&Operation, Over> {
        let operations = &self.playground.engine().catalog().operations;
        let found = operations.iter().find(|it| it.key.as_str() == self.order.operation);
        found.ok_or_else(|| failed("The catalog has no such operation.".to_owned()))
    }

    async fn hold(&self, quote: &Exchange) -> Result<Exchange, Over> {
        self.stage(Stage::Holding, "Reserving the credits.");
        let ttl = if self.order.ending == Ending::Vanish { VANISHING } else { LIVES };
        let hold = Ask {
            about: "Reserve the credits before the work begins: two jobs can't spend the same ones.",
            method: Method::POST,
            path: self.path("holds"),
            idempotency: Some(format!("{}-hold", self.job)),
            payload: Payload::Json(json!({
                "quote": quote.text("id"),
                "ttl_seconds": ttl,
                "reference": self.job,
            })),
        };
        let refused = |why: Box<Exchange>| Over { stage: Stage::Refused, words: why.problem() };
        let hold = self.said(hold).await.map_err(refused)?;
        self.change(|job| {
            job.hold = Some(hold.text("id").to_owned());
            job.hold_expires_at = Some(hold.text("expires_at").to_owned());
        });
        Ok(hold)
    }

    async fn work(
        &self,
        operation: &Operation,
        hold: &Exchange,
        recipes: Vec<Recipe>,
    ) -> Result<Vec<(Made, Recipe)>, Over> {
        let colors = recipes.first().map(Recipe::colors).unwrap_or_default();
        self.change(|job| {
            job.stage = Stage::Working;
            job.words = format!("Working, with {} held.", hold.credits("credits"));
            job.colors = colors.iter().map(|color| format!("#{color:06x}")).collect();
        });
        let until = match self.order.ending {
            Ending::Succeed | Ending::Partial => 100,
            Ending::Fail => FAILS_AT,
            Ending::Vanish => VANISHES_AT,
        };
        let at_least = self.at_least(operation);
        let made = work(&self.playground, &self.job, recipes.clone(), at_least, until).await;
        match (self.order.ending, made) {
            (Ending::Succeed | Ending::Partial, Ok(made)) => {
                Ok(made.into_iter().zip(recipes).collect())
            }
            (Ending::Vanish, Ok(_)) => Err(self.vanish(hold).await),
            (_, Err(why)) => Err(self.release(hold, &why).await),
            (Ending::Fail, Ok(_)) => Err(self.release(hold, "the model ran out of memory").await),
        }
    }

    fn at_least(&self, operation: &Operation) -> Duration {
        let work = self.playground.jobs().work();
        match operation.asset {
            Some(AssetKind::Video | AssetKind::Export) => work.saturating_mul(2),
            _ => work,
        }
    }

    async fn store(
        &self,
        operation: &Operation,
        hold: &Exchange,
        made: Vec<(Made, Recipe)>,
    ) -> Result<Vec<super::Produced>, Over> {
        if made.is_empty() {
            return Ok(Vec::new());
        }
        self.stage(Stage::Storing, "Putting the result into the vault.");
        let whose = (self.job.as_str(), self.order.account.as_str());
        match vault::store(&self.playground, whose, operation, made).await {
            Ok(produced) => Ok(produced),
            Err((before, why)) => {
                vault::discard(&self.playground, whose, &before).await;
                Err(self.release(hold, &why.problem()).await)
            }
        }
    }

    async fn capture(
        &self,
        hold: &Exchange,
        units: Option<u32>,
    ) -> Result<Exchange, Box<Exchange>> {
        self.stage(Stage::Capturing, "Taking what it cost.");
        let body = units.map_or_else(|| json!({}), |units| json!({ "units": units }));
        self.said(Ask {
            about: "The work is done: take what it cost. What is left of the hold comes back by itself.",
            method: Method::POST,
            path: format!("{}/capture", self.path(&format!("holds/{}", hold.text("id")))),
            idempotency: Some(format!("{}-capture", self.job)),
            payload: Payload::Json(body),
        })
        .await
    }

    fn paid(&self, captured: &Exchange, done: u32, units: u32) -> String {
        let credits = captured.told("captured").cloned();
        let cost = captured.credits("captured");
        self.change(|job| job.captured = credits);
        if done < units {
            return format!("Done: {done} of {units}. {cost} charged, the rest returned.");
        }
        format!("Done. {cost} charged.")
    }

    /// Gives everything back. What is said in the end.
    async fn release(&self, hold: &Exchange, why: &str) -> Over {
        self.stage(Stage::Releasing, "It failed: giving the credits back.");
        // The API takes a reason of a limited length.
        let reason: String = why.chars().take(120).collect();
        let released = self
            .said(Ask {
                about: "The job failed: give everything back. The customer pays nothing.",
                method: Method::POST,
                path: format!("{}/release", self.path(&format!("holds/{}", hold.text("id")))),
                idempotency: Some(format!("{}-release", self.job)),
                payload: Payload::Json(json!({ "reason": reason })),
            })
            .await;
        match released {
            Ok(_) => failed(format!(
                "Not charged. {} returned. It failed: {why}",
                hold.credits("credits")
            )),
            Err(refused) => failed(format!("Not charged. {}", refused.problem())),
        }
    }

    /// The worker says nothing more; the hold ends by itself.
    async fn vanish(&self, hold: &Exchange) -> Over {
        let mut live = self.playground.engine().listen().await;
        let credits = hold.credits("credits");
        self.stage(
            Stage::Lost,
            &format!("The worker is gone and tells nobody. The hold gives {credits} back when its time is up."),
        );
        // Listening comes first: what ends between that and looking is heard.
        while self.is_open(hold).await {
            let Ok(live) = &mut live else { break };
            match live.recv().await {
                // What was missed may be what is waited for, so it is looked again.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
        failed(format!("Not charged. The hold ended by itself and returned {credits}."))
    }

    async fn is_open(&self, hold: &Exchange) -> bool {
        let Ok(id) = self.order.account.parse() else {
            return false;
        };
        match self.playground.engine().store().account(&id).await {
            Ok(Some(account)) => {
                account.holds.iter().any(|it| it.id.to_string() == hold.text("id"))
            }
            Ok(None) => false,
            // It is looked again at the next news.
            Err(_) => true,
        }
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/accounts/{}/{what}", self.order.account)
    }

    async fn said(&self, ask: Ask) -> Result<Exchange, Box<Exchange>> {
        said(&self.playground, &self.job, ask).await
    }

    fn change(&self, change: impl FnOnce(&mut Job)) {
        self.playground.jobs().change(&self.job, change);
    }

    fn stage(&self, stage: Stage, words: &str) {
        self.change(|job| {
            job.stage = stage;
            job.words = words.to_owned();
        });
    }
}

const fn failed(words: String) -> Over {
    Over { stage: Stage::Failed, words }
}

fn seed_of(hold: &Exchange) -> u32 {
    let hash = blake3::hash(hold.text("id").as_bytes());
    hash.as_bytes().first_chunk().map_or(1, |bytes| u32::from_le_bytes(*bytes))
}
