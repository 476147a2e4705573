use std::collections::BTreeSet;

use bursar_api::Code;
use bursar_core::credits::Credits;
use bursar_core::id::{DocumentId, Key, PaymentId, SpendId};
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::{PricingRejection, Quantity};
use bursar_core::rejection::{
    AccountRejection, CreditsRejection, HoldEnd, PaymentRejection, Rejection, SpendRejection,
    StorageFull, StorageRejection, SubscriptionRejection,
};
use bursar_core::time::Timestamp;

use crate::app::App;

#[tokio::test]
async fn every_problem_has_a_page_where_its_type_points() {
    let app = App::new().await;
    let list = app.get("/problems").secret(None).send().await;
    let list = String::from_utf8(list.body).unwrap();
    for code in Code::ALL {
        let path = format!("/problems/{}", code.as_str());
        assert!(list.contains(&path), "{path}");
        let reply = app.get(&path).secret(None).send().await;
        assert_eq!(reply.status.as_u16(), 200, "{path}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        let page = String::from_utf8(reply.body).unwrap();
        assert!(page.contains(code.title()) && page.contains(code.meaning()), "{page}");
        assert!(!page.contains("<script") && !page.contains("<style"), "{page}");
    }
    app.get("/problems/nothing").send().await.problem(404, "route_not_found");
    assert!(app.get("/problems.css").send().await.status.is_success());
}

#[test]
fn codes_and_texts_can_stand_in_html_as_they_are() {
    for code in Code::ALL {
        for text in [code.as_str(), code.title(), code.meaning()] {
            assert!(!text.contains(['<', '>', '&', '"']), "{text}");
        }
        assert_eq!(Code::named(code.as_str()), Some(*code));
        assert!(code.meaning().ends_with('.'), "{}", code.meaning());
        assert!(code.status().is_client_error() || code.status().is_server_error());
    }
}

fn key() -> Key {
    "x".parse().unwrap()
}

fn account() -> Vec<AccountRejection> {
    let now = Timestamp::from_micros(0);
    vec![
        AccountRejection::Exists,
        AccountRejection::NotFound,
        AccountRejection::CurrencyNotOffered { given: Currency::USD, offered: Currency::USD },
        AccountRejection::ClockBackwards { now },
        AccountRejection::ClockTooFar { now },
        AccountRejection::BadSpan { given: "x".to_owned() },
    ]
}

fn pricing() -> Vec<PricingRejection> {
    let (operation, model, attribute) = (key(), key(), key());
    let (given, known) = ("x".to_owned(), vec![key()]);
    vec![
        PricingRejection::UnknownOperation { given: given.clone(), known: known.clone() },
        PricingRejection::UnknownModel {
            operation: operation.clone(),
            given: given.clone(),
            known: known.clone(),
        },
        PricingRejection::UnknownQuality {
            operation: operation.clone(),
            model,
            given: given.clone(),
            known: known.clone(),
        },
        PricingRejection::UnknownAttribute {
            operation: operation.clone(),
            given: given.clone(),
            known: known.clone(),
        },
        PricingRejection::UnknownValue { operation: operation.clone(), attribute, given, known },
        PricingRejection::TooManyUnits { operation, given: Quantity::ONE, most: Quantity::ONE },
    ]
}

fn spending() -> Vec<SpendRejection> {
    let (one, at) = (Credits::ONE, Timestamp::from_micros(0));
    let hold = format!("hold_{:0>32}", 1).parse().unwrap();
    let charge: SpendId = format!("charge_{:0>32}", 1).parse().unwrap();
    let own = [
        SpendRejection::InsufficientCredits { need: one, available: one, held: one, short: one },
        SpendRejection::FeatureNotInPlan {
            feature: key(),
            feature_name: "X".to_owned(),
            plan: None,
            unlocked_by: None,
        },
        SpendRejection::SubscriptionEnded { ended_at: at },
        SpendRejection::StorageFull(StorageFull {
            used_bytes: 1,
            reserved_bytes: 0,
            quota_bytes: 1,
            need_bytes: 0,
            short_bytes: 1,
            upgrade: None,
            upgrade_name: None,
            upgrade_bytes: 0,
        }),
        SpendRejection::NothingToSpend,
        SpendRejection::TooManyCredits { given: one, most: one },
        SpendRejection::TooManyHolds { most: 1 },
        SpendRejection::TtlOutOfRange { most_seconds: 1 },
        SpendRejection::QuoteExpired { expired_at: at },
        SpendRejection::QuoteOfAnotherAccount,
        SpendRejection::NotFound { spend: SpendId::Hold(hold) },
        SpendRejection::NotFound { spend: charge },
        SpendRejection::HoldEnded { hold, how: HoldEnd::Captured, at },
        SpendRejection::ExceedsHold { need: one, reserved: one },
        SpendRejection::UnitsWithoutRate { given: Quantity::ONE },
        SpendRejection::NothingSpent { spend: charge },
        SpendRejection::RefundTooLarge { given: one, spent: one, left: one },
    ];
    pricing().into_iter().map(SpendRejection::from).chain(own).collect()
}

fn credits() -> Vec<CreditsRejection> {
    let now = Timestamp::from_micros(0);
    let (need, available) = (Credits::ONE, Credits::ONE);
    vec![
        CreditsRejection::Zero,
        CreditsRejection::BalanceTooLarge,
        CreditsRejection::ExpiryInThePast { now },
        CreditsRejection::ExpiryOfTaking,
        CreditsRejection::TopupsNeverExpire,
        CreditsRejection::PlanCreditsWithoutPeriod,
        CreditsRejection::NotEnoughToTake { class: "promo", need, available },
    ]
}

fn subscription() -> Vec<SubscriptionRejection> {
    let ends_at = Timestamp::from_micros(0);
    let (document, due) = (DocumentId(1), Money::new(2900, Currency::USD));
    vec![
        SubscriptionRejection::UnknownPlan { given: "x".to_owned(), known: vec![key()] },
        SubscriptionRejection::AlreadyOnPlan { plan: key(), interval: "month" },
        SubscriptionRejection::NotSubscribed,
        SubscriptionRejection::Canceling { ends_at },
        SubscriptionRejection::NotCanceling,
        SubscriptionRejection::NothingScheduled,
        SubscriptionRejection::BalanceTooLarge,
        SubscriptionRejection::RenewalUnpaid { document, due, past_due: true },
        SubscriptionRejection::NoCustomPlan,
        SubscriptionRejection::OnCustomPlan,
        SubscriptionRejection::UnknownFeature { given: key() },
        SubscriptionRejection::BadCustomPlan { currency: Currency::USD },
        SubscriptionRejection::RefundWindowOver { until: ends_at },
        SubscriptionRejection::NothingToRefund,
    ]
}

/// Those that a caller can get. News of a payment that doesn't exist or has no name at the provider
/// come from the provider only, whose inbox is silent about them: they have no row in the table.
fn payments() -> Vec<PaymentRejection> {
    let document = DocumentId(1);
    let payment = PaymentId::numbered([0; 16], 1);
    let method = "pm_1".parse().unwrap();
    let (cap, price) = (Money::new(1, Currency::USD), Money::new(2, Currency::USD));
    vec![
        PaymentRejection::MethodRequired,
        PaymentRejection::CardExpired,
        PaymentRejection::StalePreview,
        PaymentRejection::PaymentPending { payment },
        PaymentRejection::TooManyPayments { most: 10 },
        PaymentRejection::UnknownPack { given: "x".to_owned(), known: vec![key()] },
        PaymentRejection::MethodNotFound { method },
        PaymentRejection::MethodExists,
        PaymentRejection::NotLinked,
        PaymentRejection::AlreadyDefault,
        PaymentRejection::TooManyMethods { most: 20 },
        PaymentRejection::LastMethod,
        PaymentRejection::InvoiceNotFound { document },
        PaymentRejection::InvoiceNotOpen { document },
        PaymentRejection::NotRefundable { document },
        PaymentRejection::TopupTouched { document },
        PaymentRejection::CapTooLow { cap, price },
        PaymentRejection::BadThreshold,
        PaymentRejection::NothingNew,
    ]
}

/// Those that a caller can get: that nothing is new is said to the worker that erases only.
fn storage() -> Vec<StorageRejection> {
    let (asset, at) = (format!("asset_{:032x}", 1).parse().unwrap(), Timestamp::from_micros(0));
    let full = StorageFull {
        used_bytes: 1,
        reserved_bytes: 0,
        quota_bytes: 1,
        need_bytes: 1,
        short_bytes: 1,
        upgrade: None,
        upgrade_name: None,
        upgrade_bytes: 0,
    };
    vec![
        StorageRejection::Full(full),
        StorageRejection::Empty,
        StorageRejection::TooLarge { given_bytes: 2, most_bytes: 1 },
        StorageRejection::ExceedsReservation { given_bytes: 2, reserved_bytes: 1 },
        StorageRejection::TooManyUploads { most: 1 },
        StorageRejection::NotSubscribed,
        StorageRejection::SubscriptionEnded { ended_at: at, kept_until: None },
        StorageRejection::NotFound { asset },
        StorageRejection::UploadExpired { asset, expired_at: at },
        StorageRejection::AlreadyStored { asset },
        StorageRejection::NothingNew,
    ]
}

/// A new variant doesn't compile in the table of members (`problem/refusal.rs`), which leads here.
#[test]
fn every_rejection_is_in_the_table() {
    let rejections: Vec<Rejection> = account()
        .into_iter()
        .map(Rejection::from)
        .chain(spending().into_iter().map(Rejection::from))
        .chain(credits().into_iter().map(Rejection::from))
        .chain(subscription().into_iter().map(Rejection::from))
        .chain(storage().into_iter().map(Rejection::from))
        .chain(payments().into_iter().map(Rejection::from))
        .collect();
    for rejection in &rejections {
        let code = Code::named(rejection.code());
        assert!(code.is_some_and(|code| code.status().is_client_error()), "{rejection:?}");
    }
    let names: BTreeSet<&str> = rejections.iter().map(Rejection::code).collect();
    // Two balances can become too large, and what ends spending ends storing in the same words.
    let shared = [
        "balance_too_large",
        "storage_full",
        "subscription_ended",
        "not_subscribed",
        "nothing_new",
    ];
    let expected = rejections.len() - shared.len();
    assert_eq!(names.len(), expected, "{shared:?} are the codes of two");
}
