//! What a document says: the complete input, already computed. Nothing here is priced.

use bursar_core::id::AccountId;
use bursar_core::money::Currency;
use bursar_core::time::{Timestamp, ZoneName};
use serde::{Deserialize, Serialize};

use bursar_core::country::Country;

/// An invoice or a credit note, complete. Amounts are minor units of [`Document::currency`].
///
/// A credit note states what it gives back as positive amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Invoice or credit note.
    pub kind: Kind,
    /// Its number in the series, such as `INV-2026-000123`.
    pub number: String,
    /// When it was finalized; shown as a date of [`Document::zone`].
    pub issued_at: Timestamp,
    /// The billing time zone of the account: whose calendar the dates are read from.
    pub zone: ZoneName,
    /// The currency of every amount.
    pub currency: Currency,
    /// Who issues it.
    pub seller: Seller,
    /// Whom it is for.
    pub buyer: Buyer,
    /// What tax is called where the seller is: `VAT`, `GST`, `Sales tax`.
    pub tax_name: String,
    /// What was sold, in the order it is shown.
    pub lines: Vec<Line>,
    /// Tax by category and rate, each pair once.
    pub taxes: Vec<TaxLine>,
    /// The totals.
    pub totals: Totals,
    /// How it was paid; for a credit note, how the money was returned.
    pub payment: Option<Payment>,
    /// When what is due has to be paid; `None` is on receipt.
    pub due_at: Option<Timestamp>,
    /// Remarks, one paragraph each.
    pub notes: Vec<String>,
    /// The paper.
    pub page: PageSize,
}

/// Which document it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// An invoice.
    Invoice {
        /// The credit note that took it back.
        credited_by: Option<Reference>,
    },
    /// A credit note, which takes an invoice back.
    CreditNote {
        /// The invoice.
        corrects: Reference,
        /// Why, in the words of a person; may be empty.
        reason: String,
        /// What becomes of its amount.
        settlement: Settlement,
    },
}

/// Another document, as one refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its number.
    pub number: String,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// What becomes of the amount of a credit note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settlement {
    /// The money is returned. [`Totals::paid`] says whether it has been.
    Refund,
    /// The invoice was never paid and needn't be any more: no money moves.
    Offset,
    /// The bank has returned the money after a dispute.
    Chargeback,
}

/// Who issues the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// The legal name.
    pub name: String,
    /// Street, postcode and city, a line each, without the country.
    pub address: Vec<String>,
    /// The country; without one there is no XML.
    pub country: Option<Country>,
    /// The VAT id with its country's prefix (`DE123456789`), if the seller has one.
    pub vat_id: Option<String>,
    /// Another tax number, such as a local one or an EIN.
    pub tax_id: Option<String>,
    /// The entry in a register of companies, such as `HRB 12345 Berlin`.
    pub registration: Option<String>,
    /// Where questions go.
    pub email: Option<String>,
}

/// Whom the document is for. What is not known is empty or `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// The person.
    pub name: String,
    /// The company, if it is one.
    pub company: String,
    /// Street, postcode and city, a line each, without the country.
    pub address: Vec<String>,
    /// The country.
    pub country: Option<Country>,
    /// The VAT id with its country's prefix.
    pub vat_id: Option<String>,
    /// The account that was billed.
    pub account: AccountId,
}

/// One line of what was sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is: `Professional plan, monthly`.
    pub description: String,
    /// The time it covers, half-open: from the first instant in it to the first one after it.
    pub period: Option<(Timestamp, Timestamp)>,
    /// How many.
    pub quantity: Quantity,
    /// The price of one, without tax, in minor units. Negative where the line gives something
    /// back, such as unused time.
    pub unit_price: i64,
    /// Quantity × unit price, rounded to the minor unit, without tax.
    pub net: i64,
    /// How it is taxed.
    pub tax: Tax,
}

/// How something is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tax {
    /// The category of EN 16931.
    pub category: TaxCategory,
    /// The rate; zero for every category but [`TaxCategory::Standard`].
    pub rate: Rate,
}

/// Why a rate applies: the categories of EN 16931 that a seller of software meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaxCategory {
    /// Taxed at a standard or reduced rate.
    Standard,
    /// Taxed at zero.
    ZeroRated,
    /// Exempt from tax.
    Exempt,
    /// The buyer accounts for the tax.
    ReverseCharge,
    /// An export: the place of supply is outside the seller's tax area.
    Export,
    /// Not subject to this tax at all.
    OutOfScope,
}

/// A tax rate in parts per million: 19% is 190,000. At most 100%.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Rate(pub u32);

impl Rate {
    /// No tax.
    pub const ZERO: Self = Self(0);

    /// A whole percentage.
    pub fn percent(percent: u8) -> Self {
        Self(u32::from(percent) * 10_000)
    }
}

/// How many, in millionths: 1 is 1,000,000.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Quantity(i64);

impl Quantity {
    /// One.
    pub const ONE: Self = Self(1_000_000);
    /// The largest that a document may name: 10^9.
    pub const MAX: Self = Self(1_000_000_000_000_000);

    /// From millionths.
    pub const fn from_micro(micro: i64) -> Self {
        Self(micro)
    }

    /// A whole number.
    pub fn whole(count: i32) -> Self {
        Self(i64::from(count) * 1_000_000)
    }

    /// In millionths.
    pub const fn micro(self) -> i64 {
        self.0
    }
}

/// Tax at one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// Which lines it is for: those of the same category and rate.
    pub tax: Tax,
    /// The sum of those lines.
    pub net: i64,
    /// The tax on it.
    pub amount: i64,
    /// What the law wants said, such as "Reverse charge: Article 196, Directive 2006/112/EC"; may
    /// be empty.
    pub note: String,
}

/// The sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All lines.
    pub net: i64,
    /// All taxes.
    pub tax: i64,
    /// Net and tax.
    pub gross: i64,
    /// What has been paid; on a credit note, what has been returned.
    pub paid: i64,
    /// What is left; on a credit note, what is still to be returned or, if its invoice was never
    /// paid, set off.
    pub due: i64,
}

/// A payment that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// With what.
    pub method: Method,
    /// When; shown as a date of [`Document::zone`].
    pub paid_at: Timestamp,
}

/// What was paid with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// A card. Never more of its number than this.
    Card {
        /// `Visa`, `Mastercard`.
        brand: String,
        /// The last four digits.
        last_four: String,
    },
    /// Anything else, in words that follow "by": `bank transfer`.
    Other(String),
}

/// The paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageSize {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8.5 × 11 in.
    Letter,
}
