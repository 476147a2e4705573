//! All routes: which scope each takes and how it can refuse, in one table.

mod accounts;
mod asset_content;
mod assets;
mod balance;
mod batch;
mod billing_details;
mod catalog;
mod charges;
mod credits;
mod custom_plan;
pub(crate) mod docs;
mod events;
mod exports;
mod features;
mod health;
mod holds;
mod invoice_pdf;
mod invoices;
mod payment_methods;
mod portal_sessions;
mod problems;
mod provider;
mod quotes;
mod receipts;
mod setup_sessions;
mod statement;
mod storage;
mod subscription;
mod test_clock;
mod topups;
mod widget;
mod widget_tokens;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use bursar_engine::access::Scope;
use tower_http::cors::CorsLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::middleware::auth::Gate;
use crate::openapi::{self, Call};
use crate::problem::Code;
use crate::state::ApiState;

/// How long a browser may remember that a widget may ask: as long as any does.
const PREFLIGHT: Duration = Duration::from_secs(7_200);

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
    Code::AlreadyOnPlan,
    Code::SubscriptionCanceling,
    Code::RenewalUnpaid,
    Code::BalanceTooLarge,
];
/// How the confirmation of one can, besides.
const CONFIRM: &[Code] = &[Code::UnknownPreview, Code::StalePreview];
/// How what is to be paid can.
const PAY: &[Code] = &[Code::PaymentMethodRequired, Code::CardExpired, Code::PaymentPending];
/// How a purchase that fails does, where that is a problem.
const PAYMENT_FAILED: &[Code] = &[Code::PaymentFailed];
/// How what asks the payment provider can.
const PROVIDER: &[Code] = &[Code::ProviderUnavailable, Code::ProviderRefused];
/// How a new payment method can.
const METHOD_ADD: &[Code] = &[
    Code::PaymentMethodRefused,
    Code::PaymentMethodExists,
    Code::TooManyPaymentMethods,
    Code::CustomerNotLinked,
];
/// How another default can.
const METHOD_DEFAULT: &[Code] = &[Code::PaymentMethodNotFound, Code::AlreadyDefault];
/// How the removal of a payment method can.
const METHOD_REMOVE: &[Code] =
    &[Code::PaymentMethodNotFound, Code::LastPaymentMethod, Code::PaymentPending];
/// How a top-up can.
const TOPUP: &[Code] =
    &[Code::UnknownPack, Code::NotSubscribed, Code::BalanceTooLarge, Code::TooManyPayments];
/// How automatic top-ups can.
const AUTO_TOPUP: &[Code] = &[
    Code::UnknownPack,
    Code::CapTooLow,
    Code::BadThreshold,
    Code::PaymentMethodRequired,
    Code::CardExpired,
];
/// How anything about one invoice can.
const INVOICE: &[Code] = &[Code::InvoiceNotFound];
/// How the refund of the first subscription can.
const REFUND_FIRST: &[Code] =
    &[Code::NotSubscribed, Code::RefundWindowOver, Code::NothingToRefund, Code::PaymentDisputed];
/// How the refund of a top-up can.
const REFUND_TOPUP: &[Code] = &[Code::NotRefundable, Code::TopupTouched, Code::PaymentDisputed];
/// How an account's own plan can.
const CUSTOM_PLAN: &[Code] = &[Code::UnknownFeature, Code::BadCustomPlan];
/// How anything about one file can.
const ASSET: &[Code] = &[Code::AssetNotFound];
/// How a new file can.
const ASSET_NEW: &[Code] = &[
    Code::StorageFull,
    Code::AssetEmpty,
    Code::AssetTooLarge,
    Code::TooManyUploads,
    Code::MediaTypeNotAllowed,
    Code::NotSubscribed,
    Code::SubscriptionEnded,
    Code::FeatureNotInPlan,
];
/// How an upload can.
const UPLOAD: &[Code] = &[
    Code::AssetAlreadyStored,
    Code::UploadExpired,
    Code::ExceedsReservation,
    Code::AssetEmpty,
    Code::ContentContradictsType,
    Code::UnsupportedMediaType,
];
/// How a content that isn't here can.
const CONTENT: &[Code] = &[Code::AssetNotUploaded, Code::AssetExternal];
/// How what reads or writes objects can.
const VAULT: &[Code] = &[Code::VaultUnavailable];
/// How messages of the payment provider can.
const WEBHOOK: &[Code] = &[
    Code::WebhookNotBelieved,
    Code::RouteNotFound,
    Code::BodyTooLarge,
    Code::StorageUnavailable,
    Code::OutcomeUnknown,
    Code::ProviderUnavailable,
    Code::ShuttingDown,
];
/// How a widget can.
const WIDGET: &[Code] = &[
    Code::WidgetTokenUnknown,
    Code::WidgetTokenExpired,
    Code::AccountNotFound,
    Code::StorageUnavailable,
];
/// How a test clock can.
const CLOCK: &[Code] =
    &[Code::TestModeOnly, Code::ClockBackwards, Code::ClockTooFar, Code::BadSpan];

/// The table.
#[rustfmt::skip]
pub(crate) fn all(api: &ApiState) -> OpenApiRouter<ApiState> {
    use Call::{Ask, Batch, Change, Create, KeyedChange, Read};
    use Scope::{Accounts, Adjust, Admin, Read as Look, Spend, Subscriptions, TestClock};

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
        .on(Spend, Batch, routes!(batch::run).at_most(api.config().batch_body_limit), &[])
        .on(Adjust, KeyedChange, routes!(credits::adjust), &[ACCOUNT, ADJUST])
        .on(Look, Read, routes!(subscription::show), &[ACCOUNT])
        .on(Subscriptions, KeyedChange, routes!(subscription::change), &[ACCOUNT, CHANGE, CONFIRM, PAY, PAYMENT_FAILED])
        .on(Look, Ask, routes!(subscription::preview), &[ACCOUNT, CHANGE])
        .on(Look, Read, routes!(subscription::refundable), &[ACCOUNT])
        .on(Adjust, KeyedChange, routes!(subscription::refund), &[ACCOUNT, REFUND_FIRST])
        .on(Subscriptions, KeyedChange, routes!(subscription::cancel), &[ACCOUNT, &[Code::NotSubscribed, Code::SubscriptionCanceling]])
        .on(Subscriptions, KeyedChange, routes!(subscription::resume), &[ACCOUNT, &[Code::NotSubscribed, Code::NotCanceling]])
        .on(Subscriptions, KeyedChange, routes!(subscription::drop_scheduled_change), &[ACCOUNT, &[Code::NotSubscribed, Code::NothingScheduled]])
        .on(Subscriptions, Read, routes!(subscription::pause), &[ACCOUNT, &[Code::PauseNotOffered]])
        .on(Look, Read, routes!(payment_methods::list), &[ACCOUNT])
        .on(Subscriptions, Change, routes!(payment_methods::add), &[ACCOUNT, METHOD_ADD, PROVIDER])
        .on(Subscriptions, Change, routes!(payment_methods::set_default), &[ACCOUNT, METHOD_DEFAULT])
        .on(Subscriptions, Change, routes!(payment_methods::remove), &[ACCOUNT, METHOD_REMOVE])
        .on(Subscriptions, Create, routes!(setup_sessions::start), &[ACCOUNT, PROVIDER])
        .on(Look, Read, routes!(setup_sessions::show), &[ACCOUNT, PROVIDER, &[Code::SetupSessionNotFound]])
        .on(Subscriptions, KeyedChange, routes!(topups::create), &[ACCOUNT, TOPUP, PAY])
        .on(Look, Read, routes!(topups::show_auto), &[ACCOUNT])
        .on(Subscriptions, Change, routes!(topups::set_auto), &[ACCOUNT, AUTO_TOPUP])
        .on(Look, Read, routes!(invoices::list), &[ACCOUNT, PAGE])
        .on(Look, Read, routes!(invoices::show), &[ACCOUNT, INVOICE])
        .on(Subscriptions, KeyedChange, routes!(invoices::pay), &[ACCOUNT, INVOICE, PAY, PAYMENT_FAILED, &[Code::InvoiceNotOpen]])
        .on(Admin, KeyedChange, routes!(invoices::refund), &[ACCOUNT, INVOICE, REFUND_TOPUP])
        .on(Look, Read, routes!(billing_details::show), &[ACCOUNT])
        .on(Subscriptions, Change, routes!(billing_details::set), &[ACCOUNT, &[Code::NothingNew]])
        .on(Admin, Change, routes!(custom_plan::set), &[ACCOUNT, CUSTOM_PLAN])
        .on(Admin, Change, routes!(custom_plan::remove), &[ACCOUNT, &[Code::NoCustomPlan, Code::OnCustomPlan]])
        .on(Subscriptions, Ask, routes!(portal_sessions::start), &[ACCOUNT])
        .vault()
        .widgets()
        .on(TestClock, Change, routes!(test_clock::advance), &[ACCOUNT, CLOCK])
        .open(routes!(provider::stripe).at_most(provider::BODY_LIMIT), WEBHOOK)
        .open(routes!(provider::sandbox).at_most(provider::BODY_LIMIT), WEBHOOK)
        .open(routes!(health::health), &[])
        .open(routes!(health::ready), &[Code::StorageUnavailable, Code::ShuttingDown])
        .open(routes!(health::metrics), &[])
        .open(routes!(problems::list), &[])
        .open(routes!(problems::show), &[Code::RouteNotFound])
        .open(routes!(docs::openapi), &[])
        .open(routes!(docs::page), &[])
        .finish()
}

/// The files that pages are made of.
pub(crate) fn pages(api: Router<ApiState>) -> Router<ApiState> {
    api.route("/docs/{name}", get(docs::asset)).route("/problems.css", get(problems::style))
}

struct Table<'a> {
    api: &'a ApiState,
    router: OpenApiRouter<ApiState>,
}

impl Table<'_> {
    /// What is about files.
    #[rustfmt::skip]
    fn vault(self) -> Self {
        use Call::{Ask, Change, Read, Upload};
        use Scope::{Read as Look, Spend};

        self
            .on(Look, Read, routes!(assets::list), &[ACCOUNT, PAGE])
            .on(Spend, Change, routes!(assets::create), &[ACCOUNT, ASSET_NEW])
            .on(Look, Read, routes!(assets::show), &[ACCOUNT, ASSET])
            .on(Spend, Change, routes!(assets::delete), &[ACCOUNT, ASSET])
            .on(Spend, Read, routes!(asset_content::get), &[ACCOUNT, ASSET, CONTENT, VAULT, &[Code::RangeNotSatisfiable, Code::InvalidRequest]])
            .on(Spend, Upload, routes!(asset_content::put), &[ACCOUNT, ASSET, UPLOAD, VAULT])
            .on(Look, Read, routes!(asset_content::thumbnail), &[ACCOUNT, ASSET, CONTENT, VAULT, &[Code::ThumbnailNotFound]])
            .on(Spend, Ask, routes!(exports::create), &[ACCOUNT, &[Code::RateLimited]])
            .on(Look, Read, routes!(storage::show), &[ACCOUNT])
            .on(Look, Read, routes!(storage::certificates), &[ACCOUNT])
    }

    /// A route that takes a key with `scope`.
    fn on(
        self,
        scope: Scope,
        call: Call,
        (schemas, mut paths, methods): UtoipaMethodRouter<ApiState>,
        codes: &[&[Code]],
    ) -> Self {
        openapi::complete(&mut paths, Some(scope), call, &codes.concat());
        let gate = Gate { api: self.api.clone(), scope };
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

    /// What `<bursar-credits>` needs, and the tokens for it.
    fn widgets(self) -> Self {
        self.on(Scope::Read, Call::Ask, routes!(widget_tokens::create), &[ACCOUNT])
            .for_widgets(routes!(widget::balance), WIDGET)
            .for_widgets(routes!(widget::follow), WIDGET)
    }

    /// A route for pages of any origin, which have a token of a widget and no cookie.
    fn for_widgets(
        self,
        (schemas, mut paths, methods): UtoipaMethodRouter<ApiState>,
        codes: &[Code],
    ) -> Self {
        openapi::complete(&mut paths, None, Call::Read, codes);
        openapi::with_widget_token(&mut paths);
        let cors = CorsLayer::new()
            .allow_origin(tower_http::cors::Any)
            .allow_methods([Method::GET])
            .allow_headers([AUTHORIZATION])
            .max_age(PREFLIGHT);
        let router = self.router.routes((schemas, paths, methods.layer(cors)));
        Self { router, ..self }
    }

    fn finish(mut self) -> OpenApiRouter<ApiState> {
        let files = invoice_pdf::documentation(&[ACCOUNT, INVOICE].concat());
        self.router.get_openapi_mut().paths.paths.extend(files.paths);
        openapi::close_bodies(self.router.get_openapi_mut());
        self.router
    }
}

/// A route with a limit of its own.
trait AtMost {
    /// It takes bodies of that many bytes.
    fn at_most(self, bytes: usize) -> Self;
}

impl AtMost for UtoipaMethodRouter<ApiState> {
    fn at_most(self, bytes: usize) -> Self {
        let (schemas, paths, methods) = self;
        (schemas, paths, methods.layer(DefaultBodyLimit::max(bytes)))
    }
}
