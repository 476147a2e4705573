//! Payments and documents of one account.

use std::collections::{BTreeMap, BTreeSet};

use bursar_core::account::event::{Event, LotSource};
use bursar_core::account::payments::{Order, Purchase};
use bursar_core::bill::Bill;
use bursar_core::catalog::Interval;
use bursar_core::id::{DocumentId, PaymentId, RefundId};
use bursar_core::time::Timestamp;

use super::automatic::Automatic;
use super::prices;

/// What was asked for, taken, returned and documented, in minor units of the account's currency.
#[derive(Debug, Default)]
pub(crate) struct Till {
    automatic: Automatic,
    payments: BTreeMap<PaymentId, Payment>,
    refunds: BTreeMap<RefundId, Refund>,
    invoices: BTreeMap<DocumentId, Invoice>,
    documents: u32,
    /// Invoices whose top-up has come.
    delivered: BTreeSet<DocumentId>,
}

#[derive(Debug)]
struct Payment {
    due: i64,
    succeeded: bool,
    failed: bool,
    pays: Option<DocumentId>,
    /// It bought nothing, and goes back.
    goes_back: bool,
}

#[derive(Debug)]
struct Refund {
    payment: PaymentId,
    amount: i64,
    succeeded: bool,
}

#[derive(Debug)]
struct Invoice {
    total: i64,
    paid: bool,
    taken_back: bool,
    topup_micro: Option<i64>,
}

impl Till {
    /// The last invoice that isn't paid, of those that still could be.
    pub(crate) fn unpaid(&self) -> Option<DocumentId> {
        let open = |(_, invoice): &(_, &Invoice)| !invoice.paid && !invoice.taken_back;
        self.invoices.iter().rev().find(open).map(|(document, _)| *document)
    }

    /// The last top-up's invoice.
    pub(crate) fn last_topup(&self) -> Option<DocumentId> {
        let is_topup = |(_, invoice): &(_, &Invoice)| invoice.topup_micro.is_some();
        self.invoices.iter().rev().find(is_topup).map(|(document, _)| *document)
    }

    /// The last payment that took money.
    pub(crate) fn last_payment(&self) -> Option<PaymentId> {
        let took = |(_, payment): &(_, &Payment)| payment.succeeded;
        self.payments.iter().rev().find(took).map(|(payment, _)| *payment)
    }

    /// What the bank should have of each payment.
    pub(crate) fn kept(&self) -> BTreeMap<PaymentId, i64> {
        let returned = |id| {
            let of = self.refunds.values().filter(|refund| refund.payment == id);
            of.filter(|refund| refund.succeeded).map(|refund| refund.amount).sum::<i64>()
        };
        let taken = |payment: &Payment| if payment.succeeded { payment.due } else { 0 };
        self.payments.iter().map(|(id, it)| (*id, taken(it) - returned(*id))).collect()
    }

    /// What paid invoices say, less those that were taken back.
    pub(crate) fn documented(&self) -> i64 {
        let stand = self.invoices.values().filter(|it| it.paid && !it.taken_back);
        stand.map(|invoice| invoice.total).sum()
    }

    /// What is still to be returned.
    pub(crate) fn owed(&self) -> i64 {
        self.refunds.values().filter(|refund| !refund.succeeded).map(|refund| refund.amount).sum()
    }

    /// Payments that are neither taken nor over.
    pub(crate) fn open(&self) -> Vec<PaymentId> {
        let open = self.payments.iter().filter(|(_, it)| !it.succeeded && !it.failed);
        open.map(|(id, _)| *id).collect()
    }

    /// After each entry: money that was taken has bought something, or goes back.
    pub(super) fn settle_up(&self) -> Result<(), String> {
        for (id, payment) in self.payments.iter().filter(|(_, payment)| payment.succeeded) {
            ensure!(payment.pays.is_some() != payment.goes_back, "{id} is taken for {payment:?}");
        }
        let bought = |(document, invoice): (&DocumentId, &Invoice)| {
            let due = invoice.paid && invoice.topup_micro.is_some();
            due == self.delivered.contains(document)
        };
        ensure!(self.invoices.iter().all(bought), "a top-up and its invoice don't agree");
        Ok(())
    }

    /// What happened next, while so much could be spent, in millionths.
    pub(super) fn take(
        &mut self,
        at: Timestamp,
        available: i64,
        event: &Event,
    ) -> Result<(), String> {
        self.automatic.take(at, available, event)?;
        match event {
            Event::PaymentRequested { payment, order, .. } => {
                check_price(order)?;
                let due = order.bill.total;
                let (succeeded, failed, pays, goes_back) = (false, false, None, false);
                let asked = Payment { due, succeeded, failed, pays, goes_back };
                let known = self.payments.insert(*payment, asked);
                ensure!(known.is_none(), "a payment is asked for twice");
            }
            Event::PaymentSucceeded { payment, money, .. } => {
                let payment = self.payments.get_mut(payment).ok_or("nobody asked for it")?;
                ensure!(!payment.succeeded, "it has succeeded before");
                ensure!(money.amount == payment.due, "{} was asked for", payment.due);
                payment.succeeded = true;
            }
            Event::PaymentFailed { payment, .. } => {
                let payment = self.payments.get_mut(payment).ok_or("nobody asked for it")?;
                ensure!(!payment.succeeded && !payment.failed, "it was over: {payment:?}");
                payment.failed = true;
            }
            Event::InvoiceIssued { document, order, .. } => {
                check_price(order)?;
                self.number(*document)?;
                let topup_micro = match &order.purchase {
                    Purchase::Topup { credits, .. } => Some(credits.micro()),
                    _ => None,
                };
                let total = order.bill.total;
                let issued = Invoice { total, paid: false, taken_back: false, topup_micro };
                self.invoices.insert(*document, issued);
            }
            Event::InvoicePaid { document, payment, .. } => self.pay(*document, *payment)?,
            Event::CreditNoteIssued { document, corrects, bill, paid, .. } => {
                self.number(*document)?;
                let invoice = self.invoices.get_mut(corrects).ok_or("there is no such invoice")?;
                ensure!(!invoice.taken_back, "the invoice was taken back before");
                ensure!(invoice.total == bill.total, "the invoice is of {}", invoice.total);
                ensure!(invoice.paid == *paid, "paid: {}", invoice.paid);
                invoice.taken_back = true;
            }
            Event::RefundRequested { refund, payment, money, document, .. } => {
                self.return_money(*refund, *payment, money.amount, document.is_none())?;
            }
            Event::RefundSucceeded { refund, .. } => {
                let refund = self.refunds.get_mut(refund).ok_or("nobody asked for it")?;
                ensure!(!refund.succeeded, "it has succeeded before");
                refund.succeeded = true;
            }
            Event::RefundFailed { refund, .. } => {
                let refund = self.refunds.get_mut(refund).ok_or("nobody asked for it")?;
                refund.succeeded = false;
            }
            Event::LotIssued { source: LotSource::Topup { document, .. }, credits, .. } => {
                let invoice = self.invoices.get(document).ok_or("a top-up without an invoice")?;
                ensure!(invoice.paid, "a top-up that isn't paid");
                ensure!(invoice.topup_micro == Some(credits.micro()), "{invoice:?}");
                ensure!(self.delivered.insert(*document), "a top-up comes twice");
            }
            _ => {}
        }
        Ok(())
    }

    fn number(&mut self, document: DocumentId) -> Result<(), String> {
        self.documents += 1;
        ensure!(document.0 == self.documents, "it is the turn of {}", self.documents);
        Ok(())
    }

    fn pay(&mut self, document: DocumentId, payment: PaymentId) -> Result<(), String> {
        let invoice = self.invoices.get_mut(&document).ok_or("there is no such invoice")?;
        let payment = self.payments.get_mut(&payment).ok_or("there is no such payment")?;
        ensure!(!invoice.paid && !invoice.taken_back, "it was paid before, or taken back");
        ensure!(payment.succeeded, "the payment has not succeeded");
        ensure!(payment.due == invoice.total, "{} were paid", payment.due);
        ensure!(payment.pays.is_none(), "the payment has paid {:?}", payment.pays);
        invoice.paid = true;
        payment.pays = Some(document);
        Ok(())
    }

    fn return_money(
        &mut self,
        refund: RefundId,
        id: PaymentId,
        amount: i64,
        bought_nothing: bool,
    ) -> Result<(), String> {
        let payment = self.payments.get_mut(&id).ok_or("there is no such payment")?;
        ensure!(payment.succeeded, "returns what was not taken");
        ensure!(!(bought_nothing && payment.pays.is_some()), "it has paid {:?}", payment.pays);
        payment.goes_back |= bought_nothing;
        let before = self.refunds.values().filter(|refund| refund.payment == id);
        let returned: i64 = before.map(|refund| refund.amount).sum();
        ensure!(returned + amount <= payment.due, "{returned} of {} went back", payment.due);
        let known = self.refunds.insert(refund, Refund { payment: id, amount, succeeded: false });
        ensure!(known.is_none(), "a refund is asked for twice");
        Ok(())
    }
}

/// A bill adds up, and what has a fixed price has it.
fn check_price(order: &Order) -> Result<(), String> {
    let Bill { lines, net, tax, total, .. } = &order.bill;
    let sum: i64 = lines.iter().map(|line| line.net).sum();
    ensure!(sum == *net && net + tax == *total, "{net} net of lines of {sum}, {total} in all");
    ensure!(*tax == 0, "a tax of {tax} where there is none");
    ensure!(*total > 0, "a bill of {total}");
    let listed = match &order.purchase {
        Purchase::Topup { pack, .. } => prices::pack(pack.as_str()).map(|(price, _)| price),
        Purchase::Start { plan, interval, .. } | Purchase::Renewal { plan, interval, .. } => {
            prices::plan(plan.as_str()).map(|facts| match interval {
                Interval::Month => facts.month_minor,
                Interval::Year => facts.year_minor,
            })
        }
        Purchase::Change { .. } => return Ok(()),
    };
    let price = listed.map(|price| price + order.carried);
    ensure!(price == Some(*total), "{total} for what costs {price:?}");
    Ok(())
}
