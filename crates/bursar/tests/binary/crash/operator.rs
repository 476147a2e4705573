//! What operators do while the server dies again and again: they make and revoke keys, and start it with
//! another catalog.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use serde_json::json;

use super::super::clients::Servers;
use super::alone::Alone;
use super::record::Shared;

/// The catalog that is built in, and what is changed in it.
const CATALOG: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogs/scriptkit.toml"));
const SMALL_COSTS: &str = "price = \"10.00\"";
const DEARER: &str = "price = \"11.00\"";

/// One of them, with what they know.
pub(crate) struct Operator {
    /// A catalog in which the small pack costs a dollar more.
    dearer: PathBuf,
    is_dearer: bool,
    keys: Vec<Key>,
}

/// A key that a command printed.
struct Key {
    name: String,
    secret: String,
    is_revoked: bool,
}

impl Operator {
    pub(crate) fn new(directory: &Path) -> Self {
        assert!(CATALOG.matches(SMALL_COSTS).count() == 1, "more than one thing costs 10.00");
        let dearer = directory.join("dearer.toml");
        std::fs::write(&dearer, CATALOG.replace(SMALL_COSTS, DEARER)).unwrap();
        Self { dearer, is_dearer: false, keys: Vec::new() }
    }

    /// Makes a key, or revokes one, or neither.
    pub(crate) fn work(&mut self, alone: &Alone, random: &mut Rng) {
        match random.u8(..16) {
            0 => {
                let name = format!("operator-{}", self.keys.len());
                let create = ["keys", "create", "--name", &name, "--scope", "read"];
                let secret = alone.bursar(&create).ok().trim().to_owned();
                self.keys.push(Key { name, secret, is_revoked: false });
            }
            1 if !self.keys.is_empty() => {
                let number = random.usize(..self.keys.len());
                let key = &mut self.keys[number];
                let listed = alone.bursar(&["keys", "list", "--format", "json"]).json();
                let named = |it: &&serde_json::Value| it["name"] == key.name.as_str();
                let id = listed.as_array().unwrap().iter().find(named).unwrap()["id"].clone();
                alone.bursar(&["keys", "revoke", id.as_str().unwrap()]).ok();
                key.is_revoked = true;
            }
            _ => {}
        }
    }

    /// The catalog of the next start, as arguments.
    pub(crate) fn catalog(&mut self, random: &mut Rng) -> Vec<String> {
        self.is_dearer ^= random.u8(..6) == 0;
        match self.is_dearer {
            true => vec!["--catalog".to_owned(), self.dearer.display().to_string()],
            false => Vec::new(),
        }
    }

    /// After a start, keys that were made work and those that were revoked don't, and the catalog is the one
    /// that it was started with. `None` if the server died meanwhile.
    pub(crate) fn compare(&self, alone: &Alone, shared: &Shared) -> Option<()> {
        for key in self.keys.iter().rev().take(12) {
            let mut api = alone.api(0);
            api.key.clone_from(&key.secret);
            let reply = api.look("/v1/catalog").ok()?;
            if reply.status != if key.is_revoked { 401 } else { 200 } {
                let (name, is_revoked) = (&key.name, key.is_revoked);
                shared.office.wrong(format!("key {name}, revoked: {is_revoked}: {reply:?}"));
            }
        }
        let reply = alone.api(0).look("/v1/catalog").ok()?;
        let packs = reply.body["packs"].as_array();
        let small = packs.and_then(|packs| packs.iter().find(|pack| pack["key"] == "small"));
        let cents = if self.is_dearer { 1_100 } else { 1_000 };
        if small.is_none_or(|small| small["price"]["amount"] != json!(cents)) {
            shared.office.wrong(format!("the small pack costs {cents}, and is shown as {small:?}"));
        }
        Some(())
    }
}
