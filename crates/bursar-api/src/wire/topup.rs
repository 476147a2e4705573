//! Bought credits: one pack, and automatic ones.

use bursar_core::account::event::{Event, LotSource};
use bursar_core::account::payments::{AutoTopup, AutoTopupState, Purchase as Bought};
use bursar_core::id::Key;
use bursar_core::money::Money;
use bursar_engine::purchase::Purchase;
use bursar_store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::payment::StatusName;
use super::{Amount, ClassName, LotShare, Price, Shown, Time};
use crate::purchase::Told;

/// A pack of credits that was bought, or whose payment is under way or failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TopupBought {
    /// The pack.
    #[schema(value_type = String, example = "medium")]
    pack: Shown<Key>,
    /// How many credits it has.
    credits: Amount,
    /// The provider's page on which the customer completes the payment, if it waits for that.
    action_url: Option<String>,
    /// The new lot, once it is paid.
    lot: Option<LotShare>,
    #[serde(flatten)]
    told: Told,
}

/// The reply of a top-up.
pub(crate) fn bought(purchase: &Purchase, told: Told) -> Option<TopupBought> {
    let lot = purchase.entry().events.iter().find_map(|recorded| match &recorded.event {
        Event::LotIssued {
            lot,
            class,
            credits,
            expires_at,
            source: LotSource::Topup { pack, .. },
        } => {
            let class = ClassName::from(*class);
            let (id, expires_at) = (Shown(*lot), expires_at.map(Time));
            Some((pack, *credits, LotShare { id, class, credits: Amount(*credits), expires_at }))
        }
        _ => None,
    });
    let (pack, credits, lot) = match (lot, &purchase.paying) {
        (Some((pack, credits, lot)), _) => (pack, credits, Some(lot)),
        (None, Some(paying)) => match &paying.record.order.purchase {
            Bought::Topup { pack, credits, .. } => (pack, *credits, None),
            _ => return None,
        },
        (None, None) => return None,
    };
    let waits =
        told.payment.as_ref().filter(|payment| payment.status == StatusName::RequiresAction);
    Some(TopupBought {
        pack: Shown(pack.clone()),
        credits: Amount(credits),
        action_url: waits.and_then(|payment| payment.action_url.clone()),
        lot,
        told,
    })
}

/// Automatic top-ups, and how far they have gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AutoTopup)]
pub(crate) struct AutoTopupView {
    #[serde(flatten)]
    settings: AutoTopupSettings,
    /// What they have cost in this month of the subscription.
    spent: Option<Price>,
    /// Is the cap of this month reached? Then they wait for the next.
    capped: bool,
    /// Was the card declined for good? Then they wait for another.
    declined: bool,
    /// No other before this.
    not_before: Option<Time>,
    /// The account's version.
    version: u64,
}

/// Automatic top-ups as they were set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AutoTopupSettings {
    /// Are credits bought when they run low?
    enabled: bool,
    /// They are when less than this can be spent.
    threshold: Option<Amount>,
    /// The pack.
    #[schema(value_type = Option<String>, example = "small")]
    pack: Option<Shown<Key>>,
    /// The most that they cost in a month of the subscription, tax included.
    monthly_cap: Option<Price>,
}

/// Automatic top-ups that were turned on, changed or turned off.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AutoTopupChanged {
    #[serde(flatten)]
    settings: AutoTopupSettings,
    /// The account's version after it.
    version: u64,
}

impl AutoTopupSettings {
    fn of(settings: Option<&AutoTopup>) -> Self {
        Self {
            enabled: settings.is_some(),
            threshold: settings.map(|it| Amount(it.threshold)),
            pack: settings.map(|it| Shown(it.pack.clone())),
            monthly_cap: settings.map(|it| it.monthly_cap.into()),
        }
    }
}

impl AutoTopupView {
    /// What is set, at a version of the account.
    pub(crate) fn of(state: Option<&AutoTopupState>, version: u64) -> Self {
        let currency = |state: &AutoTopupState| state.settings.monthly_cap.currency;
        Self {
            settings: AutoTopupSettings::of(state.map(|state| &state.settings)),
            spent: state.map(|state| Money::new(state.spent, currency(state)).into()),
            capped: state.is_some_and(|state| state.exhausted),
            declined: state.is_some_and(|state| state.declined.is_some()),
            not_before: state.and_then(|state| state.not_before).map(Time),
            version,
        }
    }
}

impl AutoTopupChanged {
    /// The reply of a change.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        entry.events.iter().find_map(|recorded| match &recorded.event {
            Event::AutoTopupChanged { settings, .. } => Some(Self {
                settings: AutoTopupSettings::of(settings.as_ref()),
                version: entry.version(),
            }),
            _ => None,
        })
    }

    /// That they are off already.
    pub(crate) fn off(version: u64) -> Self {
        Self { settings: AutoTopupSettings::of(None), version }
    }
}
