//! `localstripe` as a process, and a proxy in front of it that loses replies and leaves out what it
//! doesn't understand.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::routing::post;
use serde_json::Value;

use super::{WEBHOOK_SECRET, Webhook};

/// Parameters that Stripe knows and localstripe answers with 400. Each is sent, and checked by our
/// own fake.
const UNKNOWN: &[&str] = &["description", "customer"];

/// Webhooks in the order in which they came.
type Told = Arc<Mutex<Vec<Webhook>>>;

/// A server of its own, and what it told by webhook so far.
#[derive(Debug)]
pub struct Localstripe {
    port: u16,
    told: Told,
    /// It ends with this process, since it reads its standard input, which this keeps open.
    process: Mutex<Child>,
}

impl Localstripe {
    pub fn start() -> Arc<Self> {
        let mut child = Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fake/serve_localstripe.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Arc::new(Self { port, told: listen(port), process: Mutex::new(child) })
    }

    /// Asks it past the adapter.
    pub async fn ask(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Value {
        ask(self.port, method, path, form).await
    }

    /// Sends its webhooks to that address, too. Before the first one: it stumbles if an endpoint is
    /// added while it sends.
    pub async fn tell(&self, url: &str) {
        register(self.port, "another", url).await;
    }

    /// The webhooks so far.
    pub fn told(&self) -> Vec<Webhook> {
        self.told.lock().unwrap().clone()
    }

    /// A proxy in front of it; returns its address.
    pub async fn proxy(self: &Arc<Self>) -> (String, Arc<Between>) {
        let between = Between { server: self.clone(), lose_next: false.into(), seen: 0.into() };
        let between = Arc::new(between);
        let app = Router::new().fallback(pass_on).with_state(between.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (format!("http://{address}"), between)
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap();
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// The Python that has it: beside the build output, in which this very test is.
fn python() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let mut places = test.ancestors().map(|above| above.join("tools/localstripe/bin/python"));
    places.find(|python| python.exists()).unwrap_or_else(|| {
        panic!("localstripe isn't in a tools/ above {test:?}; `cargo xtask test` installs it")
    })
}

/// Takes its webhooks, in a thread of its own that outlives each test. The endpoint is registered
/// before anything is asked.
fn listen(port: u16) -> Told {
    let told = Arc::new(Mutex::new(Vec::new()));
    let (ready, is_ready) = std::sync::mpsc::channel();
    let shared = told.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async move {
            let app = Router::new().route("/", post(take_webhook)).with_state(shared);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            register(port, "tests", &url).await;
            ready.send(()).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    is_ready.recv().unwrap();
    told
}

async fn register(port: u16, name: &str, url: &str) {
    let form = [("url", url), ("secret", WEBHOOK_SECRET)];
    ask(port, "POST", &format!("/_config/webhooks/{name}"), &form).await;
}

async fn ask(port: u16, method: &str, path: &str, form: &[(&str, &str)]) -> Value {
    let url = format!("http://127.0.0.1:{port}{path}");
    let request =
        client().request(method.parse().unwrap(), url).bearer_auth("sk_test_other").form(form);
    let reply = request.send().await.unwrap();
    assert!(reply.status().is_success(), "{path}: {}", reply.status());
    serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or_default()
}

/// Keeps no connection, since each test has a runtime of its own.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        client.build().unwrap()
    })
}

/// What stands between the adapter and localstripe.
#[derive(Debug)]
pub struct Between {
    server: Arc<Localstripe>,
    lose_next: Mutex<bool>,
    /// How many webhooks were seen.
    seen: Mutex<usize>,
}

impl Between {
    pub fn lose_next_reply(&self) {
        *self.lose_next.lock().unwrap() = true;
    }

    /// The webhooks since the last call, of everything that was asked of this server.
    pub fn webhooks(&self) -> Vec<Webhook> {
        let mut new = self.server.told();
        let mut seen = self.seen.lock().unwrap();
        let all = new.len();
        new.drain(..*seen);
        *seen = all;
        new
    }
}

async fn take_webhook(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> StatusCode {
    told.lock().unwrap().push((headers, body.to_vec()));
    StatusCode::OK
}

async fn pass_on(
    State(between): State<Arc<Between>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let creates_payment = method == Method::POST && uri.path() == "/v1/payment_intents";
    let lists_payments = method == Method::GET && uri.path() == "/v1/payment_intents";
    let without = |fields: &[u8]| -> String {
        let kept = form_urlencoded::parse(fields).filter(|(name, _)| {
            let left_out = UNKNOWN.contains(&&**name)
                && (lists_payments || (creates_payment && name != "customer"));
            !left_out
        });
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
    };
    let query = without(uri.query().unwrap_or_default().as_bytes());
    let url = format!("http://127.0.0.1:{}{}?{query}", between.server.port, uri.path());
    let mut request = client().request(method.clone(), url);
    for name in ["authorization", "content-type", "idempotency-key", "stripe-version"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    if method == Method::POST {
        request = request.body(without(&body));
    }
    let reply = request.send().await.unwrap();
    let (status, bytes) = (reply.status(), reply.bytes().await.unwrap());
    if method == Method::POST && std::mem::take(&mut *between.lose_next.lock().unwrap()) {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let stream = futures::stream::once(async { Err::<Bytes, _>(error) });
        return Response::new(Body::from_stream(stream));
    }
    Response::builder().status(status).body(Body::from(bytes)).unwrap()
}
