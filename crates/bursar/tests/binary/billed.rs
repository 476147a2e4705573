//! A data directory in which things were bought, paid, refunded and not paid.

use std::path::Path;
use std::time::Duration;

use bursar_core::account::command::{
    Command, PaymentOutcome, RefundSubscription, SetBillingDetails, SettleRefund,
};
use bursar_core::account::event::Event;
use bursar_core::account::payments::Retry;
use bursar_core::catalog::Interval;
use bursar_core::id::{AccountId, RefundId};
use bursar_sqlite::{Options, SqliteStore};
use bursar_store::contract::{Ask, Clerk, Outcome, Work, keep_details};
use bursar_store::{BillingDetails, CatalogRecord, Registry, Store, Writer};

const DAY: Duration = Duration::from_secs(86_400);

/// The seller, who has to charge VAT.
const SELLER: &str = r#"[seller]
name = "ScriptKit GmbH"
address = ["Lindenstraße 20", "10969 Berlin"]
country = "DE"
vat_id = "DE123456789"
"#;
const TAX: &str = r#"[[tax.rates]]
country = "DE"
percent = 19
[[tax.rates]]
country = "FR"
percent = 20
reverse_charge = true

[documents]"#;

/// The shipped catalog with a seller and taxes.
fn catalog() -> String {
    let text = bursar_catalog::SCRIPTKIT;
    let (before, after) = text.split_once("[seller]").unwrap();
    let (_, after) = after.split_once("[tax]").unwrap();
    let text = format!("{before}{SELLER}\n[tax]{after}");
    text.replacen("[documents]", TAX, 1)
}

/// Does everything in one thread, as the server would.
struct Shop {
    store: SqliteStore,
    writer: Box<dyn Writer>,
    clerk: Clerk,
}

impl Shop {
    async fn open(dir: &Path) -> Self {
        let store = SqliteStore::open(dir, Options::default()).unwrap();
        let writer = store.writer().unwrap();
        let mut clerk = Clerk::new(7);
        let text = catalog();
        clerk.catalog = bursar_catalog::parse(&text).unwrap();
        let (version, since) = (clerk.catalog.version, clerk.now);
        store.put_catalog(CatalogRecord { version, text, since }).await.unwrap();
        Self { store, writer, clerk }
    }

    async fn ask(&mut self, ask: Ask) -> Outcome {
        self.clerk.one(&mut *self.writer, ask).await.unwrap()
    }

    async fn all(&mut self, asks: impl IntoIterator<Item = Ask>) {
        for ask in asks {
            self.ask(ask).await.done();
        }
    }

    async fn buyer(&mut self, name: &str, details: BillingDetails) {
        let id: AccountId = name.parse().unwrap();
        let (country, business) = (details.country, details.vat_id.is_some());
        let revision = self.store.add_billing_details(&id, details).await.unwrap();
        let set = SetBillingDetails { revision, country, business };
        self.ask(Ask::new(name, Command::SetBillingDetails(set))).await.done();
    }
}

fn details(name: &str, country: &str, vat_id: Option<&str>) -> BillingDetails {
    BillingDetails {
        name: name.to_owned(),
        company: vat_id.map_or("", |_| "=HYPERLINK(\"x\") SARL").to_owned(),
        address: vec!["1 rue Longue".to_owned(), "75001 Paris".to_owned()],
        country: Some(country.parse().unwrap()),
        vat_id: vat_id.map(str::to_owned),
    }
}

/// `ada`, a French business, subscribes and upgrades in the middle of January. `bob`, in Germany,
/// subscribes and is refunded. `eve` subscribes, and her second month is never paid.
pub(crate) fn known(dir: &Path) {
    runtime().block_on(async {
        let mut shop = Shop::open(dir).await;
        let [open, link, card, subscribe, paid] = Ask::subscriber("ada", "starter");
        shop.all([open, link, card]).await;
        shop.buyer("ada", details("Ada Martin", "FR", Some("FR12345678901"))).await;
        shop.all([subscribe, paid]).await;
        let [open, link, card, subscribe, paid] = Ask::subscriber("bob", "starter");
        shop.all([open, link, card]).await;
        shop.buyer("bob", details("Bob", "DE", None)).await;
        shop.all([subscribe, paid]).await;
        let reason = Some("changed his mind".parse().unwrap());
        let refund = Command::RefundSubscription(RefundSubscription { reason });
        let refunded = shop.ask(Ask::new("bob", refund)).await.done();
        let refund = refunded.events.iter().find_map(|recorded| match &recorded.event {
            Event::RefundRequested { refund, .. } => Some(*refund),
            _ => None,
        });
        shop.clerk.wait(DAY);
        shop.ask(returned("bob", refund.unwrap())).await.done();
        shop.all(Ask::subscriber("eve", "starter")).await;
        shop.clerk.wait(DAY * 14);
        shop.ask(Ask::change_plan("ada", "professional", Interval::Month)).await.done();
        shop.ask(Ask::paid("ada", 2)).await.done();
        shop.clerk.wait(DAY * 17);
        shop.ask(Ask::new("eve", Command::Advance)).await.done();
        let (code, retry) = ("card_declined".parse().unwrap(), Retry::NewMethod);
        let declined = PaymentOutcome::Declined { code, retry };
        let payment = bursar_store::contract::payment_id("eve", 2);
        shop.ask(Ask::settle("eve", payment, declined)).await.done();
        shop.clerk.wait(DAY * 8);
        shop.ask(Ask::new("eve", Command::Advance)).await.done();
        drop(shop.writer);
        shop.store.close().await.unwrap();
    });
}

fn returned(name: &str, refund: RefundId) -> Ask {
    Ask::new(name, Command::SettleRefund(SettleRefund { refund, outcome: Ok(()) }))
}

/// Whatever happens to twelve accounts in some hundred batches.
pub(crate) fn random(dir: &Path, seed: u64) {
    runtime().block_on(async {
        let store = SqliteStore::open(dir, Options::default()).unwrap();
        let mut writer = store.writer().unwrap();
        let (mut clerk, mut work) = (Clerk::new(seed), Work::new(seed));
        for _ in 0..600 {
            let outcomes = clerk.batch(&mut *writer, &work.asks()).await.unwrap();
            work.note(&outcomes);
            keep_details(&store, &outcomes).await;
            clerk.wait(work.pause());
        }
        drop(writer);
        store.close().await.unwrap();
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
