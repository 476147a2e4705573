//! Starts sessions for entering a card, and looks how far they are.

use bursar_core::Context;

use super::Stripe;
use super::client::Answer;
use super::form::Form;
use super::objects::SetupIntent;
use crate::error::ProviderError;
use crate::id::SetupRef;
use crate::method::{CustomerStep, Setup, SetupSession, StartSetup};

/// The customer confirms it with Stripe's script on our page, which gets the return address there.
pub(super) async fn start(
    stripe: &Stripe,
    setup: &StartSetup,
    context: &Context,
) -> Result<SetupSession, ProviderError> {
    let form = Form::new()
        .with("customer", &setup.customer)
        .with("usage", "off_session")
        .with("payment_method_types[]", "card");
    let key = Some(setup.key.as_str());
    let answer = stripe.client.post("/v1/setup_intents", &form, key, context).await?;
    let started: SetupIntent = match answer {
        Answer::Done(started) => started,
        Answer::Declined(failure) => return Err(failure.refused()),
    };
    let unreadable = || ProviderError::Unknown("Stripe's session can't be used".to_owned());
    Ok(SetupSession {
        reference: started.id.parse().map_err(|_| unreadable())?,
        form: CustomerStep::Script {
            client_secret: started.client_secret.ok_or_else(unreadable)?,
            publishable_key: stripe.config.publishable_key.clone(),
            method: None,
        },
    })
}

/// Looks how far a session is.
pub(super) async fn find(
    stripe: &Stripe,
    setup: &SetupRef,
    context: &Context,
) -> Result<Option<Setup>, ProviderError> {
    let path = format!("/v1/setup_intents/{setup}");
    let found: Option<SetupIntent> = stripe.client.get(&path, &Form::new(), context).await?;
    Ok(found.and_then(|found| found.ours()))
}
