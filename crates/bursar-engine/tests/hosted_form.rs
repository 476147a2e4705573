//! A card that is entered on Stripe's page is the account's, whoever tells of it first: the customer who
//! comes back, or a webhook, which only names the session.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use bursar_core::account::command::{Command, Open};
use bursar_core::account::event::Actor;
use bursar_core::id::AccountId;
use bursar_core::time::ZoneName;
use bursar_engine::{Clock, Engine, Envelope, Options, SystemClock};
use bursar_payments::fake::{FakeStripe, SECRET_KEY, WEBHOOK_SECRET};
use bursar_payments::stripe::{Stripe, StripeConfig};
use bursar_payments::{CustomerStep, PaymentProvider, Secret, SetupForm, SetupSession};
use bursar_store::memory::MemoryStore;

struct Office {
    server: FakeStripe,
    stripe: Arc<Stripe>,
    engine: Engine,
}

fn ada() -> AccountId {
    "ada".parse().unwrap()
}

impl Office {
    async fn open() -> Self {
        let server = FakeStripe::start().await;
        let secrets = vec![Secret::new(WEBHOOK_SECRET)];
        let config = StripeConfig {
            base_url: server.url.clone(),
            ..StripeConfig::new(Secret::new(SECRET_KEY), "pk_test_public".to_owned(), secrets)
        };
        let stripe = Arc::new(Stripe::new(config).unwrap());
        let options = Options {
            store: Arc::new(MemoryStore::new()),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: Arc::new(SystemClock),
            provider: stripe.clone(),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(7),
        };
        let engine = Engine::start(options).await.unwrap();
        let open = Command::Open(Open { zone: ZoneName::utc(), currency: None });
        engine.execute(Envelope::new(ada(), open, Actor::System)).await.unwrap();
        Self { server, stripe, engine }
    }

    /// The customer enters a card on Stripe's page.
    async fn enter_card(&self) -> SetupSession {
        let back = Some("https://app.example/billing".to_owned());
        let session = self.engine.start_setup(&ada(), None, back, SetupForm::Hosted).await.unwrap();
        assert!(matches!(session.form, CustomerStep::Page { .. }));
        let id = session.reference.as_str().to_owned();
        self.server.with(|books| books.complete_session(&id));
        session
    }

    async fn deliver_webhooks(&self) {
        let now = SystemClock.now();
        for (headers, body) in self.server.webhooks(now.micros() / 1_000_000) {
            let event = self.stripe.verify_webhook(&headers, &body, now).unwrap();
            self.engine.hear_provider(event).await.unwrap();
        }
    }

    async fn methods(&self) -> usize {
        let view = self.engine.view(&ada()).await.unwrap().unwrap();
        view.account.billing.methods.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_is_first() {
    let office = Office::open().await;
    let session = office.enter_card().await;
    assert_eq!(office.methods().await, 0);
    office.deliver_webhooks().await;
    assert_eq!(office.methods().await, 1);
    office.engine.setup(&ada(), &session.reference).await.unwrap().unwrap();
    assert_eq!(office.methods().await, 1);
    office.engine.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_is_first() {
    let office = Office::open().await;
    let session = office.enter_card().await;
    office.engine.setup(&ada(), &session.reference).await.unwrap().unwrap();
    assert_eq!(office.methods().await, 1);
    office.deliver_webhooks().await;
    assert_eq!(office.methods().await, 1);
    office.engine.shutdown().await.unwrap();
}
