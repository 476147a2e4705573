//! Tells customers by mail what happened to their accounts.
//!
//! Mail is no effect that accounts keep in their state; it is a reader of the journal with a durable
//! [cursor](cursor). Each entry makes [mails](occasions) from its events and from what is
//! [known](known) of its account, purely, so that a mail needn't be kept: whatever is to be sent again
//! is made again, with the same id.
//!
//! **One node at a time.** Whoever has claimed the task sends; when he dies, another goes on from the cursor.
//! If two believe they have it, the cursor tells: it is only replaced by whoever knows what it was, and
//! the other begins anew behind it.
//!
//! **What makes no mail isn't read**, where this process alone writes the journal: its writers [mark](marks) the
//! commits that do.
//!
//! **At least once.** The cursor moves after the mails of an entry were taken by the transport. What a
//! crash repeats has the same `Message-ID`.
//!
//! **What fails doesn't hold up others.** A mail that isn't taken now, and those of the same account
//! after it, wait beside the cursor and are tried again; the journal is read on for everybody else. If
//! hundreds wait, it is the transport that is down, and reading waits, too. After three days a mail is
//! given up, loudly: what it says is no news any more. A transport that is misconfigured carries no mail
//! at all, so then everything waits, for as long as it takes.

mod cursor;
mod known;
mod marks;
mod metrics;
mod occasions;
mod post;
mod words;
mod worker;

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_mail::{Address, Link, MailTransport, Mailbox, Pdf, Sender};
use bursar_store::{DocumentRow, StoreError};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::engine::Engine;
use cursor::Cursor;
pub(crate) use marks::Marks;
use post::Post;

/// Draws an account's invoice or credit note. `None`: it can't be drawn, and the mail goes without it.
/// An error of the store is tried again.
pub type PdfMaker = Arc<
    dyn Fn(Arc<Account>, DocumentRow) -> BoxFuture<'static, Result<Option<Pdf>, StoreError>>
        + Send
        + Sync,
>;

/// What a mailer is made of.
#[derive(Clone)]
pub struct Options {
    /// What carries the mails.
    pub transport: Arc<dyn MailTransport>,
    /// Who they are from.
    pub from: Mailbox,
    /// Where customers act on them; without it, mails say where that is in the product.
    pub billing_url: Option<Link>,
    /// Draws the documents that are attached. Without it none are.
    pub pdf: Option<PdfMaker>,
}

/// A running mailer. It ends with its engine, when it is stopped, or when it is dropped.
#[must_use = "a mailer that is dropped sends nothing"]
pub struct Mailer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Mailer {
    /// Starts it, on the runtime that it is called in. To be started right after its engine: the very
    /// first start on a journal reads from its present end on.
    ///
    /// # Errors
    /// [`StoreError`] if its cursor can't be read or made.
    pub async fn start(engine: &Engine, options: Options) -> Result<Self, StoreError> {
        Cursor::load(&**engine.store()).await?;
        let Options { transport, from, billing_url, pdf } = options;
        let catalog = Arc::clone(engine.catalog());
        let support: Address = catalog.support_email.parse().unwrap_or_else(|_| {
            // Catalogs allow more than mail servers do. Replies then go where mails come from.
            tracing::warn!(
                "the catalog's support address can't be written to; replies go to `from`"
            );
            from.address.clone()
        });
        let sender = Sender { product: catalog.name.as_str().into(), from, support };
        let metrics = metrics::MailMetrics::new(engine.metrics());
        let post = Post { engine: engine.clone(), transport, sender, billing_url, pdf, metrics };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(worker::run(post, stopped));
        Ok(Self { stop, task })
    }

    /// Ends it. Mails that are on their way have a few seconds to arrive; the rest goes out after the
    /// next start. To be called before the engine shuts down, so that how far it came can be kept.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if self.task.await.is_err() {
            tracing::error!("the mailer did not end by itself");
        }
    }
}
