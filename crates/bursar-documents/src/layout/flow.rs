//! The pen that fills one page after the other.

use super::Layout;
use super::tree::{NodeId, Part, Tree};
use crate::text::fonts::Weight;
use crate::text::{TextLine, wrap};

/// Something placed on a page; coordinates are points from the page's top left corner.
pub(crate) enum Item {
    Text {
        line: TextLine,
        /// Where the line starts.
        x: f32,
        /// The baseline.
        y: f32,
        size: f32,
        ink: Ink,
        /// What it is part of; `None` is repeated or decorative, and not read aloud.
        node: Option<NodeId>,
    },
    /// A filled rectangle.
    Rule { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

/// One page.
pub(crate) type Page = Vec<Item>;

/// The colours. Each of the two that text is set in has a contrast on white above 4.5 : 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// What matters.
    Dark,
    /// Labels and small print.
    Soft,
    /// Rules between rows.
    Hairline,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
}

impl Style {
    pub(super) const BODY: Self = Self::new(9.5, Weight::Regular, Ink::Dark);
    pub(super) const STRONG: Self = Self::new(9.5, Weight::SemiBold, Ink::Dark);
    pub(super) const SOFT: Self = Self::new(9.5, Weight::Regular, Ink::Soft);
    pub(super) const DETAIL: Self = Self::new(8.5, Weight::Regular, Ink::Soft);
    pub(super) const LABEL: Self = Self::new(8.0, Weight::SemiBold, Ink::Soft);
    pub(super) const SMALL: Self = Self::new(7.5, Weight::Regular, Ink::Soft);
    pub(super) const TITLE: Self = Self::new(25.0, Weight::SemiBold, Ink::Dark);
    pub(super) const HEADLINE: Self = Self::new(15.0, Weight::SemiBold, Ink::Dark);
    pub(super) const NAME: Self = Self::new(12.0, Weight::SemiBold, Ink::Dark);

    const fn new(size: f32, weight: Weight, ink: Ink) -> Self {
        Self { size, weight, ink }
    }

    /// From one baseline to the next.
    pub(super) fn leading(self) -> f32 {
        self.size * 1.45
    }

    /// One line of a figure, in figures of one width.
    pub(super) fn figure(self, text: &str) -> TextLine {
        TextLine::new(text, self.weight, true)
    }

    /// A text in lines of at most `width` points.
    pub(super) fn lines(self, text: &str, width: f32, most: Option<usize>) -> Vec<TextLine> {
        wrap(text, self.weight, width / self.size, most)
    }
}

/// Distances from the paper's edges, in points.
pub(super) const MARGIN: f32 = 56.0;
/// Below the text: the footer has its place in here.
const MARGIN_BOTTOM: f32 = 86.0;
/// Where the text starts on all pages but the first, below the running title.
const TOP_OF_NEXT: f32 = 84.0;

/// Fills pages from top to bottom.
pub(super) struct Flow {
    pub(super) size: (f32, f32),
    pub(super) pages: Vec<Page>,
    pub(super) tree: Tree,
    /// Where the next thing goes.
    pub(super) y: f32,
    running_title: String,
}

impl Flow {
    pub(super) fn new(size: (f32, f32), running_title: String) -> Self {
        Self { size, pages: vec![Page::new()], tree: Tree::default(), y: MARGIN, running_title }
    }

    pub(super) fn finish(self) -> Layout {
        Layout { size: self.size, pages: self.pages, tree: self.tree }
    }

    /// The left and the right edge of the text.
    pub(super) fn edges(&self) -> (f32, f32) {
        (MARGIN, self.size.0 - MARGIN)
    }

    /// How wide the text is.
    pub(super) fn measure(&self) -> f32 {
        self.size.0 - MARGIN * 2.0
    }

    fn bottom(&self) -> f32 {
        self.size.1 - MARGIN_BOTTOM
    }

    /// How much fits on a page that is still empty.
    pub(super) fn whole_page(&self) -> f32 {
        self.bottom() - TOP_OF_NEXT
    }

    /// Whether `height` more fits on this page.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.y + height <= self.bottom()
    }

    /// Starts a page, unless `height` still fits on this one or wouldn't on any. Says whether it
    /// did.
    pub(super) fn keep_together(&mut self, height: f32) -> bool {
        let turn = !self.fits(height) && height <= self.whole_page();
        if turn {
            self.turn();
        }
        turn
    }

    /// Starts a page.
    pub(super) fn turn(&mut self) {
        self.pages.push(Page::new());
        let title = self.running_title.clone();
        let style = Style::SMALL;
        let lines = style.lines(&title, self.measure(), Some(1));
        self.y = MARGIN;
        for line in lines {
            self.put(line, MARGIN, style, None);
        }
        self.y = TOP_OF_NEXT;
    }

    /// Places a line with its top at the pen, its left edge at `x`.
    pub(super) fn put(&mut self, line: TextLine, x: f32, style: Style, node: Option<NodeId>) {
        // The capitals of a line stand about three quarters of its size above the baseline; the
        // rest of the leading is shared out.
        let y = self.y + (style.leading() + style.size * 0.72) / 2.0;
        self.place(Item::Text { line, x, y, size: style.size, ink: style.ink, node });
    }

    /// As [`Flow::put`], with the right edge at `x`.
    pub(super) fn put_right(&mut self, line: TextLine, x: f32, style: Style, node: Option<NodeId>) {
        let start = x - line.width * style.size;
        self.put(line, start, style, node);
    }

    /// A rule at the pen.
    pub(super) fn rule(&mut self, from: f32, to: f32, height: f32, ink: Ink) {
        self.place(Item::Rule { x: from, y: self.y, width: to - from, height, ink });
    }

    /// A paragraph over the whole measure, broken across pages where it has to be.
    pub(super) fn paragraph(&mut self, text: &str, style: Style, part: Part) {
        let lines = style.lines(text, self.measure(), None);
        if lines.is_empty() {
            return;
        }
        let node = self.tree.add(part, None);
        for line in lines {
            if !self.fits(style.leading()) {
                self.turn();
            }
            self.put(line, MARGIN, style, Some(node));
            self.y += style.leading();
        }
    }

    fn place(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }
}
