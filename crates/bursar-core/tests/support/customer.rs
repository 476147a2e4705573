//! A customer with an account and a clock: asks for things, answers for the payment provider, lets
//! time pass, and keeps the history that late news are judged by.

use std::collections::BTreeMap;

use bursar_core::Context;
use bursar_core::account::advance::advance;
use bursar_core::account::command::{
    AddPaymentMethod, BuyTopup, Cancel, ChangePlan, Command, LinkCustomer, Open, PaymentOutcome,
    SettlePayment, SettleRefund,
};
use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::payments::record::{self, PaymentRecord};
use bursar_core::account::payments::{Effect, OpenPayment, PaymentMethod, Retry};
use bursar_core::account::spend;
use bursar_core::account::storage::record::{self as asset, AssetRecord};
use bursar_core::account::subscription::offer::{Offer, offer};
use bursar_core::account::{Account, Past, execute};
use bursar_core::bill::Bill;
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::id::{AssetId, PaymentId, RefundId};
use bursar_core::provider::{Card, PaymentRef};
use bursar_core::rejection::{Rejection, SubscriptionRejection};
use bursar_core::time::{Timestamp, ZoneName};

use super::key;

#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use Interval::{Month, Year};
#[allow(unused_imports, reason = "each test uses its part")]
pub(crate) use PaymentOutcome::{Cancelled, Processing, RequiresAction, Succeeded};

/// See the module.
#[derive(Clone)]
pub(crate) struct Customer {
    pub(crate) catalog: Catalog,
    pub(crate) account: Account,
    pub(crate) now: Timestamp,
    pub(crate) history: Vec<Recorded>,
    entropy: u64,
}

/// A decline of which the provider says that the same card may work later.
pub(crate) fn declined() -> PaymentOutcome {
    PaymentOutcome::Declined { code: key("insufficient_funds"), retry: Retry::Later }
}

/// A decline that forbids further attempts with the card.
pub(crate) fn refused() -> PaymentOutcome {
    PaymentOutcome::Declined { code: key("stolen_card"), retry: Retry::NewMethod }
}

/// A card that is valid through 9999, or until the end of another year.
pub(crate) fn card(name: &str, exp_year: u16) -> PaymentMethod {
    PaymentMethod {
        reference: format!("pm_{name}").parse().unwrap(),
        card: Some(Card {
            brand: "visa".to_owned(),
            last4: "4242".parse().unwrap(),
            exp_month: 12,
            exp_year,
            fingerprint: None,
        }),
        mandate: None,
    }
}

pub(crate) fn change(plan: &str, interval: Interval) -> Command {
    Command::ChangePlan(ChangePlan { plan: plan.to_owned(), interval, confirms: None })
}

pub(crate) fn confirm(offer: &Offer) -> Command {
    Command::ChangePlan(ChangePlan {
        plan: offer.plan.to_string(),
        interval: offer.interval,
        confirms: Some(Box::new(offer.clone())),
    })
}

pub(crate) fn cancel() -> Command {
    Command::Cancel(Cancel { reason: None })
}

pub(crate) fn topup(pack: &str) -> Command {
    Command::BuyTopup(BuyTopup { pack: pack.to_owned() })
}

pub(crate) fn add_card(name: &str, default: bool) -> Command {
    Command::AddPaymentMethod(AddPaymentMethod { method: card(name, 9999), default })
}

impl Customer {
    /// A new account without a card, in UTC.
    pub(crate) fn open(catalog: Catalog, now: &str) -> Self {
        Self::open_in(catalog, now.parse().unwrap(), ZoneName::utc())
    }

    pub(crate) fn open_in(catalog: Catalog, now: Timestamp, zone: ZoneName) -> Self {
        let open = Open { zone, currency: None };
        let (account, opened) = open.decide("ada".parse().unwrap(), &catalog, now).unwrap();
        Self { catalog, account, now, history: vec![opened], entropy: 0 }
    }

    /// A new account that the provider knows, with a card.
    pub(crate) fn with_card(catalog: Catalog, now: &str) -> Self {
        let mut customer = Self::open(catalog, now);
        customer.link();
        customer.run(&add_card("visa", true));
        customer
    }

    /// A subscriber, from `now` on.
    pub(crate) fn subscribed(catalog: Catalog, now: &str, plan: &str, interval: Interval) -> Self {
        let mut customer = Self::with_card(catalog, now);
        customer.pay(&change(plan, interval));
        customer
    }

    pub(crate) fn link(&mut self) {
        let customer = "cus_ada".parse().unwrap();
        self.run(&Command::LinkCustomer(LinkCustomer { customer, seed: [7; 16] }));
    }

    /// Asks for something, after what fell due; says what happened by it.
    pub(crate) fn ask(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        self.book_due();
        let past = self.past(command);
        self.entropy += 1;
        let mut entropy = [0; 10];
        // Version and variant take bits of the first three bytes; the last one counts refunds.
        entropy[3..9].copy_from_slice(&self.entropy.to_be_bytes()[2..]);
        let context = Context { now: self.now, entropy };
        let recorded = execute(&mut self.account, &self.catalog, command, &context, &past)?;
        self.now = self.now.max(self.account.last_event_at);
        self.history.extend(recorded.iter().cloned());
        Ok(recorded.into_iter().map(|recorded| recorded.event).collect())
    }

    /// Asks for something that is granted.
    pub(crate) fn run(&mut self, command: &Command) -> Vec<Event> {
        self.ask(command).unwrap_or_else(|rejection| panic!("{}: {rejection}", command.name()))
    }

    /// Asks for something and pays for it; says what the money brought.
    pub(crate) fn pay(&mut self, command: &Command) -> Vec<Event> {
        self.run(command);
        self.answer_all(&Succeeded)
    }

    /// What a refused command is told: the code, and what would fix it.
    pub(crate) fn refused(&mut self, command: &Command) -> (&'static str, String) {
        let rejection = self.ask(command).unwrap_err();
        (rejection.code(), rejection.fix())
    }

    pub(crate) fn preview(
        &self,
        plan: &str,
        interval: Interval,
    ) -> Result<Offer, SubscriptionRejection> {
        offer(&self.account, &self.catalog, plan, interval, self.now)
    }

    /// The provider says what became of a payment.
    pub(crate) fn settle(
        &mut self,
        payment: PaymentId,
        outcome: &PaymentOutcome,
    ) -> Result<Vec<Event>, Rejection> {
        self.ask(&settlement(payment, outcome))
    }

    /// The provider answers everything that it is to be asked for: payments with `outcome`.
    pub(crate) fn answer_all(&mut self, outcome: &PaymentOutcome) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(command) = self.next_answer(&mut |_| outcome.clone()) {
            events.extend(self.run(&command));
        }
        events
    }

    /// The answer to what the provider is to be asked for first.
    fn next_answer(
        &self,
        provider: &mut impl FnMut(&OpenPayment) -> PaymentOutcome,
    ) -> Option<Command> {
        let effects = self.account.billing.effects();
        Some(match effects.first()? {
            Effect::Charge(payment) => settlement(payment.id, &provider(payment)),
            Effect::Cancel(payment) => settlement(payment.id, &Cancelled),
            Effect::Refund(refund) => settle_refund(refund.id),
        })
    }

    /// Lets time pass while the provider answers at once, so that every payment that falls due on
    /// the way is settled at the same moment. Says what happened, with when.
    pub(crate) fn wait_until(
        &mut self,
        to: Timestamp,
        mut provider: impl FnMut(&OpenPayment) -> PaymentOutcome,
    ) -> Vec<Recorded> {
        let before = self.history.len();
        loop {
            while let Some(command) = self.next_answer(&mut provider) {
                self.run(&command);
            }
            match self.account.next_due_at().filter(|due| *due <= to) {
                Some(due) => self.now = self.now.max(due),
                None => break,
            }
            self.book_due();
        }
        self.now = to;
        self.history[before..].to_vec()
    }

    /// The same, and every payment succeeds.
    pub(crate) fn paying_until(&mut self, to: &str) -> Vec<Recorded> {
        self.wait_until(to.parse().unwrap(), |_| Succeeded)
    }

    /// The same, and every payment is declined, but may work later.
    pub(crate) fn declined_until(&mut self, to: &str) -> Vec<Recorded> {
        self.wait_until(to.parse().unwrap(), |_| declined())
    }

    /// Lets time pass without an answer of the provider.
    pub(crate) fn unanswered_until(&mut self, to: &str) -> Vec<Recorded> {
        self.now = to.parse().unwrap();
        self.book_due()
    }

    /// Books what fell due until now.
    pub(crate) fn book_due(&mut self) -> Vec<Recorded> {
        let due = advance(&mut self.account, &self.catalog, self.now);
        self.history.extend(due.iter().cloned());
        due
    }

    /// What `command` needs of history.
    fn past(&self, command: &Command) -> Past {
        let spend = command.needs_history(&self.account).and_then(|id| {
            let own = self.history.iter().filter(|r| spend::subject(&r.event) == Some(id));
            own.fold(None, spend::fold)
        });
        let payment = command.needs_payment(&self.account).and_then(|id| self.payment(id));
        let asset = command.needs_asset(&self.account).and_then(|id| self.asset(id));
        Past {
            spend: spend.map(Box::new),
            payment: payment.map(Box::new),
            asset: asset.map(Box::new),
        }
    }

    /// A file as its last event left it.
    pub(crate) fn asset(&self, id: AssetId) -> Option<AssetRecord> {
        let mut own = self.history.iter().filter(|r| asset::subject(&r.event) == Some(id));
        own.next_back().and_then(asset::after)
    }

    /// A payment from beginning to end.
    pub(crate) fn payment(&self, id: PaymentId) -> Option<PaymentRecord> {
        let own = self.history.iter().filter(|r| record::subject(&r.event) == Some(id));
        own.fold(None, record::fold)
    }

    /// All payments that were asked for, oldest first.
    pub(crate) fn payments(&self) -> Vec<PaymentId> {
        let requested = self.history.iter().filter_map(|r| match &r.event {
            Event::PaymentRequested { payment, .. } => Some(*payment),
            _ => None,
        });
        requested.collect()
    }

    /// The payment that was asked for last.
    pub(crate) fn last_payment(&self) -> PaymentId {
        *self.payments().last().unwrap()
    }

    /// The bills of all invoices, oldest first.
    pub(crate) fn invoices(&self) -> Vec<Bill> {
        let issued = self.history.iter().filter_map(|r| match &r.event {
            Event::InvoiceIssued { order, .. } => Some(order.bill.clone()),
            _ => None,
        });
        issued.collect()
    }

    /// How many of each kind of event there are in its history.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for recorded in &self.history {
            *counts.entry(bursar_core::describe::kind(&recorded.event)).or_default() += 1;
        }
        counts
    }

    /// How many events of that kind there are in its history.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.counts().get(kind).copied().unwrap_or_default()
    }
}

/// What the provider says of a payment.
pub(crate) fn settlement(payment: PaymentId, outcome: &PaymentOutcome) -> Command {
    Command::SettlePayment(SettlePayment {
        payment,
        reference: Some(reference(payment)),
        outcome: outcome.clone(),
    })
}

/// The provider's name for a payment. Digits become letters: many in a row look like a card number.
fn reference(payment: PaymentId) -> PaymentRef {
    let letter =
        |c: char| c.to_digit(10).map_or(c, |digit| char::from_digit(digit + 16, 36).unwrap());
    payment
        .to_string()
        .replace("pay_", "pi_")
        .chars()
        .map(letter)
        .collect::<String>()
        .parse()
        .unwrap()
}

/// A refund went through.
pub(crate) fn settle_refund(refund: RefundId) -> Command {
    Command::SettleRefund(SettleRefund { refund, outcome: Ok(()) })
}
