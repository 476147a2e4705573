//! What the environment may say of Stripe, and what is said if it can't be used.

use std::process::Command;

use bursar_payments::fake::{SECRET_KEY, WEBHOOK_SECRET};
use serde_json::json;

use super::super::server::{BURSAR, Server, command, run, serve_arguments};
use super::{PUBLISHABLE_KEY, Shop, account, card, finish, open, path, subscribe, with_stripe};

const KEY: &str = "BURSAR_STRIPE_KEY";
const PUBLISHABLE: &str = "BURSAR_STRIPE_PUBLISHABLE_KEY";
const WEBHOOKS: &str = "BURSAR_STRIPE_WEBHOOK_SECRET";
const URL: &str = "http://127.0.0.1:1";
const BOOTSTRAP: &str = "BURSAR_BOOTSTRAP_KEY";
const LIVE_KEY: &str = "bk_live_0123456789abcdef";

/// What a good configuration, changed like this, is refused with, and what would fix it.
#[track_caller]
fn check(change: impl FnOnce(&mut Command) -> &mut Command, what: &str, fix: &str) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut serve = with_stripe(&data, URL);
    let said = run(change(&mut serve)).fails(2);
    assert_eq!(said.trim_end(), format!("error: {what}\n\n  {fix}"));
    for secret in [SECRET_KEY, WEBHOOK_SECRET, "hidden"] {
        assert!(!said.contains(secret), "it repeats a secret: {said}");
    }
    assert!(!data.exists(), "a directory was made");
}

#[test]
fn a_key_must_be_one_of_the_mode() {
    let what = "BURSAR_STRIPE_KEY is a key of Stripe's live mode, and this server is in test mode";
    let fix = "Set it to a key that begins with sk_test_ or rk_test_, or serve with --mode live.";
    check(|serve| serve.env(KEY, "sk_live_hidden"), what, fix);
    check(|serve| serve.env(KEY, "rk_live_hidden"), what, fix);
    let what = "BURSAR_STRIPE_KEY is a key of Stripe's test mode, and this server is in live mode";
    let fix = "Set it to a key that begins with sk_live_ or rk_live_, or serve with --mode test.";
    check(|serve| serve.env("BURSAR_MODE", "live"), what, fix);
    let what = "BURSAR_STRIPE_KEY is not a secret key of Stripe";
    let fix = "Set it to a key that begins with sk_test_ or rk_test_. Stripe's dashboard has it under \
        Developers, API keys.";
    for key in ["pk_test_hidden", "sk_test_", "sk_test_hid\u{7f}den"] {
        check(|serve| serve.env(KEY, key), what, fix);
    }
    let what = "BURSAR_STRIPE_PUBLISHABLE_KEY is set, and BURSAR_STRIPE_KEY is not";
    let fix = "Set BURSAR_STRIPE_KEY to Stripe's secret key, too, or unset \
        BURSAR_STRIPE_PUBLISHABLE_KEY.";
    check(|serve| serve.env_remove(KEY), what, fix);
}

#[test]
fn what_goes_with_the_key_must_be_there_and_fit() {
    let what = "BURSAR_STRIPE_KEY is set, and BURSAR_STRIPE_PUBLISHABLE_KEY is not";
    let fix = "Set it to the key that begins with pk_test_. Stripe's dashboard has it under \
        Developers, API keys.";
    check(|serve| serve.env_remove(PUBLISHABLE), what, fix);
    check(|serve| serve.env(PUBLISHABLE, "  "), what, fix);
    let what = "BURSAR_STRIPE_PUBLISHABLE_KEY is a key of Stripe's live mode, and this server is in \
        test mode";
    let fix = "Set it to a key that begins with pk_test_, or serve with --mode live.";
    check(|serve| serve.env(PUBLISHABLE, "pk_live_hidden"), what, fix);
    // It would be given to every browser.
    let what = "BURSAR_STRIPE_PUBLISHABLE_KEY is not a publishable key of Stripe";
    let fix = "Set it to a key that begins with pk_test_. Stripe's dashboard has it under \
        Developers, API keys.";
    check(|serve| serve.env(PUBLISHABLE, "sk_test_hidden"), what, fix);

    let place = "Stripe's dashboard has it under Developers, Webhooks, at the endpoint for \
        https://YOUR-HOST/v1/provider/stripe/webhooks.";
    let what = "BURSAR_STRIPE_KEY is set, and BURSAR_STRIPE_WEBHOOK_SECRET is not";
    let fix = format!("Set it to the signing secret that begins with whsec_. {place}");
    check(|serve| serve.env_remove(WEBHOOKS), what, &fix);
    let what = "BURSAR_STRIPE_WEBHOOK_SECRET is not a signing secret of Stripe's webhooks";
    let fix =
        format!("Set it to one that begins with whsec_, or to two with a comma between. {place}");
    // With an empty one among them, everybody could sign.
    for secrets in ["sk_test_hidden", "whsec_hidden,", ",whsec_hidden", "whsec_"] {
        check(|serve| serve.env(WEBHOOKS, secrets), what, &fix);
    }
}

#[test]
fn secrets_are_sent_to_stripe_or_to_this_machine() {
    let what = |url: &str| {
        format!("Stripe can't be used at {url}: its address must be https, or http on this machine")
    };
    let fix = "Leave out --stripe-url and BURSAR_STRIPE_URL, which are for tests.";
    for url in ["http://10.0.0.1", "api.stripe.com", "not an address"] {
        check(|serve| serve.args(["--stripe-url", url]), &what(url), fix);
    }
}

/// `--help` shows no value of the environment.
#[test]
fn help_shows_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = with_stripe(&dir.path().join("data"), URL);
    let said = run(serve.arg("--help")).ok();
    assert!(said.contains(KEY) && said.contains(PUBLISHABLE) && said.contains(WEBHOOKS), "{said}");
    for secret in [SECRET_KEY, WEBHOOK_SECRET, PUBLISHABLE_KEY] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn either_of_two_webhook_secrets_will_do() {
    let shop = Shop::start_with(|serve| {
        serve.env(WEBHOOKS, format!("whsec_another, {WEBHOOK_SECRET}"));
    });
    open(&shop.server, "ada", "pm_card_visa");
    subscribe(&shop.server, "ada", "starter").success();
    assert_eq!(shop.deliver().len(), 1);
    finish(shop.server, &["whsec_another"]);
}

/// A key that Stripe doesn't know: the customer isn't told, the operator is.
#[test]
fn a_key_that_stripe_refuses_is_in_the_log() {
    let shop = Shop::start_with(|serve| {
        serve.env(KEY, "sk_test_unknownToStripe");
    });
    shop.server.post("/v1/accounts", "ada", &json!({"id": "ada"})).created();
    let refused = card(&shop.server, "ada", "pm_card_visa");
    assert_eq!((refused.status, refused.code()), (503, "provider_unavailable"));
    assert_eq!(refused.body["fix"], NOT_SET_UP);
    let log = shop.server.log();
    assert!(log.contains("the payment provider is misconfigured"), "{log}");
    assert!(log.contains("Invalid API Key provided"), "{log}");
    finish(shop.server, &["sk_test_unknownToStripe"]);
}

const NOT_SET_UP: &str = "Have the operator set the provider's keys and start the server anew: its log \
    says what is wrong. Then send it again with the same Idempotency-Key.";

#[test]
fn live_mode_without_a_key_does_everything_but_sell() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut serve = command(BURSAR);
    serve.args(serve_arguments(&data)).args(["--mode", "live"]).env(BOOTSTRAP, LIVE_KEY);
    let mut server = Server::spawn(&data, &mut serve);
    server.key = LIVE_KEY.to_owned();
    let warning = "no payment provider: nothing can be sold before BURSAR_STRIPE_KEY is set";
    assert!(server.log().contains(warning), "{}", server.log());
    server.customer("ada", 10);
    let refusals = [
        card(&server, "ada", "pm_card_visa"),
        subscribe(&server, "ada", "starter"),
        server.post(&path("ada", "topups"), "pack", &json!({"pack": "small"})),
        server.post(&path("ada", "setup_sessions"), "setup", &json!({})),
    ];
    for refused in refusals {
        assert_eq!((refused.status, refused.code()), (503, "provider_unavailable"), "{refused:?}");
        assert_eq!(refused.body["fix"], NOT_SET_UP);
    }
    let preview = json!({"plan": "starter", "interval": "month"});
    server.post(&path("ada", "subscription/preview"), "look", &preview).success();
    assert_eq!(account(&server, "ada")["balance"]["available"], 10);
    server.stop();
}

/// Somebody takes Stripe away again: what was bought is still answered as it was.
#[test]
fn what_was_bought_with_stripe_is_told_without_it() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_visa");
    let bought = subscribe(&shop.server, "ada", "starter");
    let Shop { server, data, fake: _fake, _dir, _runtime } = shop;
    server.stop();
    let mut serve = with_stripe(&data, URL);
    for name in [KEY, PUBLISHABLE, WEBHOOKS] {
        serve.env_remove(name);
    }
    let server = Server::spawn(&data, &mut serve);
    let again = subscribe(&server, "ada", "starter");
    assert_eq!((again.replayed, &again.body), (true, &bought.body));
    server.stop();
}
