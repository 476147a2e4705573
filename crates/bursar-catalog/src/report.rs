//! Collects mistakes while a file is read, and finds their lines and columns at the end.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::mistake::Mistake;

/// Where in the file a field is: its bytes and its path.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Byte range in the file.
    pub(crate) span: Range<usize>,
    /// Such as `plans[1].price.month`.
    pub(crate) path: String,
}

/// What a mistake may be the consequence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The file isn't TOML there.
    Syntax,
    /// It is one whatever else is wrong with the file.
    Itself,
    /// It may only look like one because part of the file could not be read.
    MaybeUnreadable,
}

#[derive(Debug)]
struct Found {
    place: Place,
    message: String,
    expected: Option<String>,
    cause: Cause,
}

/// The mistakes found so far in one file.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    text: &'a str,
    syntax: Vec<Found>,
    found: RefCell<Vec<Found>>,
}

impl<'a> Report<'a> {
    /// A report on `text`, which is not TOML in the places of `syntax`.
    pub(crate) fn new(text: &'a str, syntax: &[toml::de::Error]) -> Self {
        let syntax = syntax.iter().map(|error| not_toml(text, error)).collect();
        Self { text, syntax, found: RefCell::new(Vec::new()) }
    }

    /// The file's own words for `span`.
    pub(crate) fn source(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or("")
    }

    /// Reports what is wrong and what would be right.
    pub(crate) fn mistake(
        &self,
        place: &Place,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.push(place, message.into(), Some(expected.into()), Cause::Itself);
    }

    /// Reports what is wrong where the message says it all.
    pub(crate) fn plain(&self, place: &Place, message: impl Into<String>) {
        self.push(place, message.into(), None, Cause::Itself);
    }

    /// Reports that something isn't there, which it may well be in a part that isn't TOML: then the
    /// report is dropped.
    pub(crate) fn absent(
        &self,
        place: &Place,
        message: impl Into<String>,
        expected: Option<String>,
    ) {
        self.push(place, message.into(), expected, Cause::MaybeUnreadable);
    }

    fn push(&self, place: &Place, message: String, expected: Option<String>, cause: Cause) {
        self.found.borrow_mut().push(Found { place: place.clone(), message, expected, cause });
    }

    /// All mistakes in the order of the file; empty if there are none.
    pub(crate) fn finish(self) -> Vec<Mistake> {
        let mut all = self.syntax;
        all.append(&mut self.found.into_inner());
        all.sort_by_key(|found| found.place.span.start);
        let lines = Positions::new(self.text).of(&all);
        let unreadable: BTreeSet<usize> = (lines.iter().zip(&all))
            .filter(|(_, found)| found.cause == Cause::Syntax)
            .map(|((line, _), _)| *line)
            .collect();
        // Behind something unclosed nothing is what it seems.
        let readable = (all.iter())
            .find(|found| found.cause == Cause::Syntax && found.message.contains("unclosed"))
            .map_or(usize::MAX, |found| found.place.span.start);
        let mut mistakes: Vec<Mistake> = (lines.into_iter().zip(all))
            .filter(|((line, _), found)| stands(found, *line, &unreadable, readable))
            .map(|((line, column), found)| Mistake {
                line,
                column,
                path: found.place.path,
                message: found.message,
                expected: found.expected,
            })
            .collect();
        mistakes.dedup();
        mistakes
    }
}

/// Is it a mistake of its own, given the lines that aren't TOML and how far the file is readable?
fn stands(found: &Found, line: usize, unreadable: &BTreeSet<usize>, readable: usize) -> bool {
    match found.cause {
        Cause::Syntax => true,
        Cause::Itself if unreadable.is_empty() => true,
        Cause::Itself => {
            let span = &found.place.span;
            // What the parser made up to go on has an empty span.
            !unreadable.contains(&line) && !span.is_empty() && span.start < readable
        }
        Cause::MaybeUnreadable => unreadable.is_empty(),
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> Found {
    let span = error.span().unwrap_or(text.len()..text.len());
    let (message, expected) = match error.message().split_once(", expected ") {
        Some((message, expected)) => (message, Some(expected.to_owned())),
        None => (error.message(), None),
    };
    let place = Place { span, path: String::new() };
    Found { place, message: format!("not TOML: {message}"), expected, cause: Cause::Syntax }
}

/// Lines and columns from byte offsets, in one pass over the text however many there are.
struct Positions<'a> {
    characters: std::str::CharIndices<'a>,
    line: usize,
    column: usize,
}

impl<'a> Positions<'a> {
    fn new(text: &'a str) -> Self {
        let mut characters = text.char_indices();
        if text.starts_with('\u{feff}') {
            // A byte order mark is no character of the first line.
            characters.next();
        }
        Self { characters, line: 1, column: 1 }
    }

    /// Line and column of each, which must be sorted by offset.
    fn of(mut self, sorted: &[Found]) -> Vec<(usize, usize)> {
        sorted.iter().map(|found| self.advance(found.place.span.start)).collect()
    }

    fn advance(&mut self, to: usize) -> (usize, usize) {
        while self.characters.offset() < to {
            match self.characters.next() {
                Some((_, '\n')) => {
                    self.line = self.line.saturating_add(1);
                    self.column = 1;
                }
                Some(_) => self.column = self.column.saturating_add(1),
                None => break,
            }
        }
        (self.line, self.column)
    }
}
