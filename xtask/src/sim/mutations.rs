//! `cargo xtask sim --mutations`: mistakes that the simulation must find, made in a copy of the sources.

use crate::process;
use anyhow::{Context as _, Result, bail, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The list of mistakes.
const LIST: &str = "crates/bursar-sim/mutations.txt";
/// Where the table of results goes, between two marks.
const DOCUMENT: &str = "docs/SIMULATION.md";
const BEGINS: &str = "<!-- mutations: begin -->";
const ENDS: &str = "<!-- mutations: end -->";
/// What the copy needs.
const COPIED: &[&str] = &["Cargo.toml", "Cargo.lock", "crates", "xtask", "catalogs"];
/// How long a mistake may stay unfound.
const SECONDS: &str = "120";

/// A mistake: what it is, and the changes that make it.
#[derive(Debug, PartialEq, Eq)]
struct Mutation {
    name: String,
    changes: Vec<Change>,
}

/// Text that is replaced; it occurs once in its file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Change {
    file: PathBuf,
    from: String,
    to: String,
}

/// Makes the mistakes one by one, and writes the table once all of them were made. Each is looked for with seeds
/// that find nothing without it.
pub(super) fn run(only: Option<&str>) -> Result<()> {
    let root = process::root();
    let list = fs::read_to_string(root.join(LIST)).context(LIST)?;
    let all = parse(&list)?;
    let wanted = |it: &&Mutation| only.is_none_or(|word| it.name.contains(word));
    let copy = root.join("target/mutations");
    copy_sources(&root, &copy)?;
    rename(&copy.join("Cargo.toml"))?;
    let outcome = try_all(&all.iter().filter(wanted).collect::<Vec<_>>(), &root, &copy);
    fs::remove_dir_all(&copy).context("can't remove the copy of the sources")?;
    let (seeds, rows) = outcome?;
    let table = table(seeds, &rows);
    println!("\n{table}");
    if only.is_none() {
        write_table(&root.join(DOCUMENT), &table)?;
    }
    let unfound = rows.iter().filter(|row| row.found.is_none()).count();
    ensure!(unfound == 0, "{unfound} mistakes were not found");
    Ok(())
}

/// A mistake and how it was found.
struct Row {
    name: String,
    found: Option<Find>,
}

/// What was found.
struct Find {
    seconds: String,
    seed: String,
    what: String,
}

/// How many seeds hold without a mistake, and what became of each mistake with those.
fn try_all(mutations: &[&Mutation], root: &Path, copy: &Path) -> Result<(u64, Vec<Row>)> {
    println!("== No mistake");
    let seeds = match simulate(root, copy, None)? {
        Said::Held { seeds } => seeds,
        Said::Found(find) => bail!(
            "seed {} fails without a mistake, so that nothing could be told from a failure: {}\n\n  \
             cargo xtask sim --seed {}\n",
            find.seed,
            find.what,
            find.seed
        ),
    };
    println!("   {seeds} seeds held in {SECONDS} s; mistakes are looked for with the same");
    let mut rows = Vec::new();
    for mutation in mutations {
        println!("== {}", mutation.name);
        let found = try_one(mutation, root, copy, seeds)
            .with_context(|| format!("the mistake {:?}", mutation.name))?;
        match &found {
            Some(find) => println!("   {} s, seed {}: {}", find.seconds, find.seed, find.what),
            None => println!("   NOT FOUND in {SECONDS} s"),
        }
        rows.push(Row { name: mutation.name.clone(), found });
    }
    Ok((seeds, rows))
}

fn try_one(mutation: &Mutation, root: &Path, copy: &Path, seeds: u64) -> Result<Option<Find>> {
    for change in &mutation.changes {
        let path = copy.join(&change.file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let count = text.matches(&change.from).count();
        ensure!(count == 1, "{} has the text {count} times", change.file.display());
        fs::write(&path, text.replace(&change.from, &change.to))?;
    }
    let said = simulate(root, copy, Some(seeds))?;
    for change in &mutation.changes {
        fs::copy(root.join(&change.file), copy.join(&change.file))?;
    }
    Ok(match said {
        Said::Found(find) => Some(find),
        Said::Held { .. } => None,
    })
}

/// What the simulation said.
enum Said {
    /// So many seeds, from 1 on, found nothing.
    Held {
        seeds: u64,
    },
    Found(Find),
}

/// Builds the copy and runs seeds, from 1 on, up to the last that is wanted or until the time is over.
fn simulate(root: &Path, copy: &Path, to: Option<u64>) -> Result<Said> {
    let mut command = process::cargo();
    command
        .current_dir(copy)
        // What is not ours is built already.
        .env("CARGO_TARGET_DIR", root.join("target"))
        .args(["run", "--quiet", "--offline", "-p", "bursar-sim", "--"])
        .args(["--whole", "--seconds", SECONDS]);
    if let Some(to) = to {
        command.args(["--to", &to.to_string()]);
    }
    let output = command.output().context("can't start cargo")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        let seeds = held(&said).with_context(|| format!("how many seeds is {said:?}?"))?;
        return Ok(Said::Held { seeds });
    }
    match find(&said) {
        Some(find) => Ok(Said::Found(find)),
        None => {
            bail!("it doesn't build, or doesn't run:\n{}", String::from_utf8_lossy(&output.stderr))
        }
    }
}

/// `2810 seeds, 290174 steps, …: all held`.
fn held(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.ends_with(": all held"))?;
    line.split_once(" seeds, ")?.0.parse().ok()
}

/// `seed 7 failed after 0.3 s`, then `seed 7: after step 12: …`.
fn find(said: &str) -> Option<Find> {
    let mut lines = said.lines();
    let first = lines.by_ref().find(|line| line.contains(" failed after "))?;
    let (seed, seconds) = first.strip_prefix("seed ")?.split_once(" failed after ")?;
    let what = lines.next().unwrap_or_default();
    let what = what.split_once(": ").map_or(what, |(_, what)| what);
    let what = what.chars().take(160).collect();
    Some(Find { seconds: seconds.trim_end_matches(" s").to_owned(), seed: seed.to_owned(), what })
}

fn table(seeds: u64, rows: &[Row]) -> String {
    let mut table = format!(
        "Without a mistake, seeds 1 to {seeds} find nothing in {SECONDS} s.\n\n\
         | mistake | found after | by seed |\n| --- | ---: | ---: |\n"
    );
    for Row { name, found } in rows {
        let (seconds, seed) = match found {
            Some(find) => (format!("{} s", find.seconds), find.seed.as_str()),
            None => ("not found".to_owned(), "—"),
        };
        // Writing to a string doesn't fail.
        let _ = writeln!(table, "| {name} | {seconds} | {seed} |");
    }
    table
}

fn write_table(document: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(document).with_context(|| document.display().to_string())?;
    let (before, rest) = text.split_once(BEGINS).context("no mark where the table begins")?;
    let (_, after) = rest.split_once(ENDS).context("no mark where the table ends")?;
    fs::write(document, format!("{before}{BEGINS}\n{table}{ENDS}{after}"))?;
    Ok(())
}

/// Reads the list: `== name`, then `in file`, `<<<`, what is there, `===`, what is to be there, `>>>`.
fn parse(list: &str) -> Result<Vec<Mutation>> {
    let mut mutations: Vec<Mutation> = Vec::new();
    let mut part = Part::Outside;
    for (number, line) in (1_u32..).zip(list.lines()) {
        let change = mutations.last_mut().and_then(|mutation| mutation.changes.last_mut());
        match (part, line) {
            (Part::Outside, "<<<") => part = Part::From,
            (Part::From, "===") => part = Part::To,
            (Part::To, ">>>") => part = Part::Outside,
            (Part::Outside, "") => {}
            (Part::Outside, line) if line.starts_with('#') => {}
            (Part::Outside, line) => match (line.strip_prefix("== "), line.strip_prefix("in ")) {
                (Some(name), _) => {
                    mutations.push(Mutation { name: name.to_owned(), changes: Vec::new() });
                }
                (None, Some(file)) => {
                    let change = Change { file: PathBuf::from(file), ..Change::default() };
                    let last = mutations.last_mut().context("a change without a name")?;
                    last.changes.push(change);
                }
                (None, None) => bail!("{LIST}, line {number}: what is {line:?}?"),
            },
            (Part::From | Part::To, line) => {
                let change = change.with_context(|| format!("{LIST}, line {number}: no file"))?;
                let text = if part == Part::From { &mut change.from } else { &mut change.to };
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    ensure!(part == Part::Outside, "{LIST} ends in the middle of a change");
    Ok(mutations)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Outside,
    From,
    To,
}

/// Gives the copy's packages another version. What is built lies where the real ones' does, under names made
/// of package and version: the real ones must never be taken for up to date because the wrong ones are.
fn rename(manifest: &Path) -> Result<()> {
    let text = fs::read_to_string(manifest)?;
    let renamed = text.replacen("\nversion = \"", "\nversion = \"0.0.0-wrong+", 1);
    ensure!(renamed != text, "the workspace has no version");
    Ok(fs::write(manifest, renamed)?)
}

fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    COPIED.iter().try_for_each(|name| copy_all(&root.join(name), &copy.join(name)))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        let above = to.parent().context("a file has a directory")?;
        fs::create_dir_all(above)?;
        // Keeps the time of the change, so that what is the same isn't built again.
        let changed = fs::metadata(from)?.modified()?;
        fs::copy(from, to)?;
        fs::File::options().write(true).open(to)?.set_modified(changed)?;
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let name = entry?.file_name();
        if name != "target" && name != "node_modules" {
            copy_all(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mistake that can't be made any more proves nothing.
    #[test]
    fn every_mistake_can_be_made() {
        let root = process::root();
        let mutations = parse(&fs::read_to_string(root.join(LIST)).unwrap()).unwrap();
        assert!(mutations.len() > 20);
        for mutation in &mutations {
            assert!(!mutation.changes.is_empty(), "{}", mutation.name);
            for change in &mutation.changes {
                let text = fs::read_to_string(root.join(&change.file)).unwrap();
                assert_eq!(text.matches(&change.from).count(), 1, "{}", mutation.name);
            }
        }
    }

    #[test]
    fn what_was_found_is_read() {
        let said = "seed 7 failed after 0.3 s\nseed 7: after step 12: a0 has too much\n";
        let find = find(said).unwrap();
        assert_eq!((find.seed.as_str(), find.seconds.as_str()), ("7", "0.3"));
        assert_eq!(find.what, "after step 12: a0 has too much");
        let said = "41 seeds, 90 steps, 30 entries, 2 crashes in 120 s: all held\n";
        assert_eq!((held(said), held("41 seeds, and then the power failed")), (Some(41), None));
    }
}
