//! The sandbox's pages as HTML: no script, no outside resource, one stylesheet beside them.

use askama::Template;

/// The pages' stylesheet, to be served as `{base_url}/sandbox.css`.
pub const STYLESHEET: &str = include_str!("../../templates/sandbox/sandbox.css");

/// A page to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The document.
    pub html: String,
}

/// What follows a form that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormReply {
    /// This page.
    Page(Page),
    /// Send the browser there, with 303.
    Redirect(String),
}

/// The card form.
#[derive(Template)]
#[template(path = "sandbox/card_form.html")]
pub(super) struct CardForm<'a> {
    pub(super) base_url: &'a str,
    pub(super) action: &'a str,
    /// What was wrong with the last try. Never repeats what was typed.
    pub(super) problem: Option<&'a str>,
    /// Where the customer came from, for those who change their mind.
    pub(super) back: Option<&'a str>,
    /// Cards to try: number in groups, and what it does.
    pub(super) examples: &'a [(&'a str, &'a str)],
}

/// The 3-D Secure page.
#[derive(Template)]
#[template(path = "sandbox/challenge.html")]
pub(super) struct ChallengePage<'a> {
    pub(super) base_url: &'a str,
    pub(super) action: &'a str,
    pub(super) amount: Option<&'a str>,
    pub(super) description: Option<&'a str>,
    pub(super) last4: &'a str,
}

/// The end of the way, when there is no address to return to.
#[derive(Template)]
#[template(path = "sandbox/message.html")]
pub(super) struct Message<'a> {
    pub(super) base_url: &'a str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
}

/// Renders a page.
pub(super) fn page(status: u16, template: &impl Template) -> Page {
    // Writing into a string fails for no input; a page without text would show it.
    Page { status, html: template.render().unwrap_or_default() }
}
