//! Every movement of credits, with the balance after it.

use bursar_core::id::{Key, LotId, Reason, Reference, SpendId};
use bursar_store::StatementRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, Shown, Time, Units};

/// One movement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StatementLine)]
pub(crate) struct LineView {
    /// The account's version after it.
    id: u64,
    /// When.
    at: Time,
    /// `allowance`, `upgrade`, `topup`, `adjustment`, `expiry`, `hold`, `capture`, `release`, `timeout`,
    /// `charge` or `refund`.
    #[schema(example = "charge")]
    kind: &'static str,
    /// By how much the available balance changed.
    credits: Amount,
    /// What could be spent afterwards.
    balance_after: Amount,
    /// What holds reserved afterwards.
    held_after: Amount,
    /// The operation.
    #[schema(value_type = Option<String>)]
    operation: Option<Shown<Key>>,
    /// The model.
    #[schema(value_type = Option<String>)]
    model: Option<Shown<Key>>,
    /// The quality.
    #[schema(value_type = Option<String>)]
    quality: Option<Shown<Key>>,
    /// The units.
    units: Option<Units>,
    /// The caller's or an administrator's reason.
    #[schema(value_type = Option<String>)]
    reason: Option<Shown<Reason>>,
    /// The caller's reference.
    #[schema(value_type = Option<String>)]
    reference: Option<Shown<Reference>>,
    /// The hold or charge whose receipt explains it.
    #[schema(value_type = Option<String>)]
    receipt: Option<Shown<SpendId>>,
    /// The lot that was issued or expired.
    #[schema(value_type = Option<String>)]
    lot: Option<Shown<LotId>>,
}

impl From<StatementRow> for LineView {
    fn from(StatementRow { version, line }: StatementRow) -> Self {
        Self {
            id: version,
            at: Time(line.at),
            kind: line.kind.as_str(),
            credits: Amount(line.credits),
            balance_after: Amount(line.available_after),
            held_after: Amount(line.held_after),
            operation: line.operation.map(Shown),
            model: line.model.map(Shown),
            quality: line.quality.map(Shown),
            units: line.units.map(Units),
            reason: line.reason.map(Shown),
            reference: line.reference.map(Shown),
            receipt: line.spend.map(Shown),
            lot: line.lot.map(Shown),
        }
    }
}
