//! What a mail server's answer means for the mail.

use std::error::Error;
use std::io;

use lettre::transport::smtp;

use crate::message::Message;
use crate::port::MailError;

/// The meaning of `error`, in words that repeat nothing of the server's but its codes: servers quote
/// addresses and contents.
pub(super) fn of(error: &smtp::Error, message: &Message) -> MailError {
    if let Some(code) = error.status() {
        let said = format!("the mail server said {code}{}", enhanced(error));
        return match u16::from(code) {
            // They are about the client, not about the mail: RFC 4954, 3207.
            530 | 534 | 535 | 538 => MailError::Misconfigured(said),
            _ if error.is_permanent() => MailError::Refused(said),
            _ => MailError::Unavailable(said),
        };
    }
    if error.is_client() {
        return client(message);
    }
    let what = if error.is_response() {
        "the mail server's answer can't be read"
    } else {
        "no connection to the mail server"
    };
    match io_error(error) {
        Some(cause) => MailError::Unavailable(format!("{what}: {cause}")),
        None => MailError::Unavailable(what.to_owned()),
    }
}

/// Our side gave up, since the server can't do what is needed.
fn client(message: &Message) -> MailError {
    if message.to.address.is_ascii() && message.from.address.is_ascii() {
        MailError::Misconfigured(
            "the mail server offers no STARTTLS, or no way to log in that is known".to_owned(),
        )
    } else {
        MailError::Refused("the address needs a mail server with SMTPUTF8".to_owned())
    }
}

/// ` 5.1.1`: the enhanced status code at the start of the server's words (RFC 3463), if there is one.
fn enhanced(error: &smtp::Error) -> String {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let first = words.split_whitespace().next().unwrap_or_default();
    let number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if first.split('.').count() == 3 && first.split('.').all(number) {
        format!(" {first}")
    } else {
        String::new()
    }
}

/// What the operating system or TLS said.
fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
