//! The generator against servers that are slow or break off on purpose.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which may panic"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::{NonZeroU64, NonZeroUsize};
use std::thread;
use std::time::Duration;

use bursar_load::{Pace, Plan, Report, Spread, Target, Work};

/// Serves each connection on a thread of its own with `serve`; the address.
fn stub(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    url
}

/// Reads a request whole; nothing once the client is gone.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            return Some(body);
        }
    }
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let reply = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    // Whoever is gone needs no reply.
    let _ = stream.write_all(reply.as_bytes());
}

fn load(url: &str, pace: Pace) -> Report {
    let plan = Plan {
        target: Target::new(url, "bk_test_stub").unwrap(),
        connections: NonZeroUsize::MIN,
        threads: NonZeroUsize::MIN,
        warm_up: Duration::ZERO,
        time: Duration::from_secs(1),
        pace,
        work: Work::Charge,
        operation: "image".to_owned(),
        batch: None,
        spread: Spread::Uniform,
        accounts: NonZeroUsize::new(3).unwrap(),
        prefix: "stub".to_owned(),
        check: false,
        seed: 1,
        run: "run".to_owned(),
    };
    bursar_load::run_blind(plan, &mut |_| {}).unwrap()
}

#[test]
fn what_waits_in_line_counts_from_when_it_was_due() {
    // Twenty a second at most, and forty are due.
    let url = stub(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while request(&mut reader).is_some() {
            thread::sleep(Duration::from_millis(50));
            answer(&mut stream, "201 Created", "{}");
        }
    });
    let report = load(&url, Pace::Open(NonZeroU64::new(40).unwrap()));
    assert_eq!(report.latency.len(), 40);
    // The nth, counted from 0, is due after 25n ms and can't be answered before 50(n + 1): so from the tenth on
    // they take 275 ms or more. What is not sent has waited until the end, which is as long up to the thirtieth.
    let long = report.latency.count_between(274_000, u64::MAX);
    assert!(long >= 21, "only {long} waited, {:?}", report.unsent);
    assert!(report.unsent.unwrap() >= 19, "{:?}", report.unsent);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

#[test]
fn without_a_rate_only_the_request_counts() {
    let url = stub(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while request(&mut reader).is_some() {
            thread::sleep(Duration::from_millis(20));
            answer(&mut stream, "201 Created", "{}");
        }
    });
    let report = load(&url, Pace::Closed);
    assert!((1..=50).contains(&report.operations), "{}", report.operations);
    assert!(report.latency.min() >= 19_900, "{}", report.latency.min());
    assert_eq!((report.unsent, report.late), (None, None));
}

#[test]
fn a_connection_that_breaks_is_counted_and_made_again() {
    // Every connection answers two requests, refuses one, and ends in the midst of the fourth.
    let url = stub(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        for reply in ["201 Created", "201 Created", "402 Payment Required"] {
            let Some(body) = request(&mut reader) else { return };
            assert_eq!(body, b"{\"credits\":1,\"reason\":\"a picture\"}");
            answer(&mut stream, reply, "{\"code\":\"insufficient_credits\"}");
        }
        if request(&mut reader).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Len");
        }
    });
    let report = load(&url, Pace::Closed);
    let refused = report.errors["402 insufficient_credits"];
    let broken: u64 = report.errors.values().sum::<u64>() - refused;
    assert!(report.operations > 2, "{report:?}");
    // Each connection but the last has gone through all of it.
    assert!(refused >= broken && refused <= broken + 1, "{:?}", report.errors);
    assert!(!report.is_clean());
}
