//! Plays one scenario and writes it down again with what happened.

mod fields;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{
    AdjustCredits, AdvanceClock, Cancel, CaptureAmount, CaptureHold, ChangePlan, Charge,
    ClockTarget, Command, ExtendHold, Open, PlaceHold, RefundCharge, ReleaseHold, SpendRequest,
};
use bursar_core::account::event::{Actor, Event};
use bursar_core::account::state::{Lot, Subscription};
use bursar_core::catalog::Interval;
use bursar_core::describe;
use bursar_core::entitlements::entitlement;
use bursar_core::id::{AccountId, SpendId};
use bursar_core::postings::postings;
use bursar_core::pricing::UsageRequest;
use bursar_core::quote::{Quote, quote};
use bursar_engine::clock::ManualClock;
use bursar_engine::{Engine, Envelope, Failure, Options};
use bursar_store::memory::MemoryStore;
use bursar_store::{JournalPosition, Store};
use fields::Fields;

/// The scenarios of a file, each with its `# ` line.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut scenarios: Vec<String> = Vec::new();
    for line in text.lines() {
        match scenarios.last_mut() {
            Some(last) if !line.starts_with("# ") => {
                last.push_str(line);
                last.push('\n');
            }
            _ => scenarios.push(format!("{line}\n")),
        }
    }
    for scenario in &mut scenarios {
        scenario.truncate(scenario.trim_end().len());
        scenario.push('\n');
    }
    scenarios
}

/// Plays a scenario; the text is the scenario with its `then` lines as they came out.
pub(crate) fn play(scenario: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut player = Player::start().await;
        let mut text = String::new();
        for line in scenario.lines().filter(|line| !line.starts_with("then")) {
            text.push_str(line);
            text.push('\n');
            for result in player.line(line).await {
                text.push_str("then ");
                text.push_str(&result);
                text.push('\n');
            }
        }
        player.engine.shutdown().await.unwrap();
        text
    })
}

struct Player {
    engine: Engine,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    account: Option<AccountId>,
    /// What scenarios call their holds and charges.
    names: BTreeMap<String, SpendId>,
    quotes: BTreeMap<String, Quote>,
    seen: JournalPosition,
}

impl Player {
    async fn start() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let options = Options {
            store: store.clone(),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: clock.clone(),
            seed: Some(1),
        };
        let engine = Engine::start(options).await.unwrap();
        let (names, quotes) = (BTreeMap::new(), BTreeMap::new());
        Self { engine, store, clock, account: None, names, quotes, seen: Default::default() }
    }

    /// Does what a line says; what came of it, in lines.
    async fn line(&mut self, line: &str) -> Vec<String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "#" | "" => Vec::new(),
            "at" => {
                self.clock.set(rest.parse().unwrap_or_else(|_| panic!("not a time: {line}")));
                Vec::new()
            }
            "given" => self.given(rest).await,
            "when" => self.when(rest).await,
            _ => panic!("a line begins with #, at, given, when or then: {line}"),
        }
    }

    async fn given(&mut self, rest: &str) -> Vec<String> {
        let mut fields = Fields::parse(rest);
        assert_eq!(fields.verb, "account", "given account NAME");
        let id: AccountId = fields.word().parse().unwrap();
        self.account = Some(id.clone());
        let zone = fields.take("zone").unwrap_or_else(|| "UTC".to_owned()).parse().unwrap();
        fields.done();
        if self.store.account(&id).await.unwrap().is_none() {
            let open = Command::Open(Open { zone, currency: None });
            self.engine.execute(Envelope::new(id, open, Actor::System)).await.unwrap();
            self.seen = self.journal().await.last().unwrap().0;
        }
        Vec::new()
    }

    async fn when(&mut self, rest: &str) -> Vec<String> {
        let mut fields = Fields::parse(rest);
        let mut lines = match fields.verb.as_str() {
            "look" => return self.look().await,
            "feature" => return vec![self.feature(&fields.word()).await],
            "quote" => return self.quote(fields).await,
            _ => {
                let name = fields.take("as");
                let key = fields.take("key").map(|key| key.parse().unwrap());
                let command = self.command(&mut fields);
                fields.done();
                let id = self.account.clone().unwrap();
                let mut envelope = Envelope::new(id, command, Actor::System);
                envelope.key = key;
                let outcome = self.engine.execute(envelope).await;
                if let (Ok(committed), Some(name)) = (&outcome, name)
                    && let Some(spend) =
                        committed.entry.events.iter().find_map(|recorded| match &recorded.event {
                            Event::HoldPlaced { hold, .. } => Some(SpendId::Hold(*hold)),
                            Event::Charged { charge, .. } => Some(SpendId::Charge(*charge)),
                            _ => None,
                        })
                {
                    self.names.insert(name, spend);
                }
                let mut lines = self.news().await;
                match outcome {
                    Ok(committed) if committed.replayed => lines.push("replayed".to_owned()),
                    Ok(_) | Err(Failure::NothingDue) => {}
                    Err(Failure::Rejected(no)) => lines.push(format!("no {}: {no}", no.code())),
                    Err(failure) => lines.push(format!("no: {failure}")),
                }
                lines
            }
        };
        lines.push(self.balance().await);
        lines.iter_mut().for_each(|line| *line = self.with_names(line));
        lines
    }

    fn command(&self, fields: &mut Fields) -> Command {
        match fields.verb.as_str() {
            "nothing" => Command::Advance,
            "subscribe" => Command::ChangePlan(ChangePlan {
                plan: fields.word(),
                interval: match fields.take("by").as_deref() {
                    Some("year") => Interval::Year,
                    _ => Interval::Month,
                },
            }),
            "cancel" => Command::Cancel(Cancel { reason: None }),
            "resume" => Command::Resume,
            "drop_scheduled_change" => Command::DropScheduledChange,
            "grant" => Command::AdjustCredits(AdjustCredits {
                credits: fields.word().parse_credits(),
                class: fields.class(),
                reason: fields.reason(),
                expires_at: fields.take("until").map(|at| at.parse().unwrap()),
            }),
            "hold" => Command::PlaceHold(PlaceHold {
                ttl: fields.seconds("ttl"),
                reference: fields.take("reference").map(|text| text.parse().unwrap()),
                spend: self.spend(fields),
            }),
            "charge" => Command::Charge(Charge {
                reference: fields.take("reference").map(|text| text.parse().unwrap()),
                spend: self.spend(fields),
            }),
            "capture" => Command::CaptureHold(CaptureHold {
                hold: self.hold(&fields.word()),
                amount: match (fields.take("credits"), fields.take("units")) {
                    (Some(credits), _) => CaptureAmount::Credits(credits.parse_credits()),
                    (None, Some(units)) => CaptureAmount::Units(units.parse().unwrap()),
                    (None, None) => CaptureAmount::Rest,
                },
                ends: fields.take("final").as_deref() != Some("no"),
                allow_overage: fields.take("overage").as_deref() == Some("yes"),
            }),
            "release" => Command::ReleaseHold(ReleaseHold {
                hold: self.hold(&fields.word()),
                reason: fields.take("reason").map(|text| text.parse().unwrap()),
            }),
            "extend" => Command::ExtendHold(ExtendHold {
                hold: self.hold(&fields.word()),
                ttl: fields.seconds("ttl").unwrap(),
            }),
            "refund" => Command::RefundCharge(RefundCharge {
                spend: self.names[&fields.word()],
                credits: fields.take("credits").map(|credits| credits.parse_credits()),
                reason: None,
            }),
            "advance" => Command::AdvanceClock(AdvanceClock {
                to: match fields.take("by") {
                    Some(span) => ClockTarget::By(span),
                    None => ClockTarget::At(fields.take("to").unwrap().parse().unwrap()),
                },
            }),
            other => panic!("no such command: {other}"),
        }
    }

    fn hold(&self, name: &str) -> bursar_core::id::HoldId {
        match self.names.get(name) {
            Some(SpendId::Hold(hold)) => *hold,
            _ => panic!("no hold is called {name}"),
        }
    }

    fn spend(&self, fields: &mut Fields) -> SpendRequest {
        if let Some(credits) = fields.take("credits") {
            let credits = credits.parse_credits();
            return SpendRequest::Credits { credits, reason: fields.reason() };
        }
        match fields.take("quote") {
            Some(name) => SpendRequest::Quote(self.quotes[&name].clone()),
            None => SpendRequest::Operation(usage(fields)),
        }
    }

    async fn quote(&mut self, mut fields: Fields) -> Vec<String> {
        let name = fields.take("as");
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        let request = usage(&mut fields);
        fields.done();
        match quote(&view.account, self.engine.catalog(), &request, view.now) {
            Err(rejection) => vec![format!("no {}: {rejection}", rejection.code())],
            Ok(quoted) => {
                let usage = &quoted.quote.price.usage;
                let allowed = match &quoted.allowed {
                    Ok(()) => "allowed".to_owned(),
                    Err(no) => format!("not allowed, {}: {no}", no.code()),
                };
                let line = format!(
                    "{} {} {} × {} costs {} until {}, {allowed}",
                    usage.operation,
                    usage.model,
                    usage.quality,
                    usage.units,
                    quoted.quote.price.credits,
                    quoted.quote.expires_at
                );
                if let Some(name) = name {
                    self.quotes.insert(name, quoted.quote);
                }
                vec![line]
            }
        }
    }

    async fn feature(&self, feature: &str) -> String {
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        let answer = entitlement(&view.account, self.engine.catalog(), feature).unwrap();
        let unlocked =
            answer.unlocked_by.map_or_else(String::new, |plan| format!(" ({plan} has it)"));
        format!("{}: {}{unlocked}", if answer.allowed { "yes" } else { "no" }, answer.reason)
    }

    /// The account in full.
    async fn look(&mut self) -> Vec<String> {
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        let mut lines = self.news().await;
        let account = &view.account;
        lines.push(match &account.subscription {
            Subscription::Live(live) => format!(
                "{} on {} by the {}, paid until {}, next refresh {}{}",
                account.status(),
                live.plan,
                live.interval.as_str(),
                live.billing.end,
                live.credit.end,
                live.scheduled.as_ref().map_or_else(String::new, |change| {
                    format!(", then {} by the {}", change.plan, change.interval.as_str())
                })
            ),
            _ => account.status().to_owned(),
        });
        lines.extend(account.lots.iter().map(lot));
        lines.push(self.balance().await);
        lines
    }

    async fn balance(&self) -> String {
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        format!("balance available={} held={}", view.account.available(), view.account.held())
    }

    async fn journal(&self) -> Vec<(JournalPosition, Arc<bursar_store::Entry>)> {
        self.store.journal(self.seen, 100_000).await.unwrap()
    }

    /// What has been booked since the last line, in words.
    async fn news(&mut self) -> Vec<String> {
        let entries = self.journal().await;
        let mut lines = Vec::new();
        let account = self.account.clone().unwrap();
        for (position, entry) in entries {
            self.seen = position;
            assert_eq!(entry.account, account, "a line is about one account");
            for recorded in &entry.events {
                let sum: i64 = postings(&recorded.event).iter().map(|p| p.credits.micro()).sum();
                assert_eq!(sum, 0, "postings of {:?}", recorded.event);
                let summary = describe::summary(&recorded.event);
                lines.push(format!("{} {summary}", recorded.at));
            }
        }
        lines
    }

    /// Replaces ids by the names that the scenario gave them.
    fn with_names(&self, line: &str) -> String {
        self.names
            .iter()
            .fold(line.to_owned(), |line, (name, id)| line.replace(&id.to_string(), name))
    }
}

fn lot(lot: &Lot) -> String {
    let until =
        lot.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("until {at}"));
    format!(
        "{} {} remaining={} held={} {until}",
        lot.id,
        lot.class.as_str(),
        lot.remaining,
        lot.held
    )
}

fn usage(fields: &mut Fields) -> UsageRequest {
    UsageRequest {
        operation: fields.take("operation").unwrap_or_default(),
        model: fields.take("model"),
        quality: fields.take("quality"),
        units: fields.take("units").map(|units| units.parse().unwrap()),
        attributes: fields.rest(),
    }
}

/// Reads amounts.
trait ParseCredits {
    fn parse_credits(&self) -> bursar_core::credits::Credits;
}

impl ParseCredits for String {
    fn parse_credits(&self) -> bursar_core::credits::Credits {
        bursar_core::credits::Credits::parse(self).unwrap()
    }
}

/// Seconds of a field.
impl Fields {
    fn seconds(&mut self, name: &str) -> Option<Duration> {
        self.take(name).map(|seconds| Duration::from_secs(seconds.parse().unwrap()))
    }
}
