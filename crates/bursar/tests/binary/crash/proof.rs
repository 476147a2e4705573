//! What a server that has come back must say, by what the clients know.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde_json::{Value, json};

use super::super::clients::{Known, Servers, ask_again, compare_with_ledger};
use super::super::load::keys_of_ledger;
use super::super::server::bursar_on;
use super::alone::Alone;
use super::record::{File, Record, Shared};

/// At most so many commands of earlier rounds are asked for again after each crash.
const SAMPLE: usize = 60;

/// How much was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Compared {
    pub(crate) repeats: usize,
    pub(crate) balances: usize,
    pub(crate) files: usize,
    pub(crate) proofs: usize,
}

impl Compared {
    pub(crate) fn add(&mut self, other: Self) {
        self.repeats += other.repeats;
        self.balances += other.balances;
        self.files += other.files;
        self.proofs += other.proofs;
    }
}

/// Compares what was done since the last crash, and some of what was done before: every acknowledged
/// command gets its answer again, every balance is the sum of its commands, every file has its bytes.
/// Everybody waits, so that all is known. `None` if the server died meanwhile.
pub(crate) fn compare(alone: &Alone, shared: &Shared, all: bool) -> Option<Compared> {
    let mut record = shared.record.lock().unwrap();
    let step = if all { 1 } else { (record.old_sent().len() / SAMPLE).max(1) };
    let (new, old) = (record.new_sent().iter(), record.old_sent().iter().rev().step_by(step));
    let asked = ask_again(alone, &shared.office, new.chain(old));
    if !asked.is_complete() {
        return None;
    }
    let accounts = if all { record.balances() } else { record.changed() };
    for (account, (available, held)) in &accounts {
        let reply = alone.api(0).look(&format!("/v1/accounts/{account}")).ok()?;
        let shown = &reply.body["balance"];
        let seen = shared.office.seen(account);
        if shown["available"] != json!(available)
            || shown["held"] != json!(held)
            || *available < 0
            || reply.version.is_none_or(|version| version < seen)
        {
            shared.office.wrong(format!(
                "{account}: {available} and {held} by what is known, at version {seen}; {reply:?}"
            ));
        }
        if record.names.get(account).is_some_and(|name| reply.body["name"] != json!(name)) {
            shared.office.wrong(format!("{account} has lost its name: {reply:?}"));
        }
    }
    let step = if all { 1 } else { (record.old_files().len() / 5).max(1) };
    let files: Vec<&File> =
        record.new_files().iter().chain(record.old_files().iter().rev().step_by(step)).collect();
    for file in &files {
        compare_file(alone, shared, file)?;
    }
    let (repeats, balances, files) = (asked.all, accounts.len(), files.len());
    record.is_compared();
    Some(Compared { repeats, balances, files, proofs: 0 })
}

fn compare_file(alone: &Alone, shared: &Shared, file: &File) -> Option<()> {
    let path = format!("/v1/accounts/{}/assets/{}/content", file.account, file.asset);
    let reply = alone.api(0).look(&path).ok()?;
    let is_right = match file.is_deleted {
        true => reply.status == 404,
        false => reply.status == 200 && reply.text.as_bytes() == file.content,
    };
    if !is_right {
        let (status, length) = (reply.status, reply.text.len());
        let what = format!("{path}: {status} with {length} bytes, deleted: {}", file.is_deleted);
        shared.office.wrong(what);
    }
    Some(())
}

/// Proves the journal, the states and the views by `bursar verify`, and compares the journal with the
/// record: each command once and whole, and every balance that was seen.
pub(crate) fn prove(alone: &Alone, shared: &Shared) -> Compared {
    let record = shared.record.lock().unwrap();
    let report = alone.bursar(&["verify", "--format", "json"]);
    if report.code != 0 {
        shared.office.wrong(format!("verify: {}{}", report.out, report.err));
    }
    let ledger = alone.bursar(&["ledger", "--format", "json"]).ok();
    compare_with_ledger(&ledger, &shared.office, &record.sent, "client-");
    compare_looks(&ledger, shared, &record);
    Compared { proofs: 1, ..Compared::default() }
}

fn compare_looks(ledger: &str, shared: &Shared, record: &Record) {
    let events = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let balances: HashMap<(String, u64), (Value, Value)> = events
        .map(|event| {
            let account = event["account"].as_str().unwrap().to_owned();
            let version = event["version"].as_u64().unwrap();
            ((account, version), (event["available"].clone(), event["held"].clone()))
        })
        .collect();
    for look in &record.looks {
        let then = balances.get(&(look.account.clone(), look.version));
        if then != Some(&(look.available.clone(), look.held.clone())) {
            shared.office.wrong(format!("the journal has {then:?}: {look:?}"));
        }
    }
}

/// A backup has what was acknowledged before it was begun, each once, and is proven.
pub(crate) fn compare_backup(
    shared: &Shared,
    backup: &Path,
    acknowledged: &BTreeSet<(String, String)>,
) {
    let restored = backup.with_extension("restored");
    bursar_on(&restored, &["restore", backup.to_str().unwrap()]).ok();
    // It has no views yet; a rebuild makes them, as a server does when it starts.
    bursar_on(&restored, &["views", "rebuild"]).ok();
    let report = bursar_on(&restored, &["verify", "--format", "json"]);
    if report.code != 0 {
        shared.office.wrong(format!("verify of a backup: {}{}", report.out, report.err));
    }
    let keys = keys_of_ledger(&bursar_on(&restored, &["ledger", "--format", "json"]).ok());
    let unique: BTreeSet<_> = keys.iter().cloned().collect();
    if unique.len() != keys.len() {
        shared.office.wrong("a backup has a key twice".to_owned());
    }
    for lost in acknowledged.difference(&unique) {
        shared.office.wrong(format!("not in a backup that was begun later: {lost:?}"));
    }
}

/// Account and key of everything that is acknowledged.
pub(crate) fn acknowledged(shared: &Shared) -> BTreeSet<(String, String)> {
    let record = shared.record.lock().unwrap();
    let done = record.sent.iter().filter(|sent| matches!(sent.known, Known::Done(_)));
    done.map(|sent| (sent.account.clone(), sent.key.clone())).collect()
}
