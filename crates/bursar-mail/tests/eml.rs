//! The mails as they travel, read back by a mail program's parser.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;

use bursar_mail::{Envelope, Mailbox, Occasion, render};
use mail_parser::{MessageParser, MimeHeaders};

/// The headers of a mail, unfolded.
fn headers(eml: &[u8]) -> String {
    let eml = String::from_utf8(eml.to_vec()).unwrap();
    let (headers, _) = eml.split_once("\r\n\r\n").unwrap();
    headers.replace("\r\n ", " ").replace("\r\n", "\n")
}

#[test]
fn the_headers_of_a_mail() {
    let message = render(&Occasion::Receipt(samples::receipt()), &samples::envelope());
    insta::assert_snapshot!(headers(&message.to_eml().unwrap()));
}

#[test]
fn names_of_the_world_get_through() {
    let address = "ada@example.com".parse().unwrap();
    let to = Mailbox::new("Ąda \"Łovelace\", Countess of 愛", address);
    let envelope = Envelope { to, ..samples::envelope() };
    let message = render(&Occasion::Receipt(samples::receipt()), &envelope);
    let eml = message.to_eml().unwrap();
    assert!(headers(&eml).is_ascii());
    let parsed = MessageParser::default().parse(&eml).unwrap();
    let name = parsed.to().unwrap().first().unwrap().name().unwrap();
    assert_eq!(name, "Ąda \"Łovelace\", Countess of 愛");
}

#[test]
fn every_mail_can_be_read_back() {
    for (name, occasion) in samples::all() {
        let message = render(&occasion, &samples::envelope());
        let eml = message.to_eml().unwrap();
        let parsed = MessageParser::default().parse(&eml).unwrap();
        assert_eq!(parsed.subject(), Some(message.subject()), "{name}");
        assert_eq!(parsed.message_id(), Some("mail_0198f2c4@scriptkit.example"), "{name}");
        assert_eq!(parsed.date().unwrap().to_rfc3339(), "2027-03-14T08:30:00Z", "{name}");
        let lines = |text: &str| text.replace("\r\n", "\n");
        assert_eq!(lines(&parsed.body_text(0).unwrap()), message.text(), "{name}");
        assert_eq!(lines(&parsed.body_html(0).unwrap()), message.html(), "{name}");
        assert_eq!(parsed.attachment_count(), usize::from(message.attachment().is_some()));
    }
}

#[test]
fn documents_go_with_receipts_and_credit_notes() {
    for (occasion, name) in [
        ("receipt", "Invoice INV-2027-000123.pdf"),
        ("credit_note", "Credit note CN-2027-000007.pdf"),
    ] {
        let samples = samples::all();
        let (_, occasion) = samples.iter().find(|(sample, _)| *sample == occasion).unwrap();
        let eml = render(occasion, &samples::envelope()).to_eml().unwrap();
        let parsed = MessageParser::default().parse(&eml).unwrap();
        let attachment = parsed.attachment(0).unwrap();
        assert_eq!(attachment.attachment_name(), Some(name));
        assert_eq!(attachment.contents(), samples::pdf().bytes());
        let content_type = attachment.content_type().unwrap();
        assert_eq!((content_type.ctype(), content_type.subtype()), ("application", Some("pdf")));
    }
}

/// "A resend after a crash": nothing in a mail is random or the clock's.
#[test]
fn the_same_mail_is_the_same_bytes() {
    for (name, occasion) in samples::all() {
        let eml = || render(&occasion, &samples::envelope()).to_eml().unwrap();
        assert!(eml() == eml(), "{name}");
    }
}
