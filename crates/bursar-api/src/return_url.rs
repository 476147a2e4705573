//! Where a customer goes after a page of the payment provider.

use std::str::FromStr;

use url::{Host, Url};

/// An address that the customer is sent back to: `https`, or `http` to this machine, so that the
/// provider's page is no way to anywhere else.
#[derive(Clone, Debug)]
pub(crate) struct ReturnUrl(String);

impl ReturnUrl {
    /// What makes requests with different addresses different requests.
    pub(crate) fn hash(&self) -> u64 {
        let hash = blake3::hash(self.0.as_bytes());
        hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

impl FromStr for ReturnUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_here = |url: &Url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let fits = |url: &Url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && (url.scheme() == "https" || url.scheme() == "http" && is_here(url))
        };
        let url = Url::parse(text).ok().filter(|_| text.len() <= 2_000).filter(fits);
        url.map(|url| Self(url.into()))
            .ok_or("an address to return to is https, or http on this machine, at most 2000 bytes")
    }
}

impl From<ReturnUrl> for String {
    fn from(url: ReturnUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_are_safe_to_go_to() {
        for text in ["https://app.example/billing?x=1", "http://localhost:3000/", "http://[::1]/"] {
            assert!(text.parse::<ReturnUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "/billing",
            "http://app.example/",
            "javascript:alert(1)",
            "https://user:secret@app.example/",
            "http://127.0.0.1.example/",
        ] {
            assert!(text.parse::<ReturnUrl>().is_err(), "{text}");
        }
    }
}
