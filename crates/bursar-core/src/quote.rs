//! Binding quotes: what the quote said is what the capture charges.

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::account::holds::place::check_spendable;
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::id::{AccountId, CatalogVersion};
use crate::pricing::{Price, PricingRejection, UsageRequest, price};
use crate::rejection::SpendRejection;
use crate::time::Timestamp;

/// An offer to run an operation at a price, for one account, for a while. It reserves nothing and
/// may be used any number of times until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Whom it is for.
    pub account: AccountId,
    /// The price and what it was computed from.
    pub price: Price,
    /// The catalog it was computed by.
    pub catalog: CatalogVersion,
    /// The first instant at which it no longer binds.
    pub expires_at: Timestamp,
}

/// A quote with what would happen if it were used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// The offer.
    pub quote: Quote,
    /// Would a hold for it succeed now? If not, why.
    pub allowed: Result<(), SpendRejection>,
    /// What could be spent afterwards; `None` if it wouldn't be allowed.
    pub balance_after: Option<Credits>,
}

/// Prices `request` for `account`, which has been advanced to `now`.
///
/// # Errors
/// [`PricingRejection`] if the rate card doesn't know it.
pub fn quote(
    account: &Account,
    catalog: &Catalog,
    request: &UsageRequest,
    now: Timestamp,
) -> Result<Quoted, PricingRejection> {
    let price = price(catalog, request)?;
    let allowed = check_spendable(account, catalog, Some(&price), price.credits);
    let balance_after = allowed.is_ok().then(|| account.available().minus(price.credits));
    let quote = Quote {
        account: account.id.clone(),
        price,
        catalog: catalog.version,
        expires_at: now.after(catalog.policies.quote_ttl),
    };
    Ok(Quoted { quote, allowed, balance_after })
}
