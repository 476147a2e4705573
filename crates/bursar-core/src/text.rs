//! Texts of a known form, as types: parsed once, cheap to clone.

/// A type for texts that `$check` holds for; `$expected` says what those look like.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(alloc::sync::Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// One of our own, which is known to be well formed.
            #[allow(dead_code, reason = "each kind of text has this, and not each needs it")]
            pub(crate) fn literal(text: &'static str) -> Self {
                Self(alloc::sync::Arc::from(text))
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::id::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(alloc::sync::Arc::from(text)))
                } else {
                    Err($crate::id::IdError { expected: $expected })
                }
            }
        }

        impl TryFrom<alloc::string::String> for $name {
            type Error = $crate::id::IdError;

            fn try_from(text: alloc::string::String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for alloc::string::String {
            fn from(text: $name) -> Self {
                Self::from(text.as_str())
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(self.as_str(), f)
            }
        }
    };
}
