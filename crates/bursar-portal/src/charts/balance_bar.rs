//! The balance by class, as one bar.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{WIDTH, stacked};

/// The balance by class.
#[derive(Template)]
#[template(path = "charts/balance_bar.html")]
pub(crate) struct BalanceBar {
    description: String,
    segments: Vec<Segment>,
}

struct Segment {
    class: &'static str,
    x: i64,
    width: i64,
}

impl HtmlSafe for BalanceBar {}

impl BalanceBar {
    /// A bar of parts of `whole`, each with the class of its colour. `description` says it in words.
    pub(crate) fn new(parts: &[(&'static str, i64)], whole: i64, description: String) -> Self {
        let amounts: Vec<i64> = parts.iter().map(|(_, amount)| *amount).collect();
        let placed = stacked(&amounts, whole, WIDTH);
        let segments = parts.iter().zip(placed).filter(|(_, (_, width))| *width > 0);
        let segments = segments.map(|((class, _), (x, width))| Segment { class, x, width });
        Self { description, segments: segments.collect() }
    }
}
