//! Mail addresses.

use std::fmt;
use std::str::FromStr;

use crate::one_line::OneLine;

/// A mail address, such as `ada@example.com`.
///
/// The domain is kept in the form that every mail server understands (`xn--…`). Quoted names before
/// the `@` (`"a b"@example.com`) are allowed by the standard, used by nobody, and refused.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(lettre::Address);

/// Why a text is not a mail address. Doesn't repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mail address is like name@example.com")]
pub struct AddressError;

impl Address {
    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// Only servers that know SMTPUTF8 take others.
    pub(crate) fn is_ascii(&self) -> bool {
        self.0.user().is_ascii()
    }

    pub(crate) fn to_lettre(&self) -> lettre::Address {
        self.0.clone()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let strange = |c: char| c.is_control() || c.is_whitespace() || "\"\\<>()[],;:".contains(c);
        let (user, domain) = text.rsplit_once('@').ok_or(AddressError)?;
        if text.chars().any(strange) {
            return Err(AddressError);
        }
        let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError)?;
        lettre::Address::new(user, domain).map(Self).map_err(|_| AddressError)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Address {
    /// Not the address: it is personal data, and `Debug` ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.domain())
    }
}

/// A mail address with the name of whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, if it is known.
    pub name: OneLine,
    /// The address.
    pub address: Address,
}

impl Mailbox {
    /// With a name; an empty one is none.
    pub fn new(name: impl Into<OneLine>, address: Address) -> Self {
        Self { name: name.into(), address }
    }
}

impl From<Address> for Mailbox {
    fn from(address: Address) -> Self {
        Self { name: OneLine::default(), address }
    }
}

impl fmt::Debug for Mailbox {
    /// Neither name nor address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.address, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_can_be_sent_to() {
        for (text, shown) in [
            ("ada@example.com", "ada@example.com"),
            ("a.d+a'l@mail.example.co.uk", "a.d+a'l@mail.example.co.uk"),
            ("ada@MÜNCHEN.example", "ada@xn--mnchen-3ya.example"),
            ("адa@example.com", "адa@example.com"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn and_what_only_looks_like_one() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example.com\r\nBcc: all@example.com",
            "ada@example.com ",
            "\"ada\r\nbcc\"@example.com",
            "Ada <ada@example.com>",
            "a@b@example.com",
            "ada,bob@example.com",
            "ada@exa\u{0}mple.com",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error.to_string(), "a mail address is like name@example.com");
        }
    }

    #[test]
    fn a_log_doesn_t_tell_who_it_was() {
        let mailbox = Mailbox::new("Ada", "ada@example.com".parse().unwrap());
        assert_eq!(format!("{mailbox:?}"), "…@example.com");
    }
}
