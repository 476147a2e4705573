//! Identifiers: ours for payments and refunds, and the provider's own references.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bursar_core::Context;
use bursar_core::id::IdError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A prefixed version 7 UUID, made like the core's ids.
macro_rules! prefixed {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id. One command makes at most one id of each kind.
            pub fn generate(context: &Context) -> Self {
                let millis = context.now.unix_millis();
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &context.entropy).into_uuid())
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

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
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
    /// One attempt to take money once; the provider's idempotency key. A new attempt, such as the
    /// next retry of a failed renewal, is a new payment with a new id.
    PaymentId, "pay_", "a payment id is pay_ and 32 hexadecimal digits"
);
prefixed!(
    /// One return of money; the provider's idempotency key.
    RefundId, "re_", "a refund id is re_ and 32 hexadecimal digits"
);

/// A name that the provider gave to something of its own, kept as it is and never interpreted.
macro_rules! reference {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_reference(text) {
                    Ok(Self(Arc::from(text)))
                } else {
                    Err(NOT_A_REFERENCE)
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(reference: $name) -> Self {
                Self::from(reference.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    };
}

reference!(
    /// A customer at the provider.
    CustomerRef
);
reference!(
    /// A stored payment method at the provider, or a token that becomes one by being attached
    /// (`pm_card_visa` in test mode).
    MethodRef
);
reference!(
    /// A payment at the provider.
    PaymentRef
);
reference!(
    /// A refund at the provider.
    RefundRef
);
reference!(
    /// A session in which a customer enters payment details at the provider.
    SetupRef
);
reference!(
    /// A customer's authenticated consent to be charged while absent.
    MandateRef
);
reference!(
    /// A dispute at the provider.
    DisputeRef
);
reference!(
    /// A message of the provider. It may arrive more than once, always under the same name.
    EventRef
);

const NOT_A_REFERENCE: IdError = IdError {
    expected: "a provider's reference is 1 to 255 letters, digits or any of _ -, starts with a \
               letter and is nothing like a card number",
};

/// The longest run of digits that can't be a card number; real references don't come near it.
const DIGITS_MOST: usize = 11;

/// Also the wall that keeps card numbers out: whatever is sent in place of a token ends here, and
/// the error doesn't repeat it.
fn is_reference(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let run = (text.split(|c: char| !c.is_ascii_digit() && c != '-'))
        .map(|run| run.bytes().filter(u8::is_ascii_digit).count())
        .max()
        .unwrap_or(0);
    text.len() <= 255
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(plain)
        && run <= DIGITS_MOST
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_core::time::Timestamp;

    #[test]
    fn our_ids_read_what_they_write_and_sort_by_time() {
        let at = |second: i64| Context {
            now: Timestamp::from_micros(second * 1_000_000),
            entropy: [9; 10],
        };
        let (early, late) = (PaymentId::generate(&at(1)), PaymentId::generate(&at(2)));
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(serde_json::to_string(&early).unwrap(), format!("\"{early}\""));
        assert!(early.to_string().replace("pay_", "re_").parse::<PaymentId>().is_err());
        assert!("re_1".parse::<RefundId>().is_err());
    }

    #[test]
    fn references_are_kept_and_card_numbers_are_not() {
        for text in ["pm_card_visa", "pi_3MtwBwLkdIwHu7ix28a3tqPa", "cus-1"] {
            assert_eq!(text.parse::<MethodRef>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "4242424242424242",
            "pm_4242424242424242",
            "pm_4242-4242-4242-4242",
            "pm card",
            "pm/card",
            &"a".repeat(256),
        ] {
            let error = text.parse::<MethodRef>().unwrap_err();
            assert!(!error.to_string().contains("4242"), "{text}");
        }
    }
}
