//! What can be bought and returned, each from a fresh account to its result.

use std::time::Duration;

use bursar_core::account::command::{BuyTopup, Charge, Command, RefundSubscription, SpendRequest};
use bursar_core::account::payments::AutoTopup;
use bursar_core::catalog::Interval;
use bursar_core::credits::Credits;
use bursar_core::money::{Currency, Money};
use bursar_engine::Outcome as Reply;

use crate::bank::Call;
use crate::world::{Life, ada, plan, send};

const DAY: Duration = Duration::from_secs(86_400);

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purchase {
    Start,
    Upgrade,
    NewInterval,
    Topup,
    AutomaticTopup,
    Renewal,
    /// The next attempt after a renewal was declined.
    DunningRetry,
    /// A renewal was declined; another card pays it at once.
    NewCard,
    /// A renewal was declined; the customer pays the invoice.
    PayInvoice,
    RefundOfSubscription,
    /// Another choice replaces a payment that waits for 3-D Secure.
    Replacement,
}

pub(crate) const PURCHASES: [Purchase; 11] = [
    Purchase::Start,
    Purchase::Upgrade,
    Purchase::NewInterval,
    Purchase::Topup,
    Purchase::AutomaticTopup,
    Purchase::Renewal,
    Purchase::DunningRetry,
    Purchase::NewCard,
    Purchase::PayInvoice,
    Purchase::RefundOfSubscription,
    Purchase::Replacement,
];

/// What the bank says in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    SoftDecline,
    HardDecline,
    /// 3-D Secure, which the customer approves.
    Authenticated,
    /// Processing, then success.
    Processed,
}

use Outcome::{Authenticated, HardDecline, Processed, SoftDecline, Success};

impl Outcome {
    pub(crate) const fn is_decline(self) -> bool {
        matches!(self, SoftDecline | HardDecline)
    }

    fn card(self) -> &'static str {
        match self {
            Success => "pm_card_mastercard",
            SoftDecline => "pm_card_chargeDeclinedInsufficientFunds",
            HardDecline => "pm_card_chargeDeclinedLostCard",
            Authenticated => "pm_card_authenticationRequired",
            Processed => "pm_sandbox_processing",
        }
    }

    /// What the bank says once, of whatever card.
    fn decline(self) -> Option<&'static str> {
        match self {
            SoftDecline => Some("insufficient_funds"),
            HardDecline => Some("lost_card"),
            Success | Authenticated | Processed => None,
        }
    }
}

impl Purchase {
    /// What can come of it.
    pub(crate) fn outcomes(self) -> &'static [Outcome] {
        match self {
            // Another attempt with the same card, which the bank decides otherwise.
            Self::DunningRetry => &[Success, SoftDecline, HardDecline],
            // While the bank is at the first attempt, the invoice can't be paid.
            Self::PayInvoice => &[Success, SoftDecline, HardDecline, Authenticated],
            // Returned at once, or after a while.
            Self::RefundOfSubscription => &[Success, Processed],
            _ => &[Success, SoftDecline, HardDecline, Authenticated, Processed],
        }
    }

    /// What is asked of the provider for it first.
    pub(crate) const fn call(self) -> Call {
        match self {
            Self::RefundOfSubscription => Call::Refund,
            Self::Replacement => Call::Cancel,
            _ => Call::Charge,
        }
    }

    /// All that comes before.
    pub(crate) async fn prepare(self, life: &Life<'_>, outcome: Outcome) {
        let world = life.world;
        match self {
            Self::Start => life.customer(outcome.card()).await,
            Self::Upgrade | Self::NewInterval | Self::Topup | Self::AutomaticTopup => {
                life.subscriber("pm_card_visa").await;
                life.add_card(outcome.card(), "other_card").await.unwrap();
                if self == Self::AutomaticTopup {
                    life.execute(send(automatic_topups(), "auto")).await.unwrap();
                }
                world.pass(DAY * 10);
            }
            Self::Renewal => {
                life.subscriber("pm_card_visa").await;
                life.add_card(outcome.card(), "other_card").await.unwrap();
                world.pass(DAY * 31);
            }
            Self::DunningRetry => {
                declined_renewal(life).await;
                world.pass(DAY);
                self.lever(life, outcome);
            }
            Self::NewCard => declined_renewal(life).await,
            Self::PayInvoice if outcome == Authenticated => {
                life.subscriber("pm_card_visa").await;
                life.add_card(outcome.card(), "other_card").await.unwrap();
                world.pass(DAY * 31);
                life.waiting_page_of_renewal().await;
            }
            Self::PayInvoice => {
                declined_renewal(life).await;
                self.lever(life, outcome);
            }
            Self::RefundOfSubscription => {
                life.subscriber(match outcome {
                    Processed => "pm_card_pendingRefund",
                    _ => "pm_card_visa",
                })
                .await;
            }
            Self::Replacement => {
                life.customer("pm_card_authenticationRequired").await;
                life.execute(send(plan("starter", Interval::Month), "first")).await.unwrap();
                life.waiting_page().await;
                life.add_card(outcome.card(), "other_card").await.unwrap();
            }
        }
    }

    fn lever(self, life: &Life<'_>, outcome: Outcome) {
        if let Some(code) = outcome.decline() {
            life.world.bank.sandbox.controls().decline_next(code).unwrap();
        }
    }

    /// What the customer asks for, under a key; `None` if it falls due by itself.
    pub(crate) async fn ask(self, life: &Life<'_>, outcome: Outcome) -> Option<Reply> {
        let command = match self {
            Self::Start => plan("starter", Interval::Month),
            Self::Upgrade | Self::Replacement => plan("professional", Interval::Month),
            Self::NewInterval => plan("professional", Interval::Year),
            Self::Topup => Command::BuyTopup(BuyTopup { pack: "small".to_owned() }),
            Self::AutomaticTopup => most_of_the_credits(),
            Self::NewCard => return Some(life.add_card(outcome.card(), "buy").await),
            Self::PayInvoice => Command::PayInvoice("inv_2".parse().unwrap()),
            Self::RefundOfSubscription => {
                Command::RefundSubscription(RefundSubscription { reason: None })
            }
            Self::Renewal | Self::DunningRetry => {
                life.look().await;
                return None;
            }
        };
        Some(life.execute(send(command, "buy")).await)
    }
}

/// Starter's renewal is declined, so that it is past due.
pub(crate) async fn declined_renewal(life: &Life<'_>) {
    life.subscriber("pm_card_visa").await;
    life.world.bank.sandbox.controls().decline_next("insufficient_funds").unwrap();
    life.world.pass(DAY * 31);
    life.look().await;
    life.finish(false).await;
    assert_eq!(life.account().await.status(), "past_due");
}

fn automatic_topups() -> Command {
    Command::SetAutoTopup(Some(AutoTopup {
        threshold: Credits::from_whole(100).unwrap(),
        pack: "small".parse().unwrap(),
        monthly_cap: Money::new(5_000, Currency::USD),
    }))
}

fn most_of_the_credits() -> Command {
    let credits = Credits::from_whole(350).unwrap();
    let reason = "job".parse().unwrap();
    Command::Charge(Charge { spend: SpendRequest::Credits { credits, reason }, reference: None })
}

impl Life<'_> {
    /// The renewal's payment waits for a customer who isn't there.
    async fn waiting_page_of_renewal(&self) {
        self.engine.view(&ada()).await.unwrap();
        self.waiting_page().await;
    }
}
