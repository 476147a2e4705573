//! Mails that go nowhere and leave a line in the log.

use async_trait::async_trait;

use crate::message::Message;
use crate::port::{MailError, MailTransport};

/// Writes one line per mail to the log: its occasion and its id, nothing of its customer.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogTransport;

#[async_trait]
impl MailTransport for LogTransport {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn send(&self, message: &Message) -> Result<(), MailError> {
        tracing::info!(
            occasion = message.occasion(),
            message_id = message.message_id(),
            "mail not sent: the transport is `log`",
        );
        Ok(())
    }
}
