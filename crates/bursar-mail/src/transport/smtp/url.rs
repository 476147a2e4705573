//! The address of a mail server.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

/// A mail server, and how to talk to it. Has no `Debug`: it knows a password.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// User and password.
    pub(super) credentials: Option<(String, String)>,
    /// What the client calls itself.
    pub(super) client_name: Option<String>,
}

/// How a conversation is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS from the first command on, or no conversation.
    StartTls,
    /// Not.
    Plain,
}

/// Why a text is not the address of a mail server. Never repeats it: it contains a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// Not an address at all.
    #[error("a mail server's address is like smtps://user:password@mail.example.com:465")]
    NotAUrl,
    /// Another scheme.
    #[error("a mail server's address starts with smtp:// or smtps://")]
    Scheme,
    /// User or password without the other, or not text.
    #[error("user and password of the mail server belong together and are percent-encoded")]
    Credentials,
    /// An option that isn't there.
    #[error("the only option of a mail server is ?tls=required or ?tls=none, of smtp:// only")]
    Option,
    /// A name for the client that isn't a domain.
    #[error("the path of a mail server's address is the client's own domain")]
    ClientName,
    /// TLS can't be used on this machine.
    #[error("TLS can't be used: the host's name or this machine's certificates can't be read")]
    Tls,
}

impl FromStr for Server {
    type Err = SmtpUrlError;

    fn from_str(text: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(text).map_err(|_| SmtpUrlError::NotAUrl)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlError::NotAUrl)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if url.fragment().is_some() {
            return Err(SmtpUrlError::NotAUrl);
        }
        let security = match (url.scheme(), url.query()) {
            ("smtps", None) => Security::Tls,
            ("smtp", None) if is_this_machine(&host) => Security::Plain,
            ("smtp", None | Some("tls=required")) => Security::StartTls,
            ("smtp", Some("tls=none")) => Security::Plain,
            ("smtp" | "smtps", _) => return Err(SmtpUrlError::Option),
            _ => return Err(SmtpUrlError::Scheme),
        };
        let port = url.port().unwrap_or(match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::Plain => 25,
        });
        let (credentials, client_name) = (credentials(&url)?, client_name(&url)?);
        Ok(Self { host, port, security, credentials, client_name })
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, SmtpUrlError> {
    let decode = |text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.is_empty() => Ok(text.into_owned()),
        _ => Err(SmtpUrlError::Credentials),
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, password) => Ok(Some((decode(user)?, decode(password.unwrap_or_default())?))),
    }
}

fn client_name(url: &Url) -> Result<Option<String>, SmtpUrlError> {
    let name = url.path().trim_matches('/');
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    if !name.bytes().all(plain) {
        return Err(SmtpUrlError::ClientName);
    }
    Ok(Some(name).filter(|name| !name.is_empty()).map(str::to_owned))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Server {
    /// Host, port and how, without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.security {
            Security::Tls => "TLS",
            Security::StartTls => "STARTTLS",
            Security::Plain => "plain text",
        };
        write!(f, "{} port {}, {how}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let server: Server = text.parse().unwrap();
        assert_eq!(server.to_string(), expected);
    }

    #[test]
    fn the_address_says_how_to_connect() {
        check("smtps://mail.example.com", "mail.example.com port 465, TLS");
        check("smtp://mail.example.com", "mail.example.com port 587, STARTTLS");
        check("smtp://mail.example.com:2525", "mail.example.com port 2525, STARTTLS");
        check("smtp://mail:1025?tls=none", "mail port 1025, plain text");
        check("smtp://localhost:1025", "localhost port 1025, plain text");
        check("smtp://127.0.0.1", "127.0.0.1 port 25, plain text");
        check("smtp://[::1]/app.example.com", "::1 port 25, plain text");
        check("smtp://localhost?tls=required", "localhost port 587, STARTTLS");
    }

    #[test]
    fn user_and_password_are_decoded() {
        let server: Server =
            "smtps://a%40b.example:p%2Fw%3A%C3%A9@mail/me.example".parse().unwrap();
        assert_eq!(server.credentials, Some(("a@b.example".to_owned(), "p/w:é".to_owned())));
        assert_eq!(server.client_name.as_deref(), Some("me.example"));
        assert_eq!(server.to_string(), "mail port 465, TLS");
    }

    #[test]
    fn a_wrong_address_is_refused_without_repeating_it() {
        for (text, expected) in [
            ("mail.example.com", SmtpUrlError::NotAUrl),
            ("smtp://", SmtpUrlError::NotAUrl),
            ("smtp://u:hunter2@mail:99999", SmtpUrlError::NotAUrl),
            ("smtp://u:hunter2@mail#x", SmtpUrlError::NotAUrl),
            ("https://u:hunter2@mail", SmtpUrlError::Scheme),
            ("smtp://u@mail", SmtpUrlError::Credentials),
            ("smtp://:hunter2@mail", SmtpUrlError::Credentials),
            ("smtp://u:hunter2%FF@mail", SmtpUrlError::Credentials),
            ("smtp://u:hunter2@mail?tls=opportunistic", SmtpUrlError::Option),
            ("smtps://u:hunter2@mail?tls=none", SmtpUrlError::Option),
            ("smtp://u:hunter2@mail/a%0d%0ab", SmtpUrlError::ClientName),
        ] {
            let error = text.parse::<Server>().err().unwrap();
            assert_eq!(error, expected, "{text}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
