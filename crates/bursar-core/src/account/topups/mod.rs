//! Credits that are bought: "Purchase extra credits anytime."

pub mod auto;
pub mod refund;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Account;
use super::command::BuyTopup;
use super::event::Event;
use super::lots::fits;
use super::payments::request::{Asked, buy};
use super::payments::{Order, Purchase};
use super::subscription::offer::bill;
use crate::bill::{Bill, Item};
use crate::catalog::{Catalog, Pack};
use crate::rejection::{PaymentRejection, Rejection, SubscriptionRejection};
use crate::time::Timestamp;

impl BuyTopup {
    /// Asks for the payment; the credits come with it. "Can be purchased on any plan", so there has to
    /// be one: without a subscription they would be frozen.
    ///
    /// # Errors
    /// [`Rejection`]: no such pack, no subscription, nothing to pay with, too many under way.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let pack = pack(catalog, &self.pack)?;
        if account.live().is_none() {
            return Err(SubscriptionRejection::NotSubscribed.into());
        }
        if !fits(account, pack.credits) {
            return Err(SubscriptionRejection::BalanceTooLarge.into());
        }
        buy(account, catalog, now, &order(account, catalog, pack, false), Asked::ByCustomer)
    }
}

/// What a pack would cost this account, tax included: the bill that its invoice will be.
///
/// # Errors
/// [`PaymentRejection::UnknownPack`].
pub fn bill_of(account: &Account, catalog: &Catalog, name: &str) -> Result<Bill, PaymentRejection> {
    let pack = pack(catalog, name)?;
    Ok(order(account, catalog, pack, false).bill)
}

/// The pack of that name.
fn pack<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a Pack, PaymentRejection> {
    let mut packs = catalog.packs.iter();
    packs.find(|pack| pack.key.as_str() == name).ok_or_else(|| PaymentRejection::UnknownPack {
        given: String::from(name),
        known: catalog.packs.iter().map(|pack| pack.key.clone()).collect(),
    })
}

fn order(account: &Account, catalog: &Catalog, pack: &Pack, automatic: bool) -> Order {
    let item = Item {
        description: format!("{} pack, {} credits", pack.name, pack.credits),
        period: None,
        amount: pack.price.amount,
    };
    Order {
        purchase: Purchase::Topup { pack: pack.key.clone(), credits: pack.credits, automatic },
        bill: bill(account, catalog, alloc::vec![item]),
        carried: 0,
    }
}
