//! A yearly subscription is about to be paid again.

use bursar_core::money::Money;
use bursar_core::time::Timestamp;

use crate::card::Card;
use crate::envelope::Envelope;
use crate::format::money;
use crate::letter::{Letter, figure};
use crate::one_line::OneLine;

/// The announcement of a yearly renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnualRenewalReminder {
    /// The plan's name.
    pub plan: OneLine,
    /// What the customer has chosen to have from then on, if it is something else: `Starter, monthly`.
    pub becomes: Option<OneLine>,
    /// What will be charged, tax included.
    pub amount: Money,
    /// When.
    pub renews_at: Timestamp,
    /// The card that will be charged, if there is one.
    pub card: Option<Card>,
}

impl AnnualRenewalReminder {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { plan, .. } = self;
        let amount = money(self.amount);
        let renewal = envelope.moment(self.renews_at);
        let (charge, to_keep) = match &self.card {
            Some(card) => (
                format!("We will then charge {amount} to your {card}."),
                "If you want to keep it, there is nothing to do.",
            ),
            None => (
                format!("Then {amount} is due, and there is no card to charge it to."),
                "If you want to keep it, please add a card before then.",
            ),
        };
        let mut figures = vec![
            figure("Plan", format!("{plan}, yearly")),
            figure("Renews", &renewal),
            figure("Amount", &amount),
        ];
        if let Some(becomes) = &self.becomes {
            figures.insert(1, figure("From then on", becomes));
        }
        let renews = match &self.becomes {
            None => format!("Your yearly {plan} plan renews on {renewal} for another year."),
            Some(becomes) => format!(
                "Your yearly {plan} plan is paid until {renewal}. As you have chosen, it goes on as \
                 {becomes}."
            ),
        };
        figures.extend(self.card.as_ref().map(|card| figure("Charged to", card)));
        let or_else = match self.becomes {
            None => "You can also change to another plan, or to monthly payment.",
            Some(_) => "You can also take the change back.",
        };
        Letter {
            subject: format!(
                "Your {} plan renews on {} for {amount}",
                envelope.product(),
                envelope.date(self.renews_at),
            ),
            opening: vec![format!("{renews} {charge}")],
            figures,
            next: vec![format!(
                "{to_keep} If you don't, cancel it before then and nothing is charged. {or_else}"
            )],
            action: "See, change or cancel your plan",
        }
    }
}
