//! `[policies]`: the rules a product chooses.
//!
//! What customers were promised (refunds, retention, dunning) has no default, so that nobody
//! promises it by leaving it out. The rest has.

use std::time::Duration;

use bursar_core::catalog::{
    ChangePolicy, ChangeTiming, Class, ExpiredRefund, HoldPolicy, Policies, RefundPolicy,
};
use bursar_core::credits::Credits;

use crate::reader::{Table, Value};
use crate::references::distinct;
use crate::words::in_words;

const SECOND: Duration = Duration::from_secs(1);
const QUARTER_HOUR: Duration = Duration::from_secs(900);
const DAY: Duration = Duration::from_secs(86_400);

const CLASSES: [(&str, Class); 3] =
    [("plan", Class::Plan), ("promo", Class::Promo), ("topup", Class::Topup)];
const TIMINGS: [(&str, ChangeTiming); 2] =
    [("now", ChangeTiming::Now), ("next_billing_date", ChangeTiming::NextBillingDate)];
const EXPIRED: [(&str, ExpiredRefund); 2] =
    [("promo", ExpiredRefund::Promo), ("forfeit", ExpiredRefund::Forfeit)];

/// The word of the file for a timing.
pub(crate) const fn timing_word(timing: ChangeTiming) -> &'static str {
    match timing {
        ChangeTiming::Now => "now",
        ChangeTiming::NextBillingDate => "next_billing_date",
    }
}

/// The word of the file for what becomes of a refund to an expired lot.
pub(crate) const fn expired_word(policy: ExpiredRefund) -> &'static str {
    match policy {
        ExpiredRefund::Promo => "promo",
        ExpiredRefund::Forfeit => "forfeit",
    }
}

/// Retries end before the next monthly renewal would fail, too.
const LAST_RETRY_DAY: u32 = 27;

/// The policies; and the most credits of one hold, also when others have mistakes.
pub(crate) fn read(root: &Table<'_>) -> (Option<Policies>, Option<Credits>) {
    let mut max_credits = None;
    let policies = root.section("policies", |table| {
        let burn_first = table.or("burn_first", Vec::new(), burn_first);
        let quote_ttl =
            table.or("quote_ttl", QUARTER_HOUR, |value| value.duration(SECOND, days(30)));
        let holds = table.or("holds", DEFAULT_HOLDS, |value| holds(value, &mut max_credits));
        let changes = table.or("changes", DEFAULT_CHANGES, changes);
        let refunds = table.required("refunds", "{ first_subscription = \"7d\" }", refunds);
        let dunning = table.required("dunning_retry_days", "[1, 3, 5, 7]", retry_days);
        let retention = table
            .required("retention", "\"30d\"", |value| value.duration(Duration::ZERO, days(3_650)));
        table.close();
        Some(Policies {
            burn_first: burn_first?,
            quote_ttl: quote_ttl?,
            holds: holds?,
            changes: changes?,
            refunds: refunds?,
            dunning_retry_days: dunning?,
            retention: retention?,
        })
    });
    (policies, max_credits)
}

const fn days(days: u32) -> Duration {
    DAY.saturating_mul(days)
}

fn burn_first(value: &Value<'_>) -> Option<Vec<Class>> {
    let elements = value.list()?;
    distinct(elements.iter().filter_map(|value| Some((value.as_str()?, value.clone()))), "class");
    let classes: Vec<Option<Class>> = elements.iter().map(|value| value.choice(&CLASSES)).collect();
    classes.into_iter().collect()
}

const DEFAULT_HOLDS: HoldPolicy = HoldPolicy {
    default_ttl: QUARTER_HOUR,
    max_ttl: DAY,
    max_open: 1_000,
    max_credits: Credits::MAX_AMOUNT,
};

fn holds(value: &Value<'_>, most: &mut Option<Credits>) -> Option<HoldPolicy> {
    let table = value.table()?;
    let max_ttl = table.or("max_ttl", DAY, |value| value.duration(SECOND, DAY));
    let default_ttl = table.or("default_ttl", QUARTER_HOUR, |value| value.duration(SECOND, DAY));
    let max_open = table.or("max_open", DEFAULT_HOLDS.max_open, |value| value.whole(1, 100_000));
    let max_credits = table.or("max_credits", Credits::MAX_AMOUNT, Value::some_credits);
    *most = max_credits;
    if let (Some(default), Some(max)) = (default_ttl, max_ttl)
        && default > max
    {
        let place = table.field("default_ttl").or_else(|| table.field("max_ttl"));
        if let Some(value) = place {
            let message = format!("the default of {} is longer than max_ttl", in_words(default));
            value.wrong(message, format!("at most {}", in_words(max)));
        }
    }
    table.close();
    Some(HoldPolicy {
        default_ttl: default_ttl?,
        max_ttl: max_ttl?,
        max_open: max_open?,
        max_credits: max_credits?,
    })
}

/// "Upgrades: prorated for the remainder of your billing period. Downgrades: take effect at next
/// billing date."
const DEFAULT_CHANGES: ChangePolicy =
    ChangePolicy { upgrade: ChangeTiming::Now, downgrade: ChangeTiming::NextBillingDate };

fn changes(value: &Value<'_>) -> Option<ChangePolicy> {
    let table = value.table()?;
    let timing = |value: &Value<'_>| value.choice(&TIMINGS);
    let upgrade = table.or("upgrade", DEFAULT_CHANGES.upgrade, timing);
    let downgrade = table.or("downgrade", DEFAULT_CHANGES.downgrade, timing);
    table.close();
    Some(ChangePolicy { upgrade: upgrade?, downgrade: downgrade? })
}

fn refunds(value: &Value<'_>) -> Option<RefundPolicy> {
    let table = value.table()?;
    let first = table.required("first_subscription", "\"7d\"", |value| {
        value.duration(Duration::ZERO, days(366))
    });
    let expired = table.or("expired_lots", ExpiredRefund::Promo, |value| value.choice(&EXPIRED));
    table.close();
    Some(RefundPolicy { first_subscription: first?, expired_lots: expired? })
}

fn retry_days(value: &Value<'_>) -> Option<Vec<u32>> {
    let elements = value.list()?;
    let days: Vec<Option<u32>> =
        elements.iter().map(|value| value.whole(1, LAST_RETRY_DAY)).collect();
    for ((before, day), value) in days.iter().zip(days.iter().skip(1)).zip(elements.iter().skip(1))
    {
        if let (Some(before), Some(day)) = (before, day)
            && day <= before
        {
            let message = format!("day {day} is not after day {before}");
            value.wrong(message, "days after the failed renewal, ascending");
        }
    }
    days.into_iter().collect()
}
