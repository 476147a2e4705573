//! Stripe, as the environment describes it. Checked before anything is made.

use std::env::VarError;
use std::sync::Arc;

use anyhow::Result;
use bursar_engine::access::Mode;
use bursar_payments::stripe::{Stripe, StripeConfig};
use bursar_payments::{ProviderError, Secret};

use crate::data::mode;
use crate::problem::Problem;

/// The environment's secrets, which are never arguments: those can be seen by others.
pub(super) const KEY: &str = "BURSAR_STRIPE_KEY";
const PUBLISHABLE_KEY: &str = "BURSAR_STRIPE_PUBLISHABLE_KEY";
const WEBHOOK_SECRET: &str = "BURSAR_STRIPE_WEBHOOK_SECRET";

const API_KEYS: &str = "Stripe's dashboard has it under Developers, API keys.";
const WEBHOOKS: &str = "Stripe's dashboard has it under Developers, Webhooks, at the endpoint for \
                        https://YOUR-HOST/v1/provider/stripe/webhooks.";

/// Stripe, if the environment has a key; `url` is where it is, if that isn't Stripe's own address.
pub(super) fn configured(url: Option<&str>, mode: Mode) -> Result<Option<Arc<Stripe>>> {
    let Some(key) = variable(KEY)? else {
        for name in [PUBLISHABLE_KEY, WEBHOOK_SECRET] {
            if variable(name)?.is_some() {
                let fix = format!("Set {KEY} to Stripe's secret key, too, or unset {name}.");
                return Err(Problem::error(format!("{name} is set, and {KEY} is not"), fix));
            }
        }
        return Ok(None);
    };
    check_key(KEY, &key, &["sk_", "rk_"], mode)?;
    let publishable = variable(PUBLISHABLE_KEY)?;
    let publishable = publishable.ok_or_else(|| {
        let prefix = prefix("pk_", mode);
        missing(PUBLISHABLE_KEY, format!("Set it to the key that begins with {prefix}. {API_KEYS}"))
    })?;
    check_key(PUBLISHABLE_KEY, &publishable, &["pk_"], mode)?;
    let mut config = StripeConfig::new(Secret::new(key), publishable, webhook_secrets()?);
    if let Some(url) = url {
        url.clone_into(&mut config.base_url);
    }
    let address = config.base_url.clone();
    let stripe = Stripe::new(config).map_err(|error| {
        let why = match error {
            ProviderError::Misconfigured(why) => why,
            other => other.to_string(),
        };
        let fix = "Leave out --stripe-url and BURSAR_STRIPE_URL, which are for tests.";
        Problem::error(format!("Stripe can't be used at {address}: {why}"), fix)
    })?;
    Ok(Some(Arc::new(stripe)))
}

/// Two while one is rotated. An empty one would let everybody sign.
fn webhook_secrets() -> Result<Vec<Secret>> {
    let text = variable(WEBHOOK_SECRET)?.ok_or_else(|| {
        let fix = format!("Set it to the signing secret that begins with whsec_. {WEBHOOKS}");
        missing(WEBHOOK_SECRET, fix)
    })?;
    let secrets: Vec<_> = text.split(',').map(str::trim).collect();
    if secrets.iter().all(|secret| is_key(secret, &["whsec_"])) {
        return Ok(secrets.into_iter().map(Secret::new).collect());
    }
    Err(Problem::error(
        format!("{WEBHOOK_SECRET} is not a signing secret of Stripe's webhooks"),
        format!(
            "Set it to one that begins with whsec_, or to two with a comma between. {WEBHOOKS}"
        ),
    ))
}

/// Is it a key of this kind, and of the mode? What it is isn't repeated: it may be a secret all the
/// same.
fn check_key(name: &str, key: &str, kinds: &[&str], mode: Mode) -> Result<()> {
    let expected: Vec<_> = kinds.iter().map(|kind| prefix(kind, mode)).collect();
    if is_key(key, &expected) {
        return Ok(());
    }
    let other = match mode {
        Mode::Test => Mode::Live,
        Mode::Live => Mode::Test,
    };
    let expected = expected.join(" or ");
    let others: Vec<_> = kinds.iter().map(|kind| prefix(kind, other)).collect();
    if is_key(key, &others) {
        let (of, here) = (mode::name(other), mode::name(mode));
        return Err(Problem::error(
            format!("{name} is a key of Stripe's {of} mode, and this server is in {here} mode"),
            format!("Set it to a key that begins with {expected}, or serve with --mode {of}."),
        ));
    }
    let what = if name == KEY { "secret" } else { "publishable" };
    Err(Problem::error(
        format!("{name} is not a {what} key of Stripe"),
        format!("Set it to a key that begins with {expected}. {API_KEYS}"),
    ))
}

fn prefix(kind: &str, mode: Mode) -> String {
    format!("{kind}{}_", mode::name(mode))
}

/// One of these, and then what keys are made of.
fn is_key<P: AsRef<str>>(text: &str, prefixes: &[P]) -> bool {
    prefixes.iter().any(|prefix| {
        let rest = text.strip_prefix(prefix.as_ref()).unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/=".contains(&byte);
        !rest.is_empty() && rest.bytes().all(is_plain)
    })
}

fn missing(name: &str, fix: String) -> anyhow::Error {
    Problem::error(format!("{KEY} is set, and {name} is not"), fix)
}

fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Ok(_) | Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            Err(Problem::error(format!("{name} is not text"), "Set it anew, or unset it."))
        }
    }
}
