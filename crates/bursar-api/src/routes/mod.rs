//! All routes: which scope each takes and how it can refuse, in one table.

mod accounts;
mod balance;
mod batch;
mod catalog;
mod charges;
mod credits;
pub(crate) mod docs;
mod events;
mod features;
mod health;
mod holds;
mod problems;
mod quotes;
mod receipts;
mod statement;
mod subscription;
mod test_clock;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use bursar_engine::access::Scope;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::middleware::auth::authorize;
use crate::openapi::{self, Call};
use crate::problem::Code;
use crate::state::ApiState;

/// How anything about one account can refuse.
const ACCOUNT: &[Code] = &[Code::AccountNotFound];
/// How a list can.
const PAGE: &[Code] = &[Code::InvalidRequest, Code::InvalidCursor];
/// How pricing can.
const PRICING: &[Code] = &[
    Code::UnknownOperation,
    Code::UnknownModel,
    Code::UnknownQuality,
    Code::UnknownAttribute,
    Code::UnknownAttributeValue,
    Code::TooManyUnits,
];
/// How spending can, besides.
const SPENDING: &[Code] = &[
    Code::InsufficientCredits,
    Code::SubscriptionEnded,
    Code::FeatureNotInPlan,
    Code::StorageFull,
    Code::TooManyCredits,
    Code::NothingToSpend,
    Code::QuoteExpired,
    Code::UnknownQuote,
    Code::QuoteOfAnotherAccount,
];
/// How a hold's beginning can, besides.
const HOLD_START: &[Code] = &[Code::TtlOutOfRange, Code::TooManyHolds];
/// How a hold's end can.
const HOLD_END: &[Code] = &[Code::HoldNotFound, Code::HoldEnded];
/// How a capture can, besides.
const CAPTURE: &[Code] = &[
    Code::ExceedsHold,
    Code::InsufficientCredits,
    Code::SubscriptionEnded,
    Code::NothingToSpend,
    Code::TooManyCredits,
    Code::UnitsWithoutRate,
];
/// How a refund can.
const REFUND: &[Code] = &[
    Code::HoldNotFound,
    Code::ChargeNotFound,
    Code::NothingSpent,
    Code::NothingToSpend,
    Code::RefundTooLarge,
    Code::BalanceTooLarge,
];
/// How an adjustment can.
const ADJUST: &[Code] = &[
    Code::ZeroAdjustment,
    Code::BalanceTooLarge,
    Code::ExpiryInThePast,
    Code::ExpiryOfTaking,
    Code::TopupsNeverExpire,
    Code::PlanCreditsWithoutPeriod,
    Code::NotEnoughToTake,
];
/// How a change of plan can.
const CHANGE: &[Code] = &[
    Code::UnknownPlan,
    Code::UnknownPreview,
    Code::AlreadyOnPlan,
    Code::SubscriptionCanceling,
    Code::BalanceTooLarge,
];
/// How a test clock can.
const CLOCK: &[Code] =
    &[Code::TestModeOnly, Code::ClockBackwards, Code::ClockTooFar, Code::BadSpan];

/// The table.
#[rustfmt::skip]
pub(crate) fn all(api: &ApiState) -> OpenApiRouter<ApiState> {
    use Call::{Ask, Batch, Change, Create, KeyedChange, Read};
    use Scope::{Accounts, Adjust, Read as Look, Spend, Subscriptions, TestClock};

    Table { api, router: OpenApiRouter::with_openapi(openapi::document()) }
        .on(Accounts, Create, routes!(accounts::create), &[&[Code::AccountExists, Code::CurrencyNotOffered]])
        .on(Look, Read, routes!(accounts::show), &[ACCOUNT])
        .on(Look, Read, routes!(balance::show), &[ACCOUNT])
        .on(Look, Read, routes!(statement::list), &[ACCOUNT, PAGE])
        .on(Look, Read, routes!(receipts::show), &[ACCOUNT, &[Code::HoldNotFound, Code::ChargeNotFound]])
        .on(Look, Read, routes!(events::follow), &[ACCOUNT])
        .on(Look, Read, routes!(features::check), &[ACCOUNT, &[Code::FeatureNotFound]])
        .on(Look, Read, routes!(catalog::show), &[])
        .on(Look, Ask, routes!(quotes::create), &[ACCOUNT, PRICING])
        .on(Spend, KeyedChange, routes!(holds::place), &[ACCOUNT, PRICING, SPENDING, HOLD_START])
        .on(Look, Read, routes!(holds::list), &[ACCOUNT, PAGE])
        .on(Spend, KeyedChange, routes!(holds::capture), &[ACCOUNT, HOLD_END, CAPTURE])
        .on(Spend, KeyedChange, routes!(holds::release), &[ACCOUNT, HOLD_END])
        .on(Spend, KeyedChange, routes!(holds::extend), &[ACCOUNT, HOLD_END, &[Code::TtlOutOfRange]])
        .on(Spend, KeyedChange, routes!(charges::create), &[ACCOUNT, PRICING, SPENDING])
        .on(Spend, KeyedChange, routes!(charges::refund), &[ACCOUNT, REFUND])
        .on(Spend, Batch, routes!(batch::run).large(api), &[])
        .on(Adjust, KeyedChange, routes!(credits::adjust), &[ACCOUNT, ADJUST])
        .on(Look, Read, routes!(subscription::show), &[ACCOUNT])
        .on(Subscriptions, KeyedChange, routes!(subscription::change), &[ACCOUNT, CHANGE])
        .on(Subscriptions, KeyedChange, routes!(subscription::cancel), &[ACCOUNT, &[Code::NotSubscribed, Code::SubscriptionCanceling]])
        .on(Subscriptions, KeyedChange, routes!(subscription::resume), &[ACCOUNT, &[Code::NotSubscribed, Code::NotCanceling]])
        .on(Subscriptions, KeyedChange, routes!(subscription::drop_scheduled_change), &[ACCOUNT, &[Code::NotSubscribed, Code::NothingScheduled]])
        .on(Subscriptions, Read, routes!(subscription::pause), &[ACCOUNT, &[Code::PauseNotOffered]])
        .on(TestClock, Change, routes!(test_clock::advance), &[ACCOUNT, CLOCK])
        .open(routes!(health::health), &[])
        .open(routes!(health::ready), &[Code::StorageUnavailable, Code::ShuttingDown])
        .open(routes!(health::metrics), &[])
        .open(routes!(problems::list), &[])
        .open(routes!(problems::show), &[Code::RouteNotFound])
        .open(routes!(docs::openapi), &[])
        .open(routes!(docs::page), &[])
        .finish()
}

/// The files that pages are made of, and the document of all other routes.
pub(crate) fn pages(
    document: &utoipa::openapi::OpenApi,
    api: Router<ApiState>,
) -> Router<ApiState> {
    api.route("/docs/{name}", get(docs::asset))
        .route("/problems.css", get(problems::style))
        .layer(Extension(docs::Document::of(document)))
}

struct Table<'a> {
    api: &'a ApiState,
    router: OpenApiRouter<ApiState>,
}

impl Table<'_> {
    /// A route that takes a key with `scope`.
    fn on(
        self,
        scope: Scope,
        call: Call,
        (schemas, mut paths, methods): UtoipaMethodRouter<ApiState>,
        codes: &[&[Code]],
    ) -> Self {
        openapi::complete(&mut paths, Some(scope), call, &codes.concat());
        let gate = from_fn_with_state((self.api.clone(), scope), authorize);
        let router = self.router.routes((schemas, paths, methods.route_layer(gate)));
        Self { router, ..self }
    }

    /// A route for everyone.
    fn open(
        self,
        (schemas, mut paths, methods): UtoipaMethodRouter<ApiState>,
        codes: &[Code],
    ) -> Self {
        openapi::complete(&mut paths, None, Call::Read, codes);
        Self { router: self.router.routes((schemas, paths, methods)), ..self }
    }

    fn finish(mut self) -> OpenApiRouter<ApiState> {
        openapi::close_bodies(self.router.get_openapi_mut());
        self.router
    }
}

/// A route with bodies of many operations.
trait Large {
    /// It takes bodies up to the limit of batches.
    fn large(self, api: &ApiState) -> Self;
}

impl Large for UtoipaMethodRouter<ApiState> {
    fn large(self, api: &ApiState) -> Self {
        let (schemas, paths, methods) = self;
        let limit = DefaultBodyLimit::max(api.config().batch_body_limit);
        (schemas, paths, methods.layer(limit))
    }
}
