//! What was spent each day, by operation, as stacked bars.

use askama::Template;
use askama::filters::HtmlSafe;
use bursar_core::credits::Credits;

use super::{HEIGHT, WIDTH, stacked};

/// How many colours there are; the last is for all the rest.
pub(crate) const COLOURS: usize = 7;

/// What was spent each day, by operation.
#[derive(Template)]
#[template(path = "charts/by_operation.html")]
pub(crate) struct ByOperation {
    pub(crate) description: String,
    /// The most that was spent on a day, as it reads.
    pub(crate) top: String,
    pub(crate) start: String,
    pub(crate) end: String,
    bars: Vec<Bar>,
}

struct Bar {
    colour: usize,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

impl HtmlSafe for ByOperation {}

/// The most that was spent on one of the days.
pub(crate) fn top(days: &[Vec<Credits>]) -> Credits {
    let sums = days.iter().map(|day| Credits::total(positive(day)));
    sums.max().unwrap_or_default()
}

/// What came back on a day beyond what was spent has no bar.
fn positive(day: &[Credits]) -> impl Iterator<Item = Credits> {
    day.iter().map(|credits| (*credits).max(Credits::ZERO))
}

impl ByOperation {
    /// Bars of days, each with what was spent on each operation, all in the same order. The words are
    /// the caller's: the top of the axis, its first and its last day.
    pub(crate) fn new(days: &[Vec<Credits>], description: String, words: [String; 3]) -> Self {
        let [top, start, end] = words;
        let highest = self::top(days).micro();
        let count = i64::try_from(days.len()).unwrap_or(1).max(1);
        let slot = WIDTH / count;
        let mut bars = Vec::new();
        for (place, day) in (0_i64..).zip(days) {
            let amounts: Vec<i64> = positive(day).map(Credits::micro).collect();
            for (colour, (start, height)) in
                stacked(&amounts, highest, HEIGHT).into_iter().enumerate()
            {
                if height > 0 {
                    let y = (HEIGHT - start - height).max(0);
                    let (x, width) = (place * WIDTH / count + slot / 8, slot * 3 / 4);
                    bars.push(Bar { colour: colour.min(COLOURS - 1), x, y, width, height });
                }
            }
        }
        Self { description, top, start, end, bars }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other() {
        let credits = |n| Credits::from_whole(n).unwrap();
        let days = [vec![credits(30), credits(10)], vec![credits(-5), credits(0)]];
        let words = [const { String::new() }; 3];
        let chart = ByOperation::new(&days, String::new(), words);
        let places: Vec<_> = chart.bars.iter().map(|bar| (bar.x, bar.y, bar.height)).collect();
        assert_eq!(places, [(62, 250, 750), (62, 0, 250)]);
        assert_eq!(top(&days), credits(40));
    }
}
