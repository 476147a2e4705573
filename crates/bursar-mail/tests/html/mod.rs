//! HTML read back.
#![allow(dead_code, reason = "each test file uses what it needs")]

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// What a page consists of. Parsing it fails the test if a tag isn't closed or an attribute isn't
/// quoted, which a browser would forgive and a mail program may not.
#[derive(Default, Debug)]
pub(crate) struct Page {
    /// The texts of its innermost elements.
    pub(crate) texts: Vec<String>,
    /// The names of its elements.
    pub(crate) elements: Vec<String>,
    /// The attributes of its elements.
    pub(crate) attributes: Vec<(String, String)>,
}

pub(crate) fn parse(html: &str) -> Page {
    let mut page = Page::default();
    let mut reader = Reader::from_str(html);
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) => {
                page.close(&mut text);
                page.elements.push(start.name().as_ref().to_owned());
                for attribute in start.attributes() {
                    let attribute = attribute.unwrap();
                    let value = unescape(&attribute.value).unwrap().into_owned();
                    page.attributes.push((attribute.key.as_ref().to_owned(), value));
                }
            }
            Event::End(_) => page.close(&mut text),
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", &*name);
                text.push_str(&unescape(&entity).unwrap());
            }
            Event::DocType(_) => {}
            Event::Eof => return page,
            other => panic!("{other:?} has no place in a mail"),
        }
    }
}

impl Page {
    fn close(&mut self, text: &mut String) {
        let text = std::mem::take(text);
        if !text.trim().is_empty() {
            self.texts.push(text.trim().to_owned());
        }
    }
}
