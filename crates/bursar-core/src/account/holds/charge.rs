//! Spending credits in one step, for fast operations: quote, hold and capture at once.

use alloc::vec::Vec;

use super::place::Spending;
use crate::Context;
use crate::account::Account;
use crate::account::command::Charge;
use crate::account::event::Event;
use crate::catalog::Catalog;
use crate::id::ChargeId;
use crate::rejection::SpendRejection;

impl Charge {
    /// Spends from lots in burn order, all or nothing.
    ///
    /// # Errors
    /// [`SpendRejection`], as for a hold.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
    ) -> Result<Vec<Event>, SpendRejection> {
        let spend = Spending::decide(&self.spend, account, catalog, context.now)?;
        Ok(alloc::vec![Event::Charged {
            charge: ChargeId::generate(context),
            portions: spend.portions,
            purpose: spend.purpose,
            reference: self.reference.clone(),
        }])
    }
}
