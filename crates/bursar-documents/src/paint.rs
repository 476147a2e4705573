//! Drawing a layout as PDF/A-3, tagged so that it can be read aloud, with the XML attached.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};
use krilla::{SerializeSettings, error::KrillaError};

use crate::check::Inconsistency;
use crate::document::Document;
use crate::einvoice::electronic_invoice;
use crate::layout::{Ink, Item, Layout, NodeId, Page, Part, Tree, running_title};
use crate::text::{TextLine, clean, fonts};
use crate::xmp;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The document doesn't add up or lacks something.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
    /// The PDF would not conform to PDF/A-3 and PDF/UA-1. Not expected for any checked document.
    #[error("the PDF would not conform: {0}")]
    NotConforming(String),
    /// The PDF can't be written. Not expected for any checked document.
    #[error("the PDF can't be written: {0}")]
    Unwritable(&'static str),
}

impl From<KrillaError> for RenderError {
    fn from(error: KrillaError) -> Self {
        match error {
            KrillaError::Validation(errors) => {
                let all: Vec<_> = errors.iter().map(|(error, _)| format!("{error:?}")).collect();
                Self::NotConforming(all.join("; "))
            }
            other => Self::NotConforming(other.to_string()),
        }
    }
}

/// The document as PDF/A-3a and PDF/UA-1. Where it can be said in EN 16931
/// ([`electronic_invoice`]), that XML is attached as `factur-x.xml`.
///
/// The same document gives the same bytes.
///
/// # Errors
/// A document that [`Document::check`] refuses is not drawn. The other errors are not expected.
pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    document.check()?;
    let layout = Layout::of(document);
    let mut pdf = krilla::Document::new_with(SerializeSettings {
        configuration: configuration()?,
        enable_tagging: true,
        ..SerializeSettings::default()
    });
    let mut marked = BTreeMap::new();
    for page in &layout.pages {
        draw(&mut pdf, page, layout.size, &mut marked)?;
    }
    pdf.set_tag_tree(tags(&layout.tree, &mut marked));
    pdf.set_outline(outline(document));
    pdf.set_metadata(metadata(document));
    let xml = electronic_invoice(document).ok();
    let attached = xml.is_some();
    if let Some(xml) = xml {
        pdf.embed_file(attachment(document, xml));
    }
    let bytes = pdf.finish()?;
    if !attached {
        return Ok(bytes);
    }
    xmp::declare_attachment(&bytes)
        .ok_or(RenderError::Unwritable("its metadata isn't where it was"))
}

/// PDF/A-3a keeps for decades and can be searched; PDF/UA-1 can be read aloud.
fn configuration() -> Result<Configuration, RenderError> {
    ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| RenderError::Unwritable("PDF/A-3a and PDF/UA-1 exclude each other"))
}

/// The content that belongs to each part.
type Marked = BTreeMap<NodeId, Vec<Identifier>>;

fn draw(
    pdf: &mut krilla::Document,
    page: &Page,
    (width, height): (f32, f32),
    marked: &mut Marked,
) -> Result<(), RenderError> {
    let settings = PageSettings::from_wh(width, height)
        .ok_or(RenderError::Unwritable("a page has no size"))?;
    let mut sheet = pdf.start_page_with(settings);
    let mut surface = sheet.surface();
    for item in page {
        let node = match item {
            Item::Text { node, .. } => *node,
            Item::Rule { .. } => None,
        };
        let kind = match item {
            Item::Text { .. } => ArtifactType::PaginationOther,
            Item::Rule { .. } => ArtifactType::Layout,
        };
        let tag = match node {
            Some(_) => ContentTag::Span(SpanTag::empty()),
            None => ContentTag::Artifact(Artifact::with_kind(kind)),
        };
        let identifier = surface.start_tagged(tag);
        draw_item(&mut surface, item);
        surface.end_tagged();
        if let Some(node) = node {
            marked.entry(node).or_default().push(identifier);
        }
    }
    surface.finish();
    sheet.finish();
    Ok(())
}

fn draw_item(surface: &mut Surface<'_>, item: &Item) {
    match item {
        Item::Text { line, x, y, size, ink, .. } => {
            surface.set_fill(Some(fill(*ink)));
            draw_line(surface, line, (*x, *y), *size);
        }
        Item::Rule { x, y, width, height, ink } => {
            surface.set_fill(Some(fill(*ink)));
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

#[allow(clippy::float_arithmetic, reason = "one run of glyphs starts where the one before it ends")]
fn draw_line(surface: &mut Surface<'_>, line: &TextLine, (x, y): (f32, f32), size: f32) {
    let mut x = x;
    for run in &line.runs {
        if let Some(font) = fonts::font(run.face)
            && !run.glyphs.is_empty()
        {
            surface.draw_glyphs(Point::from_xy(x, y), &run.glyphs, font, &run.text, size, false);
        }
        x += run.width * size;
    }
}

fn fill(ink: Ink) -> Fill {
    let color = match ink {
        Ink::Dark => rgb::Color::new(0x16, 0x1b, 0x26),
        Ink::Soft => rgb::Color::new(0x5a, 0x63, 0x73),
        Ink::Hairline => rgb::Color::new(0xd5, 0xda, 0xe1),
    };
    Fill { paint: color.into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn tags(tree: &Tree, marked: &mut Marked) -> TagTree {
    let mut tags = TagTree::new();
    for node in tree.below(None) {
        if let Some(group) = group(tree, *node, marked) {
            tags.push(group);
        }
    }
    tags
}

/// A part with all below it. Never deeper than a table's cells.
fn group(tree: &Tree, node: NodeId, marked: &mut Marked) -> Option<TagGroup> {
    let mut group = TagGroup::new(kind(tree.part(node)?));
    for identifier in marked.remove(&node).unwrap_or_default() {
        group.push(identifier);
    }
    for child in tree.below(Some(node)) {
        if let Some(child) = self::group(tree, *child, marked) {
            group.push(child);
        }
    }
    Some(group)
}

fn kind(part: &Part) -> TagKind {
    let second = NonZeroU16::MIN.saturating_add(1);
    match part {
        Part::Title(text) => Tag::Hn(NonZeroU16::MIN, Some(text.clone())).into(),
        Part::Heading(text) => Tag::Hn(second, Some(text.clone())).into(),
        Part::Paragraph => Tag::P.into(),
        Part::Table => Tag::Table.into(),
        Part::TableHead => Tag::THead.into(),
        Part::TableBody => Tag::TBody.into(),
        Part::Row => Tag::TR.into(),
        Part::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
        Part::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
        Part::Cell => Tag::TD.into(),
    }
}

/// One entry: PDF/UA wants an outline, and there is one thing in the file.
fn outline(document: &Document) -> Outline {
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
    outline.push_child(OutlineNode::new(running_title(document), top));
    outline
}

fn metadata(document: &Document) -> Metadata {
    let seller = clean(&document.seller.name);
    Metadata::new()
        .title(format!("{} \u{b7} {seller}", running_title(document)))
        .authors(vec![seller])
        .creator("Bursar".to_owned())
        .producer("Bursar".to_owned())
        .language("en".to_owned())
        .creation_date(created(document))
}

/// The date of issue: a file that is made again is the same file.
fn created(document: &Document) -> DateTime {
    let at = document.issued_at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn attachment(document: &Document, xml: String) -> EmbeddedFile {
    EmbeddedFile {
        path: xmp::FILE_NAME.to_owned(),
        mime_type: MimeType::new("text/xml"),
        description: Some("The same document as EN 16931 XML (Factur-X)".to_owned()),
        association_kind: AssociationKind::Alternative,
        data: xml.into_bytes().into(),
        modification_date: Some(created(document)),
        compress: Some(true),
        location: None,
    }
}
