//! Attaches, describes and detaches payment methods.

use bursar_core::Context;

use super::Stripe;
use super::client::Answer;
use super::form::Form;
use super::objects::PaymentMethod as Object;
use crate::error::{NotDone, ProviderError};
use crate::id::MethodRef;
use crate::method::{AttachMethod, Attachment, PaymentMethod};

/// Attaches a payment method that was made in the browser, or a test token.
pub(super) async fn attach(
    stripe: &Stripe,
    method: &AttachMethod,
    context: &Context,
) -> Result<Attachment, ProviderError> {
    let path = format!("/v1/payment_methods/{}/attach", method.token);
    let form = Form::new().with("customer", &method.customer);
    let key = Some(method.key.as_str());
    match stripe.client.post::<Object>(&path, &form, key, context).await? {
        Answer::Declined(failure) => Ok(Attachment::Declined(failure.decline())),
        Answer::Done(attached) => (attached.ours())
            .map(Attachment::Attached)
            .ok_or_else(|| ProviderError::Unknown("Stripe's method has no usable id".to_owned())),
    }
}

/// Describes a payment method.
pub(super) async fn describe(
    stripe: &Stripe,
    method: &MethodRef,
    context: &Context,
) -> Result<Option<PaymentMethod>, ProviderError> {
    let path = format!("/v1/payment_methods/{method}");
    let found: Option<Object> = stripe.client.get(&path, &Form::new(), context).await?;
    Ok(found.and_then(|found| found.ours()))
}

/// Detaches a payment method. Without a key: it can be repeated as it is.
pub(super) async fn detach(
    stripe: &Stripe,
    method: &MethodRef,
    context: &Context,
) -> Result<(), ProviderError> {
    let path = format!("/v1/payment_methods/{method}/detach");
    match stripe.client.post::<Object>(&path, &Form::new(), None, context).await {
        Ok(_) | Err(ProviderError::NotDone(NotDone::Missing(_))) => Ok(()),
        // Stripe refuses to detach what is detached; look whether that is why.
        Err(refused @ ProviderError::NotDone(NotDone::Refused { .. })) => {
            match describe(stripe, method, context).await? {
                Some(PaymentMethod { customer: Some(_), .. }) => Err(refused),
                _ => Ok(()),
            }
        }
        Err(error) => Err(error),
    }
}
