//! Which crate may use which: the one place where this is written down.
//!
//! Dependencies point up this table only. An adapter knows its port; the engine knows ports; the
//! API and the portal know the engine, never an adapter; only the binary and the simulation wire
//! concrete parts together.

/// What a crate may use of our own crates.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    /// These, and nothing else of ours.
    Only(&'static [&'static str]),
    /// Every crate above it in the table: for those that wire concrete parts.
    Everything,
}
use Reach::{Everything, Only};

/// One crate's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// The package's name.
    pub(super) package: &'static str,
    /// What its code may use.
    pub(super) code: Reach,
    /// What its tests and examples may use on top of that (dev-dependencies). Tests run against
    /// real parts, so they may name an adapter where the code itself must not.
    pub(super) tests: &'static [&'static str],
}

const fn rule(package: &'static str, code: Reach, tests: &'static [&'static str]) -> Rule {
    Rule { package, code, tests }
}

/// A package that isn't here fails the check: its place is a decision, not an accident.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    //   package             its code may use                                            its tests, too
    rule("bursar-core",      Only(&[]),                                                  &[]),
    // For benchmarks, which are examples, and for the binary's load.
    rule("bursar-meter",     Only(&[]),                                                  &[]),
    rule("bursar-catalog",   Only(&["bursar-core"]),                                     &[]),
    rule("bursar-store",     Only(&["bursar-core"]),                                     &["bursar-catalog"]),
    rule("bursar-sqlite",    Only(&["bursar-core", "bursar-store"]),                     &["bursar-catalog", "bursar-meter"]),
    rule("bursar-postgres",  Only(&["bursar-core", "bursar-store"]),                     &["bursar-catalog"]),
    rule("bursar-payments",  Only(&["bursar-core"]),                                     &[]),
    rule("bursar-documents", Only(&["bursar-core"]),                                     &["bursar-catalog"]),
    rule("bursar-mail",      Only(&["bursar-core"]),                                     &[]),
    rule("bursar-vault",     Only(&["bursar-core"]),                                     &[]),
    // The engine's mailer fills in the mails and hands them to the transport's port.
    rule("bursar-engine",    Only(&["bursar-core", "bursar-store", "bursar-payments",
                                    "bursar-mail", "bursar-vault"]),                     &["bursar-catalog", "bursar-sqlite", "bursar-postgres", "bursar-meter"]),
    // The API speaks of declines and of the provider's pages, for which it needs the port's types, serves
    // documents as files, and streams assets. It names no adapter of any.
    rule("bursar-api",       Only(&["bursar-core", "bursar-catalog", "bursar-store", "bursar-payments",
                                    "bursar-documents", "bursar-vault", "bursar-engine"]), &["bursar-sqlite", "bursar-postgres"]),
    rule("bursar-art",       Only(&[]),                                                  &[]),
    // The portal shows what the API tells: documents and purchases are made in one place. The
    // playground is a client of the API.
    rule("bursar-portal",    Only(&["bursar-core", "bursar-catalog", "bursar-store", "bursar-payments",
                                    "bursar-documents", "bursar-vault", "bursar-engine",
                                    "bursar-api", "bursar-art"]),                        &["bursar-sqlite"]),
    rule("bursar-sim",       Everything,                                                 &[]),
    // An API and a portal in memory, to be sent anything.
    rule("bursar-fuzz",      Only(&["bursar-core", "bursar-catalog", "bursar-store", "bursar-payments",
                                    "bursar-mail", "bursar-vault", "bursar-engine", "bursar-api",
                                    "bursar-portal"]),                                   &[]),
    // It knows the server by its API alone, as those do who use it.
    rule("bursar-load",      Only(&[]),                                                  &[]),
    rule("bursar",           Everything,                                                 &[]),
    // It starts everything to measure it, and ships with nothing.
    rule("bursar-bench",     Everything,                                                 &[]),
    rule("xtask",            Only(&[]),                                                  &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Concrete parts behind a port.
    const ADAPTERS: &[&str] = &["bursar-sqlite", "bursar-postgres"];

    #[test]
    fn every_row_points_up_the_table() {
        let mut above = Vec::new();
        for rule in RULES {
            let code = if let Only(names) = rule.code { names } else { &[] };
            for name in code.iter().chain(rule.tests) {
                assert!(above.contains(name), "{} points at {name}", rule.package);
            }
            above.push(rule.package);
        }
    }

    #[test]
    fn only_the_wiring_may_name_an_adapter() {
        for rule in RULES {
            if let Only(names) = rule.code {
                assert!(names.iter().all(|name| !ADAPTERS.contains(name)), "{}", rule.package);
            }
        }
    }
}
