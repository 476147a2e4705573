//! What is wrong with a catalog file, and where.

use std::fmt;

use serde::Serialize;

/// One mistake in a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The line it is on, from 1.
    pub line: usize,
    /// The character it starts at, from 1 (characters, not bytes).
    pub column: usize,
    /// The field it is about, such as `plans[1].price.month` (lists count from 0). Empty for the
    /// file as a whole and for what isn't TOML.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right, if that can be said in a few words.
    pub expected: Option<String>,
}

impl Mistake {
    /// The mistake with the name of its file in front, as compilers write it:
    /// `catalog.toml:12:9: …`.
    pub fn in_file<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        InFile { file, mistake: self }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.expected {
            Some(expected) => write!(f, "; expected {expected}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

struct InFile<'a> {
    file: &'a str,
    mistake: &'a Mistake,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.mistake)
    }
}
