//! Starts sessions for entering a card, and looks how far they are.
//!
//! A session is a SetupIntent if Stripe's script asks for the card on a page of the app, and a Checkout
//! Session of mode `setup`, with a SetupIntent in it, if Stripe's own page does.

use bursar_core::Context;

use super::Stripe;
use super::client::Answer;
use super::form::Form;
use super::objects::{CheckoutSession, SetupIntent};
use crate::error::{NotDone, ProviderError};
use crate::id::SetupRef;
use crate::method::{CustomerStep, Setup, SetupForm, SetupSession, StartSetup};

pub(super) async fn start(
    stripe: &Stripe,
    setup: &StartSetup,
    context: &Context,
) -> Result<SetupSession, ProviderError> {
    match setup.form {
        SetupForm::Embedded => embedded(stripe, setup, context).await,
        SetupForm::Hosted => hosted(stripe, setup, context).await,
    }
}

/// The customer confirms it with Stripe's script on our page, which gets the return address there.
async fn embedded(
    stripe: &Stripe,
    setup: &StartSetup,
    context: &Context,
) -> Result<SetupSession, ProviderError> {
    let form = Form::new()
        .with("customer", &setup.customer)
        .with("usage", "off_session")
        .with("payment_method_types[]", "card");
    let started: SetupIntent = post(stripe, "/v1/setup_intents", &form, setup, context).await?;
    Ok(SetupSession {
        reference: started.id.parse().map_err(|_| unusable())?,
        form: CustomerStep::Script {
            client_secret: started.client_secret.ok_or_else(unusable)?,
            publishable_key: stripe.config.publishable_key.clone(),
            method: None,
        },
    })
}

/// The customer enters the card on Stripe's page, and comes back whether it was entered or not.
async fn hosted(
    stripe: &Stripe,
    setup: &StartSetup,
    context: &Context,
) -> Result<SetupSession, ProviderError> {
    let back = setup.return_url.as_ref().ok_or_else(|| NotDone::Refused {
        code: "return_url".to_owned(),
        message: "a form on Stripe's page needs an address to return to".to_owned(),
    })?;
    let form = Form::new()
        .with("mode", "setup")
        .with("customer", &setup.customer)
        .with("payment_method_types[]", "card")
        .with("success_url", back)
        .with("cancel_url", back);
    let path = "/v1/checkout/sessions";
    let started: CheckoutSession = post(stripe, path, &form, setup, context).await?;
    Ok(SetupSession {
        reference: started.id.parse().map_err(|_| unusable())?,
        form: CustomerStep::Page { url: started.url.ok_or_else(unusable)? },
    })
}

async fn post<T: serde::de::DeserializeOwned>(
    stripe: &Stripe,
    path: &str,
    form: &Form,
    setup: &StartSetup,
    context: &Context,
) -> Result<T, ProviderError> {
    let key = Some(setup.key.as_str());
    match stripe.client.post(path, form, key, context).await? {
        Answer::Done(started) => Ok(started),
        Answer::Declined(failure) => Err(failure.refused()),
    }
}

fn unusable() -> ProviderError {
    ProviderError::Unknown("Stripe's session can't be used".to_owned())
}

/// Looks how far a session is.
pub(super) async fn find(
    stripe: &Stripe,
    setup: &SetupRef,
    context: &Context,
) -> Result<Option<Setup>, ProviderError> {
    if !setup.as_str().starts_with("cs_") {
        let path = format!("/v1/setup_intents/{setup}");
        let found: Option<SetupIntent> = stripe.client.get(&path, &Form::new(), context).await?;
        return Ok(found.and_then(|found| found.ours()));
    }
    let path = format!("/v1/checkout/sessions/{setup}");
    let form = Form::new().with("expand[]", "setup_intent");
    let found: Option<CheckoutSession> = stripe.client.get(&path, &form, context).await?;
    Ok(found.and_then(|found| found.ours()))
}
