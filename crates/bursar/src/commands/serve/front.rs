//! What `/` shows: the playground in test mode, the pricing page else.

use std::net::SocketAddr;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use bursar_engine::Engine;
use bursar_engine::access::Mode;
use bursar_portal::playground;
use clap::ValueEnum;
use url::{Host, Url};

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
    pub(super) fn opens(self, mode: Mode, address: SocketAddr, public_url: &str) -> bool {
        let opens = match self {
            Self::Auto => address.ip().is_loopback() && is_of_this_machine(public_url),
            Self::On => true,
            Self::Off => false,
        };
        if mode == Mode::Test && self == Self::Auto && !opens {
            tracing::info!(
                "no playground: others may reach {public_url}, and it asks for no key; \
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
    names: Vec<String>,
) -> Option<Router> {
    let config = playground::Config {
        api: api.clone(),
        key: key?.clone(),
        engine: engine.clone(),
        hosts: names,
        work: playground::WATCHABLE,
    };
    Some(playground::router(config))
}

/// `/` where there is no playground.
pub(super) fn pricing() -> Router {
    Router::new().route("/", get(|| async { Redirect::temporary("/pricing") }))
}

/// The host names that the server was told, which nobody else can have chosen: where it listens and
/// where it is reached.
pub(super) fn names(listen: &str, public_url: &str) -> Vec<String> {
    let listens = listen.rsplit_once(':').map(|(name, _)| name.to_ascii_lowercase());
    let reached = Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    listens.into_iter().chain(reached).filter(|name| !name.is_empty()).collect()
}

fn is_of_this_machine(url: &str) -> bool {
    match Url::parse(url).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_by_itself_only_where_nobody_else_can_come() {
        let opens = |name: PlaygroundName, mode, address: &str| {
            name.opens(mode, address.parse().unwrap(), &format!("http://{address}"))
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
        let here = "127.0.0.1:8080".parse().unwrap();
        let behind_a_proxy = "https://billing.example";
        assert!(!PlaygroundName::Auto.opens(Mode::Test, here, behind_a_proxy));
        assert!(PlaygroundName::On.opens(Mode::Test, here, behind_a_proxy));
        assert_eq!(names("Bursar.test:80", behind_a_proxy), ["bursar.test", "billing.example"]);
    }
}
