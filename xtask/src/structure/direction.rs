//! Dependency direction: the workspace's graph against the table.

use super::table::{RULES, Reach, Rule};
use crate::process;
use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::HashSet;

/// A package of ours and what it uses of ours.
#[derive(Debug)]
pub(super) struct Package {
    name: String,
    uses: Vec<Edge>,
}

#[derive(Debug)]
struct Edge {
    to: String,
    /// A dev-dependency; build-dependencies count as code.
    by_tests: bool,
}

/// The workspace as cargo sees it.
pub(super) fn workspace() -> Result<Vec<Package>> {
    let metadata = MetadataCommand::new()
        .current_dir(process::root())
        .no_deps()
        .exec()
        .context("can't read the workspace's packages")?;
    let ours: HashSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let packages = metadata.packages.iter().map(|package| Package {
        name: package.name.to_string(),
        uses: package
            .dependencies
            .iter()
            // A path outside the workspace is ours as well; the table won't know it.
            .filter(|dependency| {
                dependency.path.is_some() || ours.contains(dependency.name.as_str())
            })
            .map(|dependency| Edge {
                to: dependency.name.clone(),
                by_tests: dependency.kind == DependencyKind::Development,
            })
            .collect(),
    });
    Ok(packages.collect())
}

/// Every package the table doesn't know, and every edge it doesn't allow.
pub(super) fn violations(packages: &[Package]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in packages {
        let Some(rule) = RULES.iter().find(|rule| rule.package == package.name) else {
            violations.push(format!(
                "{} isn't in the dependency table (xtask/src/structure/table.rs)",
                package.name
            ));
            continue;
        };
        for edge in package.uses.iter().filter(|edge| !allows(rule, edge)) {
            let who = if edge.by_tests { "the tests of " } else { "" };
            violations.push(format!("{who}{} must not depend on {}", package.name, edge.to));
        }
    }
    violations
}

fn allows(rule: &Rule, edge: &Edge) -> bool {
    let to = edge.to.as_str();
    let by_code = match rule.code {
        Reach::Only(names) => names.contains(&to),
        Reach::Everything => above(rule).any(|name| name == to),
    };
    // A crate's tests may turn on its own features by depending on it.
    let on_itself = edge.by_tests && rule.package == to;
    by_code || on_itself || (edge.by_tests && rule.tests.contains(&to))
}

fn above(rule: &Rule) -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|row| row.package).take_while(|package| *package != rule.package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, code: &[&str], tests: &[&str]) -> Package {
        let edges = |names: &[&str], by_tests| {
            let edge = |to: &&str| Edge { to: (*to).to_owned(), by_tests };
            names.iter().map(edge).collect::<Vec<_>>()
        };
        let mut uses = edges(code, false);
        uses.extend(edges(tests, true));
        Package { name: name.to_owned(), uses }
    }

    #[test]
    fn allowed_edges_pass() {
        let packages = [
            package("bursar-core", &[], &[]),
            package("bursar-sqlite", &["bursar-store", "bursar-core"], &[]),
            package("bursar-engine", &["bursar-store"], &["bursar-sqlite"]),
            package("bursar-payments", &["bursar-core"], &["bursar-payments"]),
            package("bursar", &["bursar-sqlite", "bursar-api", "bursar-core"], &[]),
        ];
        assert_eq!(violations(&packages), [""; 0]);
    }

    #[test]
    fn a_forbidden_edge_is_found_among_allowed_ones() {
        let packages = [
            package("bursar-core", &["bursar-store"], &[]),
            package("bursar-api", &["bursar-engine", "bursar-sqlite"], &["bursar-sqlite"]),
        ];
        assert_eq!(
            violations(&packages),
            [
                "bursar-core must not depend on bursar-store",
                "bursar-api must not depend on bursar-sqlite",
            ]
        );
    }

    #[test]
    fn tests_reach_further_than_code_but_not_everywhere() {
        let packages = [package("bursar-store", &[], &["bursar-core", "bursar-sqlite"])];
        assert_eq!(
            violations(&packages),
            ["the tests of bursar-store must not depend on bursar-sqlite"]
        );
    }

    #[test]
    fn the_binary_reaches_everything_above_it_and_no_further() {
        let packages = [package("bursar", &["bursar-sim", "xtask"], &[])];
        assert_eq!(violations(&packages), ["bursar must not depend on xtask"]);
    }

    #[test]
    fn a_package_without_a_row_is_found() {
        let found = violations(&[package("bursar-extras", &[], &[])]);
        assert_eq!(
            found,
            ["bursar-extras isn't in the dependency table (xtask/src/structure/table.rs)"]
        );
    }

    #[test]
    fn the_workspace_is_seen_with_its_edges() {
        let packages = workspace().unwrap();
        let api = packages.iter().find(|package| package.name == "bursar-api").unwrap();
        assert!(api.uses.iter().any(|edge| edge.to == "bursar-core"));
    }
}
