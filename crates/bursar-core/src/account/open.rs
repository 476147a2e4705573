//! Opening an account.

use core::time::Duration;

use alloc::vec::Vec;

use super::Account;
use super::command::Open;
use super::event::{Event, Recorded};
use super::state::Subscription;
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::id::{AccountId, LotId};
use crate::money::Currency;
use crate::rare::Rare;
use crate::rejection::AccountRejection;
use crate::time::{Timestamp, ZoneName};

impl Open {
    /// A new, empty account.
    ///
    /// # Errors
    /// [`AccountRejection::CurrencyNotOffered`].
    pub fn decide(
        &self,
        id: AccountId,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<(Account, Recorded), AccountRejection> {
        let currency = self.currency.unwrap_or(catalog.currency);
        if currency != catalog.currency {
            let offered = catalog.currency;
            return Err(AccountRejection::CurrencyNotOffered { given: currency, offered });
        }
        let account = opened(id, now, self.zone.clone(), currency);
        let event = Event::AccountOpened { zone: self.zone.clone(), currency };
        Ok((account, Recorded { at: now, event, available: Credits::ZERO, held: Credits::ZERO }))
    }
}

/// The state after an account's first event, which is [`Event::AccountOpened`].
pub(super) fn opened(id: AccountId, at: Timestamp, zone: ZoneName, currency: Currency) -> Account {
    Account {
        id,
        version: 1,
        opened_at: at,
        zone,
        currency,
        last_event_at: at,
        clock_ahead: Duration::ZERO,
        first_subscribed_at: None,
        subscription: Subscription::None,
        lots: Vec::new(),
        next_lot: LotId(1),
        holds: Vec::new(),
        storage: Rare::default(),
        booked_at: at,
        billing: Rare::default(),
        notices: Vec::new(),
    }
}
