//! The document as EN 16931 XML, in the syntax of UN/CEFACT (Factur-X, profile EN 16931).

mod parties;
mod writer;

use crate::document::{Document, Kind, Line, Method, Settlement, TaxCategory};
use crate::format;
use crate::text::clean;
use writer::Element;

/// Why a document can't be said in EN 16931. It is as valid as any other; it only has no XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExpressible {
    /// The standard has amounts of at most two decimals.
    #[error("EN 16931 has amounts of two decimals; this currency's don't always fit")]
    Decimals,
    /// The seller's country is required.
    #[error("EN 16931 requires the seller's country")]
    SellerCountry,
    /// The buyer's country is required.
    #[error("EN 16931 requires the buyer's country")]
    BuyerCountry,
    /// The seller needs a VAT id, another tax number or an entry in a register.
    #[error("EN 16931 requires a VAT id, a tax number or a registration of the seller")]
    SellerId,
    /// A tax category other than "out of scope" needs the seller's VAT id or tax number.
    #[error("EN 16931 requires the seller's VAT id or tax number for this tax")]
    SellerTaxId,
    /// Reverse charge needs the buyer's VAT id.
    #[error("EN 16931 requires the buyer's VAT id for reverse charge")]
    BuyerVatId,
    /// A VAT id starts with its country's code.
    #[error("EN 16931 requires VAT ids that start with a country's code")]
    VatIdCountry,
    /// "Out of scope" can't be mixed with other categories.
    #[error("EN 16931 doesn't mix what is out of scope of tax with what is taxed")]
    MixedScope,
}

/// The EN 16931 XML of a document that [`Document::check`] accepts: what [`crate::render`] attaches.
///
/// # Errors
/// When the standard has no way to say it, see [`NotExpressible`].
pub fn electronic_invoice(document: &Document) -> Result<String, NotExpressible> {
    expressible(document)?;
    let mut root = Element::root();
    root.child("rsm:ExchangedDocumentContext", |context| {
        context.child("ram:GuidelineSpecifiedDocumentContextParameter", |guideline| {
            guideline.text("ram:ID", "urn:cen.eu:en16931:2017");
        });
    });
    root.child("rsm:ExchangedDocument", |head| heading(head, document));
    root.child("rsm:SupplyChainTradeTransaction", |trade| {
        for (number, line) in (1_usize..).zip(&document.lines) {
            trade.child("ram:IncludedSupplyChainTradeLineItem", |item| {
                trade_line(item, number, line, document);
            });
        }
        trade.child("ram:ApplicableHeaderTradeAgreement", |agreement| {
            parties::write(agreement, document);
        });
        trade.child("ram:ApplicableHeaderTradeDelivery", |_| {});
        trade.child("ram:ApplicableHeaderTradeSettlement", |settlement| {
            settle(settlement, document);
        });
    });
    Ok(root.finish())
}

fn expressible(document: &Document) -> Result<(), NotExpressible> {
    let uses = |category| document.taxes.iter().any(|tax| tax.tax.category == category);
    let out_of_scope = uses(TaxCategory::OutOfScope);
    let given = |id: &Option<String>| id.as_deref().is_some_and(|id| !clean(id).is_empty());
    let seller = &document.seller;
    let checks = [
        (two_decimals(document), NotExpressible::Decimals),
        (seller.country.is_some(), NotExpressible::SellerCountry),
        (document.buyer.country.is_some(), NotExpressible::BuyerCountry),
        (
            given(&seller.vat_id) || given(&seller.tax_id) || given(&seller.registration),
            NotExpressible::SellerId,
        ),
        (
            out_of_scope || given(&seller.vat_id) || given(&seller.tax_id),
            NotExpressible::SellerTaxId,
        ),
        (!uses(TaxCategory::Export) || given(&seller.vat_id), NotExpressible::SellerTaxId),
        (
            !uses(TaxCategory::ReverseCharge) || given(&document.buyer.vat_id),
            NotExpressible::BuyerVatId,
        ),
        (
            parties::names_its_country(seller.vat_id.as_deref())
                && parties::names_its_country(document.buyer.vat_id.as_deref()),
            NotExpressible::VatIdCountry,
        ),
        (!out_of_scope || document.taxes.len() == 1, NotExpressible::MixedScope),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
}

/// Whether every amount has at most two decimals, whatever the currency's exponent.
fn two_decimals(document: &Document) -> bool {
    let totals = &document.totals;
    let amounts = [totals.net, totals.tax, totals.gross, totals.paid, totals.due];
    let lines = document.lines.iter().map(|line| line.net);
    let taxes = document.taxes.iter().flat_map(|tax| [tax.net, tax.amount]);
    let mut amounts = amounts.into_iter().chain(lines).chain(taxes);
    document.currency.exponent() < 3 || amounts.all(|amount| amount % 10 == 0)
}

fn heading(head: &mut Element, document: &Document) {
    head.text("ram:ID", &clean(&document.number));
    let code = match document.kind {
        Kind::Invoice { .. } => "380",
        Kind::CreditNote { .. } => "381",
    };
    head.text("ram:TypeCode", code);
    head.child("ram:IssueDateTime", |at| {
        at.date("udt:DateTimeString", document.issued_at, &document.zone);
    });
    let reason = match &document.kind {
        Kind::CreditNote { reason, .. } => Some(reason),
        Kind::Invoice { .. } => None,
    };
    for note in reason.into_iter().chain(&document.notes) {
        let note = clean(note);
        if !note.is_empty() {
            head.child("ram:IncludedNote", |element| {
                element.text("ram:Content", &note);
            });
        }
    }
}

/// An amount as the standard has it: at most two decimals, no grouping.
fn amount(minor: i64, document: &Document) -> String {
    let decimals = usize::try_from(document.currency.exponent()).unwrap_or(2);
    let text = format::plain(minor, decimals, false);
    // Three decimals were found to end in a zero.
    match text.strip_suffix('0') {
        Some(two) if decimals == 3 => two.to_owned(),
        _ => text,
    }
}

fn trade_line(item: &mut Element, number: usize, line: &Line, document: &Document) {
    item.child("ram:AssociatedDocumentLineDocument", |it| {
        it.text("ram:LineID", &number.to_string());
    });
    item.child("ram:SpecifiedTradeProduct", |it| {
        it.text("ram:Name", &clean(&line.description));
    });
    // A price is never negative in the standard: what is given back is a negative quantity.
    let back = line.unit_price < 0;
    let price = line.unit_price.saturating_abs();
    let quantity = line.quantity.micro();
    let quantity = if back { quantity.saturating_neg() } else { quantity };
    let decimals = usize::try_from(document.currency.exponent()).unwrap_or(2);
    item.child("ram:SpecifiedLineTradeAgreement", |it| {
        it.child("ram:NetPriceProductTradePrice", |it| {
            it.text("ram:ChargeAmount", &format::plain(price, decimals, false));
        });
    });
    item.child("ram:SpecifiedLineTradeDelivery", |it| {
        let quantity = format::plain(quantity, 6, true);
        it.text_with("ram:BilledQuantity", ("unitCode", "C62"), &quantity);
    });
    item.child("ram:SpecifiedLineTradeSettlement", |it| {
        it.child("ram:ApplicableTradeTax", |it| {
            it.text("ram:TypeCode", "VAT");
            it.text("ram:CategoryCode", category_code(line.tax.category));
            rate(it, line.tax);
        });
        if let Some((start, end)) = line.period {
            it.child("ram:BillingSpecifiedPeriod", |it| {
                it.child("ram:StartDateTime", |it| {
                    it.date("udt:DateTimeString", start, &document.zone);
                });
                it.child("ram:EndDateTime", |it| {
                    let last = format::last_instant(start, end);
                    it.date("udt:DateTimeString", last, &document.zone);
                });
            });
        }
        it.child("ram:SpecifiedTradeSettlementLineMonetarySummation", |it| {
            it.text("ram:LineTotalAmount", &amount(line.net, document));
        });
    });
}

/// UNCL 5305.
fn category_code(category: TaxCategory) -> &'static str {
    match category {
        TaxCategory::Standard => "S",
        TaxCategory::ZeroRated => "Z",
        TaxCategory::Exempt => "E",
        TaxCategory::ReverseCharge => "AE",
        TaxCategory::Export => "G",
        TaxCategory::OutOfScope => "O",
    }
}

/// Why there is no tax: a text where the document has none, and the code if the list has one.
fn exemption(category: TaxCategory) -> Option<(&'static str, Option<&'static str>)> {
    match category {
        TaxCategory::Standard | TaxCategory::ZeroRated => None,
        TaxCategory::Exempt => Some(("Exempt from tax", None)),
        TaxCategory::ReverseCharge => Some(("Reverse charge", Some("VATEX-EU-AE"))),
        TaxCategory::Export => Some(("Export", Some("VATEX-EU-G"))),
        TaxCategory::OutOfScope => Some(("Not subject to tax", Some("VATEX-EU-O"))),
    }
}

/// What is out of scope has no rate, not even zero.
fn rate(element: &mut Element, tax: crate::document::Tax) {
    if tax.category != TaxCategory::OutOfScope {
        let percent = format::plain(i64::from(tax.rate.0), 4, true);
        element.text("ram:RateApplicablePercent", &percent);
    }
}

fn settle(settlement: &mut Element, document: &Document) {
    settlement.text("ram:InvoiceCurrencyCode", document.currency.code());
    if let Some(payment) = &document.payment {
        settlement.child("ram:SpecifiedTradeSettlementPaymentMeans", |means| {
            payment_means(means, &payment.method);
        });
    }
    for tax in &document.taxes {
        settlement.child("ram:ApplicableTradeTax", |it| {
            it.text("ram:CalculatedAmount", &amount(tax.amount, document));
            it.text("ram:TypeCode", "VAT");
            let exemption = exemption(tax.tax.category);
            if let Some((reason, _)) = exemption {
                let note = clean(&tax.note);
                let reason = if note.is_empty() { reason } else { &note };
                it.text("ram:ExemptionReason", reason);
            }
            it.text("ram:BasisAmount", &amount(tax.net, document));
            it.text("ram:CategoryCode", category_code(tax.tax.category));
            if let Some((_, Some(code))) = exemption {
                it.text("ram:ExemptionReasonCode", code);
            }
            rate(it, tax.tax);
        });
    }
    if document.totals.due > 0 {
        settlement.child("ram:SpecifiedTradePaymentTerms", |terms| terms_of(terms, document));
    }
    settlement.child("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |sums| {
        summation(sums, document);
    });
    if let Kind::CreditNote { corrects, .. } = &document.kind {
        settlement.child("ram:InvoiceReferencedDocument", |it| {
            it.text("ram:IssuerAssignedID", &clean(&corrects.number));
            it.child("ram:FormattedIssueDateTime", |it| {
                it.date("qdt:DateTimeString", corrects.issued_at, &document.zone);
            });
        });
    }
}

/// When what is left is to be paid, or what becomes of it.
fn terms_of(terms: &mut Element, document: &Document) {
    match (&document.kind, document.due_at) {
        (Kind::CreditNote { settlement: Settlement::Offset, corrects, .. }, _) => {
            let number = clean(&corrects.number);
            terms.text("ram:Description", &format!("Set off against {number}, which was not paid"));
        }
        (Kind::CreditNote { .. }, None) => terms.text("ram:Description", "To be refunded"),
        (_, Some(at)) => terms.child("ram:DueDateDateTime", |due| {
            due.date("udt:DateTimeString", at, &document.zone);
        }),
        (Kind::Invoice { .. }, None) => terms.text("ram:Description", "Due on receipt"),
    }
}

/// UNCL 4461: 48 is a card, 1 is unspecified.
fn payment_means(means: &mut Element, method: &Method) {
    match method {
        Method::Card { brand, last_four } => {
            means.text("ram:TypeCode", "48");
            means.text("ram:Information", &clean(brand));
            means.child("ram:ApplicableTradeSettlementFinancialCard", |card| {
                card.text("ram:ID", last_four);
            });
        }
        Method::Other(name) => {
            means.text("ram:TypeCode", "1");
            means.text("ram:Information", &clean(name));
        }
    }
}

fn summation(sums: &mut Element, document: &Document) {
    let totals = &document.totals;
    sums.text("ram:LineTotalAmount", &amount(totals.net, document));
    sums.text("ram:TaxBasisTotalAmount", &amount(totals.net, document));
    let currency = ("currencyID", document.currency.code());
    sums.text_with("ram:TaxTotalAmount", currency, &amount(totals.tax, document));
    sums.text("ram:GrandTotalAmount", &amount(totals.gross, document));
    sums.text("ram:TotalPrepaidAmount", &amount(totals.paid, document));
    sums.text("ram:DuePayableAmount", &amount(totals.due, document));
}
