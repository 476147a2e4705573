//! What must be so at the end, however it came about.

use std::collections::BTreeMap;

use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::payments::record::subject;
use bursar_core::account::state::Subscription;
use bursar_core::credits::Credits;
use bursar_core::id::PaymentId;
use bursar_core::money::Currency;
use bursar_core::postings::MoneyBook;
use bursar_store::JournalPosition;
use bursar_store::audit::Audit;

use crate::world::{Life, World, ada};

/// What came of it all, without when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Books {
    /// What the bank has taken and not returned, in minor units.
    pub(crate) kept: i64,
    pub(crate) plan: String,
    pub(crate) available: Credits,
    pub(crate) invoices: usize,
    pub(crate) credit_notes: usize,
    pub(crate) succeeded: usize,
    pub(crate) failed: usize,
    pub(crate) returned: usize,
}

/// What a payment's events come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Effects {
    succeeded: usize,
    failed: usize,
    /// Invoices that it paid.
    paid: usize,
    /// Times that its money went back because it bought nothing.
    returned: usize,
}

impl Life<'_> {
    /// Checks all that holds for any history, and says what came of this one.
    pub(crate) async fn books(&self) -> Books {
        let journal =
            self.engine.store().journal(JournalPosition::default(), 10_000).await.unwrap();
        let mut audit = Audit::new();
        for (position, entry) in &journal {
            audit.add(*position, entry).unwrap();
        }
        assert_eq!(self.world.bank.offences(), Vec::<String>::new());
        let account = audit.account(&ada()).unwrap();
        assert_eq!(*account, *self.account().await, "the journal makes another state");
        assert!(!account.billing.is_waiting(), "{:?}", account.billing);

        let events: Vec<&Recorded> = journal.iter().flat_map(|(_, entry)| &entry.events).collect();
        let effects = effects(&events);
        for (payment, effects) in &effects {
            check(self.world, *payment, effects);
        }
        let kept = self.world.bank.kept();
        let cash = audit.money_totals().get(&(Currency::USD, MoneyBook::Cash)).copied();
        assert_eq!(
            i128::from(kept),
            cash.unwrap_or(0),
            "what the bank has, and what the books say"
        );
        let count = |is: fn(&Event) -> bool| events.iter().filter(|it| is(&it.event)).count();
        Books {
            kept,
            plan: match &account.subscription {
                Subscription::Live(live) => {
                    format!("{} by the {}", live.plan, live.interval.as_str())
                }
                _ => account.status().to_owned(),
            },
            available: account.available(),
            invoices: count(|event| matches!(event, Event::InvoiceIssued { .. })),
            credit_notes: count(|event| matches!(event, Event::CreditNoteIssued { .. })),
            succeeded: effects.values().map(|it| it.succeeded).sum(),
            failed: effects.values().map(|it| it.failed).sum(),
            returned: effects.values().map(|it| it.returned).sum(),
        }
    }
}

fn effects(events: &[&Recorded]) -> BTreeMap<PaymentId, Effects> {
    let mut all: BTreeMap<PaymentId, Effects> = BTreeMap::new();
    for recorded in events {
        let Some(payment) = subject(&recorded.event) else { continue };
        let effects = all.entry(payment).or_default();
        match &recorded.event {
            Event::PaymentSucceeded { .. } => effects.succeeded += 1,
            Event::PaymentFailed { .. } => effects.failed += 1,
            Event::InvoicePaid { .. } => effects.paid += 1,
            Event::RefundRequested { document: None, .. } => effects.returned += 1,
            _ => {}
        }
    }
    all
}

/// A payment that succeeded has exactly one effect, and one that didn't has none and took nothing.
fn check(world: &World, payment: PaymentId, effects: &Effects) {
    assert_eq!(effects.paid + effects.returned, effects.succeeded, "{payment}: {effects:?}");
    assert!(effects.succeeded <= 1 && effects.failed <= 1, "{payment}: {effects:?}");
    assert!(effects.succeeded + effects.failed >= 1, "{payment} is forgotten: {effects:?}");
    let kept = world.bank.sandbox.controls().kept(payment);
    assert!(kept == 0 || effects.paid == 1, "{payment}: {kept} kept for nothing");
}
