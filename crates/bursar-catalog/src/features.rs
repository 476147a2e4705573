//! `[[features]]`: what plans unlock.

use bursar_core::catalog::Feature;
use bursar_core::id::Key;

use crate::reader::{Table, Value};
use crate::references::{Known, distinct};

/// The features, and their keys for references to them.
pub(crate) fn read(root: &Table<'_>) -> (Option<Vec<Feature>>, Known) {
    let entries = root.tables("features");
    let mut keys: Vec<Option<(Key, Value<'_>)>> = Vec::new();
    let features: Vec<Option<Feature>> =
        entries.iter().map(|entry| feature(entry, &mut keys)).collect();
    let complete = keys.iter().all(Option::is_some);
    let keys: Vec<(Key, Value<'_>)> = keys.into_iter().flatten().collect();
    let names = complete.then(|| keys.iter().map(|(key, _)| key.clone()).collect());
    distinct(keys, "key");
    (features.into_iter().collect(), Known { what: "feature", keys: names })
}

fn feature<'a>(entry: &Value<'a>, keys: &mut Vec<Option<(Key, Value<'a>)>>) -> Option<Feature> {
    let Some(table) = entry.table() else {
        keys.push(None);
        return None;
    };
    let key = table.required("key", "\"video_editor\"", Value::key);
    keys.push(key.clone().zip(table.field("key")));
    let name = table.required("name", "\"Video Editor\"", Value::text);
    table.close();
    Some(Feature { key: key?, name: name? })
}
