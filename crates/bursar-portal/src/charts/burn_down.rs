//! How the balance went this month, and where it goes at this week's pace.

use askama::Template;
use askama::filters::HtmlSafe;
use bursar_core::credits::Credits;
use bursar_core::time::Timestamp;

use super::{HEIGHT, WIDTH, scaled};

/// The most points that a line is drawn through.
const POINTS: i64 = 120;

/// The balance of a month.
#[derive(Template)]
#[template(path = "charts/burn_down.html")]
pub(crate) struct BurnDown {
    pub(crate) description: String,
    /// The highest balance, as it reads.
    pub(crate) top: String,
    /// Days that the axis names: at the beginning, now, and at the end.
    pub(crate) start: String,
    pub(crate) today: Option<(i64, String)>,
    pub(crate) end: String,
    line: String,
    area: String,
    projection: Option<String>,
    now: i64,
}

impl HtmlSafe for BurnDown {}

/// What a burn-down is drawn from.
pub(crate) struct Course {
    /// The time that is shown, half-open.
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// The present, in between.
    pub(crate) now: Timestamp,
    /// When the balance became what, oldest first.
    pub(crate) balances: Vec<(Timestamp, Credits)>,
    /// What it comes to at a later moment, if anything is expected.
    pub(crate) expected: Option<(Timestamp, Credits)>,
}

impl Course {
    /// The highest balance.
    pub(crate) fn top(&self) -> Credits {
        let all = self.balances.iter().map(|(_, balance)| *balance);
        all.max().unwrap_or_default().max(Credits::ONE)
    }

    fn x(&self, at: Timestamp) -> i64 {
        let whole = self.to.micros().saturating_sub(self.from.micros());
        scaled(at.micros().saturating_sub(self.from.micros()), whole, WIDTH)
    }

    /// The chart; the words are the caller's.
    pub(crate) fn drawn(&self, description: String, words: [String; 4]) -> BurnDown {
        let [highest, start, today, end] = words;
        let top = self.top();
        let y = |balance: Credits| HEIGHT - scaled(balance.micro(), top.micro(), HEIGHT);
        let line = self.line(y);
        let now = self.x(self.now);
        let projection = self.expected.map(|(at, balance)| {
            let last = self.balances.last().map_or(Credits::ZERO, |(_, balance)| *balance);
            format!("M{now} {}L{} {}", y(last), self.x(at), y(balance))
        });
        let area = format!("{line}L{now} {HEIGHT}L0 {HEIGHT}Z");
        // Where it would run into another day's name it is left out.
        let fits = (220..=780).contains(&now);
        let today = fits.then_some((now / 10, today));
        BurnDown { description, top: highest, start, today, end, line, area, projection, now }
    }

    /// A balance stays until the next: a step. Of several at one place the last is drawn, so that a busy
    /// month has no longer line than a quiet one.
    fn line(&self, y: impl Fn(Credits) -> i64) -> String {
        let mut steps: Vec<(i64, Credits)> = Vec::new();
        for (at, balance) in &self.balances {
            let place = self.x(*at) * POINTS / WIDTH * WIDTH / POINTS;
            match steps.last_mut() {
                Some(last) if last.0 == place => last.1 = *balance,
                _ => steps.push((place, *balance)),
            }
        }
        let mut line = format!("M0 {}", steps.first().map_or(HEIGHT, |(_, first)| y(*first)));
        for (place, balance) in steps.iter().skip(1) {
            line.push_str(&format!("H{place}V{}", y(*balance)));
        }
        line.push_str(&format!("H{}", self.x(self.now)));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(n: i64) -> Timestamp {
        Timestamp::from_micros(n)
    }

    fn credits(n: i64) -> Credits {
        Credits::from_whole(n).unwrap()
    }

    #[test]
    fn the_line_has_a_step_where_the_balance_moved() {
        let course = Course {
            from: at(0),
            to: at(1_000),
            now: at(500),
            balances: vec![(at(0), credits(400)), (at(250), credits(100))],
            expected: Some((at(750), credits(0))),
        };
        let words = || ["400", "1 May", "2 May", "3 May"].map(str::to_owned);
        let chart = course.drawn(String::new(), words());
        assert_eq!(chart.line, "M0 0H250V750H500");
        assert_eq!(chart.area, "M0 0H250V750H500L500 1000L0 1000Z");
        assert_eq!(chart.projection.as_deref(), Some("M500 750L750 1000"));
        assert_eq!(chart.today, Some((50, "2 May".to_owned())));
        let empty = Course { balances: Vec::new(), expected: None, ..course };
        assert_eq!(empty.drawn(String::new(), words()).line, "M0 1000H500");
    }

    /// However many movements there are, the page stays small.
    #[test]
    fn a_busy_month_has_a_short_line() {
        let balances = (0..50_000).map(|n| (at(n), credits(50_000 - n))).collect();
        let course =
            Course { from: at(0), to: at(50_000), now: at(50_000), balances, expected: None };
        let chart = course.drawn(String::new(), [const { String::new() }; 4]);
        assert!(chart.line.len() < 2_000, "{}", chart.line.len());
    }
}
