//! Reads what addresses are made of: e-mail, lines, countries, links.

use bursar_core::country::Country;
use url::Url;

use crate::reader::Value;

/// What every browser takes.
const URL_BYTES_MOST: usize = 2_000;

impl Value<'_> {
    /// An address of e-mail.
    pub(crate) fn email(&self) -> Option<String> {
        let text = self.text()?;
        let looks_right = text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
        });
        if !looks_right {
            let message = format!("{} is not an address of e-mail", self.quoted());
            self.wrong(message, "one such as \"support@example.com\"");
            return None;
        }
        Some(text)
    }

    /// An address that a page can send anybody to.
    pub(crate) fn https_address(&self) -> Option<String> {
        let url = self.as_str().and_then(|text| Url::parse(text.trim()).ok());
        let is_safe = |url: &Url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && url.scheme() == "https" && url.as_str().len() <= URL_BYTES_MOST
        };
        let Some(url) = url.filter(is_safe) else {
            let message = format!("{} is not an address to send people to", self.quoted());
            self.wrong(message, "one such as \"https://app.example.com/signup\"");
            return None;
        };
        Some(url.into())
    }

    /// A country.
    pub(crate) fn country(&self) -> Option<Country> {
        let given = self.as_str().unwrap_or("");
        let country = given.parse().ok();
        if country.is_none() {
            let message = format!("{} is not the code of a country", self.quoted());
            match meant(given) {
                Some(meant) => self.wrong(message, format!("{:?}, {}", meant.code(), meant.name())),
                None => self.wrong(message, "two capitals of ISO 3166, such as \"DE\" or \"US\""),
            }
        }
        country
    }
}

/// The country of a code that is in use but not in the standard, or not in capitals.
fn meant(given: &str) -> Option<Country> {
    match given.to_ascii_uppercase().as_str() {
        "UK" => "GB".parse().ok(),
        // As the VAT ids of Greece have it.
        "EL" => "GR".parse().ok(),
        capitals => capitals.parse().ok(),
    }
}
