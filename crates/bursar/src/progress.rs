//! Progress of long work: a bar on stderr, and nothing where stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for work that is counted in `unit`s.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar that hasn't begun. Until the total is known it only counts.
    pub(crate) fn new(doing: &'static str, unit: &str) -> Self {
        // indicatif hides bars whose stream is not a terminal.
        let bar = ProgressBar::no_length().with_message(doing);
        let template =
            format!("{{msg}} {{wide_bar}} {{human_pos}} of {{human_len}} {unit}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// How far it is.
    pub(crate) fn at(&self, done: u64, total: u64) {
        self.0.set_length(total.max(done));
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
