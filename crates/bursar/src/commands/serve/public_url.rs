//! Where people reach the server.

use std::str::FromStr;

use url::Url;

/// An address without a path, which links begin with: no slash at its end.
#[derive(Clone, Debug)]
pub(super) struct PublicUrl(String);

impl PublicUrl {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "it is like https://billing.example, with no path".to_owned();
        let url = Url::parse(text).map_err(|_| expected())?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain || !matches!(url.scheme(), "https" | "http") {
            return Err(expected());
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin() {
        let check = |text: &str, expected: Option<&str>| {
            let read = text.parse::<PublicUrl>().ok();
            assert_eq!(read.as_ref().map(PublicUrl::as_str), expected, "{text}");
        };
        check("https://billing.example", Some("https://billing.example"));
        check("https://billing.example/", Some("https://billing.example"));
        check("http://127.0.0.1:8080", Some("http://127.0.0.1:8080"));
        check("https://billing.example/pay", None);
        check("https://billing.example/?x", None);
        check("https://ada@billing.example", None);
        check("ftp://billing.example", None);
        check("billing.example", None);
    }
}
