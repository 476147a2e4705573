//! The bytes of assets.
