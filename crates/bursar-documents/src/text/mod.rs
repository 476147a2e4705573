//! Text: cleaned, given fonts, shaped, measured and broken into lines.
#![allow(
    clippy::float_arithmetic,
    reason = "glyphs are measured in fractions of an em; no amount of money is computed here"
)]

pub(crate) mod fonts;
mod shape;
mod wrap;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

pub(crate) use shape::TextLine;
pub(crate) use wrap::wrap;

/// One line of text without what can't or mustn't be in a document: white space of any kind is one
/// space, control characters too; characters that only steer (byte order marks, overrides of the
/// writing direction, tags) are left out, since they could make a line read as what it is not.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        match kept(character) {
            Some(' ') if cleaned.is_empty() || cleaned.ends_with(' ') => {}
            Some(kept) => cleaned.push(kept),
            None => {}
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}

fn kept(character: char) -> Option<char> {
    let code = u32::from(character);
    if code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code) {
        return None; // a noncharacter
    }
    match character {
        '\u{a0}' | '\u{202f}' => return Some('\u{a0}'),
        // They shape Arabic and Indic words.
        '\u{200c}' | '\u{200d}' => return Some(character),
        '\u{2011}' => return Some('\u{2010}'),
        _ => {}
    }
    match character.general_category() {
        GeneralCategory::Control
        | GeneralCategory::SpaceSeparator
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => Some(' '),
        GeneralCategory::Format => None,
        _ => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_steers_the_eye_is_left_out() {
        assert_eq!(clean("  a\t\r\n b\u{0} "), "a b");
        assert_eq!(clean("evil\u{202e}cod.exe\u{feff}"), "evilcod.exe");
        assert_eq!(clean("\u{fffe}\u{2028}"), "");
        assert_eq!(clean("Ελλάδα"), "Ελλάδα");
    }
}
