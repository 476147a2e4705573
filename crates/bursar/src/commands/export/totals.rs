//! What the rows add up to, and whether that ties.

use std::collections::BTreeMap;
use std::fmt;

use bursar_core::account::event::Event;
use bursar_core::money::Currency;
use bursar_core::postings::{MoneyBook, money_postings};
use serde_json::{Map, Value, json};

use super::documents::Subject;
use super::postings::Line;
use crate::micro::decimal;
use crate::{micro, table};

/// What a book counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    /// Minor units of a currency.
    Money(Currency),
    /// Micro-credits.
    Credits,
}

impl Unit {
    /// An amount in major units, or in credits.
    pub(super) fn decimal(self, amount: i128) -> String {
        match self {
            Self::Money(currency) => decimal(amount, currency.exponent()),
            Self::Credits => micro::text(amount),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(currency) => f.pad(currency.code()),
            Self::Credits => f.pad("credits"),
        }
    }
}

/// Sums of postings, by unit and book.
#[derive(Debug, Default)]
pub(super) struct Postings(BTreeMap<(Unit, String), i128>);

impl Postings {
    pub(super) fn add(&mut self, line: &Line) {
        let sum = self.0.entry((line.unit, line.book.clone())).or_default();
        *sum = sum.saturating_add(line.amount.into());
    }

    /// The sum of each unit's books, which is zero.
    fn sums(&self) -> BTreeMap<Unit, i128> {
        let mut sums = BTreeMap::new();
        for ((unit, _), amount) in &self.0 {
            let sum: &mut i128 = sums.entry(*unit).or_default();
            *sum = sum.saturating_add(*amount);
        }
        sums
    }

    /// Do the books of each unit sum to zero?
    pub(super) fn tie(&self) -> bool {
        self.sums().values().all(|sum| *sum == 0)
    }

    pub(super) fn for_people(&self) -> String {
        let mut rows = Vec::new();
        for (unit, sum) in self.sums() {
            let books = self.0.iter().filter(|((of, _), _)| *of == unit);
            rows.extend(books.map(|((_, book), amount)| {
                vec![book.clone(), unit.to_string(), unit.decimal(*amount)]
            }));
            rows.push(vec!["sum".to_owned(), unit.to_string(), unit.decimal(sum)]);
        }
        table::of(&["Book", "Unit", "Sum"], &[2], rows)
    }

    pub(super) fn for_programs(&self) -> Value {
        let row = |((unit, book), amount): (&(Unit, String), &i128)| json!({"book": book, "unit": unit.to_string(), "sum": unit.decimal(*amount)});
        let sums = self.sums().into_iter();
        let sums = sums.map(|(unit, sum)| (unit.to_string(), unit.decimal(sum).into()));
        json!({
            "books": self.0.iter().map(row).collect::<Vec<_>>(),
            "sums": sums.collect::<Map<_, _>>(),
            "ties": self.tie(),
        })
    }
}

/// Sums of documents, by currency.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<Currency, Sums>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    invoices: u64,
    credit_notes: u64,
    lines: i128,
    net: i128,
    tax: i128,
    total: i128,
    /// What the same documents added to the book of what customers owe.
    receivable: i128,
}

impl Sums {
    fn tie(&self) -> bool {
        self.lines == self.net
            && self.net.saturating_add(self.tax) == self.total
            && self.total == self.receivable
    }
}

impl Documents {
    /// Adds a document, and what the journal booked when it was issued.
    pub(super) fn add(&mut self, subject: &Subject<'_>, issued: &Event) {
        let bill = &subject.record.bill;
        let sums = self.0.entry(bill.currency).or_default();
        match subject.record.kind() {
            "invoice" => sums.invoices = sums.invoices.saturating_add(1),
            _ => sums.credit_notes = sums.credit_notes.saturating_add(1),
        }
        let add = |sum: &mut i128, amount: i64| *sum = sum.saturating_add(amount.into());
        for line in &bill.lines {
            add(&mut sums.lines, subject.signed(line.net));
        }
        add(&mut sums.net, subject.signed(bill.net));
        add(&mut sums.tax, subject.signed(bill.tax));
        add(&mut sums.total, subject.signed(bill.total));
        let postings = money_postings(issued).into_iter();
        for posting in postings.filter(|posting| posting.book == MoneyBook::Receivable) {
            add(&mut sums.receivable, posting.money.amount);
        }
    }

    /// Are lines, net, tax, total and the book of what customers owe one sum?
    pub(super) fn tie(&self) -> bool {
        self.0.values().all(Sums::tie)
    }

    pub(super) fn for_people(&self) -> String {
        let header =
            ["Currency", "Invoices", "Credit notes", "Lines", "Net", "Tax", "Total", "Receivable"];
        let row = |(currency, sums): (&Currency, &Sums)| {
            let amounts = [sums.lines, sums.net, sums.tax, sums.total, sums.receivable];
            let amounts = amounts.map(|amount| Unit::Money(*currency).decimal(amount));
            let counts = [sums.invoices, sums.credit_notes].map(|count| count.to_string());
            [currency.to_string()].into_iter().chain(counts).chain(amounts).collect()
        };
        table::of(&header, &[1, 2, 3, 4, 5, 6, 7], self.0.iter().map(row).collect())
    }

    pub(super) fn for_programs(&self) -> Value {
        let row = |(currency, sums): (&Currency, &Sums)| {
            let amount = |amount| Unit::Money(*currency).decimal(amount);
            json!({
                "currency": currency.code(),
                "invoices": sums.invoices,
                "credit_notes": sums.credit_notes,
                "lines": amount(sums.lines),
                "net": amount(sums.net),
                "tax": amount(sums.tax),
                "total": amount(sums.total),
                "receivable": amount(sums.receivable),
            })
        };
        json!({"currencies": self.0.iter().map(row).collect::<Vec<_>>(), "ties": self.tie()})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(lines: &[(&str, Unit, i64)]) -> Postings {
        let mut sums = Postings::default();
        for (book, unit, amount) in lines {
            sums.add(&Line { book: (*book).to_owned(), unit: *unit, amount: *amount });
        }
        sums
    }

    #[test]
    fn each_unit_balances_by_itself() {
        let (usd, yen) = (Unit::Money(Currency::USD), Unit::Money("JPY".parse().unwrap()));
        let balanced = [("cash", usd, 3_451), ("receivable", usd, -3_451), ("held", yen, 0)];
        assert!(sums(&balanced).tie());
        assert!(!sums(&[("cash", usd, 100), ("receivable", yen, -100)]).tie());
        assert!(!sums(&[("cash", usd, 100), ("receivable", Unit::Credits, -100)]).tie());
        assert!(!sums(&[("cash", usd, 100), ("receivable", usd, -99)]).tie());
        assert_eq!(sums(&balanced).for_programs()["sums"]["USD"], "0.00");
        // More than one amount can be.
        let large = sums(&[("cash", usd, i64::MAX), ("cash", usd, i64::MAX)]);
        assert!(large.for_people().contains("184467440737095516.14"));
    }

    #[test]
    fn every_sum_of_documents_has_to_be_the_others() {
        let ties =
            Sums { lines: 29, net: 29, tax: 5, total: 34, receivable: 34, ..Sums::default() };
        assert!(ties.tie());
        for wrong in [
            Sums { lines: 28, ..ties },
            Sums { tax: 6, ..ties },
            Sums { total: 35, receivable: 35, ..ties },
            Sums { receivable: 0, ..ties },
        ] {
            assert!(!wrong.tie(), "{wrong:?}");
        }
    }
}
