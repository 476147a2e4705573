//! Makes a customer.

use bursar_core::Context;

use super::Stripe;
use super::client::Answer;
use super::form::Form;
use super::objects::Customer;
use crate::error::ProviderError;
use crate::id::CustomerRef;
use crate::method::NewCustomer;

/// A repetition under the same key returns the same customer for a day. After that a second one may
/// appear, without a payment method: harmless, since nothing points at it.
pub(super) async fn create(
    stripe: &Stripe,
    customer: &NewCustomer,
    context: &Context,
) -> Result<CustomerRef, ProviderError> {
    let form = Form::new()
        .with("metadata[bursar_account]", &customer.account)
        .with_if("email", customer.email.as_ref())
        .with_if("name", customer.name.as_ref());
    let key = Some(customer.key.as_str());
    let answer = stripe.client.post("/v1/customers", &form, key, context).await?;
    let made: Customer = match answer {
        Answer::Done(made) => made,
        Answer::Declined(failure) => return Err(failure.refused()),
    };
    let unreadable = |_| ProviderError::Unknown("Stripe's customer has no usable id".to_owned());
    made.id.parse().map_err(unreadable)
}
