//! What the mails say.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something isn't as it should be"
)]

mod html;
mod samples;

use bursar_mail::{Envelope, Occasion, render};

fn shown(occasion: &Occasion, envelope: &Envelope) -> String {
    let message = render(occasion, envelope);
    format!("Subject: {}\n\n{}", message.subject(), message.text())
}

#[test]
fn every_mail_says_what_it_should() {
    for (name, occasion) in samples::all() {
        insta::assert_snapshot!(name, shown(&occasion, &samples::envelope()));
    }
}

#[test]
fn there_is_a_sample_of_every_occasion() {
    let mut names: Vec<_> = samples::all().iter().map(|(_, occasion)| occasion.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 11, "{names:?}");
}

/// Without a name there is nobody to greet, and without an address the mail says where to go.
#[test]
fn a_mail_without_name_and_link_says_what_it_should() {
    let envelope = Envelope {
        to: samples::envelope().to.address.into(),
        billing_url: None,
        ..samples::envelope()
    };
    let (_, occasion) = samples::all().remove(0);
    insta::assert_snapshot!("receipt_without_name_and_link", shown(&occasion, &envelope));
}

#[test]
fn the_page_of_a_receipt() {
    let (_, occasion) = samples::all().remove(0);
    insta::assert_snapshot!("receipt_html", render(&occasion, &samples::envelope()).html());
}

#[test]
fn text_and_html_say_the_same() {
    let linked = samples::envelope();
    let unlinked = Envelope { billing_url: None, ..linked.clone() };
    for ((name, occasion), envelope) in samples::all()
        .into_iter()
        .flat_map(|sample| [(sample.clone(), &linked), (sample, &unlinked)])
    {
        let message = render(&occasion, envelope);
        let page = html::parse(message.html());
        let says = |text: &str| {
            let text = text.trim();
            page.texts.iter().any(|shown| shown == text)
                || page.attributes.iter().any(|(_, value)| value == text)
        };
        for line in message.text().lines().filter(|line| !line.is_empty()) {
            let in_parts = line
                .split_once(':')
                .is_some_and(|(label, value)| says(label) && (value.is_empty() || says(value)));
            assert!(says(line) || in_parts, "{name}: {line}\n{:#?}", page.texts);
        }
        assert!(says(message.subject()), "{name}");
    }
}

/// No images, no tracking, nothing that is fetched; one link, and that is the one given.
#[test]
fn a_page_needs_nothing_from_outside() {
    for (name, occasion) in samples::all() {
        let page = html::parse(render(&occasion, &samples::envelope()).html());
        let elements = ["script", "img", "link", "style", "iframe", "form", "object"];
        assert!(
            page.elements.iter().all(|element| !elements.contains(&element.as_str())),
            "{name}"
        );
        for (attribute, value) in page.attributes {
            match attribute.as_str() {
                "href" => assert_eq!(value, "https://app.scriptkit.example/billing"),
                "style" => assert!(!value.contains("url("), "{name}: {value}"),
                "charset" | "content" | "lang" | "name" | "scope" => {}
                other => panic!("{name} has {other}"),
            }
        }
    }
}
