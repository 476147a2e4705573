//! A mail that is written and not yet sent.

use std::fmt;
use std::sync::Arc;

use bursar_core::time::Timestamp;

use crate::address::{Address, Mailbox};
use crate::envelope::{Envelope, MailId};
use crate::letter;
use crate::mime;
use crate::occasion::Occasion;
use crate::one_line::OneLine;
use crate::port::MailError;

/// Writes the mail for `occasion`. The same arguments give the same mail, to the byte.
pub fn render(occasion: &Occasion, envelope: &Envelope) -> Message {
    let letter = occasion.letter(envelope);
    Message {
        occasion: occasion.name(),
        id: envelope.id.clone(),
        written_at: envelope.written_at,
        from: envelope.sender.from.clone(),
        reply_to: envelope.sender.support.clone(),
        to: envelope.to.clone(),
        text: letter::text(&letter, envelope),
        html: letter::html(&letter, envelope),
        subject: letter.subject,
        attachment: occasion.attachment(),
    }
}

/// A mail that is written and not yet sent, made by [`render`].
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(crate) occasion: &'static str,
    pub(crate) id: MailId,
    pub(crate) written_at: Timestamp,
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Address,
    pub(crate) to: Mailbox,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) attachment: Option<Attachment>,
}

impl Message {
    /// What it is about: [`Occasion::name`].
    pub fn occasion(&self) -> &'static str {
        self.occasion
    }

    /// Its id.
    pub fn id(&self) -> &MailId {
        &self.id
    }

    /// The id as its header says it: `<id@domain>` with the sender's domain.
    pub fn message_id(&self) -> String {
        format!("<{}@{}>", self.id, self.from.address.domain())
    }

    /// Its date.
    pub fn written_at(&self) -> Timestamp {
        self.written_at
    }

    /// Who it goes to.
    pub fn to(&self) -> &Mailbox {
        &self.to
    }

    /// One line.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its words as plain text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same words as HTML.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The document that goes with it.
    pub fn attachment(&self) -> Option<&Attachment> {
        self.attachment.as_ref()
    }

    /// As it goes over the wire and into an `.eml` file (RFC 5322). Always the same bytes.
    ///
    /// # Errors
    /// [`MailError::Refused`] if it can't be expressed; no mail is known that can't.
    pub fn to_eml(&self) -> Result<Vec<u8>, MailError> {
        mime::eml(self)
    }
}

impl fmt::Debug for Message {
    /// Which mail it is; nothing of what it says, or to whom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { occasion, id, .. } = self;
        f.debug_struct("Message")
            .field("occasion", occasion)
            .field("id", id)
            .finish_non_exhaustive()
    }
}

/// A PDF file; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Pdf(Arc<[u8]>);

impl Pdf {
    /// The file's content.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Pdf {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::from(bytes))
    }
}

impl fmt::Debug for Pdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdf({} bytes)", self.0.len())
    }
}

/// A document that goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    name: String,
    pdf: Pdf,
}

impl Attachment {
    /// A document by its kind and number: `Invoice INV-2026-000123.pdf`.
    pub(crate) fn new(kind: &str, number: &OneLine, pdf: &Pdf) -> Self {
        let allowed = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        let number = number.as_str().replace(|c| !allowed(c), "-");
        Self { name: format!("{kind} {number}.pdf"), pdf: pdf.clone() }
    }

    /// The file's name, which any file system takes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn pdf(&self) -> &Pdf {
        &self.pdf
    }
}
