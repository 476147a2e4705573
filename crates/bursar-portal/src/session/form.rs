//! Forms that are sent: only by the customer, only from our own pages, each effect once.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use bursar_core::id::IdempotencyKey;
use bursar_engine::visits::Visits;

use super::Customer;
use crate::page::problem::PageProblem;
use crate::state::{Config, Portal};

/// The hidden field with the session's mark.
pub(crate) const MARK: &str = "mark";

/// A form that the customer sent from one of our pages. Takes the whole request.
pub(crate) struct Submission {
    /// Who.
    pub(crate) customer: Customer,
    /// What.
    pub(crate) form: Form,
}

/// What a form says.
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    key: IdempotencyKey,
}

impl Form {
    /// A field's value without blanks around it; empty if it is missing.
    pub(crate) fn get(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(known, _)| known == name);
        field.map_or("", |(_, value)| value.trim())
    }

    /// For [`bursar_engine::Envelope::key`]: the same for each sending of the same page's form with the
    /// same contents, so that a second click or a reload takes effect once; another for other contents,
    /// so that going back and choosing something else does something else.
    pub(crate) fn key(&self) -> IdempotencyKey {
        self.key.clone()
    }
}

impl FromRequest<Portal> for Submission {
    type Rejection = PageProblem;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, PageProblem> {
        let (mut parts, body) = request.into_parts();
        if !is_from_here(&parts.headers, portal.config()) {
            return Err(PageProblem::forged());
        }
        let customer = Customer::of(&parts, portal).await?;
        parts.headers.remove(ORIGIN);
        let path = parts.uri.path().to_owned();
        let body = Bytes::from_request(Request::from_parts(parts, body), portal).await;
        let body = body.map_err(|rejection| {
            let problem = PageProblem::bare(rejection.status());
            problem.unwrap_or_else(|| PageProblem::bad_form("What you sent could not be read."))
        })?;
        let fields = form_urlencoded::parse(&body).into_owned();
        // What no page can show again.
        let fields = fields.map(|(name, value)| (name, value.replace('\0', "")));
        let fields: Vec<(String, String)> = fields.collect();
        let visits = portal.engine().visits();
        let mark = fields.iter().find(|(name, _)| name == MARK).map_or("", |(_, mark)| mark);
        if !visits.is_marked(&customer.visit, mark) {
            return Err(PageProblem::forged());
        }
        let key = key(&customer, visits, &path, &fields)?;
        Ok(Self { customer, form: Form { fields, key } })
    }
}

fn key(
    customer: &Customer,
    visits: &Visits,
    path: &str,
    fields: &[(String, String)],
) -> Result<IdempotencyKey, PageProblem> {
    let contents =
        serde_json::to_string(&(path, fields)).map_err(|error| PageProblem::defect(&error))?;
    let key = visits.form_key(&customer.visit, &contents);
    key.parse().map_err(|error| PageProblem::defect(&error))
}

/// Does the browser say that a page of this server sent it? Browsers of the last years always say so;
/// what says nothing at all is no browser with a customer in front, and still needs the mark.
pub(crate) fn is_from_here(headers: &HeaderMap, config: &Config) -> bool {
    let text = |value: Option<&axum::http::HeaderValue>| {
        value.and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    if let Some(site) = text(headers.get("sec-fetch-site")) {
        return site == "same-origin";
    }
    let Some(origin) = text(headers.get(ORIGIN)) else {
        return true;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == config.public_url || text(headers.get(HOST)).as_deref() == host
}

#[cfg(test)]
mod tests {
    use bursar_engine::access::Mode;

    use super::*;

    #[test]
    fn other_sites_send_no_forms() {
        let check = |headers: &[(&'static str, &str)], expected| {
            let config = Config::new("https://pay.example", Mode::Live);
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_from_here(&map, &config), expected, "{headers:?}");
        };
        check(&[], true);
        check(&[("origin", "https://pay.example")], true);
        check(&[("origin", "https://evil.example"), ("host", "pay.example")], false);
        check(&[("origin", "null"), ("host", "pay.example")], false);
        check(&[("origin", "http://127.0.0.1:9000"), ("host", "127.0.0.1:9000")], true);
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "same-site"), ("origin", "https://pay.example")], false);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "none")], false);
    }
}
