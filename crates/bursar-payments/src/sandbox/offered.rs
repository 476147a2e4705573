//! The test cards for whoever shows them: what each does, in words that are made of what it does.

use super::cards::{Acts, Authenticates, CARDS, Loss, Refunds, TestCard, Webhooks};
use crate::event::DisputeStatus;

/// What test cards are grouped by when they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardGroup {
    /// It pays.
    Pays,
    /// Its holder has to authenticate.
    Authenticates,
    /// It is declined.
    Declines,
    /// It pays, and then comes a dispute or a refund with a twist.
    Afterwards,
    /// Something is lost, late or repeated between the provider and the server.
    Network,
}

impl CardGroup {
    /// Every group, in the order to show them.
    pub const ALL: [Self; 5] =
        [Self::Pays, Self::Authenticates, Self::Declines, Self::Afterwards, Self::Network];

    /// Its heading.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pays => "Pays",
            Self::Authenticates => "Asks for 3-D Secure",
            Self::Declines => "Is declined",
            Self::Afterwards => "Pays, with trouble afterwards",
            Self::Network => "Something gets lost on the way",
        }
    }
}

/// A test card as it is shown.
#[derive(Clone, Debug)]
pub struct OfferedCard {
    /// Its name in the API.
    pub token: &'static str,
    /// Its brand, in lower case.
    pub brand: &'static str,
    /// The last four digits of its published number.
    pub last4: &'static str,
    /// Where to show it.
    pub group: CardGroup,
    /// What it does: `declined: insufficient funds`.
    pub does: String,
}

/// All test cards, in the order of the table.
pub fn offered_cards() -> Vec<OfferedCard> {
    let shown = |card: &TestCard| OfferedCard {
        token: card.token,
        brand: card.brand,
        last4: card.last4,
        group: group(&card.acts),
        does: words(&card.acts),
    };
    CARDS.iter().map(shown).collect()
}

fn group(acts: &Acts) -> CardGroup {
    if acts.loses.is_some() || acts.webhooks.is_some() || acts.processing {
        CardGroup::Network
    } else if acts.authenticates != Authenticates::Never {
        CardGroup::Authenticates
    } else if acts.at_attach.is_some() || acts.at_charge.is_some() {
        CardGroup::Declines
    } else if acts.dispute.is_some() || acts.refunds != Refunds::Succeed {
        CardGroup::Afterwards
    } else {
        CardGroup::Pays
    }
}

fn words(acts: &Acts) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut say = |text: &str| words.push(text.to_owned());
    match acts.authenticates {
        Authenticates::Never => {}
        Authenticates::Always => say("asks at every payment"),
        Authenticates::UnlessSetUp => say("asks unless it was entered in the card form"),
        Authenticates::OnSession => say("asks when the customer is there, not at renewals"),
    }
    match acts.loses {
        None => {}
        Some(Loss::Request) => say("the request is lost"),
        Some(Loss::Reply) => say("the reply is lost"),
    }
    if acts.processing {
        say("the result comes later");
    }
    match acts.webhooks {
        None | Some(Webhooks::OnTime) => {}
        Some(Webhooks::Late) => say("the webhook is a minute late"),
        Some(Webhooks::Lost) => say("the webhook never comes"),
        Some(Webhooks::Twice) => say("the webhook comes twice"),
        Some(Webhooks::Reordered) => say("webhooks come in the wrong order"),
    }
    if let Some(code) = acts.at_attach {
        say(&format!("refused when it is added: {}", plain(code)));
    }
    if let Some(code) = acts.at_charge {
        say(&format!("declined: {}", plain(code)));
    }
    if let Some((reason, status)) = acts.dispute {
        let what = if status == DisputeStatus::Inquiry { "an inquiry" } else { "a dispute" };
        say(&format!("pays, then {what}: {}", plain(reason)));
    }
    match acts.refunds {
        Refunds::Succeed => {}
        Refunds::Pend => say("pays; refunds take a while"),
        Refunds::Fail => say("pays; refunds come back"),
    }
    if words.is_empty() { "pays".to_owned() } else { words.join(", ") }
}

fn plain(code: &str) -> String {
    code.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_shown_with_what_it_does() {
        let cards = offered_cards();
        assert_eq!(cards.len(), CARDS.len());
        let shown = |token: &str| {
            let card = cards.iter().find(|card| card.token == token).unwrap();
            format!("{}: {}", card.group.as_str(), card.does)
        };
        assert_eq!(shown("pm_card_visa"), "Pays: pays");
        assert_eq!(
            shown("pm_card_chargeDeclinedInsufficientFunds"),
            "Is declined: declined: insufficient funds"
        );
        assert_eq!(
            shown("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"),
            "Asks for 3-D Secure: asks at every payment, declined: insufficient funds"
        );
        assert_eq!(
            shown("pm_sandbox_replyLostDeclined"),
            "Something gets lost on the way: the reply is lost, declined: generic decline"
        );
        let plain = cards.iter().filter(|card| card.does == "pays");
        assert!(plain.clone().all(|card| card.group == CardGroup::Pays));
        assert_eq!(plain.count(), 6);
    }
}
