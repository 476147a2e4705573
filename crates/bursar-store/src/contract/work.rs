//! Random commands.

use std::collections::HashSet;
use std::time::Duration;

use bursar_core::account::command::{
    AdvanceClock, Cancel, CaptureAmount, CaptureHold, ClockTarget, Command, ExtendHold,
    NoteDispute, PaymentOutcome, RefundCharge, RefundSubscription, RefundTopup, ReleaseHold,
    SetBillingDetails, SettleRefund,
};
use bursar_core::account::event::Event;
use bursar_core::account::payments::{AutoTopup, DisputeStatus, Retry};
use bursar_core::account::spend::subject;
use bursar_core::catalog::Interval;
use bursar_core::id::{AccountId, DocumentId, PaymentId, RefundId, SpendId};
use bursar_core::money::{Currency, Money};

use super::catalog::whole;
use super::storage_work::StorageWork;
use super::{Ask, Clerk, Outcome, reference};
use crate::{JournalPosition, Payer, PaymentName, Store};

/// Random commands on a few accounts, some of them on what earlier ones left.
pub struct Work {
    random: fastrand::Rng,
    accounts: Vec<String>,
    spends: Vec<(String, SpendId)>,
    /// Those whose payments have ids of their own.
    linked: HashSet<String>,
    payments: Vec<(String, PaymentId)>,
    refunds: Vec<(String, RefundId)>,
    invoices: Vec<(String, DocumentId)>,
    storage: StorageWork,
    keys: u32,
}

impl Work {
    /// The same seed makes the same work.
    pub fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            accounts: (0..12).map(|n| format!("account-{n}")).collect(),
            spends: Vec::new(),
            linked: HashSet::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            invoices: Vec::new(),
            storage: StorageWork::default(),
            keys: 0,
        }
    }

    /// The commands of one batch.
    pub fn asks(&mut self) -> Vec<Ask> {
        let count = self.random.usize(1..=6);
        (0..count).map(|_| self.ask()).collect()
    }

    /// Mostly moments, sometimes weeks.
    pub fn pause(&mut self) -> Duration {
        let seconds = match self.random.u8(0..10) {
            0 => self.random.u64(0..20 * 86_400),
            1..=3 => self.random.u64(0..2_000),
            _ => self.random.u64(0..5),
        };
        Duration::from_secs(seconds)
    }

    fn ask(&mut self) -> Ask {
        let name = self.random.choice(&self.accounts).unwrap().clone();
        let ask = match self.random.u8(0..34) {
            0..=1 => Ask::open(&name),
            2 => Ask::give(&name, self.random.i64(1..500)),
            3 => Ask::give(&name, -self.random.i64(1..50)),
            4..=6 => Ask::charge(&name),
            7..=8 => Ask::hold(&name),
            9 => Ask::new(&name, Command::Advance),
            10 => Ask::new(&name, self.of_subscription()),
            11..=12 => self.of_method(&name),
            13..=16 => self.purchase(&name),
            17..=23 => self.news(&name),
            24 => self.of_invoice(&name),
            28.. => self.storage.ask(&mut self.random, &name),
            _ => self.of_spend(&name),
        };
        if self.random.u8(0..4) == 0 {
            return ask;
        }
        // Now and then a key that was used before.
        self.keys += u32::from(self.random.u8(0..5) > 0);
        ask.keyed(&format!("key-{}", self.keys))
    }

    fn of_subscription(&mut self) -> Command {
        match self.random.u8(0..4) {
            0 => Command::Cancel(Cancel { reason: None }),
            1 => Command::Resume,
            2 => Command::DropScheduledChange,
            _ => Command::AdvanceClock(AdvanceClock { to: ClockTarget::By("P9DT3H".to_owned()) }),
        }
    }

    fn of_method(&mut self, name: &str) -> Ask {
        match self.random.u8(0..5) {
            _ if !self.linked.contains(name) => Ask::link(name),
            0 => Ask::link(name),
            1..=2 => Ask::pay_with(name, "pm_card_visa"),
            3 => Ask::pay_with(name, "pm_card_other"),
            _ => {
                let country = self.random.choice(["DE", "FR", "US"]).unwrap();
                let country = Some(country.parse().unwrap());
                let (revision, business) = (self.random.u32(1..50), self.random.bool());
                let details = SetBillingDetails { revision, country, business };
                Ask::new(name, Command::SetBillingDetails(details))
            }
        }
    }

    fn purchase(&mut self, name: &str) -> Ask {
        let plan = if self.random.bool() { "small" } else { "large" };
        match self.random.u8(0..8) {
            0..=2 => Ask::subscribe(name, plan),
            3..=4 => Ask::change_plan(name, plan, Interval::Year),
            5..=6 => Ask::buy(name),
            _ => {
                let settings = self.random.bool().then(|| AutoTopup {
                    threshold: whole(self.random.i64(1..60)),
                    pack: "hundred".parse().unwrap(),
                    monthly_cap: Money::new(self.random.i64(900..3_000), Currency::USD),
                });
                Ask::new(name, Command::SetAutoTopup(settings))
            }
        }
    }

    /// What the provider says, mostly of late payments, some of it twice.
    fn news(&mut self, name: &str) -> Ask {
        if self.random.u8(0..5) == 0 {
            return self.news_of_a_refund(name);
        }
        let late = self.random.u8(0..4) > 0;
        let of_late = self.payments.len().saturating_sub(4);
        let from = if late { of_late } else { 0 };
        let Some((owner, payment)) = self.random.choice(&self.payments[from..]).cloned() else {
            return self.purchase(name);
        };
        let outcome = match self.random.u8(0..12) {
            0 => PaymentOutcome::Processing,
            1 => PaymentOutcome::RequiresAction,
            2 => PaymentOutcome::Cancelled,
            3 => self.declined(Retry::Later),
            4 => self.declined(Retry::NewMethod),
            5 => return self.dispute(&owner, payment),
            _ => PaymentOutcome::Succeeded,
        };
        Ask::settle(&owner, payment, outcome)
    }

    fn declined(&self, retry: Retry) -> PaymentOutcome {
        PaymentOutcome::Declined { code: "card_declined".parse().unwrap(), retry }
    }

    fn dispute(&mut self, owner: &str, payment: PaymentId) -> Ask {
        let all =
            [DisputeStatus::Inquiry, DisputeStatus::Open, DisputeStatus::Won, DisputeStatus::Lost];
        let dispute = NoteDispute {
            payment,
            dispute: reference(payment).to_string().replace("pi_", "dp_").parse().unwrap(),
            money: Money::new(500, Currency::USD),
            status: *self.random.choice(&all).unwrap(),
            reason: "fraudulent".parse().unwrap(),
        };
        Ask::new(owner, Command::NoteDispute(dispute))
    }

    fn news_of_a_refund(&mut self, name: &str) -> Ask {
        let Some((owner, refund)) = self.random.choice(&self.refunds).cloned() else {
            return self.purchase(name);
        };
        let failed = self.random.u8(0..3) == 0;
        let outcome = if failed { Err("expired_card".parse().unwrap()) } else { Ok(()) };
        Ask::new(&owner, Command::SettleRefund(SettleRefund { refund, outcome }))
    }

    fn of_invoice(&mut self, name: &str) -> Ask {
        let Some((owner, document)) = self.random.choice(&self.invoices).cloned() else {
            return self.purchase(name);
        };
        let reason = Some("not what I wanted".parse().unwrap());
        let command = match self.random.u8(0..3) {
            0 => Command::PayInvoice(document),
            1 => Command::RefundTopup(RefundTopup { document, reason }),
            _ => Command::RefundSubscription(RefundSubscription { reason }),
        };
        Ask::new(&owner, command)
    }

    fn of_spend(&mut self, name: &str) -> Ask {
        let Some((owner, spend)) = self.random.choice(&self.spends).cloned() else {
            return Ask::charge(name);
        };
        let SpendId::Hold(hold) = spend else {
            let credits = self.random.bool().then(|| whole(1));
            let reason = Some("it failed".parse().unwrap());
            let refund = RefundCharge { spend, credits, reason };
            return Ask::new(&owner, Command::RefundCharge(refund));
        };
        let command = match self.random.u8(0..6) {
            0 => Command::ReleaseHold(ReleaseHold { hold, reason: None }),
            1 => Command::ExtendHold(ExtendHold {
                hold,
                ttl: Duration::from_secs(self.random.u64(1..4_000)),
            }),
            2 => Command::RefundCharge(RefundCharge { spend, credits: None, reason: None }),
            n => Command::CaptureHold(CaptureHold {
                hold,
                amount: if n == 3 {
                    CaptureAmount::Rest
                } else {
                    CaptureAmount::Credits(whole(self.random.i64(1..4)))
                },
                ends: self.random.bool(),
                allow_overage: self.random.bool(),
            }),
        };
        Ask::new(&owner, command)
    }

    /// Remembers what later commands may be about.
    pub fn note(&mut self, outcomes: &[Outcome]) {
        let entries = outcomes.iter().filter_map(Outcome::entry);
        for (entry, recorded) in entries.flat_map(|entry| {
            let entry = entry.as_ref();
            entry.events.iter().map(move |recorded| (entry, recorded))
        }) {
            let owner = entry.account.to_string();
            self.storage.note(&owner, &recorded.event);
            match &recorded.event {
                Event::HoldPlaced { .. } | Event::Charged { .. } => {
                    self.spends.push((owner, subject(&recorded.event).unwrap()));
                }
                Event::CustomerLinked { .. } => drop(self.linked.insert(owner)),
                Event::PaymentRequested { payment, .. } => self.payments.push((owner, *payment)),
                Event::RefundRequested { refund, .. } => self.refunds.push((owner, *refund)),
                Event::InvoiceIssued { document, .. } => self.invoices.push((owner, *document)),
                _ => {}
            }
        }
    }

    /// Asks two stores everything.
    pub async fn compare(&self, one: &dyn Store, other: &dyn Store, clerk: &Clerk) {
        for name in &self.accounts {
            let id: AccountId = name.parse().unwrap();
            let accounts = (one.account(&id).await.unwrap(), other.account(&id).await.unwrap());
            assert_eq!(accounts.0, accounts.1);
            let statement = one.statement(&id, None, 10_000).await.unwrap();
            assert_eq!(other.statement(&id, None, 10_000).await.unwrap(), statement);
            let before = statement.get(statement.len() / 2).map(|row| row.version);
            let page = one.statement(&id, before, 3).await.unwrap();
            assert_eq!(other.statement(&id, before, 3).await.unwrap(), page);
        }
        for (name, spend) in &self.spends {
            let id: AccountId = name.parse().unwrap();
            let events = one.spend(&id, *spend).await.unwrap();
            assert!(!events.is_empty());
            assert_eq!(other.spend(&id, *spend).await.unwrap(), events);
        }
        self.compare_money(one, other).await;
        for name in &self.accounts {
            self.storage.compare(one, other, &name.parse().unwrap()).await;
        }
        for limit in [3, 100] {
            let due = one.due(clerk.now, limit).await.unwrap();
            assert_eq!(other.due(clerk.now, limit).await.unwrap(), due);
        }
        let entries = |page: Vec<(JournalPosition, _)>| -> Vec<_> {
            page.into_iter().map(|(_, entry)| entry).collect()
        };
        let start = JournalPosition::default();
        let journal = entries(one.journal(start, 100_000).await.unwrap());
        assert_eq!(entries(other.journal(start, 100_000).await.unwrap()), journal);
    }

    async fn compare_money(&self, one: &dyn Store, other: &dyn Store) {
        for (name, payment) in &self.payments {
            let id: AccountId = name.parse().unwrap();
            let row = one.payment(&id, *payment).await.unwrap().unwrap();
            assert_eq!(other.payment(&id, *payment).await.unwrap().as_ref(), Some(&row));
            let payer = Some(Payer { account: id, payment: *payment });
            let by_reference = row.record.reference.clone().map(PaymentName::Reference);
            let by_refund = row.record.refunds.iter().map(|refund| PaymentName::Refund(refund.id));
            let names = by_reference.into_iter().chain(by_refund);
            for called in names.chain([PaymentName::Id(*payment)]) {
                assert_eq!(one.payer(&called).await.unwrap(), payer);
                assert_eq!(other.payer(&called).await.unwrap(), payer);
            }
        }
        for name in &self.accounts {
            let id: AccountId = name.parse().unwrap();
            let documents = one.documents(&id, None, 10_000).await.unwrap();
            assert_eq!(other.documents(&id, None, 10_000).await.unwrap(), documents);
            let before = documents.get(documents.len() / 2).map(|row| row.record.id);
            let page = one.documents(&id, before, 3).await.unwrap();
            assert_eq!(other.documents(&id, before, 3).await.unwrap(), page);
            for row in documents {
                let document = other.document(&id, row.record.id).await.unwrap();
                assert_eq!(document, Some(row));
            }
        }
        for (after, limit) in [(None, 100), (None, 2), (Some("account-3"), 100)] {
            let after = after.map(|after| after.parse().unwrap());
            let asking = one.asking(after.as_ref(), limit).await.unwrap();
            assert_eq!(other.asking(after.as_ref(), limit).await.unwrap(), asking);
            let erasing = one.erasing(after.as_ref(), limit).await.unwrap();
            assert_eq!(other.erasing(after.as_ref(), limit).await.unwrap(), erasing);
        }
    }
}
