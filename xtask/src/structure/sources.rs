//! Source files: short, or with the reason on top; nothing left undone, nothing skipped.

use anyhow::{Context as _, Result};
use ignore::WalkBuilder;
use std::fs;
use std::path::Path;

const LONGEST_FILE: usize = 500; // lines
const REASON: &str = "// Long because";
const REASON_WITHIN: usize = 10; // lines from the top

/// Put together from halves, so that this file doesn't contain what it looks for.
const MARKS: &[&str] =
    &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")];

/// Every violation in the `.rs` files under `root` that git doesn't ignore.
///
/// Files not yet added count too: a violation should be found before it is committed.
pub(super) fn violations(root: &Path) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    let walk = WalkBuilder::new(root)
        // What a machine's owner ignores elsewhere must not decide what is checked here.
        .git_global(false)
        .parents(false)
        .require_git(false)
        .sort_by_file_path(Path::cmp)
        .build();
    for entry in walk {
        let entry = entry.context("can't list the source files")?;
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "rs") || !path.is_file() {
            continue;
        }
        let text =
            fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        violations.extend(file_violations(path.strip_prefix(root).unwrap_or(path), &text));
    }
    Ok(violations)
}

fn file_violations(path: &Path, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE && !may_be_long(path) && !gives_reason(text) {
        violations.push(format!(
            "{}: {lines} lines; split it, or say `{REASON} …` in its first {REASON_WITHIN} lines",
            path.display()
        ));
    }
    for (number, line) in (1_usize..).zip(text.lines()) {
        for mark in MARKS.iter().filter(|mark| line.contains(**mark)) {
            violations.push(format!("{}:{number}: `{mark}` is not allowed", path.display()));
        }
    }
    violations
}

/// Lists of cases may be as long as they need to be; vendored code isn't ours to cut.
fn may_be_long(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "vendor")
}

fn gives_reason(text: &str) -> bool {
    text.lines().take(REASON_WITHIN).any(|line| line.starts_with(REASON))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> usize {
        file_violations(Path::new(path), text).len()
    }

    #[test]
    fn a_long_file_needs_a_reason_on_top() {
        let at_the_limit = "x\n".repeat(500);
        let above = "x\n".repeat(501);
        assert_eq!(check("src/a.rs", &at_the_limit), 0);
        assert_eq!(check("src/a.rs", &above), 1);
        assert_eq!(check("src/a.rs", &format!("//! A.\n// Long because it lists.\n{above}")), 0);
        assert_eq!(check("src/a.rs", &format!("{above}// Long because it lists.\n")), 1);
        assert_eq!(check("crates/a/tests/a.rs", &above), 0);
        assert_eq!(check("vendor/a/src/a.rs", &above), 0);
        assert_eq!(check("src/tests_of_a.rs", &above), 1);
    }

    #[test]
    fn unfinished_and_skipped_code_is_found_in_tests_too() {
        for mark in MARKS {
            let text = format!("fn a() {{\n    {mark}\n}}\n");
            let found = file_violations(Path::new("tests/a.rs"), &text);
            assert_eq!(found, [format!("tests/a.rs:2: `{mark}` is not allowed")]);
        }
    }

    #[test]
    fn what_git_ignores_is_not_ours_to_check() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(".gitignore", "/target\n");
        write("target/generated.rs", MARKS[0]);
        write("src/lib.rs", MARKS[0]);
        write("notes.txt", MARKS[0]);
        let found = violations(root.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("src/lib.rs:1:"));
    }
}
