//! Shaping: from characters to placed glyphs, in the order the eye meets them.

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::ttf_parser::Tag;
use rustybuzz::{Direction, Feature, UnicodeBuffer};
use unicode_bidi::BidiInfo;

use super::fonts::{self, Weight};

/// One of the fonts, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Face(pub(super) usize);

/// Glyphs of one font and direction.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) face: Face,
    /// What the glyphs say.
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// In em.
    pub(crate) width: f32,
}

/// A line of text, ready to be drawn from left to right.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextLine {
    pub(crate) runs: Vec<Run>,
    /// In em.
    pub(crate) width: f32,
}

impl TextLine {
    /// A line of clean text. `tabular` figures are all of one width, for columns.
    pub(crate) fn new(text: &str, weight: Weight, tabular: bool) -> Self {
        let drawn = fonts::drawable(text, weight);
        let text: String = drawn.iter().map(|(character, _)| *character).collect();
        let faces = faces_by_byte(&drawn);
        let mut runs = Vec::new();
        let bidi = BidiInfo::new(&text, None);
        for paragraph in &bidi.paragraphs {
            let (levels, ranges) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for range in ranges {
                let backwards = levels.get(range.start).is_some_and(|level| level.is_rtl());
                let part = text.get(range.clone()).unwrap_or_default();
                let faces = faces.get(range).unwrap_or_default();
                let mut shaped = Vec::new();
                for (piece, face) in by_face(part, faces) {
                    shaped.extend(shape(piece, face, backwards, tabular));
                }
                if backwards {
                    shaped.reverse();
                }
                runs.append(&mut shaped);
            }
        }
        let width = runs.iter().map(|run| run.width).sum();
        Self { runs, width }
    }
}

/// The face of each byte.
fn faces_by_byte(drawn: &[(char, Face)]) -> Vec<Face> {
    let each = |(character, face): &(char, Face)| std::iter::repeat_n(*face, character.len_utf8());
    drawn.iter().flat_map(each).collect()
}

/// The stretches of one face, in the order of the text.
fn by_face<'a>(text: &'a str, faces: &[Face]) -> Vec<(&'a str, Face)> {
    let mut start = 0;
    let mut pieces = Vec::new();
    for stretch in faces.chunk_by(Face::eq) {
        let end = start + stretch.len();
        if let (Some(piece), Some(face)) = (text.get(start..end), stretch.first()) {
            pieces.push((piece, *face));
        }
        start = end;
    }
    pieces
}

fn shape(text: &str, face: Face, backwards: bool, tabular: bool) -> Option<Run> {
    let (shaper, units_per_em) = fonts::shaper(face)?;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(if backwards { Direction::RightToLeft } else { Direction::LeftToRight });
    let figures = [Feature::new(Tag::from_bytes(b"tnum"), 1, ..)];
    let features = if tabular { figures.as_slice() } else { &[] };
    let shaped = rustybuzz::shape(shaper, features, buffer);

    let clusters = clusters(shaped.glyph_infos(), text.len());
    let mut glyphs = Vec::with_capacity(shaped.len());
    let placed = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    for (info, position) in placed.filter(|(info, _)| info.glyph_id != 0) {
        let start = usize::try_from(info.cluster).unwrap_or_default();
        let end = clusters.iter().copied().find(|next| *next > start);
        let em = |units: i32| units_to_f32(units) / units_per_em;
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            em(position.x_advance),
            em(position.x_offset),
            em(position.y_offset),
            em(position.y_advance),
            start..end.unwrap_or(text.len()),
            None,
        ));
    }
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Some(Run { face, text: text.to_owned(), glyphs, width })
}

/// Where the clusters start, in the order of the text, and its end.
fn clusters(infos: &[rustybuzz::GlyphInfo], end: usize) -> Vec<usize> {
    let starts = infos.iter().map(|info| info.cluster);
    let mut starts: Vec<usize> = starts.filter_map(|at| usize::try_from(at).ok()).collect();
    starts.push(end);
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Font units are 16 bit; a sum of them beyond that is cut off.
fn units_to_f32(units: i32) -> f32 {
    let limit = if units < 0 { i16::MIN } else { i16::MAX };
    f32::from(i16::try_from(units).unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> Vec<String> {
        let line = TextLine::new(text, Weight::Regular, false);
        line.runs.into_iter().map(|run| run.text).collect()
    }

    #[test]
    fn right_to_left_words_are_placed_from_the_right() {
        assert_eq!(order("Acme שלום Ltd"), ["Acme ", "שלום", " Ltd"]);
        assert_eq!(order("שלום عالم"), ["عالم", " ", "שלום"]);
    }

    #[test]
    fn tabular_figures_are_of_one_width() {
        let width = |text: &str, tabular| TextLine::new(text, Weight::Regular, tabular).width;
        assert_eq!(width("111", true), width("888", true));
        assert!(width("111", false) < width("888", false));
    }
}
