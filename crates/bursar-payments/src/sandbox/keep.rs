//! Keeps what the sandbox remembers, row by row.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rows::{Row, Rows};
use super::state::{Rest, SandboxState};

/// The key of the one row that is in no table.
const REST: &str = "rest";

const TWICE: &str = "it is there twice";
const UNKNOWN: &str = "the sandbox has no such table";

/// A row that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its table and its name there: `payments/pay_…`, `queue/17`. Or `rest`, the one row for what
    /// is in no table; it stays small.
    pub key: String,
    /// What the row is now, as JSON; nothing if it is gone.
    pub value: Option<String>,
}

/// Keeps the rows that a change changed, all or none, before the reply is given; the error says why
/// it couldn't. No key comes twice in one call, and no call comes without a row.
///
/// If it fails, the caller of the sandbox is told that the outcome is unknown, and the change stays:
/// the next call of the port, even one that only looks, hands its rows over again before it does
/// anything. While that fails, too, every call ends so and changes nothing. The change isn't undone,
/// because a keep that failed may have written it all the same.
pub type Keep = Box<dyn Fn(Vec<Change>) -> Result<(), String> + Send + Sync>;

/// A kept row from which a sandbox can't go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox's row {key:?} is damaged: {reason}")]
pub struct DamagedRow {
    /// The row's key.
    pub key: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A table, whatever is in it.
trait Table {
    /// Adds the rows that changed.
    fn list(&self, table: &str, changes: &mut Vec<Change>) -> Result<(), serde_json::Error>;
    /// Notes that they were kept.
    fn kept(&mut self);
    /// Takes a kept row.
    fn restore(&mut self, name: &str, value: &str) -> Result<(), String>;
}

impl<K, R> Table for Rows<K, R>
where
    K: Clone + Ord + Display + FromStr,
    R: Row + Serialize + DeserializeOwned,
{
    fn list(&self, table: &str, changes: &mut Vec<Change>) -> Result<(), serde_json::Error> {
        for (key, row) in self.changed() {
            let value = row.map(serde_json::to_string).transpose()?;
            changes.push(Change { key: format!("{table}/{key}"), value });
        }
        Ok(())
    }

    fn kept(&mut self) {
        Rows::kept(self);
    }

    fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        // Only the spelling under which a change would name it.
        let key = (name.parse::<K>().ok())
            .filter(|key| key.to_string() == name)
            .ok_or("its table has no such keys")?;
        if self.contains_key(&key) {
            return Err(TWICE.to_owned());
        }
        let row = serde_json::from_str(value).map_err(|error| error.to_string())?;
        self.put(key, row);
        Ok(())
    }
}

impl SandboxState {
    /// From the rows that were kept.
    pub(super) fn restored(
        rows: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, DamagedRow> {
        let mut state = Self::default();
        let mut rest: Option<Rest> = None;
        let mut any = false;
        for (key, value) in rows {
            any = true;
            let restored = match key.split_once('/') {
                None if key == REST => match rest {
                    Some(_) => Err(TWICE.to_owned()),
                    None => serde_json::from_str(&value)
                        .map(|read| rest = Some(read))
                        .map_err(|error| error.to_string()),
                },
                None => Err(UNKNOWN.to_owned()),
                Some((table, name)) => (state.tables().into_iter())
                    .find(|(found, _)| *found == table)
                    .ok_or_else(|| UNKNOWN.to_owned())
                    .and_then(|(_, table)| table.restore(name, &value)),
            };
            restored.map_err(|reason| DamagedRow { key, reason })?;
        }
        match rest {
            Some(rest) => {
                state.rest = rest.clone();
                state.rest_kept = rest;
            }
            // It numbers what is made: without it, names would be given twice.
            None if any => {
                let reason = "it is missing, although there are others".to_owned();
                return Err(DamagedRow { key: REST.to_owned(), reason });
            }
            None => {}
        }
        Ok(state)
    }

    /// The rows that aren't kept as they are.
    pub(super) fn changes(&mut self) -> Result<Vec<Change>, serde_json::Error> {
        let mut changes = Vec::new();
        for (name, table) in self.tables() {
            table.list(name, &mut changes)?;
        }
        if self.rest != self.rest_kept {
            let value = Some(serde_json::to_string(&self.rest)?);
            changes.push(Change { key: REST.to_owned(), value });
        }
        Ok(changes)
    }

    /// All rows are kept as they are.
    pub(super) fn kept(&mut self) {
        for (_, table) in self.tables() {
            table.kept();
        }
        if self.rest != self.rest_kept {
            self.rest_kept.clone_from(&self.rest);
        }
    }

    /// Every table, by the name that its rows are kept under.
    fn tables(&mut self) -> [(&'static str, &mut dyn Table); 12] {
        let Self {
            customers,
            methods,
            setups,
            payments,
            refunds,
            disputes,
            challenges,
            keys,
            queue,
            lost,
            lost_requests,
            timers,
            rest: _,
            rest_kept: _,
        } = self;
        [
            ("customers", customers),
            ("methods", methods),
            ("setups", setups),
            ("payments", payments),
            ("refunds", refunds),
            ("disputes", disputes),
            ("challenges", challenges),
            ("keys", keys),
            ("queue", queue),
            ("lost", lost),
            ("lost_requests", lost_requests),
            ("timers", timers),
        ]
    }
}
