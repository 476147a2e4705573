//! Events in words, for ledgers, logs and whoever asks what happened on the way.

mod money;
mod storage;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::account::event::{Event, LotSource, Portion, Purpose, Reissue, ReleaseCause};
use crate::account::lots::sum;
use crate::id::SpendId;
use crate::time::Timestamp;

/// The stable name of a kind of event: `hold_placed`.
pub const fn kind(event: &Event) -> &'static str {
    match event {
        Event::AccountOpened { .. } => "account_opened",
        Event::ClockAdvanced { .. } => "clock_advanced",
        Event::SubscriptionStarted { .. } => "subscription_started",
        Event::PlanChanged { .. } => "plan_changed",
        Event::ChangeScheduled { .. } => "change_scheduled",
        Event::ScheduledChangeDropped { .. } => "scheduled_change_dropped",
        Event::SubscriptionRenewed { .. } => "subscription_renewed",
        Event::CancellationRequested { .. } => "cancellation_requested",
        Event::CancellationWithdrawn => "cancellation_withdrawn",
        Event::SubscriptionEnded { .. } => "subscription_ended",
        Event::AccountPurged => "account_purged",
        Event::AllowanceIssued { .. } => "allowance_issued",
        Event::LotIssued { .. } => "lot_issued",
        Event::LotExpired { .. } => "lot_expired",
        Event::CreditsTaken { .. } => "credits_taken",
        Event::HoldPlaced { .. } => "hold_placed",
        Event::HoldExtended { .. } => "hold_extended",
        Event::HoldCaptured { .. } => "hold_captured",
        Event::HoldReleased { .. } => "hold_released",
        Event::Charged { .. } => "charged",
        Event::ChargeRefunded { .. } => "charge_refunded",
        Event::UploadReserved { .. }
        | Event::AssetStored { .. }
        | Event::UploadEnded { .. }
        | Event::AssetDeleted { .. }
        | Event::AssetsErased { .. }
        | Event::VaultPurged { .. }
        | Event::PurgeCertified { .. } => storage::kind(event),
        about_money => money::kind(about_money),
    }
}

/// An event in a sentence without its subject: `holds 80 credits for video until …`.
pub fn summary(event: &Event) -> String {
    match event {
        Event::AccountOpened { .. }
        | Event::ClockAdvanced { .. }
        | Event::SubscriptionStarted { .. }
        | Event::PlanChanged { .. }
        | Event::ChangeScheduled { .. }
        | Event::ScheduledChangeDropped { .. }
        | Event::SubscriptionRenewed { .. }
        | Event::CancellationRequested { .. }
        | Event::CancellationWithdrawn
        | Event::SubscriptionEnded { .. }
        | Event::AccountPurged => subscription(event),
        Event::AllowanceIssued { .. }
        | Event::LotIssued { .. }
        | Event::LotExpired { .. }
        | Event::CreditsTaken { .. } => lots(event),
        Event::HoldPlaced { .. }
        | Event::HoldExtended { .. }
        | Event::HoldCaptured { .. }
        | Event::HoldReleased { .. }
        | Event::Charged { .. } => spending(event),
        Event::ChargeRefunded { spend, returned, reissued, expired, .. } => {
            refund(spend, returned, reissued.as_ref(), expired)
        }
        Event::UploadReserved { .. }
        | Event::AssetStored { .. }
        | Event::UploadEnded { .. }
        | Event::AssetDeleted { .. }
        | Event::AssetsErased { .. }
        | Event::VaultPurged { .. }
        | Event::PurgeCertified { .. } => storage::summary(event),
        about_money => money::summary(about_money),
    }
}

fn subscription(event: &Event) -> String {
    match event {
        Event::AccountOpened { zone, currency } => {
            format!("account opened, billed in {currency} by the calendar of {zone}")
        }
        Event::ClockAdvanced { ahead } => {
            format!("test clock moved to {} s ahead of real time", ahead.as_secs())
        }
        Event::SubscriptionStarted { plan, interval, billing, .. } => {
            let interval = interval.as_str();
            format!("subscribed to {plan} by the {interval}, paid until {}", billing.end)
        }
        Event::PlanChanged { from, plan, interval, direction, billing, .. } => format!(
            "{} from {from} to {plan} by the {}, paid until {}",
            direction.as_str(),
            interval.as_str(),
            billing.end
        ),
        Event::ChangeScheduled { plan, interval, billing, .. } => {
            format!("change to {plan} by the {} scheduled for {}", interval.as_str(), billing.end)
        }
        Event::ScheduledChangeDropped { plan, interval } => {
            format!("scheduled change to {plan} by the {} dropped", interval.as_str())
        }
        Event::SubscriptionRenewed { billing, .. } => {
            format!("subscription renewed until {}", billing.end)
        }
        Event::CancellationRequested { ends_at, .. } => {
            format!("subscription cancelled, ends {ends_at}")
        }
        Event::CancellationWithdrawn => "cancellation withdrawn".to_string(),
        Event::SubscriptionEnded { plan, purge_at } => {
            format!("subscription to {plan} ended, data kept until {purge_at}")
        }
        _ => "data given up for deletion".to_string(),
    }
}

fn lots(event: &Event) -> String {
    match event {
        Event::AllowanceIssued { lot, plan, credits, period } => {
            format!("{lot}: allowance of {plan}, {credits} credits until {}", period.end)
        }
        Event::LotIssued { lot, class, credits, expires_at, source } => {
            let class = class.as_str();
            let why = match source {
                LotSource::Upgrade { plan } => format!("upgrade to {plan}"),
                LotSource::Adjustment { reason } => format!("adjustment, {reason}"),
                LotSource::Topup { pack, .. } => format!("pack {pack}"),
            };
            format!("{lot}: {credits} {class} credits {}, {why}", until(*expires_at))
        }
        Event::LotExpired { lot, class, credits } => {
            format!("{lot}: {credits} {} credits expired", class.as_str())
        }
        Event::CreditsTaken { portions, reason } => {
            format!("{} credits taken from {}, {reason}", sum(portions), names(portions))
        }
        _ => String::new(),
    }
}

fn spending(event: &Event) -> String {
    match event {
        Event::HoldPlaced { hold, portions, expires_at, purpose, .. } => {
            let (credits, what, lots) = (sum(portions), words(purpose), names(portions));
            format!("{hold}: holds {credits} for {what} from {lots} until {expires_at}")
        }
        Event::HoldExtended { hold, expires_at } => format!("{hold}: extended until {expires_at}"),
        Event::HoldCaptured { hold, captured, overage, returned, expired, ended, .. } => {
            let mut text = format!("{hold}: captured {}", taken(captured));
            if !overage.is_empty() {
                text.push_str(&format!(", beyond the hold {}", taken(overage)));
            }
            text.push_str(&gave_back(returned, expired));
            if !ended {
                text.push_str(", stays open");
            }
            text
        }
        Event::HoldReleased { hold, returned, expired, cause, .. } => {
            let how = match cause {
                ReleaseCause::Caller { .. } => "released",
                ReleaseCause::TimedOut => "timed out",
            };
            format!("{hold}: {how}{}", gave_back(returned, expired))
        }
        Event::Charged { charge, portions, purpose, .. } => {
            format!("{charge}: {} for {}", taken(portions), words(purpose))
        }
        _ => String::new(),
    }
}

fn refund(
    spend: &SpendId,
    returned: &[Portion],
    reissued: Option<&Reissue>,
    expired: &[Portion],
) -> String {
    let text = format!("{spend}: refunded {}", given(returned));
    match reissued {
        Some(new) => format!("{text}, {} as {} {}", new.credits, new.lot, until(new.expires_at)),
        None if expired.is_empty() => text,
        None => format!("{text}, forfeited {}", taken(expired)),
    }
}

/// What a hold that ends gives back; empty if that is nothing.
fn gave_back(returned: &[Portion], expired: &[Portion]) -> String {
    let mut text = String::new();
    if !returned.is_empty() {
        text.push_str(&format!(", returned {}", given(returned)));
    }
    if !expired.is_empty() {
        text.push_str(&format!(", expired {}", taken(expired)));
    }
    text
}

fn until(expires_at: Option<Timestamp>) -> String {
    expires_at.map_or_else(|| "that never expire".to_string(), |at| format!("until {at}"))
}

fn words(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Operation { usage, .. } => {
            format!("{} {} {} × {}", usage.operation, usage.model, usage.quality, usage.units)
        }
        Purpose::Custom { reason } => reason.to_string(),
    }
}

/// `12 from lot_1, lot_2`.
fn taken(portions: &[Portion]) -> String {
    part(portions, "from")
}

/// `12 to lot_1, lot_2`.
fn given(portions: &[Portion]) -> String {
    part(portions, "to")
}

fn part(portions: &[Portion], preposition: &str) -> String {
    match portions {
        [] => "0".to_string(),
        portions => format!("{} {preposition} {}", sum(portions), names(portions)),
    }
}

fn names(portions: &[Portion]) -> String {
    portions.iter().map(|portion| portion.lot.to_string()).collect::<Vec<_>>().join(", ")
}
