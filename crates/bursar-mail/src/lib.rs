//! The mails that customers get, and the transports that carry them.
//!
//! [`render`] writes a [`Message`] for an [`Occasion`]: pure, and the same bytes each time, so that a
//! mail that is sent again after a crash is recognised as the same. A [`MailTransport`] carries it.
//!
//! **Architecture invariant:** this crate knows the core only. Figures come in computed, and the
//! time comes in with them; nothing is priced, and no clock is read.
//!
//! **Architecture invariant:** nothing of a mail and no address gets into a log or an error: neither
//! `Debug` nor [`MailError`] shows them. And nothing from outside does anything in a mail: names and
//! descriptions are [`OneLine`]s, links are [`Link`]s without a token.
//!
//! The way through it: an occasion's file says the words (`occasion/receipt.rs`) as a `Letter`, two
//! templates lay it out as text and as HTML, `mime` makes it a mail.

mod address;
mod card;
mod decline;
mod envelope;
mod format;
mod letter;
mod message;
mod mime;
pub mod occasion;
mod one_line;
mod port;
mod transport;

pub use address::{Address, AddressError, Mailbox};
pub use card::Card;
pub use envelope::{Envelope, Link, LinkError, MailId, MailIdError, Sender};
pub use message::{Attachment, Message, Pdf, render};
pub use occasion::Occasion;
pub use one_line::OneLine;
pub use port::{MailError, MailTransport};
pub use transport::{FileTransport, LogTransport, SmtpTransport, SmtpUrlError};
