//! SIGTERM and SIGINT: what was taken is finished, nothing is lost, the exit code is 0.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::load::{Load, keys_in_journal, keys_of, open_accounts};
use super::server::{Server, bursar_on};

#[test]
fn a_shutdown_under_load_drains() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = Server::start(&data);
        open_accounts(&server);
        let load = Load::start(&server, "load");
        load.reach(500);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal}");
        let sent = load.finish();
        let acknowledged = keys_of(sent.iter().filter(|sent| sent.is_acknowledged()));
        let journal: HashSet<_> = keys_in_journal(&data).into_iter().collect();
        for key in acknowledged {
            assert!(journal.contains(&key), "{key:?} was answered and is not in the journal");
        }
        bursar_on(&data, &["verify"]).ok();
    }
}

#[test]
fn a_shutdown_ends_event_streams_and_idle_connections() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    server.customer("ada", 10);
    let (url, key) = (format!("{}/v1/accounts/ada/events", server.url), server.key.clone());
    let client = crate::server::client_builder().timeout(None).build().unwrap();
    let mut stream = client.get(url).bearer_auth(key).send().unwrap();
    assert_eq!(stream.status(), 200);
    let mut first = [0; 16];
    assert!(stream.read(&mut first).unwrap() > 0, "the stream begins with the balance");
    let _idle = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let reader = thread::spawn(move || {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).map(|_| rest)
    });

    let asked = Instant::now();
    server.stop();
    assert!(asked.elapsed() < Duration::from_secs(5), "it waited for a stream that never ends");
    reader.join().unwrap().expect("the stream was ended, not cut off");
}

#[test]
fn a_request_in_flight_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let mut slow = SlowRequest::begin(&server);
    server.signal("-TERM");
    thread::sleep(Duration::from_millis(500));
    let refused = TcpStream::connect(&slow.address);
    assert!(refused.is_err(), "it still accepts connections");
    let reply = slow.finish();
    assert!(reply.starts_with("HTTP/1.1 201 "), "{reply}");
    assert_eq!(server.wait().code(), Some(0));
    bursar_on(&dir.path().join("data"), &["balance", "slow"]).ok();
}

#[test]
fn a_second_signal_does_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let _stuck = SlowRequest::begin(&server);
    let asked = Instant::now();
    server.signal("-TERM");
    thread::sleep(Duration::from_millis(500));
    server.signal("-TERM");
    let log = server.data.with_extension("log");
    assert_eq!(server.wait().code(), Some(2));
    assert!(asked.elapsed() < Duration::from_secs(5));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("SIGTERM again: stopped at once"), "{log}");
}

const BODY: &str = r#"{"id": "slow"}"#;

/// A request whose body takes its time.
struct SlowRequest {
    address: String,
    stream: TcpStream,
}

impl SlowRequest {
    /// Sends all but the last byte, and waits until the server has taken the request.
    fn begin(server: &Server) -> Self {
        let address = server.url.trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        let (key, length) = (&server.key, BODY.len());
        let (head, _) = BODY.split_at(length - 1);
        write!(
            stream,
            "POST /v1/accounts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{head}"
        )
        .unwrap();
        thread::sleep(Duration::from_millis(300));
        Self { address, stream }
    }

    /// Sends the last byte and reads the reply.
    fn finish(&mut self) -> String {
        let (_, last) = BODY.split_at(BODY.len() - 1);
        self.stream.write_all(last.as_bytes()).unwrap();
        let mut reply = String::new();
        self.stream.read_to_string(&mut reply).unwrap();
        reply
    }
}
