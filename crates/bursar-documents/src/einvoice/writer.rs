//! A tree of elements, written as it is described.

use bursar_core::time::{Timestamp, ZoneName};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::format;

const ROOT: &str = "rsm:CrossIndustryInvoice";

const NAMESPACES: [(&str, &str); 4] = [
    ("xmlns:rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"),
    (
        "xmlns:ram",
        "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    ),
    ("xmlns:qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
    ("xmlns:udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"),
];

/// The element that is being written.
pub(super) struct Element(Writer<Vec<u8>>);

impl Element {
    /// The document's element, open.
    pub(super) fn root() -> Self {
        let mut element = Self(Writer::new_with_indent(Vec::new(), b' ', 1));
        element.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        let root = BytesStart::new(ROOT).with_attributes(NAMESPACES);
        element.event(Event::Start(root));
        element
    }

    /// Closes the document.
    pub(super) fn finish(mut self) -> String {
        self.event(Event::End(BytesEnd::new(ROOT)));
        String::from_utf8(self.0.into_inner()).unwrap_or_default()
    }

    /// An element with elements in it.
    pub(super) fn child(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        fill(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with clean text in it.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.leaf(BytesStart::new(name), name, text);
    }

    /// An element with an attribute and clean text.
    pub(super) fn text_with(&mut self, name: &str, attribute: (&str, &str), text: &str) {
        self.leaf(BytesStart::new(name).with_attributes([attribute]), name, text);
    }

    /// A day, in the standard's format 102.
    pub(super) fn date(&mut self, name: &str, at: Timestamp, zone: &ZoneName) {
        self.text_with(name, ("format", "102"), &format::compact_date(at, zone));
    }

    fn leaf(&mut self, start: BytesStart<'_>, name: &str, text: &str) {
        self.event(Event::Start(start));
        self.event(Event::Text(BytesText::new(text)));
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to memory doesn't fail.
        let _ = self.0.write_event(event);
    }
}
