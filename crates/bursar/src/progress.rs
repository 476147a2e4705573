//! Progress of long work: a bar on stderr, and nothing where stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that vanishes when the work is done.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// For work that is counted in `unit`s.
    pub(crate) fn new(doing: &'static str, unit: &str) -> Self {
        Self::with(doing, &format!("{{human_pos}} of {{human_len}} {unit}"))
    }

    /// For work that is counted in bytes.
    pub(crate) fn bytes(doing: &'static str) -> Self {
        Self::with(doing, "{decimal_bytes} of {decimal_total_bytes}")
    }

    fn with(doing: &'static str, count: &str) -> Self {
        // indicatif hides bars whose stream is not a terminal.
        let bar = ProgressBar::no_length().with_message(doing);
        let template = format!("{{msg}} {{wide_bar}} {count}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// How far it is.
    pub(crate) fn at(&self, done: u64, total: u64) {
        // Setting the length draws, and there may be millions of steps.
        if self.0.length() != Some(total) {
            self.0.set_length(total);
        }
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
