//! `[policies]`: the rules a product chooses.
//!
//! What customers were promised (refunds, retention, dunning) has no default, so that nobody
//! promises it by leaving it out. The rest has.

use std::time::Duration;

use bursar_core::catalog::{
    AutoTopupPolicy, ChangePolicy, ChangeTiming, Class, ExpiredRefund, HoldPolicy, Policies,
    RefundPolicy,
};
use bursar_core::credits::Credits;

use crate::reader::{Table, Value};
use crate::references::{Known, distinct};
use crate::words::in_words;
use crate::{notices, vault};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const QUARTER_HOUR: Duration = Duration::from_secs(900);
const HOUR: Duration = Duration::from_secs(3_600);
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

/// Ten years.
pub(crate) const RETENTION_DAYS_MOST: u32 = 3_650;

/// The policies; and the most credits of one hold, also when others have mistakes.
pub(crate) fn read(root: &Table<'_>, features: &Known) -> (Option<Policies>, Option<Credits>) {
    let mut max_credits = None;
    let policies = root.section("policies", |table| {
        let burn_first = table.or("burn_first", Vec::new(), burn_first);
        let quote_ttl =
            table.or("quote_ttl", QUARTER_HOUR, |value| value.duration(SECOND, days(30)));
        let holds = table.or("holds", DEFAULT_HOLDS, |value| holds(value, &mut max_credits));
        let changes = table.or("changes", DEFAULT_CHANGES, changes);
        let refunds = table.required("refunds", "{ first_subscription = \"7d\" }", refunds);
        let dunning = table.required("dunning_retry_days", "[1, 3, 5, 7]", |value| {
            value.ascending_days("the failed renewal", |day| day.whole(1, LAST_RETRY_DAY))
        });
        let retention = table.required("retention", "\"30d\"", |value| {
            value.duration(Duration::ZERO, days(RETENTION_DAYS_MOST))
        });
        let preview_ttl = table.or("preview_ttl", MINUTE * 30, |value| value.duration(MINUTE, DAY));
        let payment_ttl = table.or("payment_ttl", HOUR, |value| value.duration(MINUTE * 5, DAY));
        let auto_topup = table.or("auto_topup", DEFAULT_AUTO_TOPUP, auto_topup);
        let notices = notices::read(&table, retention);
        let vault = vault::read(&table, features);
        table.close();
        Some(Policies {
            burn_first: burn_first?,
            quote_ttl: quote_ttl?,
            holds: holds?,
            changes: changes?,
            refunds: refunds?,
            dunning_retry_days: dunning?,
            retention: retention?,
            preview_ttl: preview_ttl?,
            payment_ttl: payment_ttl?,
            auto_topup: auto_topup?,
            notices: notices?,
            vault: vault?,
        })
    });
    (policies, max_credits)
}

pub(crate) const fn days(days: u32) -> Duration {
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

const DEFAULT_AUTO_TOPUP: AutoTopupPolicy = AutoTopupPolicy { cooldown: HOUR };

fn auto_topup(value: &Value<'_>) -> Option<AutoTopupPolicy> {
    let table = value.table()?;
    let cooldown =
        table.or("cooldown", DEFAULT_AUTO_TOPUP.cooldown, |value| value.duration(MINUTE, days(30)));
    table.close();
    Some(AutoTopupPolicy { cooldown: cooldown? })
}
