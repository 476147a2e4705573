//! What is made of several measurements of the same.

/// In order.
pub(crate) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The named options of a command line, each with its value.
pub(crate) struct Options<'a>(&'a [String]);

impl<'a> Options<'a> {
    /// Of these names, all others are refused.
    pub(crate) fn of(arguments: &'a [String], known: &[&str]) -> Self {
        for pair in arguments.chunks(2) {
            let known = known.contains(&pair[0].as_str());
            assert!(known && pair.len() == 2, "{}: takes {known:?} with a value each", pair[0]);
        }
        Self(arguments)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        let found = self.0.chunks(2).find(|pair| pair[0] == name)?;
        Some(found[1].as_str())
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> T {
        let parse = |text: &str| text.parse().unwrap_or_else(|_| panic!("{name}: {text:?}?"));
        self.text(name).map_or(default, parse)
    }
}
