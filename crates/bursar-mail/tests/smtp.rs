//! Conversations with a mail server.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;
mod server;

use std::time::{Duration, Instant};

use bursar_mail::{Envelope, MailError, MailTransport, Message, Occasion, SmtpTransport, render};
use server::{Script, Server};

fn message() -> Message {
    render(&Occasion::Receipt(samples::receipt()), &samples::envelope())
}

fn transport(server: &Server) -> SmtpTransport {
    SmtpTransport::from_url(&format!("smtp://127.0.0.1:{}", server.port())).unwrap()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let server = Server::start(Script::default()).await;
    let message = message();
    transport(&server).send(&message).await.unwrap();

    let seen = server.seen();
    assert_eq!(
        seen.commands[..4],
        [
            "EHLO [127.0.0.1]",
            "MAIL FROM:<billing@scriptkit.example>",
            "RCPT TO:<ada@example.com>",
            "DATA",
        ]
    );
    let written = String::from_utf8(message.to_eml().unwrap()).unwrap();
    assert_eq!(seen.mails.len(), 1);
    assert_eq!(seen.mails[0].trim_end(), written.trim_end());
}

#[tokio::test]
async fn one_transport_carries_many_mails() {
    let server = Server::start(Script::default()).await;
    let transport = transport(&server);
    let samples = samples::all();
    for (_, occasion) in &samples {
        transport.send(&render(occasion, &samples::envelope())).await.unwrap();
    }
    assert_eq!(server.seen().mails.len(), samples.len());
}

#[tokio::test]
async fn it_logs_in_and_says_its_name() {
    let server =
        Server::start(Script { offers: vec!["AUTH PLAIN LOGIN"], ..Script::default() }).await;
    let url = format!("smtp://ada%40b:p%3Aw@127.0.0.1:{}/app.example.com", server.port());
    let transport = SmtpTransport::from_url(&url).unwrap();
    transport.send(&message()).await.unwrap();
    // base64 of \0ada@b\0p:w
    let commands = server.seen().commands;
    assert_eq!(commands[..2], ["EHLO app.example.com", "AUTH PLAIN AGFkYUBiAHA6dw=="]);
    assert_eq!(server.seen().mails.len(), 1);
    assert!(!format!("{transport:?}").contains("p:w"));
}

/// What `send` makes of a server that gives `text` as the answer to `verb`.
async fn answered(verb: &'static str, text: &'static str) -> MailError {
    let offers = vec!["AUTH PLAIN"];
    let server = Server::start(Script { offers, answers: vec![(verb, text)], ..Script::default() });
    let server = server.await;
    let url = format!("smtp://user:hunter2@127.0.0.1:{}", server.port());
    let error = SmtpTransport::from_url(&url).unwrap().send(&message()).await.unwrap_err();
    assert!(server.seen().mails.is_empty());
    let shown = format!("{error} {error:?}");
    for private in ["hunter2", "ada@example.com", "Ada", "95.20", "quota"] {
        assert!(!shown.contains(private), "{shown}");
    }
    error
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_tried_again() {
    for (verb, text, said) in [
        ("", "421 4.3.2 come back later", "421 4.3.2"),
        ("AUTH", "454 4.7.0 hunter2 can't be checked now", "454 4.7.0"),
        ("MAIL", "451 4.3.0 quota of Ada", "451 4.3.0"),
        ("RCPT", "450 4.2.0 <ada@example.com> greylisted", "450 4.2.0"),
        ("RCPT", "450 <ada@example.com> greylisted", "450"),
        ("DATA", "452 4.3.1 no quota", "452 4.3.1"),
        (".", "451-4.7.1 Ada\r\n451 4.7.1 $95.20", "451 4.7.1"),
    ] {
        let error = answered(verb, text).await;
        assert_eq!(error, MailError::Unavailable(format!("the mail server said {said}")));
        assert!(error.may_pass());
    }
}

#[tokio::test]
async fn a_mail_that_is_refused_is_not_tried_again() {
    for (verb, text, said) in [
        ("MAIL", "550 5.7.1 not from you", "550 5.7.1"),
        ("RCPT", "550 5.1.1 <ada@example.com>: nobody", "550 5.1.1"),
        ("RCPT", "553 ada@example.com", "553"),
        (".", "554 5.6.0 Ada, $95.20 looks like spam", "554 5.6.0"),
    ] {
        let error = answered(verb, text).await;
        assert_eq!(error, MailError::Refused(format!("the mail server said {said}")));
        assert!(!error.may_pass());
    }
}

/// A wrong password says nothing about the mail: it is kept.
#[tokio::test]
async fn a_wrong_password_loses_no_mail() {
    let error = answered("AUTH", "535 5.7.8 hunter2 is wrong").await;
    let said = "the mail server said 535 5.7.8".to_owned();
    assert_eq!(error, MailError::Misconfigured(said));
    assert!(error.may_pass());
    let error = answered("MAIL", "530 5.7.0 log in first").await;
    assert_eq!(error, MailError::Misconfigured("the mail server said 530 5.7.0".to_owned()));
}

#[tokio::test]
async fn a_server_that_breaks_off_is_tried_again() {
    for (verb, text) in [("", ""), ("RCPT", ""), (".", ""), ("MAIL", "what?"), (".", "\u{0}\u{1}")]
    {
        let error = answered(verb, text).await;
        assert!(matches!(error, MailError::Unavailable(_)), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_isn_t_there_is_tried_again() {
    let server = Server::start(Script::default()).await;
    let transport = transport(&server);
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", gone.local_addr().unwrap());
    drop(gone);
    let error = SmtpTransport::from_url(&url).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    transport.send(&message()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let server = Server::start(Script { silent: true, ..Script::default() }).await;
    let transport = transport(&server).with_time_max(Duration::from_millis(200));
    let began = Instant::now();
    let error = transport.send(&message()).await.unwrap_err();
    assert_eq!(error, MailError::Unavailable("the mail server took too long".to_owned()));
    assert!(began.elapsed() < Duration::from_secs(20));
}

/// A server that doesn't offer TLS, or somebody in between who hides it, learns nothing.
#[tokio::test]
async fn without_the_tls_that_was_asked_for_nothing_is_told() {
    let server = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let url = format!("smtp://user:hunter2@127.0.0.1:{}?tls=required", server.port());
    let error = SmtpTransport::from_url(&url).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, MailError::Misconfigured(_)), "{error}");
    let commands = server.seen().commands;
    assert!(commands.iter().all(|told| told.starts_with("EHLO") || told == "QUIT"), "{commands:?}");
}

#[tokio::test]
async fn a_server_without_a_known_way_to_log_in_is_misconfigured() {
    let server = Server::start(Script { offers: vec!["AUTH GSSAPI"], ..Script::default() }).await;
    let url = format!("smtp://user:hunter2@127.0.0.1:{}", server.port());
    let error = SmtpTransport::from_url(&url).unwrap().send(&message()).await.unwrap_err();
    assert!(matches!(error, MailError::Misconfigured(_)), "{error}");
    assert!(server.seen().mails.is_empty());
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_knows_it() {
    let plain = samples::envelope();
    let envelope = Envelope {
        to: "адa@example.com".parse::<bursar_mail::Address>().unwrap().into(),
        ..plain
    };
    let message = render(&Occasion::Receipt(samples::receipt()), &envelope);
    let server = Server::start(Script::default()).await;
    let error = transport(&server).send(&message).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(_)), "{error}");
    let server =
        Server::start(Script { offers: vec!["8BITMIME", "SMTPUTF8"], ..Script::default() });
    let server = server.await;
    transport(&server).send(&message).await.unwrap();
    assert!(server.seen().commands.contains(&"RCPT TO:<адa@example.com>".to_owned()));
}
