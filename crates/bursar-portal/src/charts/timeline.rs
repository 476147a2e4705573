//! What has been and what comes, on one line.

use askama::Template;
use askama::filters::HtmlSafe;
use bursar_core::time::Timestamp;

use super::{WIDTH, scaled};

/// What has been and what comes.
#[derive(Template)]
#[template(path = "charts/timeline.html")]
pub(crate) struct Timeline {
    description: String,
    dots: Vec<Dot>,
    /// Where the present is, in tenths of a percent, if it is on the line.
    now: i64,
}

struct Dot {
    class: &'static str,
    /// Tenths of a percent.
    x: i64,
}

impl HtmlSafe for Timeline {}

impl Timeline {
    /// A line of points in time, oldest first. `now` is the present.
    pub(crate) fn new(points: &[Timestamp], now: Timestamp, description: String) -> Self {
        let all = || points.iter().copied().chain([now]);
        let (first, last) = (all().min().unwrap_or(now), all().max().unwrap_or(now));
        let whole = last.micros().saturating_sub(first.micros());
        let place = |at: Timestamp| {
            // A margin on both sides, so that dots are whole.
            20 + scaled(at.micros().saturating_sub(first.micros()), whole, WIDTH - 40)
        };
        let dots = points
            .iter()
            .map(|at| Dot { class: if *at <= now { "was" } else { "comes" }, x: place(*at) });
        Self { description, dots: dots.collect(), now: place(now) }
    }
}

mod percent {
    /// Tenths of a percent as SVG writes them.
    pub(super) fn of(tenths: &i64) -> String {
        format!("{}.{}%", tenths / 10, tenths % 10)
    }
}
