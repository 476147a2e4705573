//! What has to hold before a document is drawn: every sum is exact, every field is there and of a
//! size that fits a page.

use std::collections::BTreeMap;

use bursar_core::money::Money;

use crate::document::{Document, Kind, Line, Method, Quantity, Rate, Tax, TaxCategory};
use crate::text::clean;

/// Why a document can't be issued as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistency {
    /// A sum is not the sum of its parts.
    #[error("{what} is {stated}, but its parts add up to {computed}")]
    Sum {
        /// Which sum.
        what: String,
        /// As the document has it.
        stated: Money,
        /// As it should be.
        computed: Money,
    },
    /// A line's net amount is not its quantity times its unit price.
    #[error("line {line}: quantity × unit price is {computed}, not {stated}")]
    LineAmount {
        /// The line, counted from 1.
        line: usize,
        /// As the document has it.
        stated: Money,
        /// Quantity × unit price, rounded half up.
        computed: Money,
    },
    /// The tax is further from net × rate than rounding each line explains.
    #[error("the tax at {rate} is {stated}, but the rate gives {computed}")]
    TaxAmount {
        /// The rate.
        rate: String,
        /// As the document has it.
        stated: Money,
        /// Net × rate, rounded half up.
        computed: Money,
    },
    /// Lines are taxed in a way that the breakdown doesn't list.
    #[error("line {line} is taxed {tax}, which the tax breakdown doesn't have")]
    UnlistedTax {
        /// The first such line, counted from 1.
        line: usize,
        /// Its tax.
        tax: String,
    },
    /// The breakdown has the same category and rate twice, or one without lines.
    #[error("the tax breakdown has {tax} {problem}")]
    Breakdown {
        /// The tax.
        tax: String,
        /// `twice`, or `without a line`.
        problem: &'static str,
    },
    /// A rate above 100%, or one other than zero where the category says there is no tax.
    #[error("{tax} is not a possible tax")]
    Rate {
        /// The tax.
        tax: String,
    },
    /// A field that must say something is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A field is longer than a page can carry well.
    #[error("{what} has {length} characters or entries; at most {most} fit")]
    TooLong {
        /// The field.
        what: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// An amount or a quantity is beyond ±10^12 major units, or ±10^9.
    #[error("{0} is too large to be real")]
    TooLarge(String),
    /// The last four of a card are four digits and nothing else.
    #[error("the last four of a card are four digits")]
    LastFour,
    /// A period ends before it starts.
    #[error("line {0}: the period ends before it starts")]
    Period(usize),
}

/// Most characters of a number, and of a note.
const NUMBER_MOST: usize = 60;
const NAME_MOST: usize = 200;
const DESCRIPTION_MOST: usize = 1_000;
const NOTE_MOST: usize = 4_000;
/// Most entries.
const ADDRESS_LINES_MOST: usize = 8;
const LINES_MOST: usize = 10_000;
const TAXES_MOST: usize = 50;
const NOTES_MOST: usize = 20;

impl Document {
    /// Whether the document may be issued: all sums exact, all fields there. Lines add up to the
    /// breakdown, the breakdown to the totals; a line's amount is its quantity times its price, and
    /// the tax of each rate is what the rate gives, within one minor unit for each line (lines may
    /// have been rounded one by one, or computed from prices that include tax).
    ///
    /// # Errors
    /// The first [`Inconsistency`] found.
    pub fn check(&self) -> Result<(), Inconsistency> {
        self.check_texts()?;
        self.check_sizes()?;
        for (number, line) in (1..).zip(&self.lines) {
            self.check_line(number, line)?;
        }
        self.check_breakdown()?;
        self.check_totals()
    }

    fn check_texts(&self) -> Result<(), Inconsistency> {
        required("the number", &self.number, NUMBER_MOST)?;
        required("the seller's name", &self.seller.name, NAME_MOST)?;
        required("the name of the tax", &self.tax_name, 40)?;
        if clean(&self.buyer.company).is_empty() {
            required("the buyer's name", &self.buyer.name, NAME_MOST)?;
        }
        match &self.kind {
            Kind::CreditNote { corrects, reason, .. } => {
                required("the number of the corrected invoice", &corrects.number, NUMBER_MOST)?;
                bounded("the reason", reason, DESCRIPTION_MOST)?;
            }
            Kind::Invoice { credited_by: Some(note) } => {
                required("the number of the credit note", &note.number, NUMBER_MOST)?;
            }
            Kind::Invoice { credited_by: None } => {}
        }
        match self.payment.as_ref().map(|payment| &payment.method) {
            Some(Method::Card { brand, last_four }) => {
                required("the card's brand", brand, 40)?;
                let digits = last_four.bytes().all(|byte| byte.is_ascii_digit());
                if last_four.len() != 4 || !digits {
                    return Err(Inconsistency::LastFour);
                }
            }
            Some(Method::Other(name)) => required("the payment method", name, NAME_MOST)?,
            None => {}
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), Inconsistency> {
        let (seller, buyer) = (&self.seller, &self.buyer);
        bounded("the buyer's name", &buyer.name, NAME_MOST)?;
        bounded("the buyer's company", &buyer.company, NAME_MOST)?;
        for (what, text) in [
            ("the seller's VAT id", &seller.vat_id),
            ("the seller's tax id", &seller.tax_id),
            ("the seller's registration", &seller.registration),
            ("the seller's email", &seller.email),
            ("the buyer's VAT id", &buyer.vat_id),
        ] {
            bounded(what, text.as_deref().unwrap_or_default(), NAME_MOST)?;
        }
        for (what, address) in
            [("the seller's address", &seller.address), ("the buyer's address", &buyer.address)]
        {
            entries(what, address.len(), ADDRESS_LINES_MOST)?;
            address.iter().try_for_each(|line| bounded(what, line, NAME_MOST))?;
        }
        entries("the list of lines", self.lines.len(), LINES_MOST)?;
        entries("the tax breakdown", self.taxes.len(), TAXES_MOST)?;
        entries("the list of notes", self.notes.len(), NOTES_MOST)?;
        if self.lines.is_empty() {
            return Err(Inconsistency::Empty("the list of lines"));
        }
        for note in &self.notes {
            bounded("a note", note, NOTE_MOST)?;
        }
        for tax in &self.taxes {
            bounded("a note on tax", &tax.note, DESCRIPTION_MOST)?;
        }
        Ok(())
    }

    fn check_line(&self, number: usize, line: &Line) -> Result<(), Inconsistency> {
        required("a line's description", &line.description, DESCRIPTION_MOST)?;
        if line.period.is_some_and(|(start, end)| end < start) {
            return Err(Inconsistency::Period(number));
        }
        possible(line.tax)?;
        self.bounded_amount("a line's unit price", line.unit_price)?;
        self.bounded_amount("a line's amount", line.net)?;
        if line.quantity.micro().unsigned_abs() > Quantity::MAX.micro().unsigned_abs() {
            return Err(Inconsistency::TooLarge("a line's quantity".to_owned()));
        }
        let exact = i128::from(line.quantity.micro()) * i128::from(line.unit_price);
        let off = (exact - i128::from(line.net) * 1_000_000).abs();
        if off < 1_000_000 {
            return Ok(());
        }
        Err(Inconsistency::LineAmount {
            line: number,
            stated: self.money(line.net.into()),
            computed: self.money(half_up(exact, 1_000_000)),
        })
    }

    fn check_breakdown(&self) -> Result<(), Inconsistency> {
        let mut nets: BTreeMap<Tax, (i128, i128)> = BTreeMap::new();
        for tax in &self.taxes {
            possible(tax.tax)?;
            if nets.insert(tax.tax, (0, 0)).is_some() {
                let (tax, problem) = (describe(tax.tax), "twice");
                return Err(Inconsistency::Breakdown { tax, problem });
            }
        }
        for (line, item) in (1..).zip(&self.lines) {
            let Some((net, count)) = nets.get_mut(&item.tax) else {
                let tax = describe(item.tax);
                return Err(Inconsistency::UnlistedTax { line, tax });
            };
            *net += i128::from(item.net);
            *count += 1;
        }
        for tax in &self.taxes {
            let (net, count) = nets.get(&tax.tax).copied().unwrap_or_default();
            if count == 0 {
                let (tax, problem) = (describe(tax.tax), "without a line");
                return Err(Inconsistency::Breakdown { tax, problem });
            }
            let what = format!("the net amount taxed {}", describe(tax.tax));
            self.equal(&what, tax.net, net)?;
            self.bounded_amount("a tax amount", tax.amount)?;
            let exact = net * i128::from(tax.tax.rate.0);
            let off = (exact - i128::from(tax.amount) * 1_000_000).abs();
            let allowed = if tax.tax.rate == Rate::ZERO { 0 } else { count };
            if off > allowed * 1_000_000 {
                return Err(Inconsistency::TaxAmount {
                    rate: crate::format::rate(tax.tax.rate),
                    stated: self.money(tax.amount.into()),
                    computed: self.money(half_up(exact, 1_000_000)),
                });
            }
        }
        Ok(())
    }

    fn check_totals(&self) -> Result<(), Inconsistency> {
        let totals = &self.totals;
        let sum = |parts: &mut dyn Iterator<Item = i64>| parts.map(i128::from).sum::<i128>();
        let lines = sum(&mut self.lines.iter().map(|line| line.net));
        let taxes = sum(&mut self.taxes.iter().map(|tax| tax.amount));
        self.equal("the net total", totals.net, lines)?;
        self.equal("the tax total", totals.tax, taxes)?;
        self.equal("the total", totals.gross, lines + taxes)?;
        let due = lines + taxes - i128::from(totals.paid);
        self.equal("the amount due", totals.due, due)?;
        for (what, amount) in [
            ("the net total", totals.net),
            ("the tax total", totals.tax),
            ("the total", totals.gross),
            ("the paid amount", totals.paid),
            ("the amount due", totals.due),
        ] {
            self.bounded_amount(what, amount)?;
        }
        Ok(())
    }

    fn equal(&self, what: &str, stated: i64, computed: i128) -> Result<(), Inconsistency> {
        if i128::from(stated) == computed {
            return Ok(());
        }
        Err(Inconsistency::Sum {
            what: what.to_owned(),
            stated: self.money(stated.into()),
            computed: self.money(computed),
        })
    }

    fn bounded_amount(&self, what: &str, amount: i64) -> Result<(), Inconsistency> {
        let most = 1_000_000_000_000_i64.saturating_mul(self.currency.minor_per_major());
        if amount.unsigned_abs() > most.unsigned_abs() {
            return Err(Inconsistency::TooLarge(what.to_owned()));
        }
        Ok(())
    }

    /// For messages only: beyond the range it is cut off.
    fn money(&self, amount: i128) -> Money {
        let limit = if amount < 0 { i64::MIN } else { i64::MAX };
        Money::new(i64::try_from(amount).unwrap_or(limit), self.currency)
    }
}

/// A tax in words, for messages: `Standard 19%`.
fn describe(tax: Tax) -> String {
    format!("{:?} {}", tax.category, crate::format::rate(tax.rate))
}

fn possible(tax: Tax) -> Result<(), Inconsistency> {
    let taxed = tax.category == TaxCategory::Standard;
    let fits = if taxed { (1..=1_000_000).contains(&tax.rate.0) } else { tax.rate == Rate::ZERO };
    if fits {
        return Ok(());
    }
    let tax = describe(tax);
    Err(Inconsistency::Rate { tax })
}

/// `value ÷ unit`, rounded half up.
fn half_up(value: i128, unit: i128) -> i128 {
    (value * 2 + unit).div_euclid(unit * 2)
}

fn required(what: &'static str, text: &str, most: usize) -> Result<(), Inconsistency> {
    if clean(text).is_empty() {
        return Err(Inconsistency::Empty(what));
    }
    bounded(what, text, most)
}

fn bounded(what: &'static str, text: &str, most: usize) -> Result<(), Inconsistency> {
    entries(what, text.chars().count(), most)
}

fn entries(what: &'static str, length: usize, most: usize) -> Result<(), Inconsistency> {
    if length > most {
        return Err(Inconsistency::TooLong { what, length, most });
    }
    Ok(())
}
