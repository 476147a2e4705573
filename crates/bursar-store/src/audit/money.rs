//! The proof of what was sold: books of money, documents, legal numbers.

use std::collections::BTreeMap;

use bursar_core::account::Account;
use bursar_core::account::event::Event;
use bursar_core::bill::{Bill, LegalNumber};
use bursar_core::id::{DocumentId, Key};
use bursar_core::money::{Currency, Money};
use bursar_core::postings::{MoneyBook, MoneyPosting, money_postings};

/// How many payments and documents a journal makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Payments that were asked for.
    pub payments: u64,
    /// Refunds that were asked for.
    pub refunds: u64,
    /// Invoices.
    pub invoices: u64,
    /// Credit notes.
    pub credit_notes: u64,
}

/// What all accounts have in common.
#[derive(Debug, Default)]
pub(super) struct Documents {
    totals: BTreeMap<(Currency, MoneyBook), i128>,
    /// What customers owe by their documents, line by line: invoices less credit notes.
    documented: BTreeMap<Currency, i128>,
    /// What customers have paid, less what was returned.
    settled: BTreeMap<Currency, i128>,
    numbers: BTreeMap<(Key, u16), u32>,
    counts: Counts,
}

/// The money of one account.
#[derive(Debug, Default)]
pub(super) struct MoneySeat {
    receivable: i128,
    deferred: i128,
    /// Its documents, in order of their ids, from 1.
    documents: Vec<Figures>,
}

/// A document as far as a credit note has to agree with it.
#[derive(Debug)]
struct Figures {
    currency: Currency,
    net: i64,
    tax: i64,
    total: i64,
    /// Can a credit note take it back?
    open: bool,
}

impl MoneySeat {
    /// Takes an event that is folded into `account`.
    pub(super) fn add(
        &mut self,
        account: &Account,
        event: &Event,
        all: &mut Documents,
    ) -> Result<(), String> {
        let lines = money_postings(event);
        self.post(account, &lines, all)?;
        match event {
            Event::PaymentRequested { .. } => all.counts.payments += 1,
            Event::PaymentSucceeded { money, .. } => all.settle(*money, 1),
            Event::RefundRequested { .. } => all.counts.refunds += 1,
            Event::RefundSucceeded { money, .. } => all.settle(*money, -1),
            Event::InvoiceIssued { document, number, order, .. } => {
                self.issue(*document, &order.bill, true)?;
                all.issue(number, &order.bill, 1)?;
                all.counts.invoices += 1;
            }
            Event::CreditNoteIssued { document, number, corrects, bill, .. } => {
                self.take_back(*corrects, bill)?;
                self.issue(*document, bill, false)?;
                all.issue(number, bill, -1)?;
                all.counts.credit_notes += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn post(
        &mut self,
        account: &Account,
        lines: &[MoneyPosting],
        all: &mut Documents,
    ) -> Result<(), String> {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for MoneyPosting { book, money } in lines {
            let amount = i128::from(money.amount);
            *sums.entry(money.currency).or_default() += amount;
            *all.totals.entry((money.currency, *book)).or_default() += amount;
            let sum = match book {
                MoneyBook::Receivable => &mut self.receivable,
                MoneyBook::DeferredRevenue => &mut self.deferred,
                _ => continue,
            };
            if money.currency != account.currency {
                return Err(format!(
                    "posts {money} to {book} of an account in {}",
                    account.currency
                ));
            }
            *sum += amount;
        }
        match sums.iter().find(|(_, sum)| **sum != 0) {
            Some((currency, sum)) => {
                Err(format!("its postings sum to {sum} minor units of {currency}"))
            }
            None => Ok(()),
        }
    }

    fn issue(&mut self, document: DocumentId, bill: &Bill, open: bool) -> Result<(), String> {
        let last = self.documents.len();
        if usize::try_from(document.0).ok() != last.checked_add(1) {
            return Err(format!("issues {document} after inv_{last}"));
        }
        let Bill { currency, net, tax, total, .. } = *bill;
        self.documents.push(Figures { currency, net, tax, total, open });
        Ok(())
    }

    fn take_back(&mut self, invoice: DocumentId, bill: &Bill) -> Result<(), String> {
        let place = usize::try_from(invoice.0).ok().and_then(|number| number.checked_sub(1));
        let figures = place.and_then(|place| self.documents.get_mut(place));
        let Some(figures) = figures.filter(|figures| figures.open) else {
            return Err(format!("takes back {invoice}, which is no invoice that could be"));
        };
        figures.open = false;
        let of_invoice = (figures.currency, figures.net, figures.tax, figures.total);
        if of_invoice != (bill.currency, bill.net, bill.tax, bill.total) {
            return Err(format!(
                "takes back {} of {invoice}, which was of {} minor units",
                bill.due(),
                figures.total
            ));
        }
        Ok(())
    }

    /// Do the books agree with the state?
    pub(super) fn check(&self, account: &Account) -> Result<(), String> {
        let billing = &account.billing;
        let topups = billing.topups.iter().map(|topup| i128::from(topup.unearned));
        let unearned = i128::from(billing.unearned) + topups.sum::<i128>();
        if self.deferred != -unearned {
            return Err(format!(
                "the books have {} minor units as deferred revenue; the state has {unearned} unearned",
                -self.deferred
            ));
        }
        let invoices = billing.open_invoices.iter().map(|(_, order)| order.bill.total);
        let refunds = billing.refunds.iter().map(|refund| refund.money.amount);
        let open = invoices.map(i128::from).sum::<i128>() - refunds.map(i128::from).sum::<i128>();
        if self.receivable != open {
            return Err(format!(
                "the books have {} minor units receivable; open invoices less refunds are {open}",
                self.receivable
            ));
        }
        Ok(())
    }
}

impl Documents {
    fn settle(&mut self, money: Money, sign: i128) {
        let settled = self.settled.entry(money.currency).or_default();
        *settled += sign * i128::from(money.amount);
    }

    /// Takes a document; `sign` is −1 for a credit note.
    fn issue(&mut self, number: &LegalNumber, bill: &Bill, sign: i128) -> Result<(), String> {
        let last = self.numbers.entry((number.series.clone(), number.year)).or_default();
        if last.checked_add(1) != Some(number.number) {
            return Err(format!("gives out {number} after number {last}"));
        }
        *last = number.number;
        let net = bill.lines.iter().map(|line| i128::from(line.net)).sum::<i128>();
        let due = net + i128::from(bill.tax);
        if bill.total < 0 || net != i128::from(bill.net) || due != i128::from(bill.total) {
            return Err(format!(
                "{number} does not add up: lines of {net}, {} net, {} tax, {} due",
                bill.net, bill.tax, bill.total
            ));
        }
        *self.documented.entry(bill.currency).or_default() += sign * due;
        Ok(())
    }

    /// Is what all customers owe what their documents say, less what they have paid?
    pub(super) fn check(&self) -> Result<(), String> {
        let of = |sums: &BTreeMap<Currency, i128>, currency| sums.get(currency).copied();
        for ((currency, _), posted) in
            self.totals.iter().filter(|((_, book), _)| *book == MoneyBook::Receivable)
        {
            let documented = of(&self.documented, currency).unwrap_or_default();
            let settled = of(&self.settled, currency).unwrap_or_default();
            if *posted != documented - settled {
                return Err(format!(
                    "all documents are of {documented} minor units of {currency} and {settled} were \
                     paid; the books have {posted} receivable"
                ));
            }
        }
        Ok(())
    }

    pub(super) const fn totals(&self) -> &BTreeMap<(Currency, MoneyBook), i128> {
        &self.totals
    }

    pub(super) const fn counts(&self) -> Counts {
        self.counts
    }
}
