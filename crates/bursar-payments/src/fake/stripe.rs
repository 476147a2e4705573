//! A small Stripe of our own, which follows Stripe's documents where `localstripe` doesn't:
//! idempotency keys, authentication, cancelling, limits of refunds, disputes; and which fails on the
//! way as it is told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::books::{Books, Reply};
use super::{SECRET_KEY, WEBHOOK_SECRET, Webhook};
use crate::stripe::{API_VERSION, SIGNATURE_HEADER};

/// What goes wrong with the next request that changes something.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The connection breaks before anything is done.
    BreaksBefore,
    /// It is done, and the connection breaks.
    BreaksAfter,
    /// It is done, and the reply takes that long. Meanwhile its key is in use.
    Slow(Duration),
    /// Refused at the door with this status.
    Refused(u16, &'static [(&'static str, &'static str)]),
    /// It is done, and this status is the answer, remembered under the key.
    Fails(u16),
    /// It is done, and the answer is no JSON.
    Garbage,
}

/// A running server.
pub struct FakeStripe {
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    books: Mutex<Books>,
    faults: Mutex<VecDeque<Fault>>,
    keys: Mutex<BTreeMap<String, Remembered>>,
    /// Each request: method, path, and key.
    log: Mutex<Vec<(String, String, Option<String>)>>,
    /// How many events were told.
    told: Mutex<usize>,
}

/// What was asked under a key and what was answered; no answer while it is under way.
struct Remembered {
    request: (String, Vec<u8>),
    reply: Option<Reply>,
}

impl FakeStripe {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let app = Router::new().fallback(serve).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.faults.lock().unwrap().extend(faults);
    }

    /// A day later.
    pub fn forget_keys(&self) {
        self.shared.keys.lock().unwrap().clear();
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Books) -> T) -> T {
        act(&mut self.shared.books.lock().unwrap())
    }

    /// The webhooks since the last call, as Stripe sends them at this second.
    pub fn webhooks(&self, second: i64) -> Vec<Webhook> {
        let events = self.with(|books| books.events.clone());
        let mut told = self.shared.told.lock().unwrap();
        let new = events.iter().enumerate().skip(*told);
        *told = events.len();
        new.map(|(number, (kind, object))| {
            let body = event(number, kind, object, second);
            (signed(&body, WEBHOOK_SECRET, second), body)
        })
        .collect()
    }

    /// How many requests there were of that method and path, and under how many keys.
    pub fn requests(&self, method: &str, path: &str) -> (usize, usize) {
        let log = self.shared.log.lock().unwrap();
        let matching: Vec<_> = log.iter().filter(|(m, p, _)| m == method && p == path).collect();
        let mut keys: Vec<_> = matching.iter().map(|(_, _, key)| key).collect();
        keys.sort();
        keys.dedup();
        (matching.len(), keys.len())
    }
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let path = uri.path().to_owned();
    shared.log.lock().unwrap().push((method.to_string(), path.clone(), key.clone()));
    if let Some(refused) = at_the_door(&headers) {
        return respond(refused, &[]);
    }
    let query = if method == Method::GET {
        uri.query().unwrap_or_default().as_bytes().to_vec()
    } else {
        body.to_vec()
    };
    let fields: HashMap<String, String> = form_urlencoded::parse(&query).into_owned().collect();
    if method == Method::GET {
        let reply = shared.books.lock().unwrap().answer("GET", &path, &fields);
        return respond(reply, &[]);
    }
    let fault = shared.faults.lock().unwrap().pop_front();
    match &fault {
        Some(Fault::BreaksBefore) => return broken(),
        Some(Fault::Refused(status, headers)) => {
            let error = json!({"error": {"type": "invalid_request_error", "code": "rate_limit"}});
            return respond((*status, error), headers);
        }
        _ => {}
    }
    let request = (path.clone(), query);
    if let Some(remembered) = begin(&shared, key.as_deref(), &request) {
        return respond(remembered, &[("idempotent-replayed", "true")]);
    }
    let mut reply = shared.books.lock().unwrap().answer("POST", &path, &fields);
    if let Some(Fault::Fails(status)) = fault {
        reply = (status, json!({"error": {"type": "api_error", "message": "An error occurred."}}));
    }
    if let Some(Fault::Slow(delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    finish(&shared, key.as_deref(), &reply);
    match fault {
        Some(Fault::BreaksAfter) => broken(),
        Some(Fault::Garbage) => Response::new(Body::from("<html>")),
        _ => respond(reply, &[]),
    }
}

/// The key and the version that every request carries.
fn at_the_door(headers: &HeaderMap) -> Option<Reply> {
    let is = |name: &str, expected: &str| headers.get(name).is_some_and(|it| it == expected);
    if !is("authorization", &format!("Bearer {SECRET_KEY}")) {
        let message = "Invalid API Key provided: sk_test_****";
        return Some((
            401,
            json!({"error": {"type": "invalid_request_error", "message": message}}),
        ));
    }
    assert!(is("stripe-version", API_VERSION));
    None
}

fn begin(shared: &Shared, key: Option<&str>, request: &(String, Vec<u8>)) -> Option<Reply> {
    let mut keys = shared.keys.lock().unwrap();
    let error = |code: &str, kind: &str| {
        json!({"error": {"type": kind, "code": code,
        "message": "Keys for idempotent requests can only be used for the same request."}})
    };
    match keys.get(key?) {
        Some(known) if known.request != *request => {
            Some((400, error("idempotency_key_mismatch", "idempotency_error")))
        }
        Some(Remembered { reply: None, .. }) => {
            Some((409, error("idempotency_key_in_use", "idempotency_error")))
        }
        Some(Remembered { reply, .. }) => reply.clone(),
        None => {
            let remembered = Remembered { request: request.clone(), reply: None };
            keys.insert(key?.to_owned(), remembered);
            None
        }
    }
}

/// Replies are remembered whatever they are, but for those refused before anything was begun.
fn finish(shared: &Shared, key: Option<&str>, reply: &Reply) {
    let mut keys = shared.keys.lock().unwrap();
    if let Some(known) = key.and_then(|key| keys.get_mut(key)) {
        known.reply = Some(reply.clone());
    }
}

fn respond((status, body): Reply, headers: &[(&str, &str)]) -> Response<Body> {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_string())).unwrap()
}

/// A reply that breaks off.
fn broken() -> Response<Body> {
    let error = io::Error::from(io::ErrorKind::ConnectionReset);
    let stream = futures::stream::once(async { Err::<Bytes, _>(error) });
    Response::new(Body::from_stream(stream))
}

/// An event as Stripe writes it.
fn event(number: usize, kind: &str, object: &Value, created: i64) -> Vec<u8> {
    let event = json!({"id": format!("evt_fake_{number}"), "object": "event", "type": kind,
        "created": created, "livemode": false, "data": {"object": object}});
    event.to_string().into_bytes()
}

/// The header of a body that is signed at that second, written from Stripe's documents: after a
/// signature by another secret, and before one of a scheme that nobody may take.
pub fn signed(body: &[u8], secret: &str, second: i64) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{second}.").as_bytes());
    mac.update(body);
    let code = HEXLOWER.encode(&mac.finalize().into_bytes());
    let header = format!("t={second},v1={},v1={code},v0=00", "00".repeat(32));
    HeaderMap::from_iter([(SIGNATURE_HEADER, header.parse().unwrap())])
}
