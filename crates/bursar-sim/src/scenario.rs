//! A scenario: a world and what happens in it, as plain text that can be kept, read and changed.
//!
//! ```text
//! seed 7
//! store embedded
//! nodes 1
//! accounts 2
//! 1 open account=0 node=0
//! 2 charge account=0 node=0 micro=500000
//! 3 crash node=0 tail=torn
//! ```

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::step::{Step, What};

/// A world and what happens in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What ids and secrets are made from. What happens is in the steps.
    pub seed: u64,
    /// What the nodes keep their data in.
    pub store: StoreKind,
    /// How many nodes there are; 1 with an embedded store.
    pub nodes: u32,
    /// How many accounts there may be.
    pub accounts: u32,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What nodes keep their data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// A file on the node's own disk, which loses what isn't synced when the node dies.
    Embedded,
    /// A database that several nodes share, with the accounts' rows as locks.
    Shared,
}

/// Why a text is not a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAScenario {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for NotAScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for NotAScenario {}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = match self.store {
            StoreKind::Embedded => "embedded",
            StoreKind::Shared => "shared",
        };
        writeln!(f, "seed {}\nstore {store}\nnodes {}", self.seed, self.nodes)?;
        writeln!(f, "accounts {}", self.accounts)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(Value::Object(fields)) = serde_json::to_value(&self.what) else {
            return Err(fmt::Error);
        };
        let name = fields.get("what").and_then(Value::as_str).unwrap_or_default();
        write!(f, "{} {name}", self.id)?;
        let said = fields.iter().filter(|(name, value)| *name != "what" && !value.is_null());
        for (name, value) in said {
            match value {
                Value::String(text) => write!(f, " {name}={text}")?,
                other => write!(f, " {name}={other}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Scenario {
    type Err = NotAScenario;

    fn from_str(text: &str) -> Result<Self, NotAScenario> {
        let mut scenario =
            Self { seed: 0, store: StoreKind::Embedded, nodes: 1, accounts: 1, steps: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: String| NotAScenario { line: index.saturating_add(1), what };
            scenario.read(line).map_err(wrong)?;
        }
        Ok(scenario)
    }
}

impl Scenario {
    fn read(&mut self, line: &str) -> Result<(), String> {
        let (first, rest) = line.split_once(' ').ok_or("a line has a name and a value")?;
        match first {
            "seed" => self.seed = number(rest)?,
            "nodes" => self.nodes = number(rest)?,
            "accounts" => self.accounts = number(rest)?,
            "store" => {
                self.store = match rest {
                    "embedded" => StoreKind::Embedded,
                    "shared" => StoreKind::Shared,
                    other => return Err(format!("{other} is no store; embedded or shared is")),
                };
            }
            id => self.steps.push(Step { id: number(id)?, what: what(rest)? }),
        }
        Ok(())
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number that fits here"))
}

fn what(text: &str) -> Result<What, String> {
    let mut words = text.split_whitespace();
    let mut fields = Map::new();
    let name = words.next().ok_or("a step says what happens")?;
    fields.insert("what".to_owned(), Value::String(name.to_owned()));
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("{word} is no field"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        fields.insert(name.to_owned(), value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::generate::generate;

    #[test]
    fn what_is_written_reads_back() {
        for seed in 0..200 {
            let scenario = generate(seed);
            assert_eq!(scenario.to_string().parse(), Ok(scenario));
        }
    }
}
