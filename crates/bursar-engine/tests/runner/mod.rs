//! Plays one scenario and writes it down again with what happened.

mod fields;
mod storage;
pub(crate) mod suite;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::account::command::{
    AdjustCredits, AdvanceClock, BuyTopup, Cancel, CaptureAmount, CaptureHold, ChangePlan, Charge,
    ClockTarget, Command, ExtendHold, Open, PlaceHold, RefundCharge, RefundSubscription,
    RefundTopup, ReleaseHold, SpendRequest,
};
use bursar_core::account::event::{Actor, Event};
use bursar_core::account::payments::AutoTopup;
use bursar_core::account::state::{Lot, Subscription};
use bursar_core::account::subscription::offer::{Offer, offer};
use bursar_core::catalog::{Interval, Plan};
use bursar_core::describe;
use bursar_core::entitlements::entitlement;
use bursar_core::id::{AccountId, AssetId, Key, SpendId};
use bursar_core::money::{Currency, Money};
use bursar_core::postings::{money_postings, postings};
use bursar_core::pricing::UsageRequest;
use bursar_core::quote::{Quote, quote};
use bursar_core::time::Timestamp;
use bursar_engine::clock::ManualClock;
use bursar_engine::{Clock, Engine, Envelope, Failure, Options, Outcome};
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_payments::{CustomerStep, PaymentProvider, Secret};
use bursar_store::{JournalPosition, Store};
use fields::Fields;

/// The scenarios of a file, each with its `# ` line.
fn split(text: &str) -> Vec<String> {
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

/// A store on its way.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Arc<dyn Store>>>>;

/// Opens an empty one.
pub(crate) type NewStore = fn() -> Opening;

/// Plays a scenario on a new store; the text is the scenario with its `then` lines as they came out.
fn play(scenario: &str, open: NewStore) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut player = Player::start(open().await).await;
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
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    sandbox: Arc<Sandbox>,
    account: Option<AccountId>,
    /// What scenarios call their holds and charges.
    names: BTreeMap<String, SpendId>,
    quotes: BTreeMap<String, Quote>,
    offers: BTreeMap<String, Offer>,
    /// What scenarios call their files.
    assets: BTreeMap<String, AssetId>,
    /// How much was reserved for each.
    uploads: BTreeMap<AssetId, u64>,
    seen: JournalPosition,
}

impl Player {
    async fn start(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let sandbox = Arc::new(Sandbox::new(SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("scenario"),
        }));
        let options = Options {
            store: store.clone(),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: clock.clone(),
            provider: sandbox.clone(),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(1),
        };
        let engine = Engine::start(options).await.unwrap();
        let (names, quotes) = (BTreeMap::new(), BTreeMap::new());
        let seen = JournalPosition::default();
        Self {
            engine,
            store,
            clock,
            sandbox,
            account: None,
            names,
            quotes,
            offers: BTreeMap::new(),
            assets: BTreeMap::new(),
            uploads: BTreeMap::new(),
            seen,
        }
    }

    /// Does what a line says; what came of it, in lines.
    async fn line(&mut self, line: &str) -> Vec<String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "#" | "" => Vec::new(),
            "at" => {
                let to = rest.parse().unwrap_or_else(|_| panic!("not a time: {line}"));
                self.pass(to).await;
                let news = self.news().await;
                self.named(news)
            }
            "given" => self.given(rest).await,
            "when" => self.when(rest).await,
            _ => panic!("a line begins with #, at, given, when or then: {line}"),
        }
    }

    /// Time goes by, and whatever falls due meanwhile is done when it does.
    async fn pass(&mut self, to: Timestamp) {
        while let Some(account) = &self.account {
            let state = self.store.account(account).await.unwrap().unwrap();
            let Some(due) = state.next_due_wall().filter(|due| *due <= to) else {
                break;
            };
            self.clock.set(due.max(self.clock.now()));
            self.engine.view(account).await.unwrap();
            self.settle().await;
        }
        self.clock.set(to);
        self.webhooks().await;
    }

    /// Lets the payment provider answer, and what falls due by its answers happen.
    async fn settle(&self) {
        let account = self.account.as_ref().unwrap();
        loop {
            self.engine.settle(account, Duration::from_secs(20)).await.unwrap();
            let before = self.store.account(account).await.unwrap().unwrap().version;
            let view = self.engine.view(account).await.unwrap().unwrap();
            if view.account.version == before && view.account.billing.effects().is_empty() {
                self.erased().await;
                return;
            }
        }
    }

    /// Delivers what the provider has to say by itself.
    async fn webhooks(&self) {
        let now = self.clock.now();
        for due in self.sandbox.due_webhooks(now).unwrap() {
            let event = self.sandbox.verify_webhook(&due.headers, &due.body, now).unwrap();
            self.engine.hear_provider(event).await.unwrap();
            self.sandbox.webhook_delivered(due.delivery).unwrap();
        }
    }

    async fn given(&mut self, rest: &str) -> Vec<String> {
        let mut fields = Fields::parse(rest);
        assert_eq!(fields.verb, "account", "given account NAME");
        let id: AccountId = fields.word().parse().unwrap();
        self.account = Some(id.clone());
        let zone = fields.take("zone").unwrap_or_else(|| "UTC".to_owned()).parse().unwrap();
        let card = fields.take("card").unwrap_or_else(|| "pm_card_visa".to_owned());
        fields.done();
        if self.store.account(&id).await.unwrap().is_none() {
            let open = Command::Open(Open { zone, currency: None });
            self.engine.execute(Envelope::new(id.clone(), open, Actor::System)).await.unwrap();
            if card != "none" {
                let envelope = Envelope::new(id, Command::Advance, Actor::System);
                let token = card.parse().unwrap();
                self.engine.add_payment_method(envelope, token, true).await.unwrap();
            }
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
            "preview" => return self.preview(fields).await,
            "card" => return self.card(fields).await,
            "remove_card" => return self.remove_card().await,
            "authenticate" => return self.authenticate(fields).await,
            "storage" => return self.storage().await,
            "files" => return self.named(self.files().await),
            "reserve" | "store" | "commit" | "delete" => return self.change_storage(fields).await,
            _ => {
                let name = fields.take("as");
                let key = fields.take("key").map(|key| key.parse().unwrap());
                let command = self.command(&mut fields);
                fields.done();
                let id = self.account.clone().unwrap();
                let mut envelope = Envelope::new(id, command, Actor::System);
                envelope.key = key;
                let outcome = self.execute(envelope).await;
                self.settle().await;
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

    /// Does something about files; what came of it, and the gauge.
    async fn change_storage(&mut self, mut fields: Fields) -> Vec<String> {
        let name = fields.take("as");
        let (both, id) = (fields.verb == "store", self.account.clone().unwrap());
        let command = self.of_storage(&mut fields).expect("a command about storage");
        fields.done();
        let mut outcome =
            self.engine.execute(Envelope::new(id.clone(), command, Actor::System)).await;
        if let Ok(committed) = &outcome {
            let event = committed.entry.events[0].event.clone();
            let noted = self.note_asset(&event, name.as_deref()).await;
            if let (true, Some(_), Event::UploadReserved { .. }) = (both, noted, &event) {
                let mut commit =
                    Fields::parse(&format!("commit {}", name.as_deref().unwrap_or("file")));
                let command = self.of_storage(&mut commit).expect("a command about storage");
                outcome = self.engine.execute(Envelope::new(id, command, Actor::System)).await;
            }
        }
        self.settle().await;
        let mut lines = self.news().await;
        if let Err(Failure::Rejected(no)) = &outcome {
            lines.push(format!("no {}: {no}", no.code()));
            lines.push(format!("fix: {}", no.fix()));
        } else {
            outcome.unwrap();
        }
        lines.push(self.gauge().await);
        self.named(lines)
    }

    fn named(&self, lines: Vec<String>) -> Vec<String> {
        lines.iter().map(|line| self.with_names(line)).collect()
    }

    /// A clock that is moved goes step by step.
    async fn execute(&self, envelope: Envelope) -> Outcome {
        match envelope.command.clone() {
            Command::AdvanceClock(clock) => {
                self.engine.advance_clock(envelope, clock).await.map(|run| run.first)
            }
            _ => self.engine.execute(envelope).await,
        }
    }

    fn command(&self, fields: &mut Fields) -> Command {
        match fields.verb.as_str() {
            "nothing" => Command::Advance,
            "subscribe" => {
                let confirms =
                    fields.take("preview").map(|name| Box::new(self.offers[&name].clone()));
                let (plan, interval) = (fields.word(), interval(fields));
                Command::ChangePlan(ChangePlan { plan, interval, confirms })
            }
            "topup" => Command::BuyTopup(BuyTopup { pack: fields.word() }),
            "auto_topup" => Command::SetAutoTopup(match fields.word().as_str() {
                "off" => None,
                pack => Some(AutoTopup {
                    pack: pack.parse().unwrap(),
                    threshold: fields.take("below").unwrap().parse_credits(),
                    monthly_cap: money(&fields.take("cap").unwrap()),
                }),
            }),
            "pay" => Command::PayInvoice(fields.word().parse().unwrap()),
            "refund_subscription" => {
                Command::RefundSubscription(RefundSubscription { reason: None })
            }
            "refund_topup" => {
                let document = fields.word().parse().unwrap();
                Command::RefundTopup(RefundTopup { document, reason: None })
            }
            "custom_plan" => Command::SetCustomPlan(Some(Box::new(self.custom_plan(fields)))),
            "cancel" => Command::Cancel(Cancel { reason: None }),
            "resume" => Command::Resume,
            "drop_scheduled_change" => Command::DropScheduledChange,
            "grant" => Command::AdjustCredits(AdjustCredits {
                credits: fields.word().parse_credits(),
                class: fields.class(),
                reason: fields.reason(),
                expires_at: fields.take("until").map(|at| at.parse().unwrap()),
            }),
            "advance" => Command::AdvanceClock(AdvanceClock {
                to: match fields.take("by") {
                    Some(span) => ClockTarget::By(span),
                    None => ClockTarget::At(fields.take("to").unwrap().parse().unwrap()),
                },
            }),
            _ => self.spending(fields),
        }
    }

    fn spending(&self, fields: &mut Fields) -> Command {
        match fields.verb.as_str() {
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
            other => panic!("no such command: {other}"),
        }
    }

    fn custom_plan(&self, fields: &mut Fields) -> Plan {
        let template = &self.engine.catalog().plans[0];
        let price = money(&fields.take("price").unwrap());
        Plan {
            key: "custom".parse().unwrap(),
            name: "Team".to_owned(),
            price_month: price,
            price_year: Money::new(price.amount * 10, price.currency),
            price_year_per_month: price,
            allowance: fields.take("allowance").unwrap().parse_credits(),
            ..template.clone()
        }
    }

    /// What a change would cost and do.
    async fn preview(&mut self, mut fields: Fields) -> Vec<String> {
        let name = fields.take("as");
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        let (plan, interval) = (fields.word(), interval(&mut fields));
        fields.done();
        let offered = offer(&view.account, self.engine.catalog(), &plan, interval, view.now);
        let offer = match offered {
            Ok(offer) => offer,
            Err(no) => return vec![format!("no {}: {no}", no.code())],
        };
        let bill = &offer.order.bill;
        let money = |amount| Money::new(amount, bill.currency);
        let mut lines = vec![format!("{} at {}", offer.kind.as_str(), offer.effective_at)];
        let of_bill = bill.lines.iter();
        lines.extend(of_bill.map(|line| format!("{}: {}", line.description, money(line.net))));
        lines.push(format!(
            "due now {}, next charge {} at {}, {} credits",
            bill.due(),
            offer.next_charge,
            offer.next_charge_at,
            offer.allowance_change
        ));
        let keys = |keys: &[Key]| match keys {
            [] => "nothing".to_owned(),
            keys => keys.iter().map(Key::as_str).collect::<Vec<_>>().join(" "),
        };
        lines.push(format!("gained: {}; lost: {}", keys(&offer.gained), keys(&offer.lost)));
        if let Some(name) = name {
            self.offers.insert(name, offer);
        }
        lines
    }

    /// Adds a card that is paid with from now on.
    async fn card(&mut self, mut fields: Fields) -> Vec<String> {
        let token = fields.word().parse().unwrap();
        fields.done();
        let id = self.account.clone().unwrap();
        let envelope = Envelope::new(id, Command::Advance, Actor::System);
        let outcome = self.engine.add_payment_method(envelope, token, true).await;
        self.settle().await;
        let mut lines = self.news().await;
        if let Err(failure) = outcome {
            lines.push(format!("no: {failure}"));
        }
        lines
    }

    /// Removes the card that is paid with.
    async fn remove_card(&mut self) -> Vec<String> {
        let id = self.account.clone().unwrap();
        let account = self.store.account(&id).await.unwrap().unwrap();
        let method = account.billing.default_method().unwrap().reference.clone();
        let command = Command::RemovePaymentMethod(method.clone());
        let envelope = Envelope::new(id, command, Actor::System);
        let outcome = self.engine.remove_payment_method(envelope, &method).await;
        let mut lines = self.news().await;
        if let Err(failure) = outcome {
            lines.push(format!("no: {failure}"));
        }
        lines
    }

    /// Answers the 3-D Secure page of the payment that waits: `when authenticate approve`.
    async fn authenticate(&mut self, mut fields: Fields) -> Vec<String> {
        let answer = fields.word();
        let id = self.account.clone().unwrap();
        let account = self.store.account(&id).await.unwrap().unwrap();
        let waiting = account.billing.payments.last().unwrap().id;
        let row = self.store.payment(&id, waiting).await.unwrap().unwrap();
        let step = self.engine.payment_step(&id, &row).await.unwrap();
        let Some(CustomerStep::Page { url }) = step else { panic!("no page: {step:?}") };
        let secret = url.rsplit('/').next().unwrap();
        let context = Context { now: self.clock.now(), entropy: [0; 10] };
        let body = format!("answer={answer}");
        self.sandbox.answer_challenge(secret, body.as_bytes(), &context).unwrap();
        self.webhooks().await;
        self.settle().await;
        self.news().await
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
        self.engine.view(self.account.as_ref().unwrap()).await.unwrap();
        self.settle().await;
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
        let Some(account) = self.account.clone() else {
            return lines;
        };
        for (position, entry) in entries {
            self.seen = position;
            assert_eq!(entry.account, account, "a line is about one account");
            for recorded in &entry.events {
                let sum: i64 = postings(&recorded.event).iter().map(|p| p.credits.micro()).sum();
                assert_eq!(sum, 0, "postings of {:?}", recorded.event);
                let money = money_postings(&recorded.event);
                let sum: i64 = money.iter().map(|posting| posting.money.amount).sum();
                assert_eq!(sum, 0, "postings of {:?}", recorded.event);
                let summary = describe::summary(&recorded.event);
                lines.push(format!("{} {summary}", recorded.at));
            }
        }
        lines
    }

    /// Replaces ids by the names that the scenario gave them.
    fn with_names(&self, line: &str) -> String {
        let spends = self.names.iter().map(|(name, id)| (name, id.to_string()));
        let assets = self.assets.iter().map(|(name, id)| (name, id.to_string()));
        spends.chain(assets).fold(line.to_owned(), |line, (name, id)| line.replace(&id, name))
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

fn interval(fields: &mut Fields) -> Interval {
    match fields.take("by").as_deref() {
        Some("year") => Interval::Year,
        _ => Interval::Month,
    }
}

fn money(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
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
