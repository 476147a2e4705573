//! Sending one mail: to whom, with what attached, and what became of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::id::{AccountId, DocumentId};
use bursar_mail::{
    Address, Envelope, Link, MailError, MailId, MailTransport, Mailbox, Occasion, Pdf, Sender,
    render,
};
use bursar_store::{Entry, JournalPosition, StoreError};
use futures::FutureExt;
use tokio::time::timeout;

use super::PdfMaker;
use super::known::{Known, entry_at};
use super::metrics::MailMetrics;
use super::occasions::{Draft, occasions};
use crate::engine::Engine;

/// Transports have their own patience; one that has none doesn't hold up the others for longer.
const PATIENCE: Duration = Duration::from_secs(180);

/// What mails are made and sent with.
pub(super) struct Post {
    pub(super) engine: Engine,
    pub(super) transport: Arc<dyn MailTransport>,
    pub(super) sender: Sender,
    pub(super) billing_url: Option<Link>,
    pub(super) pdf: Option<PdfMaker>,
    pub(super) metrics: MailMetrics,
}

/// A mail that is to be sent.
pub(super) struct Mail {
    pub(super) account: Arc<Account>,
    /// Its entry.
    pub(super) position: JournalPosition,
    pub(super) draft: Draft,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is nothing more to do about it.
    Done,
    /// It may be taken later.
    Later,
    /// No mail is taken before an operator does something.
    Misconfigured,
}

impl Post {
    /// The mails of an entry. One that makes a defect show has none, since it would have none the next
    /// time either.
    pub(super) async fn mails(
        &self,
        position: JournalPosition,
        entry: &Entry,
    ) -> Result<Vec<Mail>, StoreError> {
        let made = AssertUnwindSafe(self.make(position, entry)).catch_unwind().await;
        made.unwrap_or_else(|_| {
            let account = &entry.account;
            tracing::error!(%account, ?position, "a defect: mails can't be made and are left out");
            self.metrics.count("unknown", "defect");
            Ok(Vec::new())
        })
    }

    async fn make(
        &self,
        position: JournalPosition,
        entry: &Entry,
    ) -> Result<Vec<Mail>, StoreError> {
        let Some(known) = Known::of(&**self.engine.store(), entry).await? else {
            return Ok(Vec::new());
        };
        let drafts = occasions(entry, &known, self.engine.catalog()).into_iter();
        let mail = |draft| Mail { account: Arc::clone(&known.account), position, draft };
        Ok(drafts.map(mail).collect())
    }

    /// One mail of an entry, made again.
    pub(super) async fn mail(
        &self,
        position: JournalPosition,
        event: u32,
    ) -> Result<Option<Mail>, StoreError> {
        let Some(entry) = entry_at(&**self.engine.store(), position).await? else {
            return Ok(None);
        };
        let mails = self.mails(position, &entry).await?;
        Ok(mails.into_iter().find(|mail| mail.draft.event == event))
    }

    /// Sends a mail. Storage that can't be read is as good as a transport that can't be reached.
    pub(super) async fn send(&self, mail: &Mail) -> Fate {
        let occasion = mail.draft.occasion.name();
        let sent = AssertUnwindSafe(self.try_to_send(mail)).catch_unwind().await;
        let (outcome, fate) = match sent {
            Ok(Ok(outcome)) => (outcome, Fate::Done),
            Ok(Err(error @ MailError::Misconfigured(_))) => {
                tracing::error!(%error, occasion, "no mail can be sent");
                ("misconfigured", Fate::Misconfigured)
            }
            Ok(Err(error @ MailError::Unavailable(_))) => {
                tracing::warn!(%error, occasion, "a mail can't be sent now; trying again");
                ("postponed", Fate::Later)
            }
            Ok(Err(error @ MailError::Refused(_))) => {
                let account = &mail.account.id;
                tracing::warn!(%error, occasion, %account, "a mail was refused");
                ("refused", Fate::Done)
            }
            Err(_) => {
                let (account, position) = (&mail.account.id, mail.position);
                tracing::error!(%account, ?position, occasion, "a defect: a mail is left out");
                ("defect", Fate::Done)
            }
        };
        match (outcome, fate) {
            ("sent", _) => _ = self.metrics.trouble.set(0),
            (_, Fate::Later | Fate::Misconfigured) => _ = self.metrics.trouble.set(1),
            _ => {}
        }
        self.metrics.count(occasion, outcome);
        fate
    }

    /// What became of it in a word, if it is over.
    async fn try_to_send(&self, mail: &Mail) -> Result<&'static str, MailError> {
        let Mail { account, draft, .. } = mail;
        if self.is_late(mail) {
            return Ok("late");
        }
        let contact = self.engine.store().contact(&account.id).await.map_err(unreadable)?;
        let address = contact.email.as_deref().map(str::parse::<Address>);
        let Some(Ok(address)) = address else {
            return Ok("no_address");
        };
        let envelope = Envelope {
            id: self.id(mail)?,
            written_at: draft.at,
            sender: self.sender.clone(),
            to: Mailbox::new(contact.name.unwrap_or_default(), address),
            zone: account.zone.clone(),
            billing_url: self.billing_url.clone(),
        };
        let mut occasion = draft.occasion.clone();
        self.attach(&mut occasion, draft.document, account).await?;
        let message = render(&occasion, &envelope);
        match timeout(PATIENCE, self.transport.send(&message)).await {
            Ok(sent) => sent.map(|()| "sent"),
            Err(_) => Err(MailError::Unavailable("the transport gave no answer".to_owned())),
        }
    }

    /// Is what it announces over? On a test clock all is, and all is to be seen.
    fn is_late(&self, mail: &Mail) -> bool {
        let is_real = mail.account.clock_ahead.is_zero();
        is_real && mail.draft.until.is_some_and(|until| until <= self.engine.wall_now())
    }

    /// The same for the same event, another for every other, also of other installations that send from
    /// the same domain, or of one that was restored and went another way. Tells nothing of how much
    /// happens here.
    fn id(&self, mail: &Mail) -> Result<MailId, MailError> {
        let Mail { account, position, draft } = mail;
        let mut hasher = blake3::Hasher::new_keyed(&self.engine.installation());
        hasher.update(b"mail\0");
        hasher.update(account.id.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(&position.commit.to_be_bytes());
        hasher.update(&position.index.to_be_bytes());
        hasher.update(&draft.event.to_be_bytes());
        hasher.update(&draft.at.micros().to_be_bytes());
        hasher.update(draft.occasion.name().as_bytes());
        let hex = hasher.finalize().to_hex();
        let id = hex.get(..32).and_then(|hex| format!("mail_{hex}").parse().ok());
        id.ok_or_else(|| MailError::Refused("it has no id".to_owned()))
    }

    async fn attach(
        &self,
        occasion: &mut Occasion,
        document: Option<DocumentId>,
        account: &Arc<Account>,
    ) -> Result<(), MailError> {
        let Some(document) = document else {
            return Ok(());
        };
        let pdf = self.draw(document, account).await?;
        match occasion {
            Occasion::Receipt(receipt) => receipt.invoice = pdf,
            Occasion::CreditNote(note) => note.document = pdf,
            _ => {}
        }
        Ok(())
    }

    /// The document as it was when the mail became due: what took it back later has a mail of its own.
    async fn draw(
        &self,
        document: DocumentId,
        account: &Arc<Account>,
    ) -> Result<Option<Pdf>, MailError> {
        let Some(draw) = &self.pdf else {
            return Ok(None);
        };
        let id: &AccountId = &account.id;
        let row = self.engine.store().document(id, document).await.map_err(unreadable)?;
        let Some(mut row) = row else {
            return Ok(None);
        };
        row.record.credited_by = None;
        let drawing = async { draw(Arc::clone(account), row).await };
        let drawn = AssertUnwindSafe(drawing).catch_unwind().await;
        match drawn {
            Ok(drawn) => drawn.map_err(unreadable),
            Err(_) => {
                tracing::error!(account = %id, %document, "a defect: a document can't be drawn");
                Ok(None)
            }
        }
    }
}

fn unreadable(error: StoreError) -> MailError {
    MailError::Unavailable(error.to_string())
}
