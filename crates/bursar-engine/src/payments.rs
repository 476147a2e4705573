//! What the engine does with the payment provider besides taking money: payment methods, sessions in
//! which they are entered, and the provider's own messages.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::account::Account;
use bursar_core::account::command::{
    AddPaymentMethod, Command, LinkCustomer, NoteDispute, SettlePayment,
};
use bursar_core::account::event::Actor;
use bursar_core::account::payments::record::PaymentStatus;
use bursar_core::account::payments::{DisputeStatus, PaymentMethod};
use bursar_core::id::{AccountId, IdempotencyKey, PaymentId};
use bursar_core::provider::{CustomerRef, MethodRef, SetupRef};
use bursar_core::rejection::{AccountRejection, PaymentRejection, Rejection};
use bursar_payments::{
    AttachMethod, Attachment, CustomerStep, Dispute, DisputeStatus as Stands, NewCustomer, News,
    Payment, PaymentLookup, ProviderEvent, Setup, SetupForm, SetupSession, SetupStatus, StartSetup,
};
use bursar_store::{Entry, PaymentName, PaymentRow};
use tokio::sync::broadcast;
use tokio::time::timeout_at;

use crate::engine::Engine;
use crate::envelope::{Committed, Envelope, Failure, Outcome};
use crate::outbox::{key, outcome, settle_refund};

/// What settings that say whose session it is begin with.
const SETUP_SETTING: &str = "setup:";

impl Engine {
    /// Attaches a token (made in the provider's form, or a test token) to the account's customer and
    /// notes it. `envelope` says for which account, by whom and under which key; its command is
    /// replaced.
    ///
    /// # Errors
    /// [`Failure`]: the bank refused the card, the provider can't be asked, or the account can't take
    /// it.
    pub async fn add_payment_method(
        &self,
        envelope: Envelope,
        token: MethodRef,
        default: bool,
    ) -> Outcome {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"add payment method");
        hasher.update(token.as_str().as_bytes());
        hasher.update(&[u8::from(default)]);
        let mut request = [0; 16];
        request.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
        let envelope = Envelope { request: Some(request), ..envelope };
        if let Some(replay) = self.replay(&envelope).await {
            return replay;
        }
        let account = self.existing(&envelope.account).await?;
        let customer = self.customer(&account).await?;
        let key = self.provider_key("method", &envelope.account, envelope.key.as_ref())?;
        let attach = AttachMethod { key, customer, token };
        let attached = self.provider().attach(&attach, &self.provider_context()).await?;
        let method = match attached {
            Attachment::Attached(method) => method,
            Attachment::Declined(decline) => return Err(Failure::Refused(decline)),
        };
        let method =
            PaymentMethod { reference: method.reference, card: method.card, mandate: None };
        let command = Command::AddPaymentMethod(AddPaymentMethod { method, default });
        self.execute(Envelope { command, ..envelope }).await
    }

    /// What a key stands for, if it was used; without doing anything.
    pub async fn replay(&self, envelope: &Envelope) -> Option<Outcome> {
        envelope.key.as_ref()?;
        // No account has this version: only what was done before can be answered.
        let look = Envelope { if_version: Some(u64::MAX), ..envelope.clone() };
        match self.execute(look).await {
            Err(Failure::VersionMismatch { .. } | Failure::Rejected(_)) => None,
            answer => Some(answer),
        }
    }

    /// Removes a payment method, and detaches it at the provider.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn remove_payment_method(&self, envelope: Envelope, method: &MethodRef) -> Outcome {
        let committed = self.execute(envelope).await?;
        // It is not used any more whatever comes of this.
        if let Err(error) = self.provider().detach(method, &self.provider_context()).await {
            tracing::warn!(%error, "a payment method can't be detached at the provider");
        }
        Ok(committed)
    }

    /// Starts a session in which the customer enters payment details at the provider.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn start_setup(
        &self,
        id: &AccountId,
        key: Option<&IdempotencyKey>,
        return_url: Option<String>,
        form: SetupForm,
    ) -> Result<SetupSession, Failure> {
        let account = self.existing(id).await?;
        let customer = self.customer(&account).await?;
        let key = self.provider_key("setup", id, key)?;
        let setup = StartSetup { key, customer, return_url, form };
        let session = self.provider().start_setup(&setup, &self.provider_context()).await?;
        let name = format!("{SETUP_SETTING}{}", session.reference);
        self.store().put_setting(&name, id.as_str().as_bytes()).await?;
        Ok(session)
    }

    /// How far a session is; what was entered in it is the account's from then on. `None` if it is not
    /// a session of this account.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn setup(&self, id: &AccountId, setup: &SetupRef) -> Result<Option<Setup>, Failure> {
        if self.setup_account(setup).await?.as_ref() != Some(id) {
            return Ok(None);
        }
        let found = self.provider().setup(setup, &self.provider_context()).await?;
        if let Some(found) = &found {
            self.note_setup(found).await?;
        }
        Ok(found)
    }

    async fn setup_account(&self, setup: &SetupRef) -> Result<Option<AccountId>, Failure> {
        let name = format!("{SETUP_SETTING}{setup}");
        let kept = self.store().setting(&name).await?;
        let text = kept.and_then(|kept| String::from_utf8(kept).ok());
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// Some events only say that there is something to be looked up.
    async fn hear_setup(&self, setup: &Setup) -> Result<(), Failure> {
        if setup.status != SetupStatus::Open {
            return self.note_setup(setup).await;
        }
        if let Some(account) = self.setup_account(&setup.reference).await? {
            self.setup(&account, &setup.reference).await?;
        }
        Ok(())
    }

    /// A session that succeeded gives its account a payment method, once.
    async fn note_setup(&self, setup: &Setup) -> Result<(), Failure> {
        let SetupStatus::Succeeded { method, mandate } = &setup.status else {
            return Ok(());
        };
        let Some(account) = self.setup_account(&setup.reference).await? else {
            return Ok(());
        };
        let Some(found) = self.provider().method(method, &self.provider_context()).await? else {
            return Ok(());
        };
        let method = PaymentMethod {
            reference: found.reference,
            card: found.card,
            mandate: mandate.clone(),
        };
        let command = Command::AddPaymentMethod(AddPaymentMethod { method, default: true });
        self.hear(account, command).await
    }

    /// Where the customer completes a payment; asked of the provider if this process has forgotten.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn payment_step(
        &self,
        account: &AccountId,
        row: &PaymentRow,
    ) -> Result<Option<CustomerStep>, Failure> {
        let payment = row.record.id;
        if row.record.status != PaymentStatus::RequiresAction {
            return Ok(None);
        }
        if let Some(step) = self.outbox().step(payment) {
            return Ok(Some(step));
        }
        let Some(customer) = self.existing(account).await?.billing.customer.clone() else {
            return Ok(None);
        };
        let lookup =
            PaymentLookup { id: payment, customer, reference: row.record.reference.clone() };
        if let Some(found) = self.provider().payment(&lookup, &self.provider_context()).await? {
            self.outbox().note(payment, &found.status);
        }
        Ok(self.outbox().step(payment))
    }

    /// A payment as the provider has it now: whoever comes back from its page is told how that went,
    /// also before the provider's message arrives. `None` if the account has no such payment; as it was
    /// known, if the provider can't be asked.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn payment_now(
        &self,
        account: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRow>, Failure> {
        let Some(row) = self.settled(account, payment, Duration::ZERO).await? else {
            return Ok(None);
        };
        let is_open =
            matches!(row.record.status, PaymentStatus::RequiresAction | PaymentStatus::Processing);
        let customer = self.existing(account).await?.billing.customer.clone();
        let (true, Some(customer)) = (is_open, customer) else {
            return Ok(Some(row));
        };
        let lookup =
            PaymentLookup { id: payment, customer, reference: row.record.reference.clone() };
        match self.provider().payment(&lookup, &self.provider_context()).await {
            Ok(Some(found)) => self.note_payment(account.clone(), found).await?,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a payment can't be looked up"),
        }
        Ok(self.store().payment(account, payment).await?)
    }

    async fn note_payment(&self, account: AccountId, found: Payment) -> Result<(), Failure> {
        self.outbox().note(found.id, &found.status);
        let command = SettlePayment {
            payment: found.id,
            reference: found.reference,
            outcome: outcome(&found.status),
        };
        self.hear(account, Command::SettlePayment(command)).await
    }

    /// A payment once the provider has answered, or as it stands after `limit`.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn settled(
        &self,
        account: &AccountId,
        payment: PaymentId,
        limit: Duration,
    ) -> Result<Option<PaymentRow>, Failure> {
        let is_open = |row: &PaymentRow| row.record.status == PaymentStatus::Requested;
        let until = tokio::time::Instant::now() + limit;
        loop {
            let (mut live, mut here) = (self.listen().await?, self.listen_here());
            let row = self.store().payment(account, payment).await?;
            if !row.as_ref().is_some_and(is_open) {
                return Ok(row);
            }
            if timeout_at(until, news_of(&mut live, &mut here, account)).await.is_err() {
                return Ok(row);
            }
        }
    }

    /// Waits until the provider has been asked for everything that an account needs, at most `limit`.
    /// Did that take waiting?
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn settle(&self, account: &AccountId, limit: Duration) -> Result<bool, Failure> {
        let until = tokio::time::Instant::now() + limit;
        let mut waited = false;
        loop {
            let (mut live, mut here) = (self.listen().await?, self.listen_here());
            let state = self.existing(account).await?;
            if state.billing.effects().is_empty() {
                return Ok(waited);
            }
            waited = true;
            if timeout_at(until, news_of(&mut live, &mut here, account)).await.is_err() {
                return Ok(waited);
            }
        }
    }

    /// Applies a verified message of the provider. Messages may come twice, late and in any order.
    ///
    /// # Errors
    /// [`Failure`]: it couldn't be kept; the provider should send it again.
    pub async fn hear_provider(&self, event: ProviderEvent) -> Result<(), Failure> {
        match event.news {
            News::Payment(payment) => {
                let name = PaymentName::Id(payment.id);
                match self.store().payer(&name).await? {
                    Some(payer) => self.note_payment(payer.account, payment).await,
                    None => self.not_ours("payment"),
                }
            }
            News::Refund(refund) => {
                let (Some(id), Some(command)) = (refund.id, settle_refund(&refund)) else {
                    return self.not_ours("refund");
                };
                match self.store().payer(&PaymentName::Refund(id)).await? {
                    Some(payer) => self.hear(payer.account, command).await,
                    None => self.not_ours("refund"),
                }
            }
            News::Dispute(dispute) => self.hear_dispute(dispute).await,
            News::Setup(setup) => self.hear_setup(&setup).await,
            News::MethodUpdated(_) | News::MethodDetached(_) | News::Other { .. } => Ok(()),
        }
    }

    async fn hear_dispute(&self, dispute: Dispute) -> Result<(), Failure> {
        let Some(reference) = dispute.payment else {
            return self.not_ours("dispute");
        };
        let Some(payer) = self.store().payer(&PaymentName::Reference(reference)).await? else {
            return self.not_ours("dispute");
        };
        let status = match dispute.status {
            Stands::Inquiry => DisputeStatus::Inquiry,
            Stands::NeedsResponse | Stands::UnderReview => DisputeStatus::Open,
            Stands::Won => DisputeStatus::Won,
            Stands::Lost => DisputeStatus::Lost,
        };
        let command = NoteDispute {
            payment: payer.payment,
            dispute: dispute.reference,
            money: dispute.money,
            status,
            reason: key(&dispute.reason),
        };
        self.hear(payer.account, Command::NoteDispute(command)).await
    }

    fn not_ours(&self, what: &str) -> Result<(), Failure> {
        tracing::info!(
            what,
            provider = self.provider().name(),
            "news of something that isn't ours"
        );
        Ok(())
    }

    /// Does what the provider's news come to. That it is known already is as good.
    async fn hear(&self, account: AccountId, command: Command) -> Result<(), Failure> {
        let actor = Actor::Provider(key(self.provider().name()));
        match self.execute(Envelope::new(account, command, actor)).await {
            Ok(Committed { .. }) => Ok(()),
            Err(Failure::Rejected(rejection)) => {
                let known = Rejection::Payment(PaymentRejection::NothingNew);
                if rejection != known {
                    tracing::info!(%rejection, "news of the payment provider changed nothing");
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn existing(&self, id: &AccountId) -> Result<Arc<Account>, Failure> {
        let account = self.store().account(id).await?;
        account.ok_or_else(|| Rejection::from(AccountRejection::NotFound).into())
    }

    /// Who the account is at the provider; made on first use.
    async fn customer(&self, account: &Account) -> Result<CustomerRef, Failure> {
        if let Some(customer) = &account.billing.customer {
            return Ok(customer.clone());
        }
        let contact = self.store().contact(&account.id).await?;
        let customer = NewCustomer {
            key: self.provider_key("customer", &account.id, None)?,
            account: account.id.clone(),
            email: contact.email,
            name: contact.name,
        };
        let customer = self.provider().create_customer(&customer, &self.provider_context()).await?;
        let command = Command::LinkCustomer(LinkCustomer { customer, seed: self.entropy() });
        self.hear(account.id.clone(), command).await?;
        // Another request may have been first.
        let account = self.existing(&account.id).await?;
        let linked = account.billing.customer.clone();
        linked.ok_or_else(|| Failure::Unavailable("the customer could not be noted".to_owned()))
    }

    /// An idempotency key for the provider: the same for a repeated request, another for every other,
    /// also of other installations with the same provider account.
    fn provider_key(
        &self,
        what: &str,
        account: &AccountId,
        key: Option<&IdempotencyKey>,
    ) -> Result<IdempotencyKey, Failure> {
        let fresh: [u8; 16] = self.entropy();
        let mut hasher = blake3::Hasher::new_keyed(&self.installation());
        hasher.update(what.as_bytes());
        hasher.update(&[0]);
        hasher.update(account.as_str().as_bytes());
        hasher.update(&[0]);
        match key {
            Some(key) => hasher.update(key.as_str().as_bytes()),
            None if what == "customer" => hasher.update(&[]),
            None => hasher.update(&fresh),
        };
        let hex = hasher.finalize().to_hex();
        hex.get(..32).and_then(|hex| hex.parse().ok()).ok_or(Failure::Defect)
    }

    fn provider_context(&self) -> Context {
        Context { now: self.wall_now(), entropy: self.entropy() }
    }
}

/// Returns when something happened to an account, or may have. What this node does is known at once, whatever
/// other nodes have under way.
async fn news_of(live: &mut Live, here: &mut Live, account: &AccountId) {
    let news = async |live: &mut Live| {
        while live.recv().await.is_ok_and(|entry| entry.account != *account) {}
    };
    tokio::select! {
        biased;
        () = news(live) => {}
        () = news(here) => {}
    }
}

type Live = broadcast::Receiver<Arc<Entry>>;
