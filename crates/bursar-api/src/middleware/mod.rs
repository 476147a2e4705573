//! What happens to every request: an id, a span, a limit, headers, metrics, and no panic.

pub(crate) mod auth;
pub(crate) mod limit;
pub(crate) mod metrics;
pub(crate) mod outermost;
