//! Starts sessions of the card form, and finishes them.

use bursar_core::time::Timestamp;
use url::{Host, Url};

use super::Sandbox;
use super::cards::{Acts, TestCard};
use super::state::{Challenge, Made, MethodRecord, SandboxState, SetupRecord};
use super::webhook::Object;
use crate::decline::Decline;
use crate::error::{NotDone, ProviderError};
use crate::id::{MandateRef, MethodRef, SetupRef};
use crate::method::{CustomerStep, SetupSession, SetupStatus, StartSetup};

/// Starts a session.
pub(super) fn start(
    sandbox: &Sandbox,
    state: &mut SandboxState,
    setup: &StartSetup,
) -> Result<SetupSession, ProviderError> {
    state.known_customer(&setup.customer)?;
    if setup.return_url.as_deref().is_some_and(|url| !may_return(url)) {
        return Err(NotDone::Refused {
            code: "return_url".to_owned(),
            message: "the address to return to is https, or http on this machine".to_owned(),
        }
        .into());
    }
    match state.keys.get(&setup.key) {
        Some(Made::Setup(made, customer)) if *customer == setup.customer => {
            let record = (state.setups.get(made)).ok_or(NotDone::Missing("session"))?;
            return Ok(session(sandbox, made, record));
        }
        Some(_) => return Err(NotDone::Conflict(setup.key.to_string()).into()),
        None => {}
    }
    let reference: SetupRef = state.reference("seti")?;
    let record = SetupRecord {
        customer: setup.customer.clone(),
        secret: sandbox.page_secret(state),
        return_url: setup.return_url.clone(),
        status: SetupStatus::Open,
    };
    let started = session(sandbox, &reference, &record);
    state.setups.insert(reference.clone(), record);
    let made = Made::Setup(reference, setup.customer.clone());
    state.keys.insert(setup.key.clone(), made);
    Ok(started)
}

fn session(sandbox: &Sandbox, reference: &SetupRef, record: &SetupRecord) -> SetupSession {
    SetupSession {
        reference: reference.clone(),
        form: CustomerStep::Page { url: sandbox.form_url(&record.secret) },
    }
}

/// `https`, or `http` to this machine: the page must not become a way to anywhere else.
fn may_return(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        _ => false,
    })
}

/// What follows a card that was entered.
pub(super) enum Entered {
    /// It is attached.
    Attached,
    /// It was refused.
    Declined(Decline),
    /// The customer authenticates on the page of this secret.
    Challenge(String),
}

/// A test card was entered in the form. Unlike [`attach`](super::method::attach), the form refuses
/// what Stripe refuses.
pub(super) fn enter(
    sandbox: &Sandbox,
    state: &mut SandboxState,
    setup: &SetupRef,
    card: &TestCard,
    expiry: (u8, u16),
    now: Timestamp,
) -> Result<Entered, ProviderError> {
    if let Some(code) = refused(card) {
        let decline = Decline::of(code);
        let status = SetupStatus::Failed { decline: decline.clone() };
        conclude(state, setup, status, now)?;
        return Ok(Entered::Declined(decline));
    }
    if !matches!(card.acts, Acts { authenticates: super::cards::Authenticates::Never, .. }) {
        let secret = sandbox.page_secret(state);
        let challenge = Challenge::Setup {
            setup: setup.clone(),
            token: card.token.to_owned(),
            exp_month: expiry.0,
            exp_year: expiry.1,
        };
        state.challenges.insert(secret.clone(), challenge);
        return Ok(Entered::Challenge(secret));
    }
    attach(state, setup, card.token, expiry, now)?;
    Ok(Entered::Attached)
}

/// The cards that Stripe refuses to store are those that decline by themselves, without a step in
/// between; `pm_card_chargeCustomerFail` is made to be stored.
fn refused(card: &TestCard) -> Option<&'static str> {
    let direct = matches!(card.acts.authenticates, super::cards::Authenticates::Never);
    (card.acts.at_charge).filter(|_| direct && card.token != "pm_card_chargeCustomerFail")
}

/// Attaches the card that was entered, with the customer's consent, and closes the session.
pub(super) fn attach(
    state: &mut SandboxState,
    setup: &SetupRef,
    token: &str,
    expiry: (u8, u16),
    now: Timestamp,
) -> Result<(), ProviderError> {
    let customer = (state.setups.get(setup))
        .map(|record| record.customer.clone())
        .ok_or(NotDone::Missing("session"))?;
    let method: MethodRef = state.reference("pm")?;
    let mandate: MandateRef = state.reference("mandate")?;
    let record = MethodRecord {
        customer: Some(customer),
        token: token.to_owned(),
        exp_month: expiry.0,
        exp_year: expiry.1,
        mandate: Some(mandate.clone()),
    };
    state.methods.insert(method.clone(), record);
    let mandate = Some(mandate);
    conclude(state, setup, SetupStatus::Succeeded { method, mandate }, now)
}

/// Notes how far a session is, and tells it.
pub(super) fn conclude(
    state: &mut SandboxState,
    setup: &SetupRef,
    status: SetupStatus,
    now: Timestamp,
) -> Result<(), ProviderError> {
    let described = state.setups.change(setup, |record| {
        record.status = status;
        record.describe(setup)
    });
    let Some(described) = described else {
        return Ok(());
    };
    state.emit(&Object::Setup(described), None, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_returns_to_https_or_to_this_machine_only() {
        for url in [
            "https://app.example/billing",
            "http://127.0.0.1:8080/x",
            "http://localhost/",
            "http://[::1]/",
        ] {
            assert!(may_return(url), "{url}");
        }
        for url in [
            "http://app.example/",
            "javascript:alert(1)",
            "//evil.example",
            "data:text/html,x",
            "http://localhost.evil.example/",
            "",
        ] {
            assert!(!may_return(url), "{url}");
        }
    }
}
