//! What others do (the provider's messages, customers at the bank's pages, people who look), and how
//! everything comes to its end: nothing fails any more, everything is delivered, and the books are closed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::account::payments::Stage;
use bursar_core::id::{AccountId, PaymentId};
use bursar_core::money::Currency;
use bursar_core::postings::MoneyBook;
use bursar_engine::{Clock, Engine};
use bursar_payments::CustomerStep;
use bursar_store::Store;

use crate::customers::account_id;
use crate::step::Delivery;
use crate::world::World;

/// How long anything may take.
const PATIENCE_SECONDS: u32 = 600;
/// How often everything is delivered and looked at before somebody waits for ever.
const ROUNDS: u32 = 160;

impl World {
    /// Asks a node something that it may not live to answer. Meanwhile others die and are buried, so that
    /// nobody waits for their locks.
    ///
    /// # Errors
    /// In words: it lives and doesn't answer.
    pub(crate) async fn with<T>(
        &mut self,
        node: u32,
        ask: impl AsyncFnOnce(&Engine) -> T,
    ) -> Result<Option<T>, String> {
        let Some((engine, life)) = self.running(node) else { return Ok(None) };
        let mut asking: Pin<Box<dyn Future<Output = T> + '_>> = Box::pin(ask(&engine));
        for _ in 0..PATIENCE_SECONDS {
            tokio::select! {
                biased;
                () = life.over() => return Ok(None),
                answer = &mut asking => return Ok(Some(answer)),
                () = tokio::time::sleep(Duration::from_secs(1)) => self.bury_the_dead()?,
            }
        }
        Err(format!("node {node} has not answered in {PATIENCE_SECONDS} seconds"))
    }

    /// Delivers the provider's messages that are due.
    pub(crate) async fn webhooks(&mut self, node: u32, how: Delivery) -> Result<(), String> {
        let now = self.clock.now();
        let words = |error: bursar_payments::ProviderError| error.to_string();
        let mut due = self.bank.sandbox.due_webhooks(now).map_err(words)?;
        match how {
            Delivery::Backwards => due.reverse(),
            Delivery::Thrice => due = due.into_iter().flat_map(|it| vec![it; 3]).collect(),
            Delivery::InOrder | Delivery::Unanswered => {}
        }
        for webhook in due {
            let heard = self.with(node, async |engine| {
                let read = engine.provider().verify_webhook(&webhook.headers, &webhook.body, now);
                match read {
                    Ok(event) => Ok(engine.hear_provider(event).await.is_ok()),
                    Err(error) => Err(format!("a message of the bank is not believed: {error}")),
                }
            });
            let heard = heard.await?.transpose()?.unwrap_or(false);
            if heard && how != Delivery::Unanswered {
                self.bank.sandbox.webhook_delivered(webhook.delivery).map_err(words)?;
            }
        }
        Ok(())
    }

    /// The customer answers the bank's question about all payments that wait for it.
    pub(crate) async fn answer(&mut self, account: u32, approves: bool) -> Result<(), String> {
        let id = account_id(account)?;
        let Some(state) = self.kept(&id).await? else { return Ok(()) };
        let waits = |stage| stage == Stage::RequiresAction;
        for payment in state.billing.payments.iter().filter(|it| waits(it.stage) && !it.abandoned) {
            let up = (0_u32..).zip(&self.nodes).find(|(_, node)| node.engine.is_some());
            let Some((node, _)) = up else { return Ok(()) };
            let step = self.with(node, async |engine| {
                let row = engine.store().payment(&id, payment.id).await.ok().flatten()?;
                engine.payment_step(&id, &row).await.ok().flatten()
            });
            let Some(CustomerStep::Page { url }) = step.await?.flatten() else { continue };
            let secret = url.rsplit('/').next().unwrap_or_default();
            let body: &[u8] = if approves { b"answer=approve" } else { b"answer=fail" };
            let context = self.bank.context();
            let answered = self.bank.sandbox.answer_challenge(secret, body, &context);
            answered.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// A customer disputes the last payment that took money.
    pub(crate) fn dispute(&mut self, account: u32) -> Result<(), String> {
        let id = account_id(account)?;
        let last = self.model.seat(&id).and_then(|seat| seat.till.last_payment());
        if let Some(payment) = last {
            // A payment that was returned can't be disputed; the bank says so.
            let controls = self.bank.sandbox.controls();
            let _ = controls.dispute(payment, "fraudulent", self.clock.now());
        }
        Ok(())
    }

    /// Somebody looks at an account: what they see was so at the version they see.
    pub(crate) async fn look(&mut self, account: u32, node: u32) -> Result<(), String> {
        let id = account_id(account)?;
        let before = self.model.seat(&id).map_or(0, |seat| seat.version());
        let seen = self.with(node, async |engine| engine.view(&id).await).await?;
        let Some(Ok(Some(view))) = seen else { return Ok(()) };
        self.read().await?;
        let account = &view.account;
        if account.version < before {
            return Err(format!("{id} looks as it was at version {}", account.version));
        }
        let said = (account.available().micro(), account.held().micro());
        let known = self.model.seat(&id).and_then(|seat| seat.balance(account.version));
        if known.is_some_and(|known| known != said) {
            return Err(format!("{id} shows {said:?}, and had {known:?}"));
        }
        let over = |at: Option<_>| at.is_some_and(|at| at <= view.now);
        if account.lots.iter().any(|lot| !lot.expired && over(lot.expires_at)) {
            return Err(format!("{id} shows credits that have expired"));
        }
        Ok(())
    }

    pub(crate) async fn kept(&self, id: &AccountId) -> Result<Option<Account>, String> {
        let kept = self.database.truth().account(id).await;
        Ok(kept.map_err(|error| error.to_string())?.map(|account| Account::clone(&account)))
    }

    /// Nothing fails any more, and everything comes to its end.
    pub(crate) async fn end(&mut self, accounts: u32) -> Result<(), String> {
        self.database.heal();
        self.bank.heal().map_err(|error| error.to_string())?;
        for number in (0_u32..).zip(&self.nodes).map(|(number, _)| number).collect::<Vec<_>>() {
            self.node(number).inspect(|node| node.clock.skew(0));
            self.start(number).await?;
        }
        for round in 0.. {
            self.webhooks(0, Delivery::InOrder).await?;
            for account in 0..accounts {
                self.look(account, 0).await?;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            self.look_around().await?;
            let waiting = self.waiting().await?;
            if waiting.is_empty() {
                break;
            }
            if round > ROUNDS {
                return Err(format!("waits for ever: {waiting:?}"));
            }
            // What is not over soon waits for somebody, for a day at most.
            self.clock.jump(if round < 60 { 60 } else { 3_600 });
        }
        self.all_repeat().await?;
        self.look_around().await?;
        self.model.judge_end()?;
        self.close_the_books()?;
        self.audit.check_storage().map_err(|(account, what)| format!("{account}: {what}"))
    }

    async fn waiting(&self) -> Result<Vec<AccountId>, String> {
        let mut waiting = Vec::new();
        for (id, _) in self.model.seats() {
            let account = self.kept(id).await?;
            let waits = |it: &Account| it.billing.is_waiting() || it.storage.is_erasing();
            if account.as_ref().is_some_and(waits) {
                waiting.push(id.clone());
            }
        }
        Ok(waiting)
    }

    /// Everybody sends everything once more: what was done is told again, and nothing is done twice.
    async fn all_repeat(&mut self) -> Result<(), String> {
        let done: Vec<u32> =
            self.sent.iter().filter(|(_, sent)| self.is_done(sent)).map(|it| *it.0).collect();
        for step in done {
            self.send(step, step, 0, false)?;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        Ok(())
    }

    fn is_done(&self, sent: &crate::customers::Sent) -> bool {
        let key = sent.envelope.key.as_ref().map(ToString::to_string).unwrap_or_default();
        self.model.effect_of(&sent.envelope.account, &key).is_some()
    }

    /// What the bank has taken and not returned is what the invoices say.
    fn close_the_books(&self) -> Result<(), String> {
        let mut kept: BTreeMap<PaymentId, i64> = BTreeMap::new();
        let (mut documented, mut owed) = (0, 0);
        for (id, seat) in self.model.seats() {
            kept.extend(seat.till.kept());
            documented += seat.till.documented();
            owed += seat.till.owed();
            let open = seat.till.open();
            if !open.is_empty() {
                return Err(format!("{id}: forgotten payments: {open:?}"));
            }
        }
        for payment in self.bank.payments() {
            let (has, should) = (self.bank.kept(payment), kept.get(&payment).copied());
            if should != Some(has) {
                return Err(format!("{payment}: the bank has {has}, and should have {should:?}"));
            }
        }
        let all: i64 = kept.values().sum();
        if all != documented + owed {
            return Err(format!("{all} were kept, for invoices of {documented}; {owed} are owed"));
        }
        let totals = self.audit.money_totals();
        let book = |book| totals.get(&(Currency::USD, book)).copied().unwrap_or(0);
        let cash = book(MoneyBook::Cash) + book(MoneyBook::Disputed) + book(MoneyBook::Chargebacks);
        if cash != i128::from(all) {
            return Err(format!("the books have {cash} in cash or dispute, the bank {all}"));
        }
        Ok(())
    }
}
