//! Subscribing and changing the plan.

use alloc::vec::Vec;

use super::offer::{Offer, offer};
use crate::account::Account;
use crate::account::command::ChangePlan;
use crate::account::event::{Direction, Event};
use crate::account::payments::request::{Asked, buy, make_way};
use crate::account::state::LiveSubscription;
use crate::catalog::Catalog;
use crate::rejection::{PaymentRejection, Rejection};
use crate::time::Timestamp;

impl ChangePlan {
    /// Without a running subscription this begins one, also within or after the retention of an
    /// earlier one ("You can resubscribe anytime"). Otherwise "Upgrades" happen now and
    /// "Downgrades: Take effect at next billing date", as the catalog's policy has it.
    ///
    /// What costs something happens once it is paid: this asks for the payment.
    ///
    /// # Errors
    /// [`Rejection`]: of the change, of the payment, or because the preview no longer holds.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let as_of = self.confirms.as_ref().map_or(now, |confirmed| confirmed.as_of);
        let offer = offer(account, catalog, &self.plan, self.interval, as_of)?;
        if let Some(confirmed) = &self.confirms {
            let late = now > as_of.after(catalog.policies.preview_ttl);
            if late || **confirmed != offer {
                return Err(PaymentRejection::StalePreview.into());
            }
        }
        match account.live() {
            // A payment under way would bring another change than the one that was chosen last.
            Some(live) if offer.scheduled => {
                let mut events = make_way(account, &offer.order.purchase)?;
                events.extend(schedule(live, &offer));
                Ok(events)
            }
            _ => buy(account, catalog, now, &offer.order, Asked::ByCustomer),
        }
    }
}

/// At the next billing date. Replaces what was scheduled before.
fn schedule(live: &LiveSubscription, offer: &Offer) -> Vec<Event> {
    let direction = match offer.kind {
        super::offer::OfferKind::Upgrade | super::offer::OfferKind::Start => Direction::Upgrade,
        super::offer::OfferKind::Downgrade => Direction::Downgrade,
    };
    alloc::vec![Event::ChangeScheduled {
        from: live.plan.clone(),
        plan: offer.plan.clone(),
        interval: offer.interval,
        direction,
        billing: live.billing,
        credit: live.credit,
    }]
}
