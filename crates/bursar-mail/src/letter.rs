//! What a mail says, before it is laid out: once, so that its text and its HTML can't differ.

use askama::Template;

use crate::address::Address;
use crate::envelope::{Envelope, Link};
use crate::one_line::OneLine;

/// A mail's words, in the order in which they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    /// What happened.
    pub(crate) opening: Vec<String>,
    /// The amounts and dates of it.
    pub(crate) figures: Vec<Figure>,
    /// What comes next, and what the customer can do.
    pub(crate) next: Vec<String>,
    /// Where to do it, as a command: `Confirm the payment`.
    pub(crate) action: &'static str,
}

/// One amount, date or name, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// A row of [`Letter::figures`].
pub(crate) fn figure(label: impl ToString, value: impl ToString) -> Figure {
    Figure { label: label.to_string(), value: value.to_string() }
}

/// `letter` as plain text.
pub(crate) fn text(letter: &Letter, envelope: &Envelope) -> String {
    written(&Text { page: Page::of(letter, envelope) })
}

/// `letter` as HTML that needs nothing from outside: no image, no font, no script, no stylesheet.
pub(crate) fn html(letter: &Letter, envelope: &Envelope) -> String {
    written(&Html { page: Page::of(letter, envelope) })
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    page: Page<'a>,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    page: Page<'a>,
}

/// What both templates are filled with.
struct Page<'a> {
    letter: &'a Letter,
    name: &'a OneLine,
    product: &'a OneLine,
    support: &'a Address,
    link: Option<&'a Link>,
}

impl<'a> Page<'a> {
    fn of(letter: &'a Letter, envelope: &'a Envelope) -> Self {
        Self {
            letter,
            name: &envelope.to.name,
            product: &envelope.sender.product,
            support: &envelope.sender.support,
            link: envelope.billing_url.as_ref(),
        }
    }
}

fn written(template: &impl Template) -> String {
    // Writing into a string fails for no input; a mail without text would show it.
    template.render().unwrap_or_default()
}
