//! From what the engine and the rules say to problems.

use bursar_core::id::Key;
use bursar_core::pricing::PricingRejection;
use bursar_core::rejection::{
    AccountRejection, CreditsRejection, PaymentRejection, Rejection, SpendRejection, StorageFull,
    StorageRejection, SubscriptionRejection,
};
use bursar_engine::Failure;
use bursar_engine::access::Denied;
use bursar_store::StoreError;

use super::{Code, Members, Problem, payment};
use crate::extract::NO_VERSION;
use crate::wire::{Amount, Time, Units};

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(rejection) => rejection.into(),
            Failure::KeyReused => Self::new(
                Code::IdempotencyKeyReused,
                "The Idempotency-Key was used for another request on this account.",
            )
            .fix("Use a new key for a new request."),
            Failure::VersionMismatch { expected, actual } => version_mismatch(expected, actual),
            Failure::NothingDue => Self::internal("an advance came through the API"),
            Failure::Unknown(why) => {
                tracing::error!(why, "the outcome of a command is unknown");
                Self::new(Code::OutcomeUnknown, "The command may have been done, or not.")
                    .fix("Send it again with the same Idempotency-Key.")
            }
            Failure::Unavailable(why) => unavailable(&why),
            Failure::Defect => Self::internal("a command brought a defect to light"),
            Failure::Refused(decline) => payment::refused(&decline),
            Failure::ProviderUnavailable(why) => payment::unavailable(&why),
            Failure::ProviderMisconfigured => payment::not_set_up(),
            Failure::ProviderRefused(why) => payment::provider_refused(&why),
            Failure::ShuttingDown => {
                Self::new(Code::ShuttingDown, "The server is shutting down; nothing was changed.")
                    .fix("Send it again in a moment.")
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

fn version_mismatch(expected: u64, actual: u64) -> Problem {
    let detail = if expected == NO_VERSION {
        format!("The If-Match header is no ETag of an account; it is at version {actual}.")
    } else {
        format!("The account is at version {actual}, not {expected}.")
    };
    Problem::new(Code::VersionMismatch, detail)
        .fix("Read the account again, decide anew, and send its ETag as it came.")
        .with(|members| members.version = Some(actual))
}

/// Storage says no. Why is for the log: it may name paths and hosts.
fn unavailable(why: &str) -> Problem {
    tracing::error!(why, "storage is unavailable");
    Problem::new(
        Code::StorageUnavailable,
        "Storage can't be read or written now; nothing was changed.",
    )
    .fix("Send it again in a moment; if it stays, the operator must look at disk space and logs.")
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::UnknownKey => Self::new(Code::ApiKeyUnknown, sentence(&denied))
                .fix("Send Authorization: Bearer with a key of this installation and mode."),
            Denied::MissingScope { needs, .. } => Self::new(Code::MissingScope, sentence(&denied))
                .fix(format!("Use a key with the scope {}.", needs.as_str()))
                .with(|members| members.scope = Some(needs.as_str())),
            Denied::Store(error) => error.into(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let Some(code) = Code::named(rejection.code()) else {
            return Self::internal(rejection.code());
        };
        Self::new(code, sentence(&rejection)).fix(rejection.fix()).with(
            |members| match &rejection {
                Rejection::Account(rejection) => account(rejection, members),
                Rejection::Spend(rejection) => spend(rejection, members),
                Rejection::Credits(rejection) => credits(rejection, members),
                Rejection::Subscription(rejection) => subscription(rejection, members),
                Rejection::Payment(rejection) => money(rejection, members),
                Rejection::Storage(rejection) => storage(rejection, members),
            },
        )
    }
}

/// With a capital and a full stop, unless it begins with a name.
fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let starts_with_a_word = letters.as_str().starts_with(|next: char| next.is_ascii_lowercase())
        && !text.split(' ').next().is_some_and(|word| word.contains('_'));
    if starts_with_a_word {
        format!("{}{}.", first.unwrap_or_default(), letters.as_str())
    } else {
        format!("{text}.")
    }
}

fn account(rejection: &AccountRejection, members: &mut Members) {
    match rejection {
        AccountRejection::ClockBackwards { now } | AccountRejection::ClockTooFar { now } => {
            members.now = Some(Time(*now));
        }
        AccountRejection::CurrencyNotOffered { offered, .. } => {
            members.known = vec![offered.to_string()];
        }
        AccountRejection::Exists
        | AccountRejection::NotFound
        | AccountRejection::BadSpan { .. } => {}
    }
}

fn storage_full(full: &StorageFull, members: &mut Members) {
    members.used_bytes = Some(full.used_bytes);
    members.reserved_bytes = Some(full.reserved_bytes);
    members.quota_bytes = Some(full.quota_bytes);
    members.need_bytes = Some(full.need_bytes).filter(|need| *need > 0);
    members.short_bytes = Some(full.short_bytes);
    members.unlocked_by = full.upgrade.as_ref().map(Key::to_string);
}

fn storage(rejection: &StorageRejection, members: &mut Members) {
    match rejection {
        StorageRejection::Full(full) => storage_full(full, members),
        StorageRejection::SubscriptionEnded { ended_at: at, .. }
        | StorageRejection::UploadExpired { expired_at: at, .. } => members.at = Some(Time(*at)),
        StorageRejection::TooLarge { most_bytes, .. } => members.most_bytes = Some(*most_bytes),
        StorageRejection::ExceedsReservation { reserved_bytes, .. } => {
            members.reserved_bytes = Some(*reserved_bytes);
        }
        StorageRejection::Empty
        | StorageRejection::TooManyUploads { .. }
        | StorageRejection::NotSubscribed
        | StorageRejection::NotFound { .. }
        | StorageRejection::AlreadyStored { .. }
        | StorageRejection::NothingNew => {}
    }
}

fn spend(rejection: &SpendRejection, members: &mut Members) {
    match rejection {
        SpendRejection::Pricing(rejection) => pricing(rejection, members),
        SpendRejection::InsufficientCredits { need, available, held, short } => {
            members.need = Some(Amount(*need));
            members.available = Some(Amount(*available));
            members.held = Some(Amount(*held));
            members.short = Some(Amount(*short));
        }
        SpendRejection::FeatureNotInPlan { feature, unlocked_by, .. } => {
            members.feature = Some(feature.to_string());
            members.unlocked_by = unlocked_by.as_ref().map(Key::to_string);
        }
        SpendRejection::SubscriptionEnded { ended_at } => members.at = Some(Time(*ended_at)),
        SpendRejection::StorageFull(full) => storage_full(full, members),
        SpendRejection::TooManyCredits { most, .. } => members.most_credits = Some(Amount(*most)),
        SpendRejection::TooManyHolds { most } => members.most_holds = Some(*most),
        SpendRejection::TtlOutOfRange { most_seconds } => {
            members.most_seconds = Some(*most_seconds);
        }
        SpendRejection::QuoteExpired { expired_at } => members.at = Some(Time(*expired_at)),
        SpendRejection::HoldEnded { how, at, .. } => {
            members.how = Some(how.as_str());
            members.at = Some(Time(*at));
        }
        SpendRejection::ExceedsHold { need, reserved } => {
            members.need = Some(Amount(*need));
            members.reserved = Some(Amount(*reserved));
        }
        SpendRejection::RefundTooLarge { spent, left, .. } => {
            members.spent = Some(Amount(*spent));
            members.left = Some(Amount(*left));
        }
        SpendRejection::NothingToSpend
        | SpendRejection::QuoteOfAnotherAccount
        | SpendRejection::NotFound { .. }
        | SpendRejection::UnitsWithoutRate { .. }
        | SpendRejection::NothingSpent { .. } => {}
    }
}

fn pricing(rejection: &PricingRejection, members: &mut Members) {
    match rejection {
        PricingRejection::UnknownOperation { known, .. }
        | PricingRejection::UnknownModel { known, .. }
        | PricingRejection::UnknownQuality { known, .. }
        | PricingRejection::UnknownAttribute { known, .. }
        | PricingRejection::UnknownValue { known, .. } => members.known = names(known),
        PricingRejection::TooManyUnits { most, .. } => members.most_units = Some(Units(*most)),
    }
}

fn credits(rejection: &CreditsRejection, members: &mut Members) {
    match rejection {
        CreditsRejection::ExpiryInThePast { now } => members.now = Some(Time(*now)),
        CreditsRejection::NotEnoughToTake { need, available, .. } => {
            members.need = Some(Amount(*need));
            members.available = Some(Amount(*available));
            members.short = Some(Amount(need.minus(*available)));
        }
        CreditsRejection::Zero
        | CreditsRejection::BalanceTooLarge
        | CreditsRejection::ExpiryOfTaking
        | CreditsRejection::TopupsNeverExpire
        | CreditsRejection::PlanCreditsWithoutPeriod => {}
    }
}

fn subscription(rejection: &SubscriptionRejection, members: &mut Members) {
    match rejection {
        SubscriptionRejection::UnknownPlan { known, .. } => members.known = names(known),
        SubscriptionRejection::Canceling { ends_at } => members.at = Some(Time(*ends_at)),
        SubscriptionRejection::RenewalUnpaid { document, due, .. } => {
            members.invoice = Some(document.to_string());
            members.due = Some((*due).into());
        }
        SubscriptionRejection::RefundWindowOver { until } => members.at = Some(Time(*until)),
        SubscriptionRejection::AlreadyOnPlan { .. }
        | SubscriptionRejection::NotSubscribed
        | SubscriptionRejection::NotCanceling
        | SubscriptionRejection::NothingScheduled
        | SubscriptionRejection::BalanceTooLarge
        | SubscriptionRejection::NoCustomPlan
        | SubscriptionRejection::OnCustomPlan
        | SubscriptionRejection::UnknownFeature { .. }
        | SubscriptionRejection::BadCustomPlan { .. }
        | SubscriptionRejection::NothingToRefund => {}
        SubscriptionRejection::Disputed { document } => {
            members.invoice = Some(document.to_string());
        }
    }
}

fn money(rejection: &PaymentRejection, members: &mut Members) {
    match rejection {
        PaymentRejection::UnknownPack { known, .. } => members.known = names(known),
        PaymentRejection::CapTooLow { price, .. } => members.due = Some((*price).into()),
        PaymentRejection::InvoiceNotFound { document }
        | PaymentRejection::InvoiceNotOpen { document }
        | PaymentRejection::NotRefundable { document }
        | PaymentRejection::TopupTouched { document } => {
            members.invoice = Some(document.to_string());
        }
        PaymentRejection::MethodRequired
        | PaymentRejection::CardExpired
        | PaymentRejection::StalePreview
        | PaymentRejection::PaymentPending { .. }
        | PaymentRejection::TooManyPayments { .. }
        | PaymentRejection::MethodNotFound { .. }
        | PaymentRejection::NotLinked
        | PaymentRejection::MethodExists
        | PaymentRejection::AlreadyDefault
        | PaymentRejection::TooManyMethods { .. }
        | PaymentRejection::LastMethod
        | PaymentRejection::BadThreshold
        | PaymentRejection::PaymentNotFound { .. }
        | PaymentRejection::NoReference { .. }
        | PaymentRejection::NothingNew => {}
    }
}

fn names(keys: &[Key]) -> Vec<String> {
    keys.iter().map(Key::to_string).collect()
}
