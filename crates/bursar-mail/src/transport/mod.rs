//! The transports behind the [port](crate::MailTransport).

mod file;
mod log;
mod smtp;

pub use file::FileTransport;
pub use log::LogTransport;
pub use smtp::{SmtpTransport, SmtpUrlError};
