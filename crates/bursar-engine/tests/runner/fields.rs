//! The words and named fields of a line: `hold as=clip operation=video reason="late job"`.

use bursar_core::catalog::Class;
use bursar_core::id::Reason;

pub(crate) struct Fields {
    pub(crate) verb: String,
    words: Vec<String>,
    named: Vec<(String, String)>,
}

impl Fields {
    pub(crate) fn parse(line: &str) -> Self {
        let mut parts = tokens(line).into_iter();
        let verb = parts.next().expect("a line has a verb");
        let mut fields = Self { verb, words: Vec::new(), named: Vec::new() };
        for part in parts {
            match part.split_once('=') {
                Some((name, value)) => fields.named.push((name.to_owned(), value.to_owned())),
                None => fields.words.push(part),
            }
        }
        fields
    }

    /// The next word without a name.
    pub(crate) fn word(&mut self) -> String {
        assert!(!self.words.is_empty(), "{} takes one more word", self.verb);
        self.words.remove(0)
    }

    pub(crate) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// The field of that name.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.named.iter().position(|(known, _)| known == name)?;
        Some(self.named.remove(place).1)
    }

    pub(crate) fn class(&mut self) -> Class {
        let name = self.take("class").unwrap_or_else(|| "promo".to_owned());
        Class::ALL.into_iter().find(|class| class.as_str() == name).expect("a class")
    }

    pub(crate) fn reason(&mut self) -> Reason {
        self.take("reason").unwrap_or_else(|| "test".to_owned()).parse().unwrap()
    }

    /// All fields that are left.
    pub(crate) fn rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.named)
    }

    /// A typo must not be ignored.
    pub(crate) fn done(self) {
        assert!(
            self.words.is_empty() && self.named.is_empty(),
            "{}: what are {:?} {:?}?",
            self.verb,
            self.words,
            self.named
        );
    }
}

/// Words, of which quoted ones may have blanks.
fn tokens(line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let (mut token, mut quoted) = (String::new(), false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => tokens.push(std::mem::take(&mut token)),
            other => token.push(other),
        }
    }
    tokens.push(token);
    tokens.retain(|token| !token.is_empty());
    tokens
}
