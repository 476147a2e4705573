//! The fonts that documents are set in, and which of them draws a character.

use std::sync::OnceLock;

use krilla::text::Font;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::shape::Face;

/// How strong a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

/// A font file of `fonts/`, whose README says what each covers.
macro_rules! font {
    ($path:literal) => {
        include_bytes!(concat!("../../fonts/", $path))
    };
}

/// In the order in which they are asked for a character.
static FILES: [&[u8]; 9] = [
    font!("inter/Inter-Regular.ttf"),
    font!("inter/Inter-SemiBold.ttf"),
    font!("noto/NotoSansArabic-Regular.ttf"),
    font!("noto/NotoSansHebrew-Regular.ttf"),
    font!("noto/NotoSansArmenian-Regular.ttf"),
    font!("noto/NotoSansDevanagari-Regular.ttf"),
    font!("noto/NotoSansGeorgian-Regular.ttf"),
    font!("noto/NotoSansThai-Regular.ttf"),
    font!("wqy/wqy-microhei.ttc"),
];

const SEMI_BOLD: usize = 1;

struct Loaded {
    shaper: rustybuzz::Face<'static>,
    font: Font,
    units_per_em: f32,
}

/// Read when first needed: most documents never need the large one. That every file can be read is
/// tested.
static LOADED: [OnceLock<Option<Loaded>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

fn loaded(face: Face) -> Option<&'static Loaded> {
    let file = FILES.get(face.0)?;
    let load = || {
        let font = Font::new((*file).into(), 0)?;
        Some(Loaded {
            shaper: rustybuzz::Face::from_slice(file, 0)?,
            units_per_em: font.units_per_em(),
            font,
        })
    };
    LOADED.get(face.0)?.get_or_init(load).as_ref()
}

/// What shapes a text in `face`, and its units per em.
pub(super) fn shaper(face: Face) -> Option<(&'static rustybuzz::Face<'static>, f32)> {
    loaded(face).map(|loaded| (&loaded.shaper, loaded.units_per_em))
}

/// What draws `face`.
pub(crate) fn font(face: Face) -> Option<Font> {
    loaded(face).map(|loaded| loaded.font.clone())
}

/// Text that some font draws, character by character: what none has becomes `?` if it is a letter
/// or a number and is left out otherwise.
pub(super) fn drawable(text: &str, weight: Weight) -> Vec<(char, Face)> {
    let mut drawn: Vec<(char, Face)> = Vec::with_capacity(text.len());
    for character in text.chars() {
        let before = drawn.last().map(|(_, face)| *face);
        if let Some(face) = face_for(character, weight, before) {
            drawn.push((character, face));
            continue;
        }
        let group = character.general_category_group();
        let speaks = matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number);
        if let Some(face) = face_for('?', weight, None).filter(|_| speaks) {
            drawn.push(('?', face));
        }
    }
    drawn
}

/// The first font with the character; marks and joiners stay with the letter before them.
fn face_for(character: char, weight: Weight, before: Option<Face>) -> Option<Face> {
    let joins = matches!(character, '\u{200c}' | '\u{200d}')
        || character.general_category_group() == GeneralCategoryGroup::Mark;
    if joins && let Some(face) = before.filter(|face| has(*face, character)) {
        return Some(face);
    }
    if matches!(character, '\u{200c}' | '\u{200d}') {
        return None;
    }
    let first = usize::from(weight == Weight::SemiBold);
    std::iter::once(first)
        .chain(SEMI_BOLD + 1..FILES.len())
        .map(Face)
        .find(|face| has(*face, character))
}

fn has(face: Face, character: char) -> bool {
    // A font that names a private character means its own logo by it.
    character.general_category() != unicode_properties::GeneralCategory::PrivateUse
        && loaded(face)
            .and_then(|loaded| loaded.shaper.glyph_index(character))
            .is_some_and(|glyph| glyph.0 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_file_can_be_read() {
        assert!((0..FILES.len()).all(|face| loaded(Face(face)).is_some()));
    }

    #[test]
    fn a_character_is_drawn_by_a_font_that_has_it() {
        let face = |text: &str| {
            let drawn = drawable(text, Weight::Regular);
            drawn.iter().map(|(_, face)| face.0).collect::<Vec<_>>()
        };
        assert_eq!(face("aéΩЖ\u{1f00}€"), [0; 6]);
        assert_eq!(face("ع"), [2]);
        assert_eq!(face("ש"), [3]);
        assert_eq!(face("Հհ"), [4, 4]);
        assert_eq!(face("कि"), [5, 5]);
        assert_eq!(face("ქ"), [6]);
        assert_eq!(face("ไท"), [7, 7]);
        assert_eq!(face("株式会社한국"), [8; 6]);
        assert_eq!(drawable("A", Weight::SemiBold)[0].1.0, SEMI_BOLD);
    }

    #[test]
    fn what_no_font_has_is_a_question_mark_or_nothing() {
        let text = |text: &str| {
            let drawn = drawable(text, Weight::Regular);
            drawn.iter().map(|(drawn, _)| *drawn).collect::<String>()
        };
        assert_eq!(text("Rocket \u{1f680} Inc"), "Rocket  Inc");
        assert_eq!(text("\u{1780}\u{17b6}"), "?"); // Khmer
        assert_eq!(text("\u{e000}\u{200d}"), "");
    }
}
