//! How the pages look, measured coarsely. The pictures were looked at; what is measured here is
//! what would be seen at once: text off the paper, text on text, an empty page.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod programs;
mod samples;

use bursar_documents::{PageSize, render};
use programs::{Word, pictures, words};

/// What stays white on all sides, in points. The margins are 56, and 40 at the foot.
const MARGIN: usize = 50;
const FOOT: usize = 30;

#[test]
fn nothing_is_drawn_in_the_margins() {
    for (name, document) in samples::all() {
        for page in pictures(&render(&document).unwrap()) {
            let (width, height) = (page.width, page.height);
            let margins = [
                page.ink(0..MARGIN, 0..height),
                page.ink(width - MARGIN..width, 0..height),
                page.ink(0..width, 0..MARGIN),
                page.ink(0..width, height - FOOT..height),
            ];
            assert_eq!(margins, [0.0; 4], "{name}");
            let whole = page.ink(MARGIN..width - MARGIN, MARGIN..height - FOOT);
            assert!((0.01..0.3).contains(&whole), "{name}: {whole} of the page is ink");
        }
    }
}

#[test]
fn no_word_stands_on_another() {
    for (name, document) in samples::all() {
        let words = words(&render(&document).unwrap());
        for (index, a) in words.iter().enumerate() {
            for b in words[index + 1..].iter().filter(|b| b.page == a.page) {
                let overlap = |start: usize, end: usize| {
                    a.edges[end].min(b.edges[end]) - a.edges[start].max(b.edges[start])
                };
                // Boxes are as high as their font allows, which for Arabic is more than a line.
                let height = |word: &Word| word.edges[3] - word.edges[1];
                let lower = height(a).min(height(b));
                let over = overlap(0, 2) > 1.0 && overlap(1, 3) > lower * 0.6;
                assert!(!over, "{name}: {a:?} and {b:?}");
            }
        }
    }
}

#[test]
fn figures_of_a_column_end_at_one_edge() {
    let words = words(&render(&samples::lines(60)).unwrap());
    let amount = |word: &&Word| word.edges[2] > 520.0 && word.text.contains('.');
    let amounts: Vec<f64> = words.iter().filter(amount).map(|word| word.edges[2]).collect();
    assert!(amounts.len() > 60);
    let edge = amounts[0];
    assert!(amounts.iter().all(|right| (right - edge).abs() < 0.1), "{amounts:?}");
}

#[test]
fn the_paper_is_the_one_asked_for() {
    for (page, size) in [(PageSize::A4, (595, 842)), (PageSize::Letter, (612, 792))] {
        let mut document = samples::invoice();
        document.page = page;
        let drawn = pictures(&render(&document).unwrap());
        assert_eq!(drawn.len(), 1);
        let (width, height) = (drawn[0].width, drawn[0].height);
        assert!(width.abs_diff(size.0) <= 1 && height.abs_diff(size.1) <= 1, "{width} × {height}");
    }
}

#[test]
fn a_short_invoice_is_one_page_and_a_long_one_as_many_as_it_takes() {
    for (lines, expected) in [(1, 1), (5, 1), (60, 4), (200, 10)] {
        let pdf = render(&samples::lines(lines)).unwrap();
        let pages = lopdf::Document::load_mem(&pdf).unwrap().get_pages().len();
        assert_eq!(pages, expected, "{lines} lines");
    }
}
