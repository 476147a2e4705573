//! Why a command is refused: one closed enum per area, stable codes, the numbers a person needs and
//! what would fix it. Rejections know nothing of HTTP.

mod payment;
mod storage;
mod subscription;

use alloc::string::{String, ToString};

use crate::account::event::ReleaseCause;
use crate::credits::Credits;
use crate::id::{HoldId, Key, SpendId};
use crate::money::Currency;
use crate::pricing::{PricingRejection, Quantity};
use crate::time::Timestamp;
pub use payment::PaymentRejection;
pub use storage::{StorageFull, StorageRejection};
pub use subscription::SubscriptionRejection;

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// About the account itself.
    #[error(transparent)]
    Account(#[from] AccountRejection),
    /// About spending credits.
    #[error(transparent)]
    Spend(#[from] SpendRejection),
    /// About giving or taking credits.
    #[error(transparent)]
    Credits(#[from] CreditsRejection),
    /// About the subscription.
    #[error(transparent)]
    Subscription(#[from] SubscriptionRejection),
    /// About money.
    #[error(transparent)]
    Payment(#[from] PaymentRejection),
    /// About what is stored.
    #[error(transparent)]
    Storage(#[from] StorageRejection),
}

/// Why nothing can be done to an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountRejection {
    /// There is one of that id.
    #[error("the account exists already")]
    Exists,
    /// There is none of that id.
    #[error("there is no such account")]
    NotFound,
    /// The catalog has no prices in that currency.
    #[error("the catalog's prices are in {offered}, not {given}")]
    CurrencyNotOffered {
        /// What was asked for.
        given: Currency,
        /// What there is.
        offered: Currency,
    },
    /// Test clocks move forward only.
    #[error("the account's clock is at {now}, and a test clock moves forward only")]
    ClockBackwards {
        /// The account's present.
        now: Timestamp,
    },
    /// Farther than one step may go.
    #[error(
        "a test clock goes at most 100 years at once, and not beyond the year 9000; it is at {now}"
    )]
    ClockTooFar {
        /// The account's present.
        now: Timestamp,
    },
    /// Not a span of time.
    #[error("{given:?} is not a span of time")]
    BadSpan {
        /// What was given.
        given: String,
    },
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEnd {
    /// It was captured.
    Captured,
    /// The caller released it.
    Released,
    /// Its time ran out.
    TimedOut,
}

impl HoldEnd {
    /// `captured`, `released` or `timed_out`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Released => "released",
            Self::TimedOut => "timed_out",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Captured => "was captured",
            Self::Released => "was released",
            Self::TimedOut => "timed out",
        }
    }
}

impl From<&ReleaseCause> for HoldEnd {
    fn from(cause: &ReleaseCause) -> Self {
        match cause {
            ReleaseCause::Caller { .. } => Self::Released,
            ReleaseCause::TimedOut => Self::TimedOut,
        }
    }
}

/// Why credits can't be held, captured, charged or refunded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpendRejection {
    /// No price.
    #[error(transparent)]
    Pricing(#[from] PricingRejection),
    /// Not enough credits.
    #[error("needs {need} credits, has {available} available, {held} held: short {short}")]
    InsufficientCredits {
        /// What it takes.
        need: Credits,
        /// What can be spent.
        available: Credits,
        /// What open holds reserve.
        held: Credits,
        /// What is missing.
        short: Credits,
    },
    /// The plan lacks a feature.
    #[error("{} does not include {feature_name}", .plan.as_deref().unwrap_or("an account without a plan"))]
    FeatureNotInPlan {
        /// The feature.
        feature: Key,
        /// Its name for people.
        feature_name: String,
        /// The name of the plan in force.
        plan: Option<String>,
        /// The lowest plan that has all it takes.
        unlocked_by: Option<Key>,
    },
    /// The subscription has ended; what is left of the balance is frozen.
    #[error("the subscription ended on {ended_at}")]
    SubscriptionEnded {
        /// When.
        ended_at: Timestamp,
    },
    /// No room for another asset.
    #[error(transparent)]
    StorageFull(#[from] StorageFull),
    /// An amount of nothing.
    #[error("an amount of credits to spend must be above 0")]
    NothingToSpend,
    /// More than one spend may be.
    #[error("{given} credits at once are too many; at most {most}")]
    TooManyCredits {
        /// What was asked for.
        given: Credits,
        /// The most.
        most: Credits,
    },
    /// As many holds as may be open are.
    #[error("{most} holds are open, the most there may be at once")]
    TooManyHolds {
        /// The most.
        most: u32,
    },
    /// A time to live that no hold may have.
    #[error("a hold lives 1 to {most_seconds} seconds from now")]
    TtlOutOfRange {
        /// The longest.
        most_seconds: u64,
    },
    /// The quote no longer binds.
    #[error("the quote expired at {expired_at}")]
    QuoteExpired {
        /// When.
        expired_at: Timestamp,
    },
    /// The quote is another account's.
    #[error("the quote was made for another account")]
    QuoteOfAnotherAccount,
    /// No hold or charge of that id.
    #[error("there is no {spend} on this account")]
    NotFound {
        /// The id.
        spend: SpendId,
    },
    /// A hold ends once.
    #[error("{hold} {} at {at}", .how.words())]
    HoldEnded {
        /// The hold.
        hold: HoldId,
        /// How it ended.
        how: HoldEnd,
        /// When.
        at: Timestamp,
    },
    /// The actual cost is above what is held.
    #[error("the capture costs {need} credits, the hold has {reserved}")]
    ExceedsHold {
        /// What it would take.
        need: Credits,
        /// What the hold still reserves.
        reserved: Credits,
    },
    /// The hold has no rate to price units by.
    #[error("the hold is for an amount of credits, so {given} units have no price")]
    UnitsWithoutRate {
        /// What was given.
        given: Quantity,
    },
    /// Nothing of it was ever spent, or it is still held.
    #[error("{spend} has spent nothing")]
    NothingSpent {
        /// The id.
        spend: SpendId,
    },
    /// More than is left to refund.
    #[error("{left} of {spent} credits are left to refund, not {given}")]
    RefundTooLarge {
        /// What was asked for.
        given: Credits,
        /// What was spent.
        spent: Credits,
        /// What hasn't been refunded yet.
        left: Credits,
    },
}

/// Why credits can't be given or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditsRejection {
    /// An adjustment of nothing.
    #[error("an adjustment must give or take something; it is 0")]
    Zero,
    /// The balance would be above 10^12 credits.
    #[error("the balance would become too large: at most 1000000000000 credits")]
    BalanceTooLarge,
    /// It would be gone at once.
    #[error("expires_at is not in the future: the account's clock is at {now}")]
    ExpiryInThePast {
        /// The account's present.
        now: Timestamp,
    },
    /// Only what is given can expire.
    #[error("credits that are taken have no expiry")]
    ExpiryOfTaking,
    /// Top-ups never expire.
    #[error("top-up credits never expire")]
    TopupsNeverExpire,
    /// Plan credits expire with a period; there is none.
    #[error("plan credits expire with the period, and no period that is paid for is running")]
    PlanCreditsWithoutPeriod,
    /// Not that many of the class.
    #[error("{class} credits: {available} available, {need} to take")]
    NotEnoughToTake {
        /// The class.
        class: &'static str,
        /// What was to be taken.
        need: Credits,
        /// What there is.
        available: Credits,
    },
}

impl Rejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Account(rejection) => rejection.code(),
            Self::Spend(rejection) => rejection.code(),
            Self::Credits(rejection) => rejection.code(),
            Self::Subscription(rejection) => rejection.code(),
            Self::Payment(rejection) => rejection.code(),
            Self::Storage(rejection) => rejection.code(),
        }
    }

    /// What would fix it, in a sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Account(rejection) => rejection.fix().to_string(),
            Self::Spend(rejection) => rejection.fix(),
            Self::Credits(rejection) => rejection.fix().to_string(),
            Self::Subscription(rejection) => rejection.fix(),
            Self::Payment(rejection) => rejection.fix().to_string(),
            Self::Storage(rejection) => rejection.fix(),
        }
    }
}

impl AccountRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists => "account_exists",
            Self::NotFound => "account_not_found",
            Self::CurrencyNotOffered { .. } => "currency_not_offered",
            Self::ClockBackwards { .. } => "clock_backwards",
            Self::ClockTooFar { .. } => "clock_too_far",
            Self::BadSpan { .. } => "bad_span",
        }
    }

    const fn fix(&self) -> &'static str {
        match self {
            Self::Exists => "Use the account, or choose another id.",
            Self::NotFound => "Create it with POST /v1/accounts.",
            Self::CurrencyNotOffered { .. } => "Leave out the currency, or name the catalog's.",
            Self::ClockBackwards { .. } => "Name a later time.",
            Self::ClockTooFar { .. } => "Go less far, in several steps.",
            Self::BadSpan { .. } => "Write it like 61s, 1mo, 1y or P1M.",
        }
    }
}

impl SpendRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pricing(rejection) => rejection.code(),
            Self::InsufficientCredits { .. } => "insufficient_credits",
            Self::FeatureNotInPlan { .. } => "feature_not_in_plan",
            Self::SubscriptionEnded { .. } => "subscription_ended",
            Self::StorageFull(_) => "storage_full",
            Self::NothingToSpend => "nothing_to_spend",
            Self::TooManyCredits { .. } => "too_many_credits",
            Self::TooManyHolds { .. } => "too_many_holds",
            Self::TtlOutOfRange { .. } => "ttl_out_of_range",
            Self::QuoteExpired { .. } => "quote_expired",
            Self::QuoteOfAnotherAccount => "quote_of_another_account",
            Self::NotFound { spend: SpendId::Hold(_) } => "hold_not_found",
            Self::NotFound { spend: SpendId::Charge(_) } => "charge_not_found",
            Self::HoldEnded { .. } => "hold_ended",
            Self::ExceedsHold { .. } => "exceeds_hold",
            Self::UnitsWithoutRate { .. } => "units_without_rate",
            Self::NothingSpent { .. } => "nothing_spent",
            Self::RefundTooLarge { .. } => "refund_too_large",
        }
    }

    /// What would fix it.
    pub fn fix(&self) -> String {
        let fix = match self {
            Self::Pricing(_) => "Choose one of the names that the detail lists.",
            Self::InsufficientCredits { .. } => {
                "Top up, upgrade, or wait for the next refresh or for a hold to end."
            }
            Self::FeatureNotInPlan { unlocked_by: Some(plan), .. } => {
                return alloc::format!("Upgrade to {plan}.");
            }
            Self::FeatureNotInPlan { unlocked_by: None, .. } => "No plan has this; ask support.",
            Self::SubscriptionEnded { .. } => "Resubscribe: POST /v1/accounts/{id}/subscription.",
            Self::StorageFull(full) => return full.fix(),
            Self::NothingToSpend => "Name an amount above 0.",
            Self::TooManyCredits { .. } => "Split it into smaller amounts.",
            Self::TooManyHolds { .. } => "Capture or release holds that are done.",
            Self::TtlOutOfRange { .. } => "Name a ttl_seconds in the range, and extend later.",
            Self::QuoteExpired { .. } => "Ask for a new quote.",
            Self::QuoteOfAnotherAccount => "Ask for a quote for this account.",
            Self::NotFound { .. } => "Check the id and the account.",
            Self::HoldEnded { .. } => "A hold ends once: place a new one if there is more to do.",
            Self::ExceedsHold { .. } => "Capture less, or allow overage with allow_overage.",
            Self::UnitsWithoutRate { .. } => "Capture by credits.",
            Self::NothingSpent { .. } => "Only captured or charged credits can be refunded.",
            Self::RefundTooLarge { .. } => "Refund at most what is left.",
        };
        fix.to_string()
    }
}

impl CreditsRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Zero => "zero_adjustment",
            Self::BalanceTooLarge => "balance_too_large",
            Self::ExpiryInThePast { .. } => "expiry_in_the_past",
            Self::ExpiryOfTaking => "expiry_of_taking",
            Self::TopupsNeverExpire => "topups_never_expire",
            Self::PlanCreditsWithoutPeriod => "plan_credits_without_period",
            Self::NotEnoughToTake { .. } => "not_enough_to_take",
        }
    }

    const fn fix(&self) -> &'static str {
        match self {
            Self::Zero => "Name a positive or negative amount.",
            Self::BalanceTooLarge => "Give less.",
            Self::ExpiryInThePast { .. } => "Name a later expires_at.",
            Self::ExpiryOfTaking => "Leave out expires_at.",
            Self::TopupsNeverExpire => "Leave out expires_at, or give promo credits.",
            Self::PlanCreditsWithoutPeriod => "Name an expires_at, or give promo credits.",
            Self::NotEnoughToTake { .. } => "Take at most what is available of that class.",
        }
    }
}
