//! Two nodes with mailers: each mail goes out once, whoever sends it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_engine::Mailer;
use bursar_engine::mailer::Options;
use bursar_mail::{MailError, MailTransport, Mailbox, Message};
use bursar_store::Contact;
use parking_lot::Mutex;

use super::town::{Node, PATIENCE, Town, give, subscribe, topup, until};

/// Remembers what it was given.
#[derive(Default)]
struct Carrier(Mutex<Vec<String>>);

#[async_trait]
impl MailTransport for Carrier {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.0.lock().push(message.id().to_string());
        Ok(())
    }
}

impl Carrier {
    fn sent(&self) -> usize {
        self.0.lock().len()
    }
}

async fn mailer(node: &Node, carrier: &Arc<Carrier>) -> Mailer {
    let transport = Arc::clone(carrier);
    let started = node.run(|engine| async move {
        let from = Mailbox::new("ScriptKit Billing", "billing@scriptkit.example".parse().unwrap());
        Mailer::start(&engine, Options { transport, from, billing_url: None, pdf: None }).await
    });
    started.await.unwrap()
}

async fn customer(node: &Node, name: &str) -> AccountId {
    let id = node.customer(name, "pm_card_visa").await;
    let contact = Contact { name: None, email: Some(format!("{name}@example.com")) };
    node.engine.store().put_contact(&id, contact).await.unwrap();
    node.does(&id, subscribe()).await;
    let settle = id.clone();
    node.run(|engine| async move { engine.settle(&settle, PATIENCE).await.unwrap() }).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mail_is_sent_once_though_a_node_dies() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let carrier = Arc::new(Carrier::default());
    let of_a = mailer(&a, &carrier).await;
    let ada = customer(&a, "ada").await;
    until("the first mail is sent", async || carrier.sent() == 1).await;
    let of_b = mailer(&b, &carrier).await;
    let bob = customer(&b, "bob").await;
    for _ in 0..5 {
        b.does(&bob, topup()).await;
        a.does(&ada, topup()).await;
    }
    until("all receipts are sent", async || carrier.sent() == 12).await;
    // What comes after the last mail is only read when it is noted that it was sent.
    a.does(&ada, give(1)).await;
    let end = a.engine.store().end().await.unwrap().commit;
    until("the last mail is noted", async || a.metric("bursar_mail_commit ") >= end).await;
    a.dies();
    b.does(&bob, topup()).await;
    until("the other one sends", async || carrier.sent() == 13).await;
    assert_eq!(carrier.0.lock().iter().collect::<BTreeSet<_>>().len(), 13, "each once");
    b.run(|_| of_b.stop()).await;
    assert_eq!(town.count("claims WHERE task = 'mail'").await, 0, "it was given up");
    assert_eq!(carrier.sent(), 13);
    drop(of_a);
}
