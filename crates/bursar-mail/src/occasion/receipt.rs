//! A payment arrived.

use bursar_core::money::Money;
use bursar_core::time::Timestamp;

use crate::card::Card;
use crate::envelope::Envelope;
use crate::format::money;
use crate::letter::{Figure, Letter, figure};
use crate::message::{Attachment, Pdf};
use crate::one_line::OneLine;

/// A paid invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The invoice's number.
    pub number: OneLine,
    /// What was paid for, in a few words: `Professional, monthly`.
    pub purpose: OneLine,
    /// The invoice's lines and its tax, which sum to the total.
    pub lines: Vec<Line>,
    /// What was paid. Nothing, where a trial or a discount leaves nothing to pay.
    pub total: Money,
    /// When.
    pub paid_at: Timestamp,
    /// With what, if it was a card.
    pub card: Option<Card>,
    /// The invoice as a file, which is attached.
    pub invoice: Option<Pdf>,
}

/// A line of an invoice, or its tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub description: OneLine,
    /// The time it covers, half-open.
    pub period: Option<(Timestamp, Timestamp)>,
    /// How much it is; less than nothing where something is taken off.
    pub amount: Money,
}

impl Line {
    /// `Professional plan, monthly, 14 March 2027 – 13 April 2027`.
    fn label(&self, envelope: &Envelope) -> String {
        match self.period {
            Some(period) => format!("{}, {}", self.description, envelope.period(period)),
            None => self.description.to_string(),
        }
    }
}

impl Receipt {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { number, purpose, .. } = self;
        let total = money(self.total);
        let date = envelope.date(self.paid_at);
        let opening = if self.total.amount == 0 {
            format!("Here is the invoice for {purpose}. Its total is {total}: nothing was charged.")
        } else {
            format!("Thank you. On {date} we received your payment of {total} for {purpose}.")
        };
        let next = match self.invoice {
            Some(_) => "The invoice is attached as a PDF.",
            None => "You can download the invoice from your billing history.",
        };
        Letter {
            subject: format!("Your receipt from {}: {total} ({number})", envelope.product()),
            opening: vec![opening],
            figures: self.figures(envelope, &date, &total),
            next: vec![next.to_owned()],
            action: "See your billing history",
        }
    }

    fn figures(&self, envelope: &Envelope, date: &str, total: &str) -> Vec<Figure> {
        let mut figures = vec![figure("Invoice", &self.number), figure("Date", date)];
        figures.extend(self.card.as_ref().map(|card| figure("Paid with", card)));
        let lines = self.lines.iter();
        figures.extend(lines.map(|line| figure(line.label(envelope), money(line.amount))));
        figures.push(figure("Total", total));
        figures
    }

    pub(super) fn attachment(&self) -> Option<Attachment> {
        self.invoice.as_ref().map(|pdf| Attachment::new("Invoice", &self.number, pdf))
    }
}
