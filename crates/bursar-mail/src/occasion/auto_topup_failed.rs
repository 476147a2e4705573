//! Credits couldn't be bought automatically.

use bursar_core::credits::Credits;
use bursar_core::money::Money;
use bursar_core::time::Timestamp;

use crate::card::{Card, with_your};
use crate::decline::Reason;
use crate::envelope::Envelope;
use crate::format::{credits, money};
use crate::letter::{Letter, figure};

/// An automatic top-up whose payment failed. "Auto top-up is opt-in: threshold, pack, monthly cap,
/// one in flight, cooldown that survives failures."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoTopupFailed {
    /// What was to be bought.
    pub credits: Credits,
    /// For how much.
    pub amount: Money,
    /// What was charged, if it was a card.
    pub card: Option<Card>,
    /// The decline's code, in the words of the payment provider. Told in plain words, or not at all
    /// if it would tell a thief.
    pub decline_code: String,
    /// The earliest time of another attempt; `None` waits for another card.
    pub next_attempt_at: Option<Timestamp>,
}

impl AutoTopupFailed {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let (credits, amount) = (credits(self.credits), money(self.amount));
        let Reason { why, help } = Reason::of(&self.decline_code);
        let attempt = self.next_attempt_at.map(|at| envelope.moment(at));
        let plan = match &attempt {
            Some(moment) => format!("{help} We won't try again before {moment}."),
            None => format!("{help} We won't try the declined card again."),
        };
        Letter {
            subject: format!("Your automatic top-up at {} failed", envelope.product()),
            opening: vec![format!(
                "We couldn't buy {credits} for {amount} for you{}. {why} Nothing was charged.",
                with_your(self.card.as_ref()),
            )],
            figures: vec![
                figure("Top-up", &credits),
                figure("Price", &amount),
                match &attempt {
                    Some(moment) => figure("Not tried again before", moment),
                    None => figure("Next attempt", "When you add another card"),
                },
            ],
            next: vec![
                plan,
                "You can buy credits yourself at any time, and turn automatic top-up off."
                    .to_owned(),
            ],
            action: "Buy credits or change automatic top-up",
        }
    }
}
