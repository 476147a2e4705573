//! One change, with what it means.

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

use super::keyed::{Pairs, Presence};

/// One difference between two catalogs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changed, such as `plans.starter.price.month`.
    pub path: String,
    /// The same for people: `Starter: price per month`.
    pub subject: String,
    /// Whether it came, went or became something else.
    pub kind: ChangeKind,
    /// What it was, for something with a value; `None` for no value.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
    /// For whom it takes effect, and when.
    #[serde(serialize_with = "effect")]
    pub effect: Effect,
}

/// How something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It wasn't there before.
    Added,
    /// It is no longer there.
    Removed,
    /// It has another value.
    Changed,
}

/// For whom a change takes effect, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Pinned terms: price, allowance, storage.
    NextRenewal,
    /// A plan or pack for sale that wasn't.
    ForSale,
    /// A plan that is no longer for sale.
    ClosedPlan,
    /// A plan that is no longer for sale, kept for its subscribers.
    RetiredPlan,
    /// What a plan unlocks.
    Subscribers,
    /// The order of the plans.
    Rank,
    /// Packs.
    NextPurchase,
    /// A pack that is no longer for sale.
    ClosedPack,
    /// Prices and what is priced.
    NewQuotes,
    /// What a request may ask for, and what it needs.
    NewRequests,
    /// Something that can be asked for and couldn't.
    NewlyPriced,
    /// Something that can no longer be asked for.
    NoLongerPriced,
    /// The order in which lots are burnt.
    NextSpend,
    /// How long a quote binds.
    QuotesFromNowOn,
    /// The limits of holds.
    HoldsFromNowOn,
    /// The timing of plan changes.
    ChangesFromNowOn,
    /// Refunds.
    RefundsFromNowOn,
    /// Retries of failed renewals.
    FailuresFromNowOn,
    /// How long data is kept.
    EndsFromNowOn,
    /// How long a preview can be confirmed.
    PreviewsFromNowOn,
    /// How long a payment waits.
    PaymentsFromNowOn,
    /// Limits of automatic top-ups.
    NextAutoTopup,
    /// The announcement of yearly renewals.
    YearsFromNowOn,
    /// The announcement of the end of cancelled subscriptions.
    CancellationsFromNowOn,
    /// What may be uploaded.
    UploadsFromNowOn,
    /// How purchases are taxed.
    NewBills,
    /// What documents say.
    NewDocuments,
    /// How documents are numbered.
    NewNumbers,
    /// Only what is read on pages.
    Pages,
}

impl Effect {
    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NextRenewal => "next_renewal",
            Self::ForSale => "for_sale",
            Self::ClosedPlan => "closed_plan",
            Self::RetiredPlan => "retired_plan",
            Self::Subscribers => "subscribers",
            Self::Rank => "rank",
            Self::NextPurchase => "next_purchase",
            Self::ClosedPack => "closed_pack",
            Self::NewQuotes => "new_quotes",
            Self::NewRequests => "new_requests",
            Self::NewlyPriced => "newly_priced",
            Self::NoLongerPriced => "no_longer_priced",
            Self::NextSpend => "next_spend",
            Self::QuotesFromNowOn => "quotes_from_now_on",
            Self::HoldsFromNowOn => "holds_from_now_on",
            Self::ChangesFromNowOn => "changes_from_now_on",
            Self::RefundsFromNowOn => "refunds_from_now_on",
            Self::FailuresFromNowOn => "failures_from_now_on",
            Self::EndsFromNowOn => "ends_from_now_on",
            Self::PreviewsFromNowOn => "previews_from_now_on",
            Self::PaymentsFromNowOn => "payments_from_now_on",
            Self::NextAutoTopup => "next_auto_topup",
            Self::YearsFromNowOn => "years_from_now_on",
            Self::CancellationsFromNowOn => "cancellations_from_now_on",
            Self::UploadsFromNowOn => "uploads_from_now_on",
            Self::NewBills => "new_bills",
            Self::NewDocuments => "new_documents",
            Self::NewNumbers => "new_numbers",
            Self::Pages => "pages",
        }
    }
}

impl Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NextRenewal => "new subscribers at once, present ones at their next renewal",
            Self::ForSale => "for sale at once",
            Self::ClosedPlan => {
                "no new subscribers, and changes scheduled to it are dropped; present ones keep \
                 price, allowance and storage, also when they renew, but lose its features at once \
                 (`retired = true` keeps them)"
            }
            Self::RetiredPlan => {
                "no new subscribers; present ones keep all of it, also when they renew"
            }
            Self::Subscribers => "at once for everyone on the plan",
            Self::Rank => "changes of plan asked for from now on; it decides up and down",
            Self::NextPurchase => "the next purchase; credits already bought stay",
            Self::ClosedPack => "no longer for sale at once; credits already bought stay",
            Self::NewQuotes => "new quotes at once; open quotes and holds keep their pinned rate",
            Self::NewRequests => "new requests at once; open quotes and holds stay as they are",
            Self::NewlyPriced => "can be asked for at once",
            Self::NoLongerPriced => {
                "refused to new requests at once; open quotes and holds keep their pinned rate"
            }
            Self::NextSpend => "the next hold or charge; what is held stays on its lots",
            Self::QuotesFromNowOn => "quotes from now on",
            Self::HoldsFromNowOn => "holds and extensions from now on",
            Self::ChangesFromNowOn => "changes of plan asked for from now on",
            Self::RefundsFromNowOn => "refunds from now on",
            Self::FailuresFromNowOn => "renewals that fail from now on",
            Self::EndsFromNowOn => "subscriptions that end from now on",
            Self::PreviewsFromNowOn => "previews from now on",
            Self::PaymentsFromNowOn => "payments that start from now on",
            Self::NextAutoTopup => "the next automatic top-up",
            Self::YearsFromNowOn => "years that are paid from now on; notices already planned stay",
            Self::CancellationsFromNowOn => {
                "subscriptions cancelled from now on; notices already planned stay"
            }
            Self::UploadsFromNowOn => "uploads from now on; what is stored stays",
            Self::NewBills => {
                "bills from now on, also when present subscribers renew; what is issued stays"
            }
            Self::NewDocuments => "documents from now on; what is issued stays",
            Self::NewNumbers => {
                "documents from now on, counted from 1 in a new series; what is issued keeps its \
                 number"
            }
            Self::Pages => "on pages, at once",
        })
    }
}

fn effect<S: Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;

    let mut fields = serializer.serialize_struct("Effect", 2)?;
    fields.serialize_field("code", effect.code())?;
    fields.serialize_field("text", &effect.to_string())?;
    fields.end()
}

impl Display for Change {
    /// `Starter: price per month 29.00 USD -> 35.00 USD: new subscribers at once, …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path: _, subject, kind, before, after, effect } = self;
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        match kind {
            ChangeKind::Added => write!(f, "{subject} added: {effect}"),
            ChangeKind::Removed => write!(f, "{subject} removed: {effect}"),
            ChangeKind::Changed => {
                write!(f, "{subject} {} -> {}: {effect}", value(before), value(after))
            }
        }
    }
}

/// The changes found so far.
#[derive(Default)]
pub(super) struct Changes(Vec<Change>);

/// Collects the changes of one thing.
pub(super) struct At<'c> {
    changes: &'c mut Changes,
    path: String,
    subject: String,
}

impl Changes {
    /// Where changes of one thing go: its path, its name for people.
    pub(super) fn at(&mut self, path: impl Into<String>, subject: impl Into<String>) -> At<'_> {
        At { changes: self, path: path.into(), subject: subject.into() }
    }

    pub(super) fn into_vec(self) -> Vec<Change> {
        self.0
    }
}

impl At<'_> {
    fn push(
        &mut self,
        (field, name): (&str, &str),
        kind: ChangeKind,
        (before, after): (Option<String>, Option<String>),
        effect: Effect,
    ) {
        let path = match field {
            "" => self.path.clone(),
            field => format!("{}.{field}", self.path),
        };
        let subject = match name {
            "" => self.subject.clone(),
            name => format!("{}: {name}", self.subject),
        };
        self.changes.0.push(Change { path, subject, kind, before, after, effect });
    }

    /// A change if the two differ.
    pub(super) fn compare<T: PartialEq + Display>(
        &mut self,
        field: &str,
        name: &str,
        (before, after): (&T, &T),
        effect: Effect,
    ) {
        if before != after {
            let texts = (Some(before.to_string()), Some(after.to_string()));
            self.push((field, name), ChangeKind::Changed, texts, effect);
        }
    }

    /// The same for what may be absent.
    pub(super) fn compare_option<T: PartialEq + Display>(
        &mut self,
        field: &str,
        name: &str,
        (before, after): (&Option<T>, &Option<T>),
        effect: Effect,
    ) {
        if before != after {
            let text = |value: &Option<T>| value.as_ref().map(ToString::to_string);
            self.push((field, name), ChangeKind::Changed, (text(before), text(after)), effect);
        }
    }

    /// The thing itself has come or gone.
    pub(super) fn presence(&mut self, presence: Presence, effect: Effect) {
        self.presence_of("", "", presence, effect);
    }

    /// A part of the thing has come or gone.
    pub(super) fn presence_of(
        &mut self,
        field: &str,
        name: &str,
        presence: Presence,
        effect: Effect,
    ) {
        let kind = match presence {
            Presence::Added => ChangeKind::Added,
            Presence::Removed => ChangeKind::Removed,
        };
        self.push((field, name), kind, (None, None), effect);
    }

    /// The order of its parts has changed.
    pub(super) fn order<T>(&mut self, pairs: &Pairs<'_, T>, effect: Effect) {
        if let Some((before, after)) = &pairs.order {
            let texts = (Some(before.clone()), Some(after.clone()));
            self.push(("", "order"), ChangeKind::Changed, texts, effect);
        }
    }
}
