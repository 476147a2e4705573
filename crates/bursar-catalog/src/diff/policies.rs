//! Policies compared.

use bursar_core::catalog::{
    AssetKind, AutoTopupPolicy, ChangePolicy, HoldPolicy, NoticePolicy, Policies, RefundPolicy,
    VaultPolicy,
};

use super::change::{At, Changes, Effect};
use crate::policy_words::{ahead, burn_order, deletion, expired, media_types, retries, timing};
use crate::words::{in_words, size};

pub(super) fn compare(changes: &mut Changes, before: &Policies, after: &Policies) {
    // Taken apart in full, so that a new policy can't be forgotten here.
    let Policies {
        burn_first,
        quote_ttl,
        holds,
        changes: plan_changes,
        refunds,
        dunning_retry_days,
        retention,
        preview_ttl,
        payment_ttl,
        auto_topup: AutoTopupPolicy { cooldown },
        notices,
        vault,
    } = before;
    let mut at = changes.at("policies", "Policies");
    let orders = (&burn_order(burn_first), &burn_order(&after.burn_first));
    at.compare("burn_first", "credits are used", orders, Effect::NextSpend);
    let ttls = (&in_words(*quote_ttl), &in_words(after.quote_ttl));
    at.compare("quote_ttl", "a quote binds for", ttls, Effect::QuotesFromNowOn);
    self::holds(&mut at, holds, &after.holds);
    self::plan_changes(&mut at, *plan_changes, after.changes);
    self::refunds(&mut at, refunds, &after.refunds);
    let retries = (&retries(dunning_retry_days), &retries(&after.dunning_retry_days));
    at.compare(
        "dunning_retry_days",
        "a failed renewal is tried again",
        retries,
        Effect::FailuresFromNowOn,
    );
    let kept = (&in_words(*retention), &in_words(after.retention));
    at.compare("retention", "data is kept for", kept, Effect::EndsFromNowOn);
    let ttls = (&in_words(*preview_ttl), &in_words(after.preview_ttl));
    at.compare("preview_ttl", "a preview can be confirmed for", ttls, Effect::PreviewsFromNowOn);
    let ttls = (&in_words(*payment_ttl), &in_words(after.payment_ttl));
    let waits = "a payment waits for the customer to authenticate for";
    at.compare("payment_ttl", waits, ttls, Effect::PaymentsFromNowOn);
    let cooldowns = (&in_words(*cooldown), &in_words(after.auto_topup.cooldown));
    let apart = "least time between automatic top-ups";
    at.compare("auto_topup.cooldown", apart, cooldowns, Effect::NextAutoTopup);
    self::notices(&mut at, notices, &after.notices);
    self::vault(&mut at, vault, &after.vault);
}

fn vault(at: &mut At<'_>, before: &VaultPolicy, after: &VaultPolicy) {
    let VaultPolicy { max_asset, upload_ttl, max_uploads, feature, media } = before;
    let effect = Effect::UploadsFromNowOn;
    let sizes = (&size(*max_asset), &size(after.max_asset));
    at.compare("vault.max_asset", "largest upload", sizes, effect);
    let ttls = (&in_words(*upload_ttl), &in_words(after.upload_ttl));
    at.compare("vault.upload_ttl", "an upload takes at most", ttls, effect);
    let most = (max_uploads, &after.max_uploads);
    at.compare("vault.max_uploads", "uploads under way at once", most, effect);
    let features = (feature, &after.feature);
    at.compare_option("vault.feature", "feature for files of kind vault", features, effect);
    for kind in AssetKind::ALL {
        let types = (&media_types(media.of(kind)), &media_types(after.media.of(kind)));
        let field = format!("vault.media_types.{}", kind.as_str());
        at.compare(&field, &format!("uploads of kind {}", kind.as_str()), types, effect);
    }
}

fn notices(at: &mut At<'_>, before: &NoticePolicy, after: &NoticePolicy) {
    let NoticePolicy { annual_renewal, ending, deletion: deleted } = before;
    let renewals = (&ahead(*annual_renewal), &ahead(after.annual_renewal));
    let name = "a yearly renewal is announced";
    at.compare("notices.annual_renewal_days", name, renewals, Effect::YearsFromNowOn);
    let ends = (&ahead(*ending), &ahead(after.ending));
    let name = "the end of a cancelled subscription is announced";
    at.compare("notices.ending_days", name, ends, Effect::CancellationsFromNowOn);
    let deletions = (&deletion(deleted), &deletion(&after.deletion));
    let name = "the deletion of data is announced";
    at.compare("notices.deletion_days", name, deletions, Effect::EndsFromNowOn);
}

fn holds(at: &mut At<'_>, before: &HoldPolicy, after: &HoldPolicy) {
    let HoldPolicy { default_ttl, max_ttl, max_open, max_credits } = before;
    let effect = Effect::HoldsFromNowOn;
    let defaults = (&in_words(*default_ttl), &in_words(after.default_ttl));
    at.compare("holds.default_ttl", "a hold lasts", defaults, effect);
    let longest = (&in_words(*max_ttl), &in_words(after.max_ttl));
    at.compare("holds.max_ttl", "a hold lasts at most", longest, effect);
    at.compare("holds.max_open", "holds open at once", (max_open, &after.max_open), effect);
    let credits = (max_credits, &after.max_credits);
    at.compare("holds.max_credits", "most credits of a hold", credits, effect);
}

fn plan_changes(at: &mut At<'_>, before: ChangePolicy, after: ChangePolicy) {
    let ChangePolicy { upgrade, downgrade } = before;
    let effect = Effect::ChangesFromNowOn;
    let upgrades = (&timing(upgrade), &timing(after.upgrade));
    at.compare("changes.upgrade", "upgrades take effect", upgrades, effect);
    let downgrades = (&timing(downgrade), &timing(after.downgrade));
    at.compare("changes.downgrade", "downgrades take effect", downgrades, effect);
}

fn refunds(at: &mut At<'_>, before: &RefundPolicy, after: &RefundPolicy) {
    let RefundPolicy { first_subscription, expired_lots: _ } = before;
    let effect = Effect::RefundsFromNowOn;
    let windows = (&in_words(*first_subscription), &in_words(after.first_subscription));
    at.compare("refunds.first_subscription", "first subscription refunded within", windows, effect);
    let expireds = (&expired(before), &expired(after));
    at.compare("refunds.expired_lots", "a refund of expired credits", expireds, effect);
}
