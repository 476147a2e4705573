//! What the clients know: every command with its answer, every file, every balance that somebody saw.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, RwLock};

use serde_json::Value;

use super::super::clients::{Known, Office, Sent};

/// What all clients have in common: the office of [`clients`](super::super::clients), and their record.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) office: Office,
    /// Clients hold it for reading while they are at work. Whoever holds it for writing has all of them wait,
    /// each with an answer to whatever it has sent.
    pub(crate) door: RwLock<()>,
    pub(crate) record: Mutex<Record>,
    /// How long clients think between two turns, at most, in microseconds.
    pub(crate) thinking_micros: AtomicU64,
}

/// What is known.
#[derive(Default)]
pub(crate) struct Record {
    /// In the order of their answers.
    pub(crate) sent: Vec<Sent>,
    pub(crate) files: Vec<File>,
    pub(crate) looks: Vec<Look>,
    /// How much of it has been compared since the server died last.
    compared: Compared,
    /// What can be spent and what is held of each account, by its commands.
    balances: HashMap<String, (i64, i64)>,
    /// Accounts that something was done to since they were compared.
    changed: BTreeSet<String>,
    /// Who is behind an account, as was told when it was opened.
    pub(crate) names: HashMap<String, String>,
}

/// How far comparing has come.
#[derive(Clone, Copy, Default)]
struct Compared {
    sent: usize,
    files: usize,
}

/// A file that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) account: String,
    pub(crate) asset: String,
    pub(crate) content: Vec<u8>,
    pub(crate) is_deleted: bool,
}

/// A balance that was read.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) account: String,
    pub(crate) version: u64,
    pub(crate) available: Value,
    pub(crate) held: Value,
}

impl Record {
    /// Notes commands that their client is sure of.
    pub(crate) fn note(&mut self, commands: impl Iterator<Item = Sent>) {
        for command in commands {
            if matches!(command.known, Known::Done(_)) {
                let (more, kept) = command.effect.on_balance();
                let balance = self.balances.entry(command.account.clone()).or_default();
                *balance = (balance.0 + more, balance.1 + kept);
                self.changed.insert(command.account.clone());
            }
            self.sent.push(command);
        }
    }

    /// What an account was given before the clients came.
    pub(crate) fn begin(&mut self, account: &str, given: i64) {
        self.balances.insert(account.to_owned(), (given, 0));
    }

    /// What can be spent and what is held of the accounts that have changed since the last
    /// [`Record::is_compared`].
    pub(crate) fn changed(&self) -> Vec<(String, (i64, i64))> {
        self.changed.iter().map(|account| (account.clone(), self.balances[account])).collect()
    }

    /// The same of all accounts.
    pub(crate) fn balances(&self) -> Vec<(String, (i64, i64))> {
        self.balances.iter().map(|(account, balance)| (account.clone(), *balance)).collect()
    }

    /// What was sent since the last [`Record::is_compared`].
    pub(crate) fn new_sent(&self) -> &[Sent] {
        &self.sent[self.compared.sent..]
    }

    /// What was sent before that.
    pub(crate) fn old_sent(&self) -> &[Sent] {
        &self.sent[..self.compared.sent]
    }

    /// The files of the same time.
    pub(crate) fn new_files(&self) -> &[File] {
        &self.files[self.compared.files..]
    }

    /// And those before.
    pub(crate) fn old_files(&self) -> &[File] {
        &self.files[..self.compared.files]
    }

    /// All of it has been compared with what the server says.
    pub(crate) fn is_compared(&mut self) {
        self.compared = Compared { sent: self.sent.len(), files: self.files.len() };
        self.changed.clear();
    }

    /// Writes it all to a file, for whoever looks for what went wrong.
    pub(crate) fn save(&self, path: &Path) {
        let mut text = String::new();
        for sent in &self.sent {
            let Sent { path, key, body, effect, known, lost, .. } = sent;
            writeln!(text, "{path} {key} {body} {effect:?} lost={lost} {known:?}").unwrap();
        }
        for File { account, asset, content, is_deleted } in &self.files {
            let length = content.len();
            writeln!(text, "file {account} {asset} {length} deleted={is_deleted}").unwrap();
        }
        self.looks.iter().for_each(|look| writeln!(text, "{look:?}").unwrap());
        std::fs::write(path, text).unwrap();
    }
}
