//! Reads TOML tables field by field, knowing where each field is in the file.
//!
//! Reading goes on after a mistake, so that one run reports them all: a reader returns `None` for a
//! field it has reported, and the caller gives up only after it has read every field.

use std::cell::RefCell;

use bursar_core::id::Key;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::references::{closest, one_of};
use crate::report::{Place, Report};

/// A value with its place.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    report: &'a Report<'a>,
    value: &'a Spanned<DeValue<'a>>,
    place: Place,
}

/// A table whose fields are read by name; [`Table::close`] reports those that nobody asked for.
pub(crate) struct Table<'a> {
    report: &'a Report<'a>,
    table: &'a DeTable<'a>,
    place: Place,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Value<'a> {
    fn new(report: &'a Report<'a>, value: &'a Spanned<DeValue<'a>>, path: String) -> Self {
        Self { report, value, place: Place { span: value.span(), path } }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Reports that the value is wrong.
    pub(crate) fn wrong(&self, message: impl Into<String>, expected: impl Into<String>) {
        self.report.mistake(&self.place, message, expected);
    }

    /// Reports that the value names something that isn't there.
    pub(crate) fn dangling(&self, message: String, expected: Option<String>) {
        self.report.absent(&self.place, message, expected);
    }

    /// The value as a message can quote it.
    pub(crate) fn quoted(&self) -> String {
        match self.value.get_ref() {
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::String(text) => quote(text),
            _ => shorten(self.source()),
        }
    }

    /// The value as it is written in the file.
    pub(crate) fn source(&self) -> &'a str {
        self.report.source(self.place.span.clone())
    }

    /// The text of a string, without a report if it is none.
    pub(crate) fn as_str(&self) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The digits of a number, exactly as written but for `_` and a leading `+`; no report.
    pub(crate) fn as_digits(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) => {
                let digits = self.source().replace('_', "");
                Some(digits.strip_prefix('+').map_or_else(|| digits.clone(), str::to_owned))
            }
            _ => None,
        }
    }

    /// Is it a number with a decimal point or an exponent?
    pub(crate) fn is_float(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Float(_))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong(format!("{} is neither true nor false", self.quoted()), "true or false");
                None
            }
        }
    }

    /// A text for people: one line of 1 to 200 characters.
    pub(crate) fn text(&self) -> Option<String> {
        self.text_of_at_most(200)
    }

    /// The same with 1 to `most` characters.
    pub(crate) fn text_of_at_most(&self, most: usize) -> Option<String> {
        let text = self.as_str().map(str::trim);
        let fits = |text: &&str| {
            (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        if let Some(text) = text.filter(fits) {
            return Some(text.to_owned());
        }
        let message = format!("{} is not a text of one line", self.quoted());
        self.wrong(message, format!("1 to {most} characters in quotes"));
        None
    }

    /// A key.
    pub(crate) fn key(&self) -> Option<Key> {
        if let Some(key) = self.as_str().and_then(|text| text.parse().ok()) {
            return Some(key);
        }
        let message = format!("{} is not a key", self.quoted());
        self.wrong(message, "1 to 64 letters, digits or any of _ - . : / in quotes");
        None
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        let given = self.as_str();
        if let Some((_, value)) = words.iter().find(|(word, _)| given == Some(*word)) {
            return Some(*value);
        }
        let choices = one_of(words.iter().map(|(word, _)| format!("{word:?}")));
        self.wrong(format!("{} is not a choice here", self.quoted()), choices);
        None
    }

    /// A table.
    pub(crate) fn table(&self) -> Option<Table<'a>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Table {
                report: self.report,
                table,
                place: self.place.clone(),
                asked: RefCell::default(),
            }),
            _ => {
                self.wrong(format!("{} is not a table", self.quoted()), "a table, { … }");
                None
            }
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self) -> Option<Vec<Value<'a>>> {
        match self.value.get_ref() {
            DeValue::Array(array) => Some(
                (array.iter().enumerate())
                    .map(|(i, value)| {
                        Value::new(self.report, value, format!("{}[{i}]", self.place.path))
                    })
                    .collect(),
            ),
            _ => {
                self.wrong(format!("{} is not a list", self.quoted()), "a list, [ … ]");
                None
            }
        }
    }

    /// What `read` makes of each element of a list; `None` if any has a mistake.
    pub(crate) fn list_of<T>(&self, read: impl Fn(&Value<'a>) -> Option<T>) -> Option<Vec<T>> {
        // Every element is read before the first that failed is given up on.
        let elements: Vec<Option<T>> = self.list()?.iter().map(read).collect();
        elements.into_iter().collect()
    }

    /// The same for a list of at most `most` elements.
    pub(crate) fn list_of_at_most<T>(
        &self,
        most: usize,
        read: impl Fn(&Value<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = self.list()?.len();
        if count > most {
            self.wrong(format!("{count} entries are too many"), format!("at most {most}"));
        }
        self.list_of(read).filter(|_| count <= most)
    }
}

impl<'a> Table<'a> {
    /// The whole file.
    pub(crate) fn root(report: &'a Report<'a>, root: &'a Spanned<DeTable<'a>>) -> Self {
        let place = Place { span: 0..0, path: String::new() };
        Self { report, table: root.get_ref(), place, asked: RefCell::default() }
    }

    /// Reports that something isn't there, which is about the table as a whole.
    pub(crate) fn absent(&self, message: &str, expected: &str) {
        self.report.absent(&self.place, message, Some(expected.to_owned()));
    }

    fn path(&self, name: &str) -> String {
        let bare = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let name = if name.chars().all(bare) { shorten(name) } else { quote(name) };
        match self.place.path.as_str() {
            "" => name,
            path => format!("{path}.{name}"),
        }
    }

    /// The value of a field, if the file has it.
    pub(crate) fn field(&self, name: &'static str) -> Option<Value<'a>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&name) {
            asked.push(name);
        }
        self.table.get(name).map(|value| Value::new(self.report, value, self.path(name)))
    }

    /// A field that must be there; `example` is what it could be, as TOML.
    pub(crate) fn required<T>(
        &self,
        name: &'static str,
        example: &str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.field(name) {
            Some(value) => read(&value),
            None => {
                self.missing(name, example);
                None
            }
        }
    }

    /// Reports that a field isn't there.
    pub(crate) fn missing(&self, name: &'static str, example: &str) {
        self.missing_field(name, format!("{name} = {example}"));
    }

    /// A table `[name]` that must be there.
    pub(crate) fn section<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Table<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.field(name) {
            Some(value) => value.table().and_then(read),
            None => {
                self.missing_field(name, format!("a [{name}] table"));
                None
            }
        }
    }

    fn missing_field(&self, name: &'static str, expected: String) {
        let place = Place { path: self.path(name), ..self.place.clone() };
        self.report.absent(&place, "is missing", Some(expected));
    }

    /// A field that may be left out: the outer `None` is a mistake, the inner one absence.
    pub(crate) fn optional<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.field(name) {
            Some(value) => read(&value).map(Some),
            None => Some(None),
        }
    }

    /// A field that stands for `default` when it is left out.
    pub(crate) fn or<T>(
        &self,
        name: &'static str,
        default: T,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<T> {
        self.field(name).map_or(Some(default), |value| read(&value))
    }

    /// The elements of a list of tables such as `[[plans]]`; none if it isn't there.
    pub(crate) fn tables(&self, name: &'static str) -> Vec<Value<'a>> {
        self.field(name).and_then(|value| value.list()).unwrap_or_default()
    }

    /// Every field in the order of the file, for tables whose keys are the author's own.
    pub(crate) fn entries(&self) -> Vec<(Value<'a>, &'a str)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        (entries.into_iter())
            .map(|(key, value)| {
                (Value::new(self.report, value, self.path(key.get_ref())), key.get_ref().as_ref())
            })
            .collect()
    }

    /// The author's own key of an entry as a key of the catalog.
    pub(crate) fn own_key(&self, entry: &Value<'a>, text: &str) -> Option<Key> {
        if let Ok(key) = text.parse() {
            return Some(key);
        }
        let span = self.table.get_key_value(text).map_or(0..0, |(key, _)| key.span());
        let place = Place { span, path: entry.place.path.clone() };
        let message = format!("{} is not a key", quote(text));
        self.report.mistake(&place, message, "1 to 64 letters, digits or any of _ - . : /");
        None
    }

    /// Reports every field that no one asked for.
    pub(crate) fn close(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if asked.contains(&name) {
                continue;
            }
            let place = Place { span: key.span(), path: self.path(name) };
            match closest(name, asked.iter().copied()) {
                Some(meant) => {
                    self.report.plain(&place, format!("unknown key; did you mean {meant:?}?"));
                }
                None => self.report.mistake(&place, "unknown key", one_of(asked.iter())),
            }
        }
    }
}

/// In quotes, shortened.
pub(crate) fn quote(text: &str) -> String {
    format!("{:?}", shorten(text))
}

/// At most 40 characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
