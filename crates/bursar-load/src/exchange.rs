//! Requests as bytes, and what replies mean.

use memchr::memmem;
use serde_json::Value;

use crate::tally::Failed;

/// A request in the making; its buffers are used again and again.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) path: Vec<u8>,
    /// The idempotency key; none if empty.
    pub(crate) key: Vec<u8>,
    pub(crate) body: Vec<u8>,
    whole: Vec<u8>,
}

impl Draft {
    /// A new one for the resource `what` of the account that `id` writes.
    pub(crate) fn of_account(&mut self, what: &str, id: impl FnOnce(&mut Vec<u8>)) {
        self.clear();
        self.path.extend_from_slice(b"/v1/accounts/");
        id(&mut self.path);
        self.path.extend_from_slice(what.as_bytes());
    }

    /// A new one for a batch, whose operations `write` writes.
    pub(crate) fn of_batch<T>(
        &mut self,
        operations: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Vec<u8>, T),
    ) {
        self.of_path("/v1/batch");
        self.body.extend_from_slice(b"{\"operations\":[");
        for (nth, operation) in operations.enumerate() {
            if nth > 0 {
                self.body.push(b',');
            }
            write(&mut self.body, operation);
        }
        self.body.extend_from_slice(b"]}");
    }

    /// A new one for `path`.
    pub(crate) fn of_path(&mut self, path: &str) {
        self.clear();
        self.path.extend_from_slice(path.as_bytes());
    }

    fn clear(&mut self) {
        self.path.clear();
        self.key.clear();
        self.body.clear();
    }

    /// All of it; a POST if it has a body.
    pub(crate) fn bytes(&mut self, headers: &str) -> &[u8] {
        let Self { path, key, body, whole } = self;
        whole.clear();
        whole.extend_from_slice(if body.is_empty() { b"GET " } else { b"POST " });
        whole.extend_from_slice(path);
        whole.extend_from_slice(b" HTTP/1.1\r\n");
        whole.extend_from_slice(headers.as_bytes());
        if !key.is_empty() {
            whole.extend_from_slice(b"Idempotency-Key: ");
            whole.extend_from_slice(key);
            whole.extend_from_slice(b"\r\n");
        }
        if !body.is_empty() {
            whole.extend_from_slice(b"Content-Length: ");
            number(whole, body.len());
            whole.extend_from_slice(b"\r\n");
        }
        whole.extend_from_slice(b"\r\n");
        whole.extend_from_slice(body);
        whole
    }
}

/// Appends a number.
pub(crate) fn number(bytes: &mut Vec<u8>, number: impl itoa::Integer) {
    bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Was a single request done?
pub(crate) fn fate(status: u16, body: &[u8], good: u16) -> Result<(), Failed> {
    if status == good {
        return Ok(());
    }
    Err(failed(status, &code(body)))
}

/// A request that is refused did nothing; of one that fails it is not known.
fn failed(status: u16, code: &str) -> Failed {
    let why = format!("{status} {code}").trim_end().to_owned();
    if (400..500).contains(&status) { Failed::Refused(why) } else { Failed::Unknown(why) }
}

/// The code of a problem.
pub(crate) fn code(body: &[u8]) -> String {
    let problem: Option<Value> = serde_json::from_slice(body).ok();
    let code = problem.as_ref().and_then(|problem| problem.get("code")?.as_str());
    code.unwrap_or_default().to_owned()
}

/// What became of each operation of a batch.
pub(crate) enum Fates {
    /// All were done.
    All,
    /// This, one by one.
    Each(Vec<Result<(), Failed>>),
}

/// What became of the `count` operations of a batch, which should have the status `good` each.
///
/// If all went well, the marks are only counted; else the reply is parsed.
pub(crate) fn fates(status: u16, body: &[u8], count: usize, good: u16) -> Fates {
    if status != 200 {
        return Fates::Each((0..count).map(|_| fate(status, body, 200)).collect());
    }
    let mark = format!("\"status\":{good},");
    if memmem::find_iter(body, &mark).count() == count {
        return Fates::All;
    }
    let reply: Value = serde_json::from_slice(body).unwrap_or_default();
    let result = |nth: usize| {
        let result = reply.get("results").and_then(|results| results.get(nth));
        let status = result.and_then(|result| result.get("status")?.as_u64()).unwrap_or_default();
        let code = result.and_then(|result| result.get("body")?.get("code")?.as_str());
        let status = u16::try_from(status).unwrap_or_default();
        if status == good { Ok(()) } else { Err(failed(status, code.unwrap_or_default())) }
    };
    Fates::Each((0..count).map(result).collect())
}

/// The ids of the holds that a reply says were placed, in order.
pub(crate) fn holds(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    const MARK: &[u8] = b"\"id\":\"hold_";
    const QUOTED: usize = b"\"id\":\"".len();
    memmem::find_iter(body, MARK).filter_map(|at| {
        let id = body.get(at.checked_add(QUOTED)?..)?;
        id.get(..memchr::memchr(b'"', id)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_http_wants() {
        let mut draft = Draft::default();
        draft.of_account("/charges", |id| id.extend_from_slice(b"ada"));
        draft.key.extend_from_slice(b"job-1");
        draft.body.extend_from_slice(b"{}");
        assert_eq!(
            std::str::from_utf8(draft.bytes("Host: here\r\n")).unwrap(),
            "POST /v1/accounts/ada/charges HTTP/1.1\r\nHost: here\r\nIdempotency-Key: job-1\r\n\
             Content-Length: 2\r\n\r\n{}"
        );
        draft.of_account("/balance", |id| id.extend_from_slice(b"ada"));
        assert_eq!(
            std::str::from_utf8(draft.bytes("Host: here\r\n")).unwrap(),
            "GET /v1/accounts/ada/balance HTTP/1.1\r\nHost: here\r\n\r\n"
        );
    }

    #[test]
    fn what_is_refused_did_nothing_and_what_fails_may_have() {
        let problem = br#"{"code":"insufficient_credits"}"#;
        assert!(fate(201, b"{}", 201).is_ok());
        let Err(Failed::Refused(why)) = fate(402, problem, 201) else { panic!("not refused") };
        assert_eq!(why, "402 insufficient_credits");
        assert!(matches!(fate(503, b"", 201), Err(Failed::Unknown(why)) if why == "503"));
        assert!(matches!(fate(200, b"", 201), Err(Failed::Unknown(_))));
    }

    #[test]
    fn a_batch_is_counted_or_looked_at_one_by_one() {
        let result = r#"{"status":201,"replayed":false,"body":{"id":"hold_1"}}"#;
        let refused = r#"{"status":402,"replayed":false,"body":{"status":402,"code":"too_bad"}}"#;
        let reply = |results: &[&str]| format!("{{\"results\":[{}]}}", results.join(","));
        let good = reply(&[result, result]);
        assert!(matches!(fates(200, good.as_bytes(), 2, 201), Fates::All));
        let mixed = reply(&[refused, result]);
        let Fates::Each(fates) = fates(200, mixed.as_bytes(), 2, 201) else { panic!("all") };
        assert!(matches!(&fates[0], Err(Failed::Refused(why)) if why == "402 too_bad"));
        assert!(fates[1].is_ok());
        assert_eq!(holds(mixed.as_bytes()).collect::<Vec<_>>(), [b"hold_1"]);
        let lost = super::fates(200, b"{}", 2, 201);
        assert!(matches!(lost, Fates::Each(each) if each.len() == 2 && each[0].is_err()));
    }
}
