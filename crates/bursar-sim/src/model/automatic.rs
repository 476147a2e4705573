//! What automatic top-ups may do: as agreed, one at a time, with a pause between two, within the month's cap.

use std::collections::BTreeMap;

use bursar_core::account::event::Event;
use bursar_core::account::payments::{AutoTopup, Order, Purchase};
use bursar_core::id::PaymentId;
use bursar_core::time::Timestamp;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Automatic top-ups of one account.
#[derive(Debug, Default)]
pub(super) struct Automatic {
    /// What the customer has agreed to; nothing while they are off.
    agreed: Option<AutoTopup>,
    /// What is under way, and what it costs, in minor units.
    under_way: BTreeMap<PaymentId, i64>,
    /// What has been taken, and what it cost.
    taken: BTreeMap<PaymentId, i64>,
    /// What was paid since the month's allowance came.
    of_month: i64,
    /// When the last one was asked for.
    last_at: Option<Timestamp>,
    /// When the last one failed, and how many have in a row.
    failed_at: Option<Timestamp>,
    failures: u32,
}

impl Automatic {
    /// What happened next, while so much could be spent, in millionths.
    pub(super) fn take(
        &mut self,
        at: Timestamp,
        available: i64,
        event: &Event,
    ) -> Result<(), String> {
        match event {
            Event::AutoTopupChanged { settings, .. } => self.agreed.clone_from(settings),
            Event::AllowanceIssued { .. } => self.of_month = 0,
            Event::PaymentRequested { payment, order, .. } => {
                self.ask(at, available, *payment, order)?;
            }
            Event::PaymentSucceeded { payment, .. } => self.end(*payment, None),
            Event::PaymentFailed { payment, .. } => self.end(*payment, Some(at)),
            Event::InvoicePaid { payment, .. } => {
                self.of_month += self.taken.get(payment).copied().unwrap_or(0);
            }
            _ => {}
        }
        Ok(())
    }

    /// A payment is over; it may have been one of these.
    fn end(&mut self, payment: PaymentId, failed_at: Option<Timestamp>) {
        let Some(cost) = self.under_way.remove(&payment) else { return };
        if failed_at.is_some() {
            (self.failed_at, self.failures) = (failed_at, self.failures + 1);
        } else {
            self.taken.insert(payment, cost);
            self.failures = 0;
        }
    }

    fn ask(
        &mut self,
        at: Timestamp,
        available: i64,
        payment: PaymentId,
        order: &Order,
    ) -> Result<(), String> {
        let Purchase::Topup { automatic: true, pack, .. } = &order.purchase else {
            return Ok(());
        };
        ensure!(self.under_way.is_empty(), "another automatic top-up is under way");
        let agreed = self.agreed.as_ref().ok_or("an automatic top-up that nobody wants")?;
        ensure!(*pack == agreed.pack, "{} was agreed to", agreed.pack);
        let below = agreed.threshold.micro();
        ensure!(available < below, "{available} are left, and it is bought below {below}");
        let (cap, of_month) = (agreed.monthly_cap.amount, self.of_month + order.bill.total);
        ensure!(of_month <= cap, "automatic top-ups of {of_month} in a month, {cap} are the most");
        let early = |since: Option<Timestamp>, pause: i64| {
            since.filter(|since| at.micros() - since.micros() < pause)
        };
        let last = early(self.last_at, HOUR_MICROS);
        ensure!(last.is_none(), "within an hour of the one of {last:?}");
        // Each that failed makes the pause twice as long.
        let pause = (0..self.failures).fold(HOUR_MICROS, |pause, _| pause * 2);
        let failed = early(self.failed_at.filter(|_| self.failures > 0), pause);
        ensure!(failed.is_none(), "{} have failed, the last only at {failed:?}", self.failures);
        self.last_at = Some(at);
        self.under_way.insert(payment, order.bill.total);
        Ok(())
    }
}
