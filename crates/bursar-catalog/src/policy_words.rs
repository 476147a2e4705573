//! Policies in words: for `show`, for comparisons, for anyone who asks what the rules are.

use std::time::Duration;

use bursar_core::catalog::{
    AssetKind, ChangePolicy, ChangeTiming, Class, ExpiredRefund, HoldPolicy, NoticePolicy,
    Policies, RefundPolicy, VaultPolicy,
};

use crate::words::{grouped, in_words, listed, plural, size};

/// Every policy as a sentence.
pub(crate) fn sentences(policies: &Policies) -> Vec<String> {
    vec![
        format!("Credits are used {}.", burn_order(&policies.burn_first)),
        format!("A quote binds for {}.", in_words(policies.quote_ttl)),
        holds(&policies.holds),
        changes(policies.changes),
        first_refund(&policies.refunds),
        format!("A refunded charge whose credits have expired {}.", expired(&policies.refunds)),
        format!(
            "A failed renewal is tried again {}; then the subscription ends.",
            retries(&policies.dunning_retry_days)
        ),
        format!(
            "Data is kept for {} after a subscription has ended.",
            in_words(policies.retention)
        ),
        format!(
            "The preview of a purchase or a change can be confirmed for {}.",
            in_words(policies.preview_ttl)
        ),
        format!(
            "A payment waits {} for the customer to authenticate.",
            in_words(policies.payment_ttl)
        ),
        format!(
            "Automatic top-ups are at least {} apart, failed ones included.",
            in_words(policies.auto_topup.cooldown)
        ),
        notices(&policies.notices),
        vault(&policies.vault),
        media(&policies.vault),
    ]
}

fn vault(policy: &VaultPolicy) -> String {
    let feature = policy.feature.as_ref();
    let feature = feature.map_or_else(String::new, |feature| {
        format!(" Files of kind vault need the feature {feature}.")
    });
    format!(
        "A file has at most {}; its upload takes at most {}, and an account has up to {} under \
         way.{feature}",
        size(policy.max_asset),
        in_words(policy.upload_ttl),
        grouped(policy.max_uploads),
    )
}

fn media(policy: &VaultPolicy) -> String {
    let kinds = AssetKind::ALL
        .map(|kind| format!("as {} {}", kind.as_str(), media_types(policy.media.of(kind))));
    format!("What may be uploaded is {}.", kinds.join("; "))
}

/// Media types as a list.
pub(crate) fn media_types(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// How credits are burnt.
pub(crate) fn burn_order(first: &[Class]) -> String {
    if first.is_empty() {
        return "earliest expiry first".to_owned();
    }
    let names: Vec<&str> = first.iter().map(|class| class.as_str()).collect();
    let rest = if names.len() < Class::ALL.len() { ", then the rest" } else { "" };
    format!("by class ({}{rest}), within it earliest expiry first", names.join(", then "))
}

fn holds(policy: &HoldPolicy) -> String {
    format!(
        "A hold lasts {} unless asked otherwise, {} at most; an account has up to {} of them open, \
         each of up to {} credits.",
        in_words(policy.default_ttl),
        in_words(policy.max_ttl),
        grouped(policy.max_open),
        grouped(policy.max_credits),
    )
}

/// When a change takes effect.
pub(crate) const fn timing(timing: ChangeTiming) -> &'static str {
    match timing {
        ChangeTiming::Now => "at once",
        ChangeTiming::NextBillingDate => "at the next billing date",
    }
}

fn changes(policy: ChangePolicy) -> String {
    let (up, down) = (timing(policy.upgrade), timing(policy.downgrade));
    format!("Upgrades take effect {up}, downgrades {down}.")
}

fn first_refund(policy: &RefundPolicy) -> String {
    if policy.first_subscription.is_zero() {
        return "Subscriptions are not refunded.".to_owned();
    }
    let window = in_words(policy.first_subscription);
    format!("The first subscription can be refunded within {window} of its start.")
}

/// What becomes of a refund to an expired lot.
pub(crate) const fn expired(policy: &RefundPolicy) -> &'static str {
    match policy.expired_lots {
        ExpiredRefund::Promo => "returns them as promo credits until the period ends",
        ExpiredRefund::Forfeit => "returns nothing",
    }
}

fn notices(policy: &NoticePolicy) -> String {
    format!(
        "A yearly renewal is announced {}, the end of a cancelled subscription {}, the deletion of \
         data {}.",
        ahead(policy.annual_renewal),
        ahead(policy.ending),
        deletion(&policy.deletion),
    )
}

/// How long before something it is announced.
pub(crate) fn ahead(time: Duration) -> String {
    if time.is_zero() { "not at all".to_owned() } else { format!("{} ahead", in_words(time)) }
}

/// When the deletion of data is announced.
pub(crate) fn deletion(after: &[Duration]) -> String {
    if after.is_empty() {
        return "at the end".to_owned();
    }
    let times: Vec<String> = after.iter().map(|time| in_words(*time)).collect();
    format!("at the end and {} after it", listed(&times))
}

/// When a failed renewal is tried again.
pub(crate) fn retries(days: &[u32]) -> String {
    if days.is_empty() {
        return "never".to_owned();
    }
    let names: Vec<String> = days.iter().map(ToString::to_string).collect();
    format!("after {} {}", listed(&names), plural("day", days == [1]))
}
