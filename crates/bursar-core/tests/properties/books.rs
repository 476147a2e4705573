//! The books of one account, kept from its events alone and compared with its state.

use std::collections::BTreeMap;

use bursar_core::account::Account;
use bursar_core::account::event::{Event, Recorded};
use bursar_core::bill::Bill;
use bursar_core::credits::Credits;
use bursar_core::id::{DocumentId, PaymentId};
use bursar_core::postings::{Book, MoneyBook, money_postings, postings};
use bursar_core::time::Timestamp;

/// What a payment that succeeded has brought: how much it was, and for how much it was used.
#[derive(Default)]
struct Taken {
    money: i64,
    used: Vec<i64>,
    credited: Vec<i64>,
}

/// What was booked.
pub(crate) struct Books {
    credits: BTreeMap<Book, Credits>,
    money: BTreeMap<MoneyBook, i64>,
    taken: BTreeMap<PaymentId, Taken>,
    returned: i64,
    invoices: BTreeMap<DocumentId, i64>,
    next_document: u32,
    last: Timestamp,
}

impl Books {
    pub(crate) fn new(opened: Timestamp) -> Self {
        Self {
            credits: BTreeMap::new(),
            money: BTreeMap::new(),
            taken: BTreeMap::new(),
            returned: 0,
            invoices: BTreeMap::new(),
            next_document: 1,
            last: opened,
        }
    }

    /// Books one event: its lines sum to zero, and what it says is true.
    pub(crate) fn book(&mut self, recorded: &Recorded) {
        assert!(recorded.at >= self.last, "time ran back: {recorded:?}");
        self.last = recorded.at;
        self.book_credits(recorded);
        let lines = money_postings(&recorded.event);
        let sum: i64 = lines.iter().map(|line| line.money.amount).sum();
        assert_eq!(sum, 0, "unbalanced: {lines:?}");
        for line in lines {
            *self.money.entry(line.book).or_default() += line.money.amount;
        }
        self.book_documents(&recorded.event);
        self.book_payments(&recorded.event);
    }

    fn book_credits(&mut self, recorded: &Recorded) {
        let lines = postings(&recorded.event);
        let sum = Credits::total(lines.iter().map(|line| line.credits));
        assert!(sum.is_zero(), "unbalanced: {lines:?}");
        for line in lines {
            let book = self.credits.entry(line.book).or_default();
            *book = book.plus(line.credits);
        }
        let of = |book| self.credits.get(&book).copied().unwrap_or_default();
        assert_eq!(of(Book::Available), recorded.available, "{recorded:?}");
        assert_eq!(of(Book::Held), recorded.held, "{recorded:?}");
        assert!(!recorded.available.is_negative() && !recorded.held.is_negative());
    }

    fn book_documents(&mut self, event: &Event) {
        let (document, bill) = match event {
            Event::InvoiceIssued { document, order, .. } => {
                self.invoices.insert(*document, order.bill.total);
                (document, &order.bill)
            }
            Event::CreditNoteIssued { document, corrects, bill, .. } => {
                let invoice = self.invoices.remove(corrects);
                assert_eq!(invoice, Some(bill.total), "an invoice is taken back once, in full");
                (document, bill)
            }
            _ => return,
        };
        assert_eq!(document.0, self.next_document, "documents are numbered without gaps");
        self.next_document += 1;
        assert!(bill.total > 0, "a document of nothing: {bill:?}");
        adds_up(bill);
    }

    fn book_payments(&mut self, event: &Event) {
        match event {
            Event::PaymentRequested { order, .. } => {
                assert!(order.bill.total > 0, "a payment of nothing: {order:?}");
                adds_up(&order.bill);
            }
            Event::PaymentSucceeded { payment, money, .. } => {
                let taken = Taken { money: money.amount, ..Taken::default() };
                assert!(self.taken.insert(*payment, taken).is_none(), "{payment} taken twice");
            }
            Event::InvoicePaid { payment, document, .. } => {
                let total = self.invoices.get(document).copied().unwrap();
                self.taken.get_mut(payment).unwrap().used.push(total);
            }
            Event::RefundRequested { payment, money, document, .. } => {
                let taken = self.taken.get_mut(payment).unwrap();
                match document {
                    None => taken.used.push(money.amount),
                    Some(_) => taken.credited.push(money.amount),
                }
            }
            Event::RefundSucceeded { money, .. } => self.returned += money.amount,
            _ => {}
        }
    }

    /// Compares with the state after a command.
    pub(crate) fn compare(&self, account: &Account) {
        account.check().unwrap();
        for (payment, taken) in &self.taken {
            assert_eq!(taken.used, [taken.money], "{payment} must have one effect, all of it");
            let credited = taken.credited.as_slice();
            assert!(credited.is_empty() || credited == [taken.money], "{payment}: {credited:?}");
        }
        let of = |book: MoneyBook| self.money.get(&book).copied().unwrap_or_default();
        let billing = &account.billing;
        let topups: i64 = billing.topups.iter().map(|topup| topup.unearned).sum();
        assert_eq!(of(MoneyBook::DeferredRevenue), -(billing.unearned + topups));
        let open: i64 = billing.open_invoices.iter().map(|(_, order)| order.bill.total).sum();
        let refunds: i64 = billing.refunds.iter().map(|refund| refund.money.amount).sum();
        assert_eq!(of(MoneyBook::Receivable), open - refunds);
        let taken: i64 = self.taken.values().map(|taken| taken.money).sum();
        let bank = [MoneyBook::Cash, MoneyBook::Disputed, MoneyBook::Chargebacks];
        assert_eq!(bank.map(of).iter().sum::<i64>(), taken - self.returned);
        assert_eq!(billing.next_document.0, self.next_document);
        assert!(billing.carried >= 0, "carried {}", billing.carried);
        assert!(billing.topups.iter().all(|topup| topup.unearned > 0));
        self.goes_on(account);
    }

    /// Nothing that is unpaid waits for ever.
    fn goes_on(&self, account: &Account) {
        let due = account.next_due_at();
        assert!(due.is_none_or(|due| due >= account.booked_at), "due before {}", self.last);
        let Some(live) = account.live() else {
            assert!(account.billing.open_invoices.is_empty(), "owed without a subscription");
            return;
        };
        let waits = live.renewal.as_ref().map(|renewal| account.billing.paying(renewal.document));
        assert!(due.is_some() || matches!(waits, Some(Some(_))), "stuck: {account:?}");
    }
}

/// The lines sum to the net, which with the tax is the total, which is never negative.
fn adds_up(bill: &Bill) {
    assert_eq!(bill.lines.iter().map(|line| line.net).sum::<i64>(), bill.net, "{bill:?}");
    assert_eq!(bill.net + bill.tax, bill.total, "{bill:?}");
    assert!(bill.total >= 0 && bill.tax >= 0, "{bill:?}");
}
