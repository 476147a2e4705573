//! HTML as a browser reads it.
#![allow(dead_code, reason = "each test uses what it needs")]

use html5ever::driver::ParseOpts;
use html5ever::tendril::TendrilSink;
use html5ever::{parse_document, tree_builder::TreeBuilderOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// An element with everything in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Child>,
}

#[derive(Clone, Debug)]
pub(crate) enum Child {
    Element(Element),
    Text(String),
}

/// Reads a page. What a browser would forgive fails the test.
pub(crate) fn parse(text: &str) -> Element {
    let tree_builder = TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let dom = parse_document(RcDom::default(), options).one(text);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{errors:?} in {text}");
    element(&dom.document)
}

fn element(handle: &Handle) -> Element {
    let mut found = Element::default();
    if let NodeData::Element { name, attrs, .. } = &handle.data {
        found.name = name.local.to_string();
        let attrs = attrs.borrow();
        let pair = |it: &html5ever::Attribute| (it.name.local.to_string(), it.value.to_string());
        found.attributes = attrs.iter().map(pair).collect();
    }
    for child in handle.children.borrow().iter() {
        match &child.data {
            NodeData::Element { .. } => found.children.push(Child::Element(element(child))),
            NodeData::Text { contents } => {
                found.children.push(Child::Text(contents.borrow().to_string()));
            }
            _ => {}
        }
    }
    found
}

impl Element {
    /// An attribute's value; empty if there is none.
    pub(crate) fn attr(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, _)| known == name)
    }

    /// Its text, with blanks as a browser shows them, and without marks of direction.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.collect(&mut text);
        let plain = text.replace(['\u{2068}', '\u{2069}'], "");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn collect(&self, into: &mut String) {
        for child in &self.children {
            match child {
                Child::Text(text) => into.push_str(text),
                Child::Element(element) => {
                    element.collect(into);
                    if !matches!(element.name.as_str(), "b" | "bdi" | "a") {
                        into.push(' ');
                    }
                }
            }
        }
    }

    /// All elements within, in order.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if let Child::Element(element) = child {
                found.push(element);
                found.extend(element.all());
            }
        }
        found
    }

    fn matches(&self, simple: &str) -> bool {
        if let Some(class) = simple.strip_prefix('.') {
            return self.attr("class").split_whitespace().any(|known| known == class);
        }
        if let Some(id) = simple.strip_prefix('#') {
            return self.attr("id") == id;
        }
        if let Some(attribute) = simple.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            return match attribute.split_once('=') {
                Some((name, value)) => self.has(name) && self.attr(name) == value,
                None => self.has(attribute),
            };
        }
        self.name == simple
    }

    /// All elements that match simple selectors (`main`, `.card`, `#main`, `[name=key]`), each within
    /// what the one before matched.
    pub(crate) fn select(&self, selector: &str) -> Vec<&Self> {
        let mut found = vec![self];
        for simple in selector.split_whitespace() {
            let within = found.iter().flat_map(|element| element.all());
            found = within.filter(|element| element.matches(simple)).collect();
        }
        found
    }

    /// The only one.
    #[track_caller]
    pub(crate) fn one(&self, selector: &str) -> &Self {
        let found = self.select(selector);
        assert_eq!(found.len(), 1, "{selector} in {}", self.text());
        found[0]
    }

    /// The texts of all that match.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        self.select(selector).into_iter().map(Self::text).collect()
    }
}
