//! What customers are told of an entry: which event makes which mail.
//!
//! Pure: the same entry with the same facts gives the same mails, so that one that has to be sent
//! again is made again instead of being kept.

use bursar_core::account::Account;
use bursar_core::account::documents::CreditReason;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::notices::NoticeKind;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::payments::{Purchase, Retry};
use bursar_core::catalog::Catalog;
use bursar_core::id::{DocumentId, Key, PaymentId};
use bursar_core::money::Money;
use bursar_core::time::Timestamp;
use bursar_mail::occasion::{
    AnnualRenewalReminder, AutoTopupFailed, CreditNote, DataDeleted, DataDeletionSoon, EndingSoon,
    NeedsAuthentication, PastDueEnded, PaymentFailed, Receipt, RefundedTo, SubscriptionEnded,
};
use bursar_mail::{Card, Occasion};
use bursar_store::Entry;

use super::known::Known;
use super::words;

/// A mail that is due.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The place of its event in the entry.
    pub(super) event: u32,
    /// When it became due.
    pub(super) at: Timestamp,
    /// What it says; without its attachment.
    pub(super) occasion: Occasion,
    /// The document that goes with it.
    pub(super) document: Option<DocumentId>,
    /// From when on it says nothing that helps any more.
    pub(super) until: Option<Timestamp>,
}

/// Can the entry make a mail at all? Most can't.
pub(super) fn concern(entry: &Entry) -> bool {
    entry.events.iter().any(|recorded| {
        matches!(
            recorded.event,
            Event::InvoicePaid { .. }
                | Event::CreditNoteIssued { .. }
                | Event::RenewalUnpaid { .. }
                | Event::PaymentProgressed { requires_action: true, .. }
                | Event::PaymentFailed { .. }
                | Event::SubscriptionEnded { .. }
                | Event::NoticeGiven { .. }
                | Event::AccountPurged
        )
    })
}

/// The mails that an entry makes, in order.
pub(super) fn occasions(entry: &Entry, known: &Known, catalog: &Catalog) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (place, (version, recorded)) in (0_u32..).zip(entry.versions()) {
        let teller = Teller { entry, known, catalog, place, version, at: recorded.at };
        let Some(told) = teller.told(&recorded.event) else {
            continue;
        };
        let Told { occasion, document, until } = told;
        drafts.push(Draft { event: place, at: recorded.at, occasion, document, until });
    }
    drafts
}

struct Told {
    occasion: Occasion,
    document: Option<DocumentId>,
    until: Option<Timestamp>,
}

impl Told {
    const fn only(occasion: Occasion) -> Self {
        Self { occasion, document: None, until: None }
    }

    const fn until(occasion: Occasion, until: Timestamp) -> Self {
        Self { occasion, document: None, until: Some(until) }
    }
}

/// One event with what is known around it.
struct Teller<'a> {
    entry: &'a Entry,
    known: &'a Known,
    catalog: &'a Catalog,
    /// The event's place in the entry.
    place: u32,
    /// The account's version after it.
    version: u64,
    at: Timestamp,
}

impl Teller<'_> {
    /// What is told of an event, if anything is.
    fn told(&self, event: &Event) -> Option<Told> {
        match event {
            Event::InvoicePaid { document, card, .. } => {
                self.receipt(*document, card.as_ref().map(Card::from))
            }
            Event::CreditNoteIssued { document, number, corrects, bill, paid: true, .. } => {
                let invoice = self.document(*corrects)?;
                let occasion = Occasion::CreditNote(CreditNote {
                    number: number.to_string().into(),
                    amount: bill.due(),
                    corrects: invoice.number.to_string().into(),
                    refunded_to: self.refunded_to(*document, invoice),
                    document: None,
                });
                Some(Told { document: Some(*document), ..Told::only(occasion) })
            }
            Event::RenewalUnpaid { document, retry_at, ends_at } => {
                self.unpaid(*document, *retry_at, *ends_at)
            }
            Event::PaymentProgressed { payment, requires_action: true, .. } => {
                self.waits(self.payment(*payment)?)
            }
            Event::PaymentFailed { payment, code, .. } => {
                self.topup_failed(self.payment(*payment)?, code)
            }
            Event::SubscriptionEnded { plan, purge_at } => self.ended(plan, *purge_at),
            Event::NoticeGiven { notice, comes_at, amount } => {
                self.notice(*notice, *comes_at, *amount)
            }
            Event::AccountPurged => {
                Some(Told::only(Occasion::DataDeleted(DataDeleted { deleted_at: self.at })))
            }
            _ => None,
        }
    }

    fn receipt(&self, document: DocumentId, card: Option<Card>) -> Option<Told> {
        let invoice = self.document(document)?;
        let DocumentKind::Invoice { purchase } = &invoice.kind else {
            return None;
        };
        let occasion = Occasion::Receipt(Receipt {
            number: invoice.number.to_string().into(),
            purpose: words::purpose(self.account(), self.catalog, purchase, &invoice.bill),
            lines: words::lines(self.catalog, &invoice.bill),
            total: invoice.bill.due(),
            paid_at: self.at,
            card,
            invoice: None,
        });
        Some(Told { document: Some(document), ..Told::only(occasion) })
    }

    /// Where the money of a credit note goes: back to where it came from, if it does.
    fn refunded_to(&self, note: DocumentId, invoice: &DocumentRecord) -> Option<RefundedTo> {
        let is_returned = self.entry.events.iter().any(|recorded| {
            matches!(recorded.event, Event::RefundRequested { document, .. } if document == Some(note))
        });
        let card = invoice.paid.as_ref().and_then(|paid| paid.card.as_ref());
        is_returned.then(|| match card {
            Some(card) => RefundedTo::Card(card.into()),
            None => RefundedTo::PaymentMethod,
        })
    }

    /// A renewal isn't paid. Who was there when the payment failed has seen it, and of a payment that
    /// is tried again with another card in the same moment its result tells.
    fn unpaid(
        &self,
        document: DocumentId,
        retry_at: Option<Timestamp>,
        ends_at: Timestamp,
    ) -> Option<Told> {
        let invoice = self.document(document)?;
        if matches!(self.events_after().first(), Some(Event::PaymentRequested { .. })) {
            return None;
        }
        let attempt = self.attempt();
        let payment = attempt.as_ref().and_then(|attempt| self.payment(attempt.payment));
        let was_there = payment.is_some_and(|payment| payment.on_session);
        if was_there && attempt.as_ref().is_some_and(|attempt| !attempt.is_given_up()) {
            return None;
        }
        let wants_customer = attempt.as_ref().is_some_and(|attempt| attempt.wants_customer());
        if let (true, Some(payment)) = (wants_customer, payment) {
            let purchase = &payment.order.purchase;
            let request = NeedsAuthentication {
                amount: invoice.bill.due(),
                purpose: words::purpose(self.account(), self.catalog, purchase, &invoice.bill),
                until: ends_at,
                subscription_ends: true,
            };
            return Some(Told::until(Occasion::NeedsAuthentication(request), ends_at));
        }
        Some(Told::only(Occasion::PaymentFailed(PaymentFailed {
            number: invoice.number.to_string().into(),
            amount: invoice.bill.due(),
            card: payment.and_then(card_of),
            decline_code: attempt.map(|attempt| attempt.code.to_owned()),
            next_attempt_at: retry_at,
            ends_at,
        })))
    }

    /// How the payment ended that the event rests on: the last one before it that did.
    fn attempt(&self) -> Option<Attempt<'_>> {
        self.events_before().rev().find_map(|recorded| match &recorded.event {
            Event::PaymentFailed { payment, code, retry } => {
                Some(Attempt { payment: *payment, code: code.as_str(), retry: *retry })
            }
            Event::PaymentAbandoned { payment } => {
                Some(Attempt { payment: *payment, code: CANCELED, retry: Retry::Customer })
            }
            _ => None,
        })
    }

    /// A payment waits for a customer who isn't there. Who is there is asked by the page.
    fn waits(&self, payment: &PaymentRecord) -> Option<Told> {
        if payment.on_session {
            return None;
        }
        let until = *self.known.expiries.get(&payment.id)?;
        let (purchase, bill) = (&payment.order.purchase, &payment.order.bill);
        let request = NeedsAuthentication {
            amount: bill.due(),
            purpose: words::purpose(self.account(), self.catalog, purchase, bill),
            until,
            subscription_ends: false,
        };
        Some(Told::until(Occasion::NeedsAuthentication(request), until))
    }

    /// An automatic top-up failed. Other payments that fail are told of by what they were for.
    fn topup_failed(&self, payment: &PaymentRecord, code: &Key) -> Option<Told> {
        let Purchase::Topup { credits, automatic: true, .. } = &payment.order.purchase else {
            return None;
        };
        let auto = self.state()?.billing.auto_topup.as_ref();
        let next = auto.filter(|auto| auto.declined.is_none()).and_then(|auto| auto.not_before);
        Some(Told::only(Occasion::AutoTopupFailed(AutoTopupFailed {
            credits: *credits,
            amount: payment.order.bill.due(),
            card: card_of(payment),
            decline_code: code.to_string(),
            next_attempt_at: next,
        })))
    }

    /// The end: for want of money, unless the customer had asked for it, by cancelling what was past due
    /// or by a refund.
    fn ended(&self, plan: &Key, purge_at: Timestamp) -> Option<Told> {
        let plan = words::plan(self.account(), self.catalog, plan);
        let mut unpaid = None;
        for recorded in self.events_before() {
            match &recorded.event {
                Event::CreditNoteIssued { corrects, reason: CreditReason::NotPaid, .. } => {
                    unpaid = Some(*corrects);
                }
                Event::CancellationRequested { .. }
                | Event::CreditNoteIssued {
                    reason: CreditReason::SubscriptionRefunded { .. },
                    ..
                } => return Some(Told::only(self.plain_end(plan, purge_at))),
                _ => {}
            }
        }
        let Some(unpaid) = unpaid else {
            return Some(Told::only(self.plain_end(plan, purge_at)));
        };
        let invoice = self.document(unpaid)?;
        Some(Told::only(Occasion::PastDueEnded(PastDueEnded {
            plan,
            number: invoice.number.to_string().into(),
            amount: invoice.bill.due(),
            ended_at: self.at,
            purge_at,
        })))
    }

    fn plain_end(&self, plan: bursar_mail::OneLine, purge_at: Timestamp) -> Occasion {
        Occasion::SubscriptionEnded(SubscriptionEnded { plan, ended_at: self.at, purge_at })
    }

    fn notice(
        &self,
        notice: NoticeKind,
        comes_at: Timestamp,
        amount: Option<Money>,
    ) -> Option<Told> {
        let occasion = match notice {
            NoticeKind::AnnualRenewal => self.renewal_notice(comes_at, amount?)?,
            NoticeKind::Ending => Occasion::EndingSoon(EndingSoon {
                plan: words::plan(self.account(), self.catalog, self.state()?.plan()?),
                ends_at: comes_at,
                purge_at: comes_at.after(self.catalog.policies.retention),
            }),
            NoticeKind::Deletion => Occasion::DataDeletionSoon(DataDeletionSoon {
                days_left: words::days_left(self.at, comes_at),
                purge_at: comes_at,
            }),
        };
        Some(Told::until(occasion, comes_at))
    }

    /// Nothing is said of a renewal that costs nothing.
    fn renewal_notice(&self, renews_at: Timestamp, amount: Money) -> Option<Occasion> {
        let account = self.state()?;
        let live = account.live()?;
        if amount.amount == 0 {
            return None;
        }
        // A plan that is gone by then isn't changed to.
        let change = live.scheduled.as_ref();
        let change = change.filter(|to| account.plan_of(self.catalog, &to.plan).is_some());
        let becomes =
            change.map(|to| words::plan_paid(account, self.catalog, &to.plan, to.interval));
        let method = account.billing.default_method();
        let card = method.and_then(|method| method.card.as_ref());
        Some(Occasion::AnnualRenewalReminder(AnnualRenewalReminder {
            plan: words::plan(account, self.catalog, &live.plan),
            becomes,
            amount,
            renews_at,
            card: card.map(Card::from),
        }))
    }

    /// The account at present, for what doesn't change or is only a name.
    fn account(&self) -> &Account {
        &self.known.account
    }

    /// The account as the event left it.
    fn state(&self) -> Option<&Account> {
        self.known.states.get(&self.version).map(AsRef::as_ref)
    }

    fn document(&self, id: DocumentId) -> Option<&DocumentRecord> {
        self.known.documents.get(&id)
    }

    fn payment(&self, id: PaymentId) -> Option<&PaymentRecord> {
        self.known.payments.get(&id)
    }

    /// What belongs to the same moment and comes before the event.
    fn events_before(&self) -> impl DoubleEndedIterator<Item = &Recorded> {
        let place = usize::try_from(self.place).unwrap_or(usize::MAX);
        let before = self.entry.events.get(..place).unwrap_or_default();
        before.iter().filter(|recorded| recorded.at == self.at)
    }

    fn events_after(&self) -> Vec<&Event> {
        let place = usize::try_from(self.place).unwrap_or(usize::MAX);
        let after = self.entry.events.get(place..).unwrap_or_default();
        after.iter().skip(1).map(|recorded| &recorded.event).take(1).collect()
    }
}

/// The code of a payment that was given up.
const CANCELED: &str = "canceled";

/// How a payment ended.
struct Attempt<'a> {
    payment: PaymentId,
    code: &'a str,
    retry: Retry,
}

impl Attempt<'_> {
    /// Did the customer leave it unfinished?
    fn is_given_up(&self) -> bool {
        self.code == CANCELED
    }

    /// Is it the customer who can make it succeed, with the same card?
    fn wants_customer(&self) -> bool {
        self.retry == Retry::Customer
    }
}

fn card_of(payment: &PaymentRecord) -> Option<Card> {
    payment.method.card.as_ref().map(Card::from)
}
