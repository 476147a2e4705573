//! Whether what happened is what was asked for.

use bursar_core::account::event::{Event, Portion, ReleaseCause};
use bursar_core::account::payments::Purchase;
use bursar_core::id::SpendId;
use bursar_core::time::Timestamp;
use bursar_store::Entry;

use super::{Seat, prices};
use crate::step::What;

/// How long a hold lives if nobody says.
const HOLD_SECONDS: u64 = 15 * 60;

/// Judges an entry by what its key was used for, before it happens to the seat.
pub(super) fn judge(seat: &Seat, asked: &What, entry: &Entry) -> Result<(), String> {
    let first = entry.events.first().ok_or("nothing happened")?;
    let at = first.at;
    let right = match (asked, &first.event) {
        (What::Hold { micro, ttl_seconds, .. }, Event::HoldPlaced { portions, expires_at, .. }) => {
            let lives = ttl_seconds.unwrap_or(HOLD_SECONDS);
            sum(portions) == *micro && *expires_at == after(at, lives)
        }
        (What::HoldFor { operation, units, .. }, Event::HoldPlaced { portions, .. })
        | (What::ChargeFor { operation, units, .. }, Event::Charged { portions, .. }) => {
            prices::operation(operation, *units) == Some(sum(portions))
        }
        (What::Charge { micro, .. }, Event::Charged { portions, .. }) => sum(portions) == *micro,
        (
            What::Capture { micro, ends, overage: may, .. },
            Event::HoldCaptured { hold, captured, overage, ended, .. },
        ) => {
            let reserved = seat.purse.hold(*hold).map_or(0, |hold| hold.reserved());
            let cost = sum(captured) + sum(overage);
            let within = overage.is_empty() || *may;
            cost == micro.unwrap_or(reserved) && ended == ends && within
        }
        (What::Release { .. }, Event::HoldReleased { cause, .. }) => {
            matches!(cause, ReleaseCause::Caller { .. })
        }
        (What::Extend { ttl_seconds, .. }, Event::HoldExtended { hold, expires_at }) => {
            let before = seat.purse.hold(*hold).map(|hold| hold.expires_at);
            Some(*expires_at) == before.max(Some(after(at, *ttl_seconds)))
        }
        (What::Refund { micro, .. }, Event::ChargeRefunded { spend, returned, expired, .. }) => {
            let left = refundable(seat, *spend);
            let given = sum(returned) + sum(expired);
            given == micro.unwrap_or(left) && given <= left
        }
        (What::Adjust { micro, .. }, Event::LotIssued { credits, .. }) => credits.micro() == *micro,
        (What::Adjust { micro, .. }, Event::CreditsTaken { portions, .. }) => {
            sum(portions) == -*micro
        }
        (What::Reserve { bytes, .. }, Event::UploadReserved { bytes: reserved, .. })
        | (What::External { bytes, .. }, Event::AssetStored { bytes: reserved, .. }) => {
            let taken = seat.shelf.taken().saturating_add(*bytes);
            bytes == reserved && taken <= seat.contract.storage_bytes
        }
        (What::Store { bytes, .. }, Event::AssetStored { bytes: stored, .. }) => bytes == stored,
        _ => happened(asked, entry),
    };
    ensure!(right, "asked for {asked:?}, and this happened: {:?}", first.event);
    Ok(())
}

/// What isn't about a figure: did it happen at all?
fn happened(asked: &What, entry: &Entry) -> bool {
    let any = |is: &dyn Fn(&Event) -> bool| entry.events.iter().any(|it| is(&it.event));
    let buys = |is: &dyn Fn(&Purchase) -> bool| {
        any(&|event| match event {
            Event::PaymentRequested { order, .. } => is(&order.purchase),
            _ => false,
        })
    };
    match asked {
        What::Open { .. } => any(&|event| matches!(event, Event::AccountOpened { .. })),
        What::AddCard { .. } => any(&|event| matches!(event, Event::PaymentMethodAdded { .. })),
        What::UseCard { .. } => any(&|event| matches!(event, Event::DefaultMethodChanged { .. })),
        What::RemoveCard { .. } => {
            any(&|event| matches!(event, Event::PaymentMethodRemoved { .. }))
        }
        What::ChangePlan { plan, .. } | What::ConfirmPlan { plan, .. } => {
            let wanted = plan.as_str();
            let bought = buys(&|purchase| match purchase {
                Purchase::Start { plan, .. } | Purchase::Change { plan, .. } => {
                    plan.as_str() == wanted
                }
                _ => false,
            });
            bought
                || any(&|event| match event {
                    Event::ChangeScheduled { plan, .. }
                    | Event::PlanChanged { plan, .. }
                    | Event::SubscriptionStarted { plan, .. } => plan.as_str() == wanted,
                    _ => false,
                })
        }
        What::Cancel { .. } => any(&|event| matches!(event, Event::CancellationRequested { .. })),
        What::Resume { .. } => any(&|event| matches!(event, Event::CancellationWithdrawn)),
        What::DropChange { .. } => {
            any(&|event| matches!(event, Event::ScheduledChangeDropped { .. }))
        }
        What::Topup { pack: wanted, .. } => {
            buys(&|it| matches!(it, Purchase::Topup { pack, .. } if pack.as_str() == wanted))
        }
        What::AutoTopup { .. } => any(&|event| matches!(event, Event::AutoTopupChanged { .. })),
        What::PayInvoice { .. } => buys(&|purchase| matches!(purchase, Purchase::Renewal { .. })),
        What::RefundSubscription { .. } | What::RefundTopup { .. } => {
            any(&|event| matches!(event, Event::CreditNoteIssued { .. }))
        }
        What::Delete { .. } => {
            any(&|event| matches!(event, Event::AssetDeleted { .. } | Event::UploadEnded { .. }))
        }
        What::MoveClock { .. } => any(&|event| matches!(event, Event::ClockAdvanced { .. })),
        _ => false,
    }
}

fn refundable(seat: &Seat, spend: SpendId) -> i64 {
    seat.purse.refundable(spend)
}

fn sum(portions: &[Portion]) -> i64 {
    portions.iter().map(|portion| portion.credits.micro()).sum()
}

fn after(at: Timestamp, seconds: u64) -> Timestamp {
    at.after(std::time::Duration::from_secs(seconds))
}
