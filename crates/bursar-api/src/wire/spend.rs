//! Holds, captures, releases, charges and refunds.
//!
//! A reply to a change is made of its journal entry alone, so that a repeated request gets the very
//! same one, however long ago the first was.

use bursar_core::account::event::{Event, Portion, Purpose, Recorded};
use bursar_core::account::lots::sum;
use bursar_core::account::state::Hold;
use bursar_core::credits::Credits;
use bursar_core::id::{CatalogVersion, ChargeId, HoldId, Key, Reason, Reference, SpendId};
use bursar_core::pricing::Usage;
use bursar_core::time::Timestamp;
use bursar_store::Entry;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::balance::BalanceNow;
use super::{Amount, ClassName, LotShare, Shown, Time, Units};

/// Every attribute of an operation with its value.
#[derive(Clone, Debug)]
pub(crate) struct Attributes(Vec<(Key, Key)>);

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (Shown(key), Shown(value))))
    }
}

/// A use of an operation with nothing left open.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    /// The operation.
    #[schema(value_type = String, example = "video")]
    operation: Shown<Key>,
    /// The model.
    #[schema(value_type = String, example = "lantern-1")]
    model: Shown<Key>,
    /// The quality.
    #[schema(value_type = String, example = "standard")]
    quality: Shown<Key>,
    /// How much of it.
    units: Units,
    /// Every attribute of the operation with its value.
    #[schema(value_type = std::collections::HashMap<String, String>, example = json!({"audio": "off"}))]
    attributes: Attributes,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            operation: Shown(usage.operation),
            model: Shown(usage.model),
            quality: Shown(usage.quality),
            units: Units(usage.units),
            attributes: Attributes(usage.attributes),
        }
    }
}

/// What credits are spent on: an operation, or an amount with a reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Purpose)]
pub(crate) struct PurposeView {
    /// The operation; null for an amount that the caller named.
    #[schema(value_type = Option<String>, example = "video")]
    operation: Option<Shown<Key>>,
    /// The model.
    #[schema(value_type = Option<String>, example = "lantern-1")]
    model: Option<Shown<Key>>,
    /// The quality.
    #[schema(value_type = Option<String>, example = "standard")]
    quality: Option<Shown<Key>>,
    /// How much of it was asked for.
    units: Option<Units>,
    /// Every attribute of the operation with its value.
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    attributes: Option<Attributes>,
    /// The version of the rate card that priced it.
    #[schema(value_type = Option<String>, example = "5f2c0a9be1d04c37")]
    rate_card_version: Option<Shown<CatalogVersion>>,
    /// The reason of an amount that the caller named.
    #[schema(value_type = Option<String>)]
    reason: Option<Shown<Reason>>,
}

impl PurposeView {
    /// The view of a purpose.
    pub(crate) fn of(purpose: &Purpose) -> Self {
        match purpose {
            Purpose::Operation { usage, catalog, .. } => Self {
                operation: Some(Shown(usage.operation.clone())),
                model: Some(Shown(usage.model.clone())),
                quality: Some(Shown(usage.quality.clone())),
                units: Some(Units(usage.units)),
                attributes: Some(Attributes(usage.attributes.clone())),
                rate_card_version: Some(Shown(*catalog)),
                reason: None,
            },
            Purpose::Custom { reason } => Self {
                operation: None,
                model: None,
                quality: None,
                units: None,
                attributes: None,
                rate_card_version: None,
                reason: Some(Shown(reason.clone())),
            },
        }
    }
}

/// Credits reserved while a job runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub(crate) struct HoldView {
    /// The hold.
    #[schema(value_type = String, example = "hold_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<HoldId>,
    /// What it reserves; less once part of it was captured.
    credits: Amount,
    /// When it was placed.
    placed_at: Time,
    /// When it releases itself.
    expires_at: Time,
    /// The lots it reserves from.
    lots: Vec<LotShare>,
    #[serde(flatten)]
    purpose: PurposeView,
    /// The caller's reference.
    #[schema(value_type = Option<String>, example = "job-9")]
    reference: Option<Shown<Reference>>,
}

impl HoldView {
    /// An open hold.
    pub(crate) fn open(hold: &Hold) -> Self {
        Self {
            id: Shown(hold.id),
            credits: Amount(hold.reserved()),
            placed_at: Time(hold.placed_at),
            expires_at: Time(hold.expires_at),
            lots: LotShare::list(&hold.portions),
            purpose: PurposeView::of(&hold.purpose),
            reference: hold.reference.clone().map(Shown),
        }
    }
}

/// A hold as it was placed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HoldPlaced {
    #[serde(flatten)]
    hold: HoldView,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// What a capture did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HoldCaptured {
    /// The hold.
    #[schema(value_type = String, example = "hold_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<HoldId>,
    /// What it spent, overage included.
    captured: Amount,
    /// What of that was beyond the hold.
    overage: Amount,
    /// What went back to the balance.
    returned: Amount,
    /// What went back to lots that have expired, and so expired.
    expired: Amount,
    /// The units, if it was captured by units.
    units: Option<Units>,
    /// Has the hold ended with it?
    r#final: bool,
    /// The lots that paid.
    lots: Vec<LotShare>,
    /// When.
    captured_at: Time,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// What a release gave back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HoldReleased {
    /// The hold.
    #[schema(value_type = String, example = "hold_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<HoldId>,
    /// What went back to the balance.
    returned: Amount,
    /// What went back to lots that have expired, and so expired.
    expired: Amount,
    /// When.
    released_at: Time,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// A hold that lives longer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HoldExtended {
    /// The hold.
    #[schema(value_type = String, example = "hold_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<HoldId>,
    /// When it releases itself now.
    expires_at: Time,
    /// The balance, which stays.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// Credits spent in one step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Charged {
    /// The charge.
    #[schema(value_type = String, example = "charge_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<ChargeId>,
    /// What it spent.
    credits: Amount,
    /// When.
    charged_at: Time,
    /// The lots that paid.
    lots: Vec<LotShare>,
    #[serde(flatten)]
    purpose: PurposeView,
    /// The caller's reference.
    #[schema(value_type = Option<String>, example = "job-9")]
    reference: Option<Shown<Reference>>,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// What a refund brought back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Refunded {
    /// The charge or hold that had spent it.
    #[schema(value_type = String, example = "charge_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<SpendId>,
    /// What of its credits is refunded: returned, reissued or forfeited.
    refunded: Amount,
    /// What went back to the lots that had paid.
    returned: Amount,
    /// A new lot in place of those that have expired.
    reissued: Option<LotShare>,
    /// What is gone because its lots have expired.
    forfeited: Amount,
    /// The lots that got something back.
    lots: Vec<LotShare>,
    /// When.
    refunded_at: Time,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// The one event of a command's entry, and what its reply says besides.
fn event(entry: &Entry) -> Option<(&Recorded, BalanceNow, u64)> {
    let recorded = entry.events.last()?;
    Some((recorded, BalanceNow::after(recorded), entry.version()))
}

/// The reply of a hold.
pub(crate) fn placed(entry: &Entry) -> Option<HoldPlaced> {
    let (recorded, balance, version) = event(entry)?;
    let Event::HoldPlaced { hold, portions, expires_at, purpose, reference } = &recorded.event
    else {
        return None;
    };
    let hold = HoldView {
        id: Shown(*hold),
        credits: Amount(sum(portions)),
        placed_at: Time(recorded.at),
        expires_at: Time(*expires_at),
        lots: LotShare::list(portions),
        purpose: PurposeView::of(purpose),
        reference: reference.clone().map(Shown),
    };
    Some(HoldPlaced { hold, balance, version })
}

/// The reply of a capture.
pub(crate) fn captured(entry: &Entry) -> Option<HoldCaptured> {
    let (recorded, balance, version) = event(entry)?;
    let Event::HoldCaptured { hold, units, captured, overage, returned, expired, ended, .. } =
        &recorded.event
    else {
        return None;
    };
    let paid: Vec<Portion> = captured.iter().chain(overage).copied().collect();
    Some(HoldCaptured {
        id: Shown(*hold),
        captured: Amount(sum(&paid)),
        overage: Amount(sum(overage)),
        returned: Amount(sum(returned)),
        expired: Amount(sum(expired)),
        units: units.map(Units),
        r#final: *ended,
        lots: LotShare::list(&paid),
        captured_at: Time(recorded.at),
        balance,
        version,
    })
}

/// The reply of a release.
pub(crate) fn released(entry: &Entry) -> Option<HoldReleased> {
    let (recorded, balance, version) = event(entry)?;
    let Event::HoldReleased { hold, returned, expired, .. } = &recorded.event else {
        return None;
    };
    Some(HoldReleased {
        id: Shown(*hold),
        returned: Amount(sum(returned)),
        expired: Amount(sum(expired)),
        released_at: Time(recorded.at),
        balance,
        version,
    })
}

/// The reply of an extension.
pub(crate) fn extended(entry: &Entry) -> Option<HoldExtended> {
    let (recorded, balance, version) = event(entry)?;
    let Event::HoldExtended { hold, expires_at } = recorded.event else {
        return None;
    };
    Some(HoldExtended { id: Shown(hold), expires_at: Time(expires_at), balance, version })
}

/// The reply of a charge.
pub(crate) fn charged(entry: &Entry) -> Option<Charged> {
    let (recorded, balance, version) = event(entry)?;
    let Event::Charged { charge, portions, purpose, reference } = &recorded.event else {
        return None;
    };
    Some(Charged {
        id: Shown(*charge),
        credits: Amount(sum(portions)),
        charged_at: Time(recorded.at),
        lots: LotShare::list(portions),
        purpose: PurposeView::of(purpose),
        reference: reference.clone().map(Shown),
        balance,
        version,
    })
}

/// The reply of a refund.
pub(crate) fn refunded(entry: &Entry) -> Option<Refunded> {
    let (recorded, balance, version) = event(entry)?;
    let Event::ChargeRefunded { spend, returned, reissued, expired, .. } = &recorded.event else {
        return None;
    };
    let forfeited = if reissued.is_some() { Credits::ZERO } else { sum(expired) };
    let reissued = reissued.map(|new| LotShare {
        id: Shown(new.lot),
        class: ClassName::Promo,
        credits: Amount(new.credits),
        expires_at: new.expires_at.map(Time),
    });
    Some(Refunded {
        id: Shown(*spend),
        refunded: Amount(sum(returned).plus(sum(expired))),
        returned: Amount(sum(returned)),
        lots: LotShare::list(returned).into_iter().chain(reissued.clone()).collect(),
        reissued,
        forfeited: Amount(forfeited),
        refunded_at: Time(recorded.at),
        balance,
        version,
    })
}

impl Charged {
    /// Its id.
    pub(crate) const fn id(&self) -> ChargeId {
        self.id.0
    }
}

impl HoldPlaced {
    /// Its id.
    pub(crate) const fn id(&self) -> HoldId {
        self.hold.id.0
    }
}

/// Where a page of holds goes on: after this one.
pub(crate) fn place_of(hold: &Hold) -> (Timestamp, HoldId) {
    (hold.placed_at, hold.id)
}
