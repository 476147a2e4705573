//! What documents say of the customer: how it may read, and how it is kept.
//!
//! Details are personal, so they lie apart from the journal, in revisions that never change; the journal
//! has which revision is in force, the country and whether there is a VAT id.

use std::str::FromStr;

use bursar_core::account::command::{Command, SetBillingDetails};
use bursar_core::country::Country;
use bursar_store::BillingDetails;

use crate::engine::Engine;
use crate::envelope::{Envelope, Failure, Outcome};

/// An address has at most that many lines.
pub const MOST_LINES: usize = 6;

/// One line of text: at most 200 bytes, no control characters, no blanks around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(String);

/// A VAT id without the spaces, dots and hyphens that people put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatId(String);

impl FromStr for Line {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let line = text.trim();
        let fits = line.len() <= 200 && !line.chars().any(char::is_control);
        fits.then(|| Self(line.to_owned())).ok_or("a line has at most 200 bytes of text")
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl FromStr for VatId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain: String = text.chars().filter(|c| !" .-".contains(*c)).collect();
        let plain = plain.to_ascii_uppercase();
        let letters = plain.bytes().take(2).all(|b| b.is_ascii_uppercase());
        let rest = plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*".contains(&b));
        let fits = (4..=16).contains(&plain.len()) && letters && rest;
        fits.then_some(Self(plain)).ok_or("a VAT id is like DE123456789, with its country's prefix")
    }
}

impl From<VatId> for String {
    fn from(id: VatId) -> Self {
        id.0
    }
}

impl VatId {
    /// Is it of that country? Greece and Northern Ireland have prefixes of their own.
    pub fn is_of(&self, country: Country) -> bool {
        let prefix = match country.code() {
            "GR" => "EL",
            "GB" if self.0.starts_with("XI") => "XI",
            code => code,
        };
        self.0.starts_with(prefix)
    }
}

impl Engine {
    /// Sets what documents say of the customer from now on, and what decides the tax of the next bill.
    /// `envelope` says for which account, by whom and under which key; its command is replaced.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn set_billing_details(
        &self,
        envelope: Envelope,
        details: &BillingDetails,
    ) -> Outcome {
        let command = |revision| {
            let (country, business) = (details.country, details.vat_id.is_some());
            Command::SetBillingDetails(SetBillingDetails { revision, country, business })
        };
        let request = Some(request_of(details));
        let envelope = Envelope { request, command: command(0), ..envelope };
        // A repeat must not keep another revision. No account is at this version, so this only finds
        // what was done before.
        if envelope.key.is_some() {
            let look = Envelope { if_version: Some(u64::MAX), ..envelope.clone() };
            match self.execute(look).await {
                Err(Failure::VersionMismatch { .. }) => {}
                known => return known,
            }
        }
        let revision = self.store().add_billing_details(&envelope.account, details.clone()).await?;
        self.execute(Envelope { command: command(revision), ..envelope }).await
    }
}

/// What makes a repeat the same request: the details, and not the revision that they became.
fn request_of(details: &BillingDetails) -> [u8; 16] {
    let text = serde_json::to_vec(details).unwrap_or_default();
    let hash = blake3::Hasher::new().update(b"billing details").update(&text).finalize();
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}
