//! The server that is asked.

use std::fmt;

use url::Url;

use crate::error::Error;

/// A server and the key that opens it.
#[derive(Clone)]
pub struct Target {
    /// Host and port.
    pub(crate) address: String,
    /// The headers that all requests have, each with its line's end.
    pub(crate) headers: String,
}

impl Target {
    /// The server at `url`, which is `http://` with a host and maybe a port.
    ///
    /// # Errors
    /// It is another kind of address, or the key can't stand in a header.
    pub fn new(url: &str, key: &str) -> Result<Self, Error> {
        let wrong = || Error::Url(url.to_owned());
        let parsed = Url::parse(url).map_err(|_| wrong())?;
        if parsed.scheme() != "http" || !matches!(parsed.path(), "" | "/") {
            return Err(wrong());
        }
        let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let address = format!("{host}:{}", parsed.port().unwrap_or(80));
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::Plan(
                "the API key has characters that no key has".to_owned(),
                "Pass the key as it was shown: bk_test_…".to_owned(),
            ));
        }
        let headers = format!(
            "Host: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        );
        Ok(Self { address, headers })
    }
}

/// Without the key.
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Target").field(&self.address).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_http_with_a_host() {
        let address = |url| Target::new(url, "bk_test_x").map(|target| target.address).ok();
        assert_eq!(address("http://127.0.0.1:8080").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(address("http://localhost/").as_deref(), Some("localhost:80"));
        assert_eq!(address("http://[::1]:9000").as_deref(), Some("[::1]:9000"));
        for wrong in ["", "127.0.0.1:8080", "https://a.example", "http://a.example/v1"] {
            assert_eq!(address(wrong), None, "{wrong}");
        }
        assert!(Target::new("http://localhost", "two\r\nlines").is_err());
    }

    #[test]
    fn the_key_is_not_shown() {
        let shown = format!("{:?}", Target::new("http://localhost", "bk_test_secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
