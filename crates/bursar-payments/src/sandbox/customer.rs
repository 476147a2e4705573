//! Makes a customer.

use super::state::{Made, SandboxState};
use crate::error::{NotDone, ProviderError};
use crate::id::CustomerRef;
use crate::method::NewCustomer;

/// The customer's name and address aren't kept: the sandbox has no use for them.
pub(super) fn create(
    state: &mut SandboxState,
    customer: &NewCustomer,
) -> Result<CustomerRef, ProviderError> {
    match state.keys.get(&customer.key) {
        Some(Made::Customer(made, account)) if *account == customer.account => {
            return Ok(made.clone());
        }
        Some(_) => return Err(NotDone::Conflict(customer.key.to_string()).into()),
        None => {}
    }
    let reference: CustomerRef = state.reference("cus")?;
    state.customers.insert(reference.clone(), customer.account.clone());
    let made = Made::Customer(reference.clone(), customer.account.clone());
    state.keys.insert(customer.key.clone(), made);
    Ok(reference)
}
