//! Breaking text into lines.

use unicode_linebreak::linebreaks;
use unicode_segmentation::UnicodeSegmentation as _;

use super::fonts::Weight;
use super::shape::TextLine;

/// Breaks clean text into lines of at most `width` em, where its language allows it; a word that is
/// longer than a line is cut. Only a single character can be wider than the line.
///
/// With `most` lines, what is left over is cut and the last line ends in an ellipsis.
pub(crate) fn wrap(text: &str, weight: Weight, width: f32, most: Option<usize>) -> Vec<TextLine> {
    let mut lines = break_up(text, weight, width);
    if let Some(most) = most
        && lines.len() > most
    {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.truncate(last.trim_end().len());
            last.push('\u{2026}');
        }
    }
    let shape = |(index, line): (usize, &String)| {
        let last = index + 1 == lines.len();
        let mut shaped = TextLine::new(line.trim_end(), weight, false);
        if !last && line.ends_with(' ') {
            // Words of two lines stay apart when they are read aloud. The space is drawn, but it
            // is no part of what is aligned.
            let width = shaped.width;
            shaped = TextLine::new(line, weight, false);
            shaped.width = width;
        }
        shaped
    };
    lines.iter().enumerate().map(shape).collect()
}

fn break_up(text: &str, weight: Weight, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0.0;
    let mut start = 0;
    for (end, _) in linebreaks(text) {
        let word = text.get(start..end).unwrap_or_default();
        start = end;
        let visible = measure(word.trim_end(), weight);
        if used + visible <= width {
            line.push_str(word);
            used += measure(word, weight);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0.0;
        }
        if visible <= width {
            line.push_str(word);
            used += measure(word, weight);
            continue;
        }
        for piece in word.graphemes(true) {
            let advance = measure(piece, weight);
            if used + advance > width && !line.is_empty() && !piece.trim().is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push_str(piece);
            used += advance;
        }
    }
    if !line.trim().is_empty() {
        lines.push(line);
    }
    lines
}

fn measure(text: &str, weight: Weight) -> f32 {
    TextLine::new(text, weight, false).width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, width: f32, most: Option<usize>, expected: &[&str]) {
        let lines = wrap(text, Weight::Regular, width, most);
        let said: Vec<String> = lines
            .iter()
            .map(|line| line.runs.iter().map(|run| run.text.as_str()).collect())
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_are_cut() {
        check("one two three", 4.0, None, &["one two ", "three"]);
        check("mmmmmmmm", 3.0, None, &["mmm", "mmm", "mm"]);
        check("a mmmmmm b", 3.0, None, &["a ", "mmm", "mmm ", "b"]);
        check("one two three four", 4.0, Some(2), &["one two ", "three…"]);
        check("", 4.0, None, &[]);
    }

    #[test]
    fn chinese_breaks_between_characters() {
        check("株式会社東京", 3.0, None, &["株式会", "社東京"]);
    }
}
