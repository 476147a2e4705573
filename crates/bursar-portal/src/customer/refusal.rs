//! Why a form had no effect, said where it was sent from: what happened, with the figures, and the next
//! step.

use axum::http::StatusCode;
use bursar_core::rejection::{PaymentRejection, Rejection, SubscriptionRejection};
use bursar_engine::Failure;
use bursar_engine::decline::advice;

use super::action::payment_page;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::words::{date, isolated};
use crate::session::Customer;
use crate::state::Portal;

/// Why a form had no effect.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What happened.
    pub(super) text: String,
    /// The next step: what the button says, and where it leads.
    pub(super) step: Option<(&'static str, String)>,
}

impl Refusal {
    /// Something was filled in wrongly.
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, text: text.into(), step: None }
    }

    /// It can't be done as things stand.
    pub(super) fn conflict(text: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, text: text.into(), step: None }
    }

    fn leading(self, label: &'static str, page: impl Into<String>) -> Self {
        Self { step: Some((label, page.into())), ..self }
    }

    fn unpaid(self) -> Self {
        Self { status: StatusCode::PAYMENT_REQUIRED, ..self }
    }

    /// What a failure means to the customer.
    ///
    /// # Errors
    /// The problem page of a failure that no page of ours explains better.
    pub(super) fn of(
        failure: Failure,
        portal: &Portal,
        customer: &Customer,
    ) -> Result<Self, PageProblem> {
        let unavailable = |text: &str| {
            Ok(Self { status: StatusCode::SERVICE_UNAVAILABLE, text: text.to_owned(), step: None })
        };
        match failure {
            Failure::Rejected(Rejection::Payment(why)) => Ok(payment(&why, customer)),
            Failure::Rejected(Rejection::Subscription(why)) => {
                Ok(subscription(&why, portal, customer))
            }
            Failure::Rejected(why) => Ok(Self::conflict(format!("That can't be done: {why}."))),
            Failure::VersionMismatch { .. } => Ok(Self::conflict(
                "Something has changed since this page was made. Look at it as it is now, and repeat \
                 what you did.",
            )),
            Failure::Refused(decline) => {
                let (message, fix) = advice(decline.shown_code());
                Ok(Self::conflict(format!("{message} {fix}")).unpaid())
            }
            Failure::ProviderUnavailable(why) => {
                tracing::warn!(why, "the payment provider is not available to a customer");
                unavailable(
                    "The payment provider can't be reached right now. Nothing was charged; try again \
                     in a moment.",
                )
            }
            Failure::ProviderMisconfigured => unavailable(
                "Payments aren't set up here yet. Nothing was charged; support can help.",
            ),
            Failure::ProviderRefused(why) => {
                tracing::warn!(why, "the payment provider refused a customer");
                Ok(Self::conflict(
                    "The payment provider refused. Nothing was charged; try again, or ask support.",
                ))
            }
            other => Err(other.into()),
        }
    }
}

const CARDS: &str = "/portal/payment-methods";

fn payment(why: &PaymentRejection, customer: &Customer) -> Refusal {
    use PaymentRejection as Why;
    let (conflict, invalid) =
        (|text: &str| Refusal::conflict(text), |text: &str| Refusal::invalid(text));
    match why {
        Why::MethodRequired | Why::NotLinked => {
            conflict("There is nothing to pay with yet. Nothing was charged.")
                .unpaid()
                .leading("Add a card", CARDS)
        }
        Why::CardExpired => conflict("The card that would be paid with has expired.")
            .unpaid()
            .leading("Use another card", CARDS),
        Why::StalePreview => {
            conflict("Something has changed since this was worked out. Nothing was charged.")
        }
        Why::PaymentPending { payment } => {
            conflict("A payment is under way, so this has to wait for its outcome.")
                .leading("See that payment", payment_page(*payment))
        }
        Why::TooManyPayments { most } => Refusal::conflict(format!(
            "{most} payments for credits are under way, the most there may be at once. Wait for one \
             of them.",
        )),
        Why::UnknownPack { .. } => invalid("This pack isn't sold any more. Choose another."),
        Why::MethodNotFound { .. } => conflict("This card is no longer on your account."),
        Why::MethodExists => conflict("This card is on your account already."),
        Why::AlreadyDefault => conflict("This is what you pay with already."),
        Why::TooManyMethods { most } => Refusal::conflict(format!(
            "You have {most} cards, the most there may be. Remove one first."
        )),
        Why::LastMethod => conflict(
            "Your plan needs something to pay with, and this is the last card. Add another one first, \
             or cancel the plan.",
        )
        .leading("Cancel plan", "/portal/cancel"),
        Why::InvoiceNotFound { .. } => conflict("There is no such invoice."),
        Why::InvoiceNotOpen { .. } => {
            conflict("This invoice is paid already, or was taken back. Nothing was charged.")
        }
        Why::CapTooLow { cap, price } => Refusal::invalid(format!(
            "One pack costs {}, so a monthly limit of {} would never buy one. Choose a higher limit or \
             a smaller pack.",
            customer.locale.money(*price),
            customer.locale.money(*cap),
        )),
        Why::BadThreshold => invalid("Name a number of credits above 0."),
        Why::NothingNew => conflict("That was so already; nothing was changed."),
        Why::NotRefundable { .. }
        | Why::TopupTouched { .. }
        | Why::PaymentNotFound { .. }
        | Why::NoReference { .. } => Refusal::conflict(format!("That can't be done: {why}.")),
    }
}

fn subscription(why: &SubscriptionRejection, portal: &Portal, customer: &Customer) -> Refusal {
    use SubscriptionRejection as Why;
    let (account, conflict) = (customer.account(), |text: &str| Refusal::conflict(text));
    match why {
        Why::UnknownPlan { .. } => {
            Refusal::invalid("This plan isn't offered any more. Choose another.")
                .leading("See the plans", "/portal/plan")
        }
        Why::AlreadyOnPlan { plan, interval } => {
            let name = isolated(names::plan(account, portal.catalog(), plan));
            Refusal::conflict(format!("You are on {name}, paid by the {interval}, already."))
        }
        Why::NotSubscribed => {
            conflict("This needs a plan.").leading("Choose a plan", "/portal/plan")
        }
        Why::Canceling { ends_at } => Refusal::conflict(format!(
            "Your plan is cancelled and ends on {}. Resume it first.",
            date(*ends_at, &account.zone)
        ))
        .leading("Resume plan", "/portal/cancel"),
        Why::NotCanceling => conflict("Your plan isn't cancelled; it goes on."),
        Why::NothingScheduled => conflict("No change is scheduled; your plan goes on as it is."),
        Why::RenewalUnpaid { due, past_due: true, .. } => Refusal::conflict(format!(
            "Your last payment of {} failed. Pay it first, then change the plan.",
            customer.locale.money(*due)
        ))
        .unpaid()
        .leading("Pay now", "/portal/past-due"),
        Why::RenewalUnpaid { past_due: false, .. } => {
            conflict("The payment of your new period is under way. Try again in a moment.")
        }
        Why::BalanceTooLarge => conflict("Your balance would become too large. Support can help."),
        other => Refusal::conflict(format!("That can't be done: {other}.")),
    }
}
