//! What `/` shows: the playground in test mode, the pricing page else.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use bursar_engine::Engine;
use bursar_engine::access::Mode;
use bursar_portal::playground;
use clap::ValueEnum;
use std::net::SocketAddr;

/// Whether there is a playground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PlaygroundName {
    /// In test mode, if only this machine can reach the server.
    #[default]
    Auto,
    /// In test mode, for everyone who can reach the server: it asks for no key.
    On,
    /// Never.
    Off,
}

impl PlaygroundName {
    /// Is it there? Whoever opens it can do with the test data what a key could.
    pub(super) fn opens(self, mode: Mode, address: SocketAddr) -> bool {
        let opens = match self {
            Self::Auto => address.ip().is_loopback(),
            Self::On => true,
            Self::Off => false,
        };
        if mode == Mode::Test && self == Self::Auto && !opens {
            tracing::info!(
                "no playground: others can reach {address}, and it asks for no key; \
                 --playground on opens it to them"
            );
        }
        if mode == Mode::Live && self == Self::On {
            tracing::warn!("no playground: it is for test mode only");
        }
        opens && mode == Mode::Test
    }
}

/// The playground as a client of `api`, with the key it uses; nothing without a key.
pub(super) fn playground(
    api: &Router,
    engine: &Engine,
    key: Option<&String>,
    listen: &str,
) -> Option<Router> {
    let config = playground::Config {
        api: api.clone(),
        key: key?.clone(),
        engine: engine.clone(),
        hosts: names(listen),
        work: playground::WATCHABLE,
    };
    Some(playground::router(config))
}

/// `/` where there is no playground.
pub(super) fn pricing() -> Router {
    Router::new().route("/", get(|| async { Redirect::temporary("/pricing") }))
}

/// The host name that the server was told to listen on, which nobody else can have chosen.
fn names(listen: &str) -> Vec<String> {
    let name = listen.rsplit_once(':').map(|(name, _)| name.to_ascii_lowercase());
    name.into_iter().filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_by_itself_only_where_nobody_else_can_come() {
        let opens = |name: PlaygroundName, mode, address: &str| {
            name.opens(mode, address.parse().unwrap())
        };
        assert!(opens(PlaygroundName::Auto, Mode::Test, "127.0.0.1:8080"));
        assert!(opens(PlaygroundName::Auto, Mode::Test, "[::1]:8080"));
        assert!(!opens(PlaygroundName::Auto, Mode::Test, "0.0.0.0:8080"));
        assert!(!opens(PlaygroundName::Auto, Mode::Test, "10.0.0.7:8080"));
        assert!(opens(PlaygroundName::On, Mode::Test, "0.0.0.0:8080"));
        assert!(!opens(PlaygroundName::Off, Mode::Test, "127.0.0.1:8080"));
        for name in [PlaygroundName::Auto, PlaygroundName::On, PlaygroundName::Off] {
            assert!(!opens(name, Mode::Live, "127.0.0.1:8080"));
        }
        assert_eq!(names("Bursar.test:80"), ["bursar.test"]);
    }
}
