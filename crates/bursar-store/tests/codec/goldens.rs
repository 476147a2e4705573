//! The bytes of every kind of event and of an account, as the first version wrote them.
//!
//! A golden of an event is never rewritten: journals out there have its bytes. `BURSAR_BLESS=1` writes
//! those that are missing, which is for new variants. An account's state and the rows of payments and
//! documents are made from the journal, so that their goldens may be deleted and blessed anew.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use bursar_store::{Entry, codec};
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{money_samples, samples};

#[test]
fn every_event_is_read_as_it_was_written() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for event in samples::events() {
        let name = samples::name(&event);
        let count = seen.entry(name).or_default();
        *count += 1;
        let file = match *count {
            1 => format!("event_{name}"),
            more => format!("event_{name}_{more}"),
        };
        check(&file, &event, FOR_EVER);
    }
    assert_eq!(seen.len(), 53, "a variant has no sample: {seen:?}");
}

#[test]
fn a_commit_is_read_as_it_was_written() {
    check::<Vec<Entry>>("entries", &samples::entries(), FOR_EVER);
    check::<Vec<Entry>>("entries_provider", &samples::entries_of_the_provider(), FOR_EVER);
    check::<Vec<Entry>>("entries_customer", &samples::entries_of_the_customer(), FOR_EVER);
}

#[test]
fn rows_of_views_are_read_as_they_were_written() {
    check("account", &samples::account(), ANEW);
    check("payment_row", &money_samples::payment_row(), ANEW);
    check("document_row", &money_samples::document_row(), ANEW);
}

const ANEW: &str =
    "raise projection::VERSION, so that the stores make it anew, then delete its goldens";

const FOR_EVER: &str = "journals of this format exist, so raise codec::FORMAT, go on reading this one, \
     and put new goldens beside the old ones";

fn check<T>(name: &str, value: &T, todo: &str)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let written = format!("{}\n", HEXLOWER.encode(&codec::encode(value).unwrap()));
    let bytes = golden(name, "hex", &written);
    assert_eq!(written, bytes, "{name} is not written as it was: {todo}");
    let read: T = codec::decode(&HEXLOWER.decode(bytes.trim().as_bytes()).unwrap()).unwrap();
    assert_eq!(read, *value, "{name}");
    let shown = format!("{read:#?}\n");
    assert_eq!(shown, golden(name, "txt", &shown), "{name} is read as something else than it was");
}

fn golden(name: &str, kind: &str, fresh: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(format!("{name}.{kind}"));
    if !path.exists() && std::env::var_os("BURSAR_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, fresh).unwrap();
    }
    fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{} is missing: run with BURSAR_BLESS=1", path.display()))
}
