//! Parts of a whole, as a ring.

use askama::Template;
use askama::filters::HtmlSafe;

use super::stacked;

/// Parts of a whole.
#[derive(Template)]
#[template(path = "charts/donut.html")]
pub(crate) struct Donut {
    title: &'static str,
    description: String,
    /// What stands in the middle: large, and small below.
    middle: [String; 2],
    arcs: Vec<Arc>,
}

struct Arc {
    class: &'static str,
    /// Thousandths of the ring.
    start: i64,
    length: i64,
}

impl HtmlSafe for Donut {}

impl Donut {
    /// A ring of parts of `whole`, each with the class of its colour.
    pub(crate) fn new(
        title: &'static str,
        parts: &[(&'static str, u64)],
        whole: u64,
        description: String,
        middle: [String; 2],
    ) -> Self {
        let fitting = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let amounts: Vec<i64> = parts.iter().map(|(_, amount)| fitting(*amount)).collect();
        let placed = stacked(&amounts, fitting(whole), 1_000);
        let arcs = parts.iter().zip(placed).filter(|(_, (_, length))| *length > 0);
        let arcs = arcs.map(|((class, _), (start, length))| Arc { class, start, length });
        Self { title, description, middle, arcs: arcs.collect() }
    }
}
