//! A message in its wire format (RFC 5322 and MIME).

use std::time::{Duration, UNIX_EPOCH};

use bursar_core::time::Timestamp;
use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox as LettreMailbox, MultiPart, SinglePart};

use crate::address::Mailbox;
use crate::message::{Attachment, Message};
use crate::port::MailError;

/// Parts are encoded as quoted-printable or base64, and neither can contain `=_`: so nothing that a
/// mail says can be taken for the end of a part, and the boundaries need no randomness.
const AROUND_ALTERNATIVES: &str = "=_bursar_alternatives";
const AROUND_ATTACHMENT: &str = "=_bursar_attachment";

/// The message's bytes.
pub(crate) fn eml(message: &Message) -> Result<Vec<u8>, MailError> {
    let from = mailbox(&message.from);
    let to = mailbox(&message.to);
    // Given, since lettre would read it back from the headers.
    let envelope = envelope(message)?;
    let built = lettre::Message::builder()
        .envelope(envelope)
        .from(from)
        .to(to)
        .reply_to(LettreMailbox::new(None, message.reply_to.to_lettre()))
        .subject(unencoded(&message.subject))
        .date(UNIX_EPOCH + since_epoch(message.written_at))
        .message_id(Some(message.message_id()))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .multipart(body(message));
    let unencodable = |_| MailError::Refused("it has no wire format".to_owned());
    Ok(built.map_err(unencodable)?.formatted())
}

/// Between which addresses it goes.
pub(crate) fn envelope(message: &Message) -> Result<lettre::address::Envelope, MailError> {
    let (from, to) = (message.from.address.to_lettre(), message.to.address.to_lettre());
    lettre::address::Envelope::new(Some(from), vec![to])
        .map_err(|_| MailError::Refused("it goes to nobody".to_owned()))
}

fn body(message: &Message) -> MultiPart {
    let alternatives = MultiPart::alternative()
        .boundary(AROUND_ALTERNATIVES)
        .singlepart(text(ContentType::TEXT_PLAIN, &message.text))
        .singlepart(text(ContentType::TEXT_HTML, &message.html));
    match &message.attachment {
        None => alternatives,
        Some(attachment) => MultiPart::mixed()
            .boundary(AROUND_ATTACHMENT)
            .multipart(alternatives)
            .singlepart(file(attachment)),
    }
}

fn text(content_type: ContentType, text: &str) -> SinglePart {
    SinglePart::builder()
        .header(content_type)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text.to_owned())
}

fn file(attachment: &Attachment) -> SinglePart {
    let pdf = Body::new(attachment.pdf().bytes().to_vec());
    let part = SinglePart::builder()
        .header(ContentDisposition::attachment(attachment.name()))
        .header(ContentTransferEncoding::Base64);
    match ContentType::parse("application/pdf") {
        Ok(content_type) => part.header(content_type).body(pdf),
        Err(_) => part.body(pdf),
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn mailbox(mailbox: &Mailbox) -> LettreMailbox {
    let name = unencoded(mailbox.name.as_str());
    LettreMailbox::new(Some(name).filter(|name| !name.is_empty()), mailbox.address.to_lettre())
}

/// Takes away what would make a reader's program decode a text that is meant as it stands: `=?` is
/// how an encoded word begins.
fn unencoded(text: &str) -> String {
    text.replace("=?", "= ?")
}

/// Within the years that a mail's date can tell.
fn since_epoch(at: Timestamp) -> Duration {
    at.min(Timestamp::MAX).since(Timestamp::default())
}
