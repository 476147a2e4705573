//! Mails as files, and as lines of a log.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bursar_core::time::Timestamp;
use bursar_mail::{
    Envelope, FileTransport, LogTransport, MailError, MailTransport, Message, Occasion, render,
};

fn message() -> Message {
    render(&Occasion::Receipt(samples::receipt()), &samples::envelope())
}

fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

const NAME: &str = "20270314T083000Z-mail_0198f2c4.eml";

#[tokio::test]
async fn a_mail_becomes_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = directory.path().join("mail/outbox");
    let transport = FileTransport::open(&outbox).unwrap();
    transport.send(&message()).await.unwrap();
    assert_eq!(files(&outbox), [NAME]);
    assert_eq!(std::fs::read(outbox.join(NAME)).unwrap(), message().to_eml().unwrap());
}

/// After a crash between sending and noting that it was sent, a mail is sent again.
#[tokio::test]
async fn the_same_mail_twice_is_one_file() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let transport = FileTransport::open(directory.path()).unwrap();
        transport.send(&message()).await.unwrap();
    }
    assert_eq!(files(directory.path()), [NAME]);
    let another = Envelope { id: "mail_2".parse().unwrap(), ..samples::envelope() };
    let another = render(&Occasion::Receipt(samples::receipt()), &another);
    FileTransport::open(directory.path()).unwrap().send(&another).await.unwrap();
    assert_eq!(files(directory.path()), [NAME, "20270314T083000Z-mail_2.eml"]);
}

/// Whoever looks into the directory sees whole mails only, however many are being written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_never_half() {
    let directory = tempfile::tempdir().unwrap();
    let transport = FileTransport::open(directory.path()).unwrap();
    let whole = message().to_eml().unwrap();
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let transport = transport.clone();
            tokio::spawn(async move { transport.send(&message()).await })
        })
        .collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        if let Ok(content) = std::fs::read(directory.path().join(NAME)) {
            assert!(content == whole);
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(files(directory.path()), [NAME]);
}

#[tokio::test]
async fn a_directory_that_is_gone_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let transport = FileTransport::open(directory.path()).unwrap();
    directory.close().unwrap();
    let error = transport.send(&message()).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn the_far_ends_of_time_have_names() {
    let directory = tempfile::tempdir().unwrap();
    let transport = FileTransport::open(directory.path()).unwrap();
    for at in [i64::MIN, i64::MAX] {
        let envelope = Envelope { written_at: Timestamp::from_micros(at), ..samples::envelope() };
        let message = render(&Occasion::Receipt(samples::receipt()), &envelope);
        transport.send(&message).await.unwrap();
    }
    let names = ["19700101T000000Z-mail_0198f2c4.eml", "99990101T000000Z-mail_0198f2c4.eml"];
    assert_eq!(files(directory.path()), names);
}

/// What a log was told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_log_is_told_which_mail_and_not_whose() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    LogTransport.send(&message()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    FileTransport::open(directory.path()).unwrap().send(&message()).await.unwrap();
    drop(guard);

    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(" INFO "), "{said}");
    assert!(said.contains("occasion=\"receipt\""), "{said}");
    assert!(said.contains("<mail_0198f2c4@scriptkit.example>"), "{said}");
    let shown = format!("{said} {:?}", message());
    for private in ["Ada", "ada@example.com", "95.20", "4242", "INV-"] {
        assert!(!shown.contains(private), "{shown}");
    }
}
