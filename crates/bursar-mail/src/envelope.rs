//! What is around every mail, whatever it says.

use std::fmt;
use std::str::FromStr;

use bursar_core::time::{Timestamp, ZoneName};
use url::{Host, Url};

use crate::address::{Address, Mailbox};
use crate::format;
use crate::one_line::OneLine;

/// Who a mail is from and to, and what its words refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The mail's own id: the same each time it is sent.
    pub id: MailId,
    /// When it became due, which is its date: the same each time it is sent, so not the clock's time.
    pub written_at: Timestamp,
    /// Who it is from.
    pub sender: Sender,
    /// The customer.
    pub to: Mailbox,
    /// The calendar and clock of the customer's dates.
    pub zone: ZoneName,
    /// Where the customer acts on it. Without it, the mail says where that is in the product.
    pub billing_url: Option<Link>,
}

impl Envelope {
    /// `14 March 2027`.
    pub(crate) fn date(&self, at: Timestamp) -> String {
        format::date(at, &self.zone)
    }

    /// `14 March 2027, 09:30 (Europe/Berlin)`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        format::moment(at, &self.zone)
    }

    /// `14 March 2027 – 13 April 2027`.
    pub(crate) fn period(&self, period: (Timestamp, Timestamp)) -> String {
        format::period(period, &self.zone)
    }

    /// The product's name.
    pub(crate) fn product(&self) -> &OneLine {
        &self.sender.product
    }
}

/// Who all mails are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// What customers know the product as.
    pub product: OneLine,
    /// Where the mails come from.
    pub from: Mailbox,
    /// Where questions go, and replies.
    pub support: Address,
}

/// What a mail is known by: 1 to 64 letters, digits or any of `_ - .`, for example the id of the
/// effect that it is.
///
/// With the sender's domain it is the mail's `Message-ID`, by which mail servers and programs
/// recognise a mail that was sent twice.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MailId(String);

/// Why a text is not a mail's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a mail's id is 1 to 64 letters, digits or any of _ - . and no dot comes first, last or twice"
)]
pub struct MailIdError;

impl FromStr for MailId {
    type Err = MailIdError;

    fn from_str(text: &str) -> Result<Self, MailIdError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        let parts = text.split('.').all(|part| !part.is_empty() && part.bytes().all(plain));
        if parts && text.len() <= 64 { Ok(Self(text.to_owned())) } else { Err(MailIdError) }
    }
}

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An address on the web that a mail may carry: `https`, or `http` on this machine.
///
/// Without user, query and fragment: a mail is forwarded, archived and scanned, so no link in it may
/// let anyone in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(Url);

/// Why a text is not a link for a mail. Doesn't repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a link in a mail is an https address (http on this machine) without user, query and fragment"
)]
pub struct LinkError;

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let url = Url::parse(text).map_err(|_| LinkError)?;
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(LinkError),
        };
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && here);
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if scheme && bare { Ok(Self(url)) } else { Err(LinkError) }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_into_a_header_and_a_file_name() {
        for text in ["mail_0198", "a.b-c_D", &"a".repeat(64)] {
            assert_eq!(text.parse::<MailId>().unwrap().to_string(), text);
        }
        for text in ["", ".", "..", ".a", "a.", "a..b", "a/b", "a b", "a@b", "a\n", &"a".repeat(65)]
        {
            assert!(text.parse::<MailId>().is_err(), "{text}");
        }
    }

    #[test]
    fn links_carry_no_token() {
        for text in ["https://app.example.com/billing", "http://localhost:8080/", "http://[::1]/b"]
        {
            assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "billing",
            "http://example.com/",
            "javascript:alert(1)",
            "mailto:ada@example.com",
            "https://ada:secret@example.com/",
            "https://example.com/?token=1",
            "https://example.com/?",
            "https://example.com/#token",
        ] {
            assert!(text.parse::<Link>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_link_has_no_line_breaks() {
        let link: Link = "https://example.com/a\r\nb\"<i>".parse().unwrap();
        assert_eq!(link.to_string(), "https://example.com/ab%22%3Ci%3E");
    }
}
