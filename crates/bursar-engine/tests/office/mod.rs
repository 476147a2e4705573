//! An engine with a mailer, a customer called Ada, and what she finds in her mail.
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::account::command::{AdvanceClock, ChangePlan, ClockTarget, Command, Open};
use bursar_core::account::event::Actor;
use bursar_core::catalog::Interval;
use bursar_core::id::AccountId;
use bursar_core::time::{Timestamp, ZoneName};
use bursar_engine::clock::ManualClock;
use bursar_engine::mailer::{Options as MailOptions, PdfMaker};
use bursar_engine::{Clock, Engine, Envelope, Failure, Mailer, Options};
use bursar_mail::{FileTransport, MailError, MailTransport, Mailbox, Message, Pdf};
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_payments::{CustomerStep, PaymentProvider, Secret};
use bursar_store::memory::MemoryStore;
use bursar_store::{Contact, Registry, Store};
use futures::FutureExt;
use parking_lot::Mutex;
use tempfile::TempDir;

/// Whatever a transport may do to a mail before it is delivered.
type Fault = Box<dyn FnMut(&Message) -> Option<MailError> + Send>;

/// Writes files, and remembers what it wrote.
pub(crate) struct Carrier {
    files: FileTransport,
    delivered: Mutex<Vec<Message>>,
    fault: Mutex<Option<Fault>>,
    /// Never says that a mail was taken.
    hangs: Mutex<bool>,
}

impl Carrier {
    pub(crate) fn fails_with(
        &self,
        fault: impl FnMut(&Message) -> Option<MailError> + Send + 'static,
    ) {
        *self.fault.lock() = Some(Box::new(fault));
    }

    pub(crate) fn works(&self) {
        *self.fault.lock() = None;
        *self.hangs.lock() = false;
    }

    pub(crate) fn hangs(&self) {
        *self.hangs.lock() = true;
    }

    pub(crate) fn delivered(&self) -> Vec<Message> {
        self.delivered.lock().clone()
    }
}

#[async_trait]
impl MailTransport for Carrier {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn send(&self, message: &Message) -> Result<(), MailError> {
        if let Some(fault) = &mut *self.fault.lock()
            && let Some(error) = fault(message)
        {
            return Err(error);
        }
        self.files.send(message).await?;
        self.delivered.lock().push(message.clone());
        let hangs = *self.hangs.lock();
        if hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

pub(crate) struct Office {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    sandbox: Arc<Sandbox>,
    pub(crate) carrier: Arc<Carrier>,
    pub(crate) directory: Arc<TempDir>,
    mailer: Option<Mailer>,
}

pub(crate) fn ada() -> AccountId {
    "ada".parse().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Office {
    /// Ada has an account, a mail address and a card; it is 31 January 2026, 10:00.
    pub(crate) async fn open(card: &str) -> Self {
        let mut office = Self::without_mailer().await;
        office.start_mailer(None).await;
        office.customer(&ada(), Some("ada@example.com"), card).await;
        office
    }

    pub(crate) async fn without_mailer() -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        let clock = Arc::new(ManualClock::new(at("2026-01-31T10:00:00Z")));
        let sandbox = Arc::new(Sandbox::new(SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("test"),
        }));
        Self::on(Arc::new(MemoryStore::new()), clock, sandbox, directory).await
    }

    async fn on(
        store: Arc<MemoryStore>,
        clock: Arc<ManualClock>,
        sandbox: Arc<Sandbox>,
        directory: Arc<TempDir>,
    ) -> Self {
        let options = Options {
            store: store.clone(),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: clock.clone(),
            provider: sandbox.clone(),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(1),
        };
        let engine = Engine::start(options).await.unwrap();
        let carrier = Arc::new(Carrier {
            files: FileTransport::open(directory.path()).unwrap(),
            delivered: Mutex::default(),
            fault: Mutex::default(),
            hangs: Mutex::default(),
        });
        Self { engine, store, clock, sandbox, carrier, directory, mailer: None }
    }

    pub(crate) async fn start_mailer(&mut self, pdf: Option<PdfMaker>) {
        let options = MailOptions {
            transport: self.carrier.clone(),
            from: Mailbox::new("ScriptKit Billing", "billing@scriptkit.example".parse().unwrap()),
            billing_url: Some("https://app.scriptkit.example/billing".parse().unwrap()),
            pdf,
        };
        self.mailer = Some(Mailer::start(&self.engine, options).await.unwrap());
    }

    /// How long it took.
    pub(crate) async fn stop_mailer(&mut self) -> Duration {
        let began = Instant::now();
        self.mailer.take().unwrap().stop().await;
        began.elapsed()
    }

    /// Ends everything and begins again on what was durable.
    pub(crate) async fn restart(mut self) -> Self {
        if self.mailer.is_some() {
            self.stop_mailer().await;
        }
        self.engine.shutdown().await.unwrap();
        let store = Arc::new(self.store.reopen());
        let mut office = Self::on(store, self.clock, self.sandbox, self.directory).await;
        office.start_mailer(None).await;
        office
    }

    pub(crate) async fn customer(&self, id: &AccountId, email: Option<&str>, card: &str) {
        let zone: ZoneName = "Europe/Berlin".parse().unwrap();
        self.execute(id, Command::Open(Open { zone, currency: None })).await.unwrap();
        self.contact(id, email).await;
        if card != "none" {
            self.card_of(id, card).await;
        }
    }

    pub(crate) async fn contact(&self, id: &AccountId, email: Option<&str>) {
        let name = Some("Ada Lovelace".to_owned());
        let contact = Contact { name, email: email.map(str::to_owned) };
        self.store.put_contact(id, contact).await.unwrap();
    }

    async fn card_of(&self, id: &AccountId, token: &str) {
        let envelope = Envelope::new(id.clone(), Command::Advance, Actor::System);
        self.engine.add_payment_method(envelope, token.parse().unwrap(), true).await.unwrap();
        self.settle(id).await;
    }

    /// Ada adds a card that is paid with from now on.
    pub(crate) async fn card(&self, token: &str) {
        self.card_of(&ada(), token).await;
    }

    /// Ada does something.
    pub(crate) async fn does(&self, command: Command) {
        self.does_as(&ada(), command).await;
    }

    pub(crate) async fn does_as(&self, id: &AccountId, command: Command) {
        self.execute(id, command).await.unwrap();
        self.settle(id).await;
    }

    async fn execute(&self, id: &AccountId, command: Command) -> Result<(), Failure> {
        let envelope = Envelope::new(id.clone(), command, Actor::System);
        self.engine.execute(envelope).await.map(|_| ())
    }

    pub(crate) async fn subscribes(&self, plan: &str, interval: Interval) {
        self.does(subscribe(plan, interval)).await;
    }

    /// Time goes by for everybody, and what falls due is done when it does.
    pub(crate) async fn pass(&self, to: &str) {
        let to = at(to);
        loop {
            let state = self.store.account(&ada()).await.unwrap().unwrap();
            let Some(due) = state.next_due_wall().filter(|due| *due <= to) else {
                break;
            };
            // Mails go out in their time: a reminder of what is over isn't sent.
            self.is_read().await;
            self.clock.set(due.max(self.clock.now()));
            self.engine.view(&ada()).await.unwrap();
            self.settle(&ada()).await;
        }
        self.clock.set(to);
    }

    /// Ada's test clock goes on.
    pub(crate) async fn advance(&self, span: &str) {
        let clock = AdvanceClock { to: ClockTarget::By(span.to_owned()) };
        let envelope = Envelope::new(ada(), Command::Advance, Actor::System);
        self.engine.advance_clock(envelope, clock).await.unwrap();
    }

    /// Lets the payment provider answer, and what falls due by its answers happen.
    async fn settle(&self, id: &AccountId) {
        loop {
            self.engine.settle(id, Duration::from_secs(20)).await.unwrap();
            let before = self.store.account(id).await.unwrap().unwrap().version;
            let view = self.engine.view(id).await.unwrap().unwrap();
            if view.account.version == before && view.account.billing.effects().is_empty() {
                return;
            }
        }
    }

    /// Ada answers the page of the payment that waits.
    pub(crate) async fn authenticate(&self, answer: &str) {
        let account = self.store.account(&ada()).await.unwrap().unwrap();
        let waiting = account.billing.payments.last().unwrap().id;
        let row = self.store.payment(&ada(), waiting).await.unwrap().unwrap();
        let step = self.engine.payment_step(&ada(), &row).await.unwrap();
        let Some(CustomerStep::Page { url }) = step else { panic!("no page: {step:?}") };
        let context = Context { now: self.clock.now(), entropy: [0; 10] };
        let body = format!("answer={answer}");
        let secret = url.rsplit('/').next().unwrap();
        self.sandbox.answer_challenge(secret, body.as_bytes(), &context).unwrap();
        let now = self.clock.now();
        for due in self.sandbox.due_webhooks(now).unwrap() {
            let event = self.sandbox.verify_webhook(&due.headers, &due.body, now).unwrap();
            self.engine.hear_provider(event).await.unwrap();
            self.sandbox.webhook_delivered(due.delivery).unwrap();
        }
        self.settle(&ada()).await;
    }

    /// Waits until the mailer has read the whole journal.
    pub(crate) async fn is_read(&self) {
        let journal = self.store.journal(Default::default(), usize::MAX).await.unwrap();
        let last = journal.last().unwrap().0.commit;
        self.until(|| self.metric("bursar_mail_commit ") >= last).await;
        assert_eq!(self.metric("bursar_mail_commit "), last);
    }

    /// What was delivered, in order: occasion and date.
    pub(crate) fn told(&self) -> Vec<String> {
        let delivered = self.carrier.delivered();
        let line = |mail: &Message| format!("{} {}", mail.occasion(), mail.written_at());
        delivered.iter().map(line).collect()
    }

    /// Exactly these mails have been delivered, in this order.
    pub(crate) async fn tells(&self, expected: &[&str]) {
        self.is_read().await;
        assert_eq!(self.told(), expected);
    }

    /// Waits until it is so, or too long.
    pub(crate) async fn until(&self, so: impl Fn() -> bool) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !so() && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The text of the last mail that was delivered.
    pub(crate) fn last(&self) -> String {
        let last = self.carrier.delivered().pop().unwrap();
        format!("{}\n{}", last.subject(), last.text())
    }

    /// How many files are in the mail's directory.
    pub(crate) fn files(&self) -> usize {
        std::fs::read_dir(self.directory.path()).unwrap().count()
    }

    /// The value of a metric by its line's beginning; 0 if it isn't there.
    pub(crate) fn metric(&self, line: &str) -> u64 {
        let text = self.engine.metrics().render();
        let found = text.lines().find_map(|found| found.strip_prefix(line));
        found.map_or(0, |value| value.trim().parse().unwrap())
    }
}

pub(crate) fn subscribe(plan: &str, interval: Interval) -> Command {
    Command::ChangePlan(ChangePlan { plan: plan.to_owned(), interval, confirms: None })
}

/// Draws every document as a few bytes.
pub(crate) fn pdf() -> PdfMaker {
    Arc::new(|_, row| {
        async move { Ok(Some(Pdf::from(format!("%PDF {}", row.record.number).into_bytes()))) }
            .boxed()
    })
}
