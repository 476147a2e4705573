//! Invoices and credit notes as files: a PDF/A-3 page one would be glad to send, with the EN 16931
//! XML (Factur-X) attached.
//!
//! **Architecture invariant:** this crate is pure. A [`Document`] comes in complete and already
//! computed, bytes go out; the same document always gives the same bytes. Nothing is priced here:
//! [`Document::check`] only refuses what doesn't add up.
//!
//! The way through it: [`render`] checks, lays out pages (`layout`), draws them (`paint`), attaches
//! the XML (`einvoice`) and completes the metadata (`xmp`).

mod check;

mod document;
mod einvoice;
mod format;
mod layout;
mod of_record;
mod paint;
mod text;
mod xmp;

pub use bursar_core::country::{Country, CountryError};
pub use check::Inconsistency;
pub use document::{
    Buyer, Document, Kind, Line, Method, PageSize, Payment, Quantity, Rate, Reference, Seller,
    Settlement, Tax, TaxCategory, TaxLine, Totals,
};
pub use einvoice::{NotExpressible, electronic_invoice};
pub use of_record::NotOfRecord;
pub use paint::{RenderError, render};
