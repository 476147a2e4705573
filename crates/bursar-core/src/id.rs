//! Identifiers: typed, prefixed, parsed once at the edge.

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Context;
use crate::time::Timestamp;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected}")]
pub struct IdError {
    /// What a valid one looks like.
    pub expected: &'static str,
}

/// Is it 1 to `most` letters, digits or characters of `extra`?
fn is_name(text: &str, most: usize, extra: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || extra.as_bytes().contains(&b);
    // `.` and `..` can't be a segment of a URL; nothing at all is all dots, too.
    let dots = text.bytes().all(|b| b == b'.');
    !dots && text.len() <= most && text.bytes().all(allowed)
}

/// A text that names something: catalog keys, account ids, idempotency keys.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $most:literal, $extra:literal, $expected:literal) => {
        text!($(#[$doc])* $name, |text| is_name(text, $most, $extra), $expected);
    };
}

name!(
    /// An account: the app's own id for its customer, or one that Bursar made (`acc_…`).
    AccountId, 64, "_-.:", "an account id is 1 to 64 letters, digits or any of _ - . :"
);
name!(
    /// A key of the catalog: a plan, pack, operation, model, quality, feature or attribute.
    Key, 64, "_-.:/", "a key is 1 to 64 letters, digits or any of _ - . : /"
);
name!(
    /// The caller's key for one effect. Unique per account, kept as long as the journal.
    IdempotencyKey, 255, "_-.:/+=,@#~", "an Idempotency-Key is 1 to 255 letters, digits or any of _ - . : / + = , @ # ~"
);
name!(
    /// The caller's own reference for a spend, for example its job id. Not personal data.
    Reference, 128, "_-.:/+=,@#~", "a reference is 1 to 128 letters, digits or any of _ - . : / + = , @ # ~"
);

impl AccountId {
    /// A fresh id, `acc_` and a version 7 UUID.
    pub fn generate(context: &Context) -> Self {
        Self(Arc::from(alloc::format!("acc_{}", fresh(context).simple())))
    }

    /// What its objects in the vault are filed under: the first 16 bytes of BLAKE3 over the id, which is
    /// chosen by an app and so is never part of a path. Different for ids that differ by case alone.
    pub fn object_name(&self) -> [u8; 16] {
        let hash = blake3::hash(self.as_str().as_bytes());
        let mut name = [0; 16];
        name.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        name
    }
}

/// A person's free text, at most 500 bytes, without control characters. Not personal data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reason(Arc<str>);

impl Reason {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One of our own, which is known to be well formed.
    pub(crate) fn literal(text: &'static str) -> Self {
        Self(Arc::from(text))
    }
}

impl FromStr for Reason {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.len() > 500 || trimmed.chars().any(char::is_control) {
            let expected = "a reason is 1 to 500 bytes of text on one line";
            return Err(IdError { expected });
        }
        Ok(Self(Arc::from(trimmed)))
    }
}

written_as_text!(Reason);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A version 7 UUID from the context's time and entropy: sorts by time, and is the same on replay.
fn fresh(context: &Context) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(context.now.unix_millis(), &context.entropy)
        .into_uuid()
}

/// The time that [`fresh`] was given, to the millisecond.
fn made_at(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let micros = i128::from(seconds) * 1_000_000 + i128::from(nanos / 1_000);
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

/// A prefixed UUID.
macro_rules! prefixed {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id. One command makes at most one id of each kind.
            pub fn generate(context: &Context) -> Self {
                Self(fresh(context))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(IdError { expected: $expected })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

prefixed!(
    /// A hold: credits reserved while a job runs.
    HoldId, "hold_", "a hold id is hold_ and 32 hexadecimal digits"
);
prefixed!(
    /// A charge: credits spent in one step.
    ChargeId, "charge_", "a charge id is charge_ and 32 hexadecimal digits"
);

prefixed!(
    /// A file in an account's vault. Its name among the objects is made of it, so that nothing from
    /// outside ever is a path.
    AssetId, "asset_", "an asset id is asset_ and 32 hexadecimal digits"
);

prefixed!(
    /// One attempt to take money once; the provider's idempotency key. A new attempt, such as the
    /// next retry of a failed renewal, is a new payment with a new id.
    PaymentId, "pay_", "a payment id is pay_ and 32 hexadecimal digits"
);
prefixed!(
    /// One return of money; the provider's idempotency key.
    RefundId, "re_", "a refund id is re_ and 32 hexadecimal digits"
);

impl PaymentId {
    /// The id of an account's payment of that number, where there is no fresh randomness: what falls
    /// due takes none. The seed was drawn for the account's payments alone, so that no two ids are
    /// the same, anywhere.
    pub fn numbered(seed: [u8; 16], number: u32) -> Self {
        let bits = u128::from_be_bytes(seed).wrapping_add(u128::from(number));
        Self(uuid::Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid())
    }
}

impl AssetId {
    /// When it was made, to the millisecond, by the account's clock; `None` if we never made it.
    pub fn made_at(self) -> Option<Timestamp> {
        made_at(self.0)
    }
}

impl RefundId {
    /// The id of the refund of that number, counted from 0, that one command makes.
    pub(crate) fn numbered(context: &Context, number: u8) -> Self {
        let mut context = *context;
        let [.., last] = &mut context.entropy;
        *last = last.wrapping_add(number);
        Self::generate(&context)
    }
}

/// One spend of credits, whichever way it was made: what a receipt explains and a refund names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SpendId {
    /// Held first, then captured.
    Hold(HoldId),
    /// Charged in one step.
    Charge(ChargeId),
}

impl SpendId {
    /// When it began, to the millisecond, by the account's clock; `None` if we never made it.
    pub fn began_at(self) -> Option<Timestamp> {
        made_at(self.uuid())
    }

    /// Its 128 bits, as they stand in whatever it is encoded in.
    pub const fn bytes(self) -> [u8; 16] {
        self.uuid().into_bytes()
    }

    const fn uuid(self) -> Uuid {
        match self {
            Self::Hold(HoldId(id)) | Self::Charge(ChargeId(id)) => id,
        }
    }
}

impl FromStr for SpendId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "the id of a spend is hold_ or charge_ and 32 hexadecimal digits";
        (text.parse().map(Self::Hold))
            .or_else(|_| text.parse().map(Self::Charge))
            .map_err(|_| IdError { expected })
    }
}

impl fmt::Display for SpendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold(id) => id.fmt(f),
            Self::Charge(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for SpendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A lot of one account, numbered from 1 in order of issue, so that a smaller number is an older
/// lot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LotId(pub u32);

impl fmt::Display for LotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lot_{}", self.0)
    }
}

impl fmt::Debug for LotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An invoice or a credit note of one account, numbered from 1 in order of issue. Its legal number is
/// a [`LegalNumber`](crate::bill::LegalNumber).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId(pub u32);

impl FromStr for DocumentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix("inv_").filter(|digits| !digits.starts_with(['0', '+']));
        digits
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or(IdError { expected: "the id of an invoice is inv_ and a number" })
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inv_{}", self.0)
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The content hash of a catalog: the first 8 bytes of BLAKE3 over its normal form. Pins what a
/// quote, a hold or a subscription was priced by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CatalogVersion(pub [u8; 8]);

impl fmt::Display for CatalogVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CatalogVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    #[test]
    fn ids_read_what_they_write_and_sort_by_time() {
        let at = |second: i64| Context {
            now: Timestamp::from_micros(second * 1_000_000),
            entropy: [7; 10],
        };
        let (early, late) = (HoldId::generate(&at(1)), HoldId::generate(&at(2)));
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.to_string().parse(), Ok(SpendId::Hold(early)));
        assert_eq!(AccountId::generate(&at(1)).as_str().len(), 36);
    }

    #[test]
    fn ids_refuse_what_they_are_not() {
        for text in
            ["", "hold_", "charge_1", "hold_{0192}", "HOLD_00000000000000000000000000000000"]
        {
            assert!(text.parse::<HoldId>().is_err(), "{text}");
        }
        for text in ["", "a b", "a/b", "é", ".", "..", "ada@example.com", &"a".repeat(65)] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
        assert!("two\nlines".parse::<Reason>().is_err());
    }
}
