//! The card form and the 3-D Secure page: shown, and answered.

use bursar_core::Context;
use bursar_core::time::Timestamp;
use url::Url;
use zeroize::Zeroizing;

use super::Sandbox;
use super::cards::{TestCard, by_number, by_token};
use super::charge::{announce, result};
use super::pages::{CardForm, ChallengePage, FormReply, Message, Page, page};
use super::setup::{Entered, attach, conclude, enter};
use super::state::{Challenge, SandboxState, SetupRecord, Stage};
use crate::decline::Decline;
use crate::error::ProviderError;
use crate::id::{PaymentId, SetupRef};
use crate::method::SetupStatus;

/// Shown beside the form, so that nobody needs to look them up.
const EXAMPLES: &[(&str, &str)] = &[
    ("4242 4242 4242 4242", "Pays"),
    ("4000 0025 0000 3155", "Asks to authenticate now, then pays"),
    ("4000 0027 6000 3184", "Asks to authenticate every time"),
    ("4000 0000 0000 0341", "Can be saved, then declines each charge"),
    ("4000 0000 0000 9995", "Is refused: insufficient funds"),
];

/// What is known of a card after the form was read: the number is gone by then.
struct Typed {
    card: Option<&'static TestCard>,
    expiry: Option<(u8, u16)>,
    cvc: bool,
}

impl Sandbox {
    /// The form of a session; the secret is the last part of its address.
    pub fn card_form(&self, secret: &str) -> Page {
        match open_session(&self.state.lock(), secret) {
            Some((_, record)) => self.form(200, secret, None, record.return_url.as_deref()),
            None => self.gone(),
        }
    }

    /// Takes what was sent from the form, as `application/x-www-form-urlencoded`.
    ///
    /// The number is compared with the test cards and dropped: it is in no state, page, log or
    /// error. Whatever isn't a test card is refused.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] if the change can't be kept.
    pub fn submit_card(
        &self,
        secret: &str,
        body: &[u8],
        context: &Context,
    ) -> Result<FormReply, ProviderError> {
        let typed = read(body);
        let problem = problem(&typed, context.now);
        self.change(|state| {
            let Some((setup, record)) = open_session(state, secret) else {
                return Ok(FormReply::Page(self.gone()));
            };
            let (Some(card), Some(expiry), None) = (typed.card, typed.expiry, problem) else {
                let back = record.return_url.as_deref();
                return Ok(FormReply::Page(self.form(422, secret, problem, back)));
            };
            Ok(match enter(self, state, &setup, card, expiry, context.now)? {
                Entered::Attached => self.done(record.return_url.as_deref(), "setup", true),
                Entered::Declined(decline) => {
                    let text = declined(decline.shown_code());
                    let back = record.return_url.as_deref();
                    FormReply::Page(self.form(402, secret, Some(text), back))
                }
                Entered::Challenge(challenge) => {
                    FormReply::Redirect(self.challenge_url(&challenge))
                }
            })
        })
    }

    /// The 3-D Secure page; the secret is the last part of its address.
    pub fn challenge(&self, secret: &str) -> Page {
        let state = self.state.lock();
        let action = self.challenge_url(secret);
        let (amount, description, token) = match state.challenges.get(secret) {
            None => return self.gone(),
            Some(Challenge::Setup { token, .. }) => (None, None, token.clone()),
            Some(Challenge::Payment(id)) => match state.payments.get(id) {
                None => return self.gone(),
                Some(payment) => (
                    Some(payment.money.to_string()),
                    Some(payment.description.clone()),
                    payment.token.clone(),
                ),
            },
        };
        let template = ChallengePage {
            base_url: &self.config.base_url,
            action: &action,
            amount: amount.as_deref(),
            description: description.as_deref(),
            last4: by_token(&token).map_or("????", |card| card.last4),
        };
        page(200, &template)
    }

    /// Takes the answer: `answer=approve`; everything else is a failure. A page answers once.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] if the change can't be kept.
    pub fn answer_challenge(
        &self,
        secret: &str,
        body: &[u8],
        context: &Context,
    ) -> Result<FormReply, ProviderError> {
        let approved = form_urlencoded::parse(body)
            .any(|(name, value)| name == "answer" && value == "approve");
        self.change(|state| match state.challenges.remove(secret) {
            None => Ok(FormReply::Page(self.gone())),
            Some(Challenge::Payment(id)) => self.authenticated(state, id, approved, context.now),
            Some(Challenge::Setup { setup, token, exp_month, exp_year }) => {
                if approved {
                    attach(state, &setup, &token, (exp_month, exp_year), context.now)?;
                } else {
                    let decline = Decline::of("setup_intent_authentication_failure");
                    conclude(state, &setup, SetupStatus::Failed { decline }, context.now)?;
                }
                let record = state.setups.get(&setup);
                let return_url = record.and_then(|record| record.return_url.clone());
                Ok(self.done(return_url.as_deref(), "setup", approved))
            }
        })
    }

    fn authenticated(
        &self,
        state: &mut SandboxState,
        id: PaymentId,
        approved: bool,
        now: Timestamp,
    ) -> Result<FormReply, ProviderError> {
        let Some(record) = state.payments.get(&id) else {
            return Ok(FormReply::Page(self.gone()));
        };
        let Some(card) = by_token(&record.token) else {
            return Ok(FormReply::Page(self.gone()));
        };
        let stage = if approved {
            result(card.acts.at_charge)
        } else {
            result(Some("payment_intent_authentication_failure"))
        };
        let paid = stage == Stage::Succeeded;
        let return_url = record.return_url.clone();
        state.payments.change(&id, |record| record.stage = stage);
        announce(state, id, &card.acts, now)?;
        Ok(self.done(return_url.as_deref(), "payment", paid))
    }

    fn form(&self, status: u16, secret: &str, problem: Option<&str>, back: Option<&str>) -> Page {
        let template = CardForm {
            base_url: &self.config.base_url,
            action: &self.form_url(secret),
            problem,
            back,
            examples: EXAMPLES,
        };
        page(status, &template)
    }

    fn gone(&self) -> Page {
        let template = Message {
            base_url: &self.config.base_url,
            title: "This page is no longer open",
            text: "It was completed, cancelled, or never existed. Go back and start again.",
        };
        page(404, &template)
    }

    /// Back to where the customer came from, with the outcome in the query.
    fn done(&self, return_url: Option<&str>, what: &str, succeeded: bool) -> FormReply {
        let outcome = if succeeded { "succeeded" } else { "failed" };
        if let Some(mut url) = return_url.and_then(|url| Url::parse(url).ok()) {
            url.query_pairs_mut().append_pair(what, outcome);
            return FormReply::Redirect(url.into());
        }
        let (title, text) = if succeeded {
            ("Done", "You can close this page.")
        } else {
            ("That didn't work", "Nothing was charged. Go back and try again.")
        };
        let template = Message { base_url: &self.config.base_url, title, text };
        FormReply::Page(page(200, &template))
    }
}

/// A session that still takes a card.
fn open_session(state: &SandboxState, secret: &str) -> Option<(SetupRef, SetupRecord)> {
    let open =
        |status: &SetupStatus| matches!(status, SetupStatus::Open | SetupStatus::Failed { .. });
    let setup = state.setups.marked(secret)?;
    let record = state.setups.get(setup).filter(|record| open(&record.status))?;
    Some((setup.clone(), record.clone()))
}

/// Reads the form. The digits live in a buffer that is wiped, and only until they were compared.
fn read(body: &[u8]) -> Typed {
    let mut typed = Typed { card: None, expiry: None, cvc: false };
    for (name, value) in form_urlencoded::parse(body) {
        let value = Zeroizing::new(value.into_owned());
        match &*name {
            "number" => {
                let digits: Zeroizing<String> =
                    Zeroizing::new(value.chars().filter(|c| !" -".contains(*c)).collect());
                typed.card = by_number(&digits);
            }
            "expiry" => typed.expiry = expiry(&value),
            "cvc" => {
                let digits = value.bytes().all(|b| b.is_ascii_digit());
                typed.cvc = digits && (3..=4).contains(&value.len());
            }
            _ => {}
        }
    }
    typed
}

/// `MM/YY`, spaces allowed.
fn expiry(text: &str) -> Option<(u8, u16)> {
    let (month, year) = text.split_once('/')?;
    let month = (month.trim().parse().ok()).filter(|month| (1..=12).contains(month))?;
    let year: u16 = (year.trim().parse().ok()).filter(|year| *year < 100)?;
    Some((month, year.saturating_add(2000)))
}

/// What is wrong with what was typed, for the person who typed it.
fn problem(typed: &Typed, now: Timestamp) -> Option<&'static str> {
    let Some((month, year)) = typed.expiry else {
        return Some("Enter the expiry as MM/YY, such as 12/34.");
    };
    let today = now.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let this_month = (i32::from(today.year()), i32::from(today.month()));
    if typed.card.is_none() {
        Some("This is a test page: it takes test cards only. Never enter a real card here.")
    } else if (i32::from(year), i32::from(month)) < this_month {
        Some("This card has expired.")
    } else if !typed.cvc {
        Some("Enter the security code: three or four digits.")
    } else {
        None
    }
}

fn declined(code: &str) -> &'static str {
    match code {
        "insufficient_funds" => "The card was declined: insufficient funds.",
        "expired_card" => "The card was declined: it has expired.",
        "incorrect_cvc" => "The card was declined: the security code is wrong.",
        "processing_error" => "The bank could not process the card. Try again in a moment.",
        _ => "The card was declined.",
    }
}
