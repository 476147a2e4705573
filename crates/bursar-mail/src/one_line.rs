//! Text from outside, as one line that is shown as it is and does nothing.

use std::fmt;

/// The longest text that is shown, in characters. Names, plans and descriptions are far shorter.
const LENGTH_MAX: usize = 200;

/// A name, product, plan, number or description as it can stand in a mail: one line, without control
/// characters and without anything that turns the text around it.
///
/// Made of any text. What was longer than 200 characters ends in `…`.
///
/// ```
/// use bursar_mail::OneLine;
///
/// let name = OneLine::from("Ada\r\nBcc: everyone@example.com");
/// assert_eq!(name.as_str(), "Ada Bcc: everyone@example.com");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneLine(String);

impl OneLine {
    /// The text alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing to show?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for OneLine {
    fn from(text: &str) -> Self {
        let mut shown = String::with_capacity(text.len());
        for c in text.chars().filter(|c| !is_invisible_order(*c)) {
            let blank = c.is_whitespace() || c.is_control();
            match (blank, shown.ends_with(' ')) {
                (false, _) => shown.push(c),
                (true, false) => shown.push(' '),
                (true, true) => {}
            }
        }
        let shown = shown.trim();
        if shown.chars().count() <= LENGTH_MAX {
            return Self(shown.to_owned());
        }
        Self(shown.chars().take(LENGTH_MAX - 1).chain(['…']).collect())
    }
}

impl From<String> for OneLine {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for OneLine {
    /// The text within a sentence. One that is written from right to left is isolated, so that it
    /// doesn't turn the amount or the date beside it around.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.chars().any(is_right_to_left) {
            write!(f, "\u{2068}{}\u{2069}", self.0)
        } else {
            f.write_str(&self.0)
        }
    }
}

/// Marks that order the characters around them, and the byte order mark.
fn is_invisible_order(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// Letters of the scripts that Unicode reserves the right-to-left ranges for.
fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefe}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(OneLine::from(text).to_string(), expected);
    }

    #[test]
    fn text_stays_what_it_is() {
        check("Ada Lovelace", "Ada Lovelace");
        check("Zoë & Søn <b>GmbH</b>", "Zoë & Søn <b>GmbH</b>");
        // A family is several characters, joined by invisible ones.
        check("👩‍👩‍👧", "👩‍👩‍👧");
    }

    #[test]
    fn it_is_one_line() {
        check("Ada\r\nBcc: all@example.com", "Ada Bcc: all@example.com");
        check("\ta\u{0}\u{b}b\u{2028}c\u{2029}\u{85}d\n", "a b c d");
        check("\r\n", "");
    }

    #[test]
    fn it_turns_nothing_around() {
        check("\u{202e}tnuocsid", "tnuocsid");
        check("a\u{2066}b\u{2069}\u{200f}", "ab");
        check("עדה", "\u{2068}עדה\u{2069}");
        check("محمد 42", "\u{2068}محمد 42\u{2069}");
    }

    #[test]
    fn it_has_an_end() {
        check(&"é".repeat(200), &"é".repeat(200));
        check(&"é".repeat(201), &("é".repeat(199) + "…"));
    }
}
