//! Mail to customers: into files in test mode, through SMTP when there is an address for it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bursar_api::documents::{self, PageError};
use bursar_core::account::Account;
use bursar_core::catalog::Catalog;
use bursar_documents::render;
use bursar_engine::Engine;
use bursar_engine::access::Mode;
use bursar_engine::mailer::{Mailer, Options};
use bursar_mail::{Address, FileTransport, Link, MailTransport, Mailbox, Pdf, SmtpTransport};
use bursar_store::{DocumentRow, Store, StoreError};
use clap::Args;

use crate::problem::{self, Problem};

/// How mail is sent.
#[derive(Debug, Args)]
pub(super) struct MailArgs {
    /// Who mails are from; the catalog's support address, if left out
    #[arg(long, value_name = "ADDRESS", env = "BURSAR_MAIL_FROM")]
    mail_from: Option<Address>,
    /// Where customers act on mails: the product's billing page
    #[arg(long, value_name = "URL", env = "BURSAR_BILLING_URL")]
    billing_url: Option<Link>,
}

/// The address with its password, which is never an argument: those can be seen by others.
const SMTP: &str = "BURSAR_SMTP_URL";

/// Starts the mailer; `None` if there is no way to send.
pub(super) async fn start(
    args: &MailArgs,
    mode: Mode,
    dir: &str,
    engine: &Engine,
) -> Result<Option<Mailer>> {
    let Some(transport) = transport(mode, dir)? else {
        return Ok(None);
    };
    let Some(from) = sender(args, engine.catalog())? else {
        return Ok(None);
    };
    let store = Arc::clone(engine.store());
    let pdf = move |account: Arc<Account>, row: DocumentRow| {
        let store = Arc::clone(&store);
        let drawn: futures::future::BoxFuture<'static, _> =
            Box::pin(async move { draw(&*store, &account, &row).await });
        drawn
    };
    let billing_url = args.billing_url.clone();
    let options = Options { transport, from, billing_url, pdf: Some(Arc::new(pdf)) };
    let mailer = Mailer::start(engine, options).await;
    Ok(Some(mailer.map_err(|error| problem::of_store("read the mail of", dir, &error))?))
}

/// What carries the mails.
fn transport(mode: Mode, dir: &str) -> Result<Option<Arc<dyn MailTransport>>> {
    let url = match std::env::var(SMTP) {
        Ok(url) if !url.trim().is_empty() => url,
        Ok(_) | Err(_) if mode == Mode::Test => {
            let mails = Path::new(dir).join("mail");
            let files = FileTransport::open(&mails);
            let files = files.map_err(|error| problem::of_file("write mails", &error))?;
            return Ok(Some(Arc::new(files)));
        }
        Ok(_) | Err(_) => {
            tracing::warn!("no mail is sent: set {SMTP} to tell customers what happens");
            return Ok(None);
        }
    };
    let smtp = SmtpTransport::from_url(url.trim()).map_err(|error| {
        Problem::error(
            format!("{SMTP} can't be used: {error}"),
            "Write it as smtps://user:password@host, or smtp://user:password@host:587.",
        )
    })?;
    Ok(Some(Arc::new(smtp)))
}

/// Who mails are from; `None` if nobody can be.
fn sender(args: &MailArgs, catalog: &Catalog) -> Result<Option<Mailbox>> {
    let address = match &args.mail_from {
        Some(address) => address.clone(),
        None => match catalog.support_email.parse() {
            Ok(address) => address,
            Err(error) => {
                tracing::warn!(%error, "no mail is sent: set BURSAR_MAIL_FROM");
                return Ok(None);
            }
        },
    };
    Ok(Some(Mailbox { name: catalog.name.as_str().into(), address }))
}

/// The file that goes with a receipt or a credit note.
async fn draw(
    store: &dyn Store,
    account: &Account,
    row: &DocumentRow,
) -> Result<Option<Pdf>, StoreError> {
    let page = match documents::catalog_of(store, row.record.catalog).await {
        Ok(catalog) => documents::page(store, account, &row.record, &catalog).await,
        Err(error) => Err(error),
    };
    let page = match page {
        Ok(page) => page,
        Err(PageError::Store(error)) => return Err(error),
        Err(error) => {
            tracing::error!(%error, "a mail goes without its document");
            return Ok(None);
        }
    };
    let drawn = tokio::task::spawn_blocking(move || render(&page)).await;
    match drawn {
        Ok(Ok(bytes)) => Ok(Some(bytes.into())),
        Ok(Err(error)) => {
            tracing::error!(%error, "a mail goes without its document");
            Ok(None)
        }
        Err(error) => {
            tracing::error!(%error, "a mail goes without its document");
            Ok(None)
        }
    }
}
