//! An invoice was corrected.

use std::fmt;

use bursar_core::money::Money;

use crate::card::Card;
use crate::envelope::Envelope;
use crate::format::money;
use crate::letter::{Letter, figure};
use crate::message::{Attachment, Pdf};
use crate::one_line::OneLine;

/// A credit note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNote {
    /// Its number.
    pub number: OneLine,
    /// What is credited.
    pub amount: Money,
    /// The number of the invoice that it corrects.
    pub corrects: OneLine,
    /// Where the money goes back to, if it does.
    pub refunded_to: Option<RefundedTo>,
    /// The credit note as a file, which is attached.
    pub document: Option<Pdf>,
}

/// Where money goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundedTo {
    /// A card.
    Card(Card),
    /// Something else that was paid with.
    PaymentMethod,
}

impl fmt::Display for RefundedTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(card) => card.fmt(f),
            Self::PaymentMethod => f.write_str("payment method"),
        }
    }
}

impl CreditNote {
    pub(super) fn letter(&self, envelope: &Envelope) -> Letter {
        let Self { number, corrects, .. } = self;
        let amount = money(self.amount);
        let mut opening =
            vec![format!("We issued a credit note of {amount}. It corrects invoice {corrects}.")];
        opening.extend(self.refunded_to.as_ref().map(|to| {
            format!(
                "The money goes back to your {to}. It can take your bank up to ten working days \
                 to show it."
            )
        }));
        let mut figures = vec![
            figure("Credit note", number),
            figure("Corrects invoice", corrects),
            figure("Amount", &amount),
        ];
        figures.extend(self.refunded_to.as_ref().map(|to| figure("Refunded to", to)));
        let next = match self.document {
            Some(_) => "The credit note is attached as a PDF. There is nothing for you to do.",
            None => {
                "You can download the credit note from your billing history. There is nothing else \
                 for you to do."
            }
        };
        Letter {
            subject: format!("Your credit note from {}: {amount} ({number})", envelope.product()),
            opening,
            figures,
            next: vec![next.to_owned()],
            action: "See your billing history",
        }
    }

    pub(super) fn attachment(&self) -> Option<Attachment> {
        self.document.as_ref().map(|pdf| Attachment::new("Credit note", &self.number, pdf))
    }
}
