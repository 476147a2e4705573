//! Mails through a mail server.

mod failure;
mod url;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::message::Message;
use crate::mime;
use crate::port::{MailError, MailTransport};
use url::{Security, Server};

pub use url::SmtpUrlError;

/// How long one mail may take, from looking the server up to its last answer.
const TIME_MAX: Duration = Duration::from_secs(120);

/// Hands mails to a mail server, each in a conversation of its own.
///
/// A conversation that takes too long is given up, although the server may have taken the mail: it
/// is then sent again, with the same `Message-ID`.
pub struct SmtpTransport {
    inner: AsyncSmtpTransport<Tokio1Executor>,
    /// Without credentials.
    shown: String,
    time_max: Duration,
}

impl SmtpTransport {
    /// From an address such as `smtps://user:password@mail.example.com`.
    ///
    /// | address | connection | port |
    /// | --- | --- | --- |
    /// | `smtps://host` | TLS from the first byte | 465 |
    /// | `smtp://host` | STARTTLS; without it, nothing is sent | 587 |
    /// | `smtp://localhost`, `127.0.0.1`, `[::1]` | plain text: it doesn't leave the machine | 25 |
    /// | `smtp://host?tls=none` | plain text, because you say so | 25 |
    /// | `smtp://localhost?tls=required` | STARTTLS, also on this machine | 587 |
    ///
    /// User and password are percent-encoded where they contain anything but letters and digits. A
    /// path is what the client calls itself: `smtp://mail.example.com/app.example.com`, for servers
    /// that don't take the default, `[127.0.0.1]`.
    ///
    /// # Errors
    /// [`SmtpUrlError`], which never repeats the address.
    pub fn from_url(text: &str) -> Result<Self, SmtpUrlError> {
        let server: Server = text.parse()?;
        let shown = server.to_string();
        let tls = |host: &str| TlsParameters::new(host.to_owned()).map_err(|_| SmtpUrlError::Tls);
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
                .port(server.port)
                .tls(match server.security {
                    Security::Tls => Tls::Wrapper(tls(&server.host)?),
                    Security::StartTls => Tls::Required(tls(&server.host)?),
                    Security::Plain => Tls::None,
                });
        if let Some((user, password)) = server.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        if let Some(name) = server.client_name {
            builder = builder.hello_name(ClientId::Domain(name));
        }
        Ok(Self { inner: builder.build(), shown, time_max: TIME_MAX })
    }

    /// Gives a mail up after this time instead of two minutes.
    #[must_use]
    pub fn with_time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }
}

#[async_trait]
impl MailTransport for SmtpTransport {
    fn name(&self) -> &'static str {
        "smtp"
    }

    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let envelope = mime::envelope(message)?;
        let eml = message.to_eml()?;
        let sending = self.inner.send_raw(&envelope, &eml);
        match tokio::time::timeout(self.time_max, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure::of(&error, message)),
            Err(_) => Err(MailError::Unavailable("the mail server took too long".to_owned())),
        }
    }
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpTransport({})", self.shown)
    }
}
