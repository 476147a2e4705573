//! Whatever people are called and whatever they write: it is shown as text.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something isn't as it should be"
)]

mod html;
mod samples;

use bursar_mail::occasion::{Line, Receipt};
use bursar_mail::{Envelope, Mailbox, Message, Occasion, Sender, render};
use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

/// A receipt with `text` wherever a text from outside can be.
fn receipt_with(text: &str) -> Message {
    let plain = samples::envelope();
    let envelope = Envelope {
        to: Mailbox::new(text, plain.to.address),
        sender: Sender {
            product: text.into(),
            from: Mailbox::new(text, plain.sender.from.address),
            ..plain.sender
        },
        ..plain
    };
    let receipt = Receipt {
        number: text.into(),
        purpose: text.into(),
        lines: vec![Line { description: text.into(), period: None, amount: samples::usd(89) }],
        ..samples::receipt()
    };
    render(&Occasion::Receipt(receipt), &envelope)
}

const HEADERS: [&str; 9] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
];

/// The mail has the headers and parts it should, and its subject reads as it was written.
fn check_eml(message: &Message) {
    let eml = message.to_eml().unwrap();
    for line in eml.split(|byte| *byte == b'\n') {
        assert!(line.is_ascii(), "{}", String::from_utf8_lossy(line));
        assert!(line.len() < 999, "a line of {} bytes", line.len());
    }
    let parsed = MessageParser::default().parse(&eml).unwrap();
    let mut names: Vec<_> = parsed.headers().iter().map(|header| header.name()).collect();
    let mut expected = HEADERS.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);

    assert_eq!(parsed.to().unwrap().as_list().unwrap().len(), 1);
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("ada@example.com"));
    assert_eq!(
        parsed.from().unwrap().first().unwrap().address(),
        Some("billing@scriptkit.example")
    );
    assert_eq!(parsed.text_body_count(), 1);
    assert_eq!(parsed.html_body_count(), 1);
    assert_eq!(parsed.attachment_count(), 1);
    let lines = |text: &str| text.replace("\r\n", "\n");
    assert_eq!(lines(&parsed.body_text(0).unwrap()), message.text());
    assert_eq!(lines(&parsed.body_html(0).unwrap()), message.html());
    let attachment = parsed.attachment(0).unwrap();
    assert_eq!(attachment.contents(), samples::pdf().bytes());
    assert!(attachment.attachment_name().unwrap().starts_with("Invoice "));
}

#[track_caller]
fn check(text: &str, name_shown: &str) {
    let message = receipt_with(text);
    check_eml(&message);
    assert!(message.text().starts_with(&format!("Hello {name_shown},\n")), "{}", message.text());
    assert!(!message.subject().contains('\n'));
    let page = html::parse(message.html());
    assert!(page.texts.contains(&format!("Hello {name_shown},")), "{:#?}", page.texts);
}

#[test]
fn line_breaks_add_no_header_and_no_line() {
    let text = "Ada\r\nBcc: everyone@example.com\r\n\r\n<b>Hi</b>";
    check(text, "Ada Bcc: everyone@example.com <b>Hi</b>");
    check("Ada\nX: y\rZ: z\u{0}\u{85}\u{2028}end", "Ada X: y Z: z end");
}

#[test]
fn markup_is_text() {
    let text = "</td><script>alert('1')</script><img src=x>&amp;\"";
    check(text, text);
    let elements = html::parse(receipt_with(text).html()).elements;
    assert!(!elements.iter().any(|element| element == "script" || element == "img"));
}

#[test]
fn right_to_left_stays_where_it_is() {
    check("عائشة", "\u{2068}عائشة\u{2069}");
    check("\u{202e}evil\u{202c}", "evil");
}

#[test]
fn emoji_and_quotes_are_kept() {
    check(
        "👩‍🚀 \"Ada\" O'Neil, Ltd. <ada@evil.example>",
        "👩‍🚀 \"Ada\" O'Neil, Ltd. <ada@evil.example>",
    );
    check("Łódź ★ 東京", "Łódź ★ 東京");
}

/// What looks like an encoded word would otherwise be decoded by the reader's program.
#[test]
fn encoded_words_are_text() {
    let text = "=?utf-8?q?Bcc=3A_all?=";
    check(text, text);
    let eml = receipt_with(text).to_eml().unwrap();
    let parsed = MessageParser::default().parse(&eml).unwrap();
    let name = parsed.to().unwrap().first().unwrap().name().unwrap().to_owned();
    assert_eq!(name, "= ?utf-8?q?Bcc=3A_all?=");
    assert!(parsed.subject().unwrap().contains("= ?utf-8?q?Bcc=3A_all?="));
}

/// Nothing in a text ends its part.
#[test]
fn boundaries_are_text() {
    for (boundary, meant) in [("--=_bursar_alternatives", 3), ("--=_bursar_attachment", 3)] {
        check(boundary, boundary);
        let eml = String::from_utf8(receipt_with(boundary).to_eml().unwrap()).unwrap();
        let (_, body) = eml.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.matches(boundary).count(), meant);
    }
}

#[test]
fn a_file_name_is_one_of_a_file() {
    let name = |number: &str| {
        let message = receipt_with(number);
        message.attachment().unwrap().name().to_owned()
    };
    assert_eq!(name("INV-2026-000123"), "Invoice INV-2026-000123.pdf");
    assert_eq!(name("../../etc/passwd"), "Invoice ..-..-etc-passwd.pdf");
    assert_eq!(name("a\"\r\nb\\c:d"), "Invoice a- b-c-d.pdf");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_gives_a_mail(text in prop_oneof![
        any::<String>(),
        "\\PC{0,300}",
        "[\r\n\t \u{0}-\u{20}\u{7f}-\u{a0}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}a]{0,30}",
        "[\"\\\\<>()@,;:=?_. a-c]{0,60}",
        "[=?QqBb_a-z0-9]{0,80}",
        "[\u{590}-\u{6ff} 0-9$.,]{0,40}",
        "[A-Z]{250}",
        "[\u{1f468}\u{200d}\u{1f469}\u{fe0f}\u{e0067}]{0,220}",
    ]) {
        let message = receipt_with(&text);
        check_eml(&message);
        html::parse(message.html());
    }
}
