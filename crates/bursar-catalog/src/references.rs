//! Keys that must differ, references that must resolve, and what was probably meant by one that
//! doesn't.

use std::collections::BTreeMap;

use bursar_core::id::Key;

use crate::reader::Value;
use crate::report::Place;

/// Reports each key that an earlier one already has. `what` names the whole they belong to.
pub(crate) fn distinct<'a, K: Ord>(keys: impl IntoIterator<Item = (K, Value<'a>)>, what: &str) {
    let mut seen: BTreeMap<K, Place> = BTreeMap::new();
    for (key, value) in keys {
        if let Some(first) = seen.get(&key) {
            let message = format!("{} is taken by {}", value.quoted(), first.path);
            value.wrong(message, format!("another {what}"));
        } else {
            seen.insert(key, value.place().clone());
        }
    }
}

/// Keys that a reference may name.
pub(crate) struct Known {
    /// What they are keys of: `feature`.
    pub(crate) what: &'static str,
    /// The keys; `None` if some could not be read, so that nothing can be said to be missing.
    pub(crate) keys: Option<Vec<Key>>,
}

impl Known {
    /// A key that must be one of these.
    pub(crate) fn reference(&self, value: &Value<'_>) -> Option<Key> {
        let key = value.key()?;
        let Some(keys) = self.keys.as_ref().filter(|keys| !keys.contains(&key)) else {
            return Some(key);
        };
        let message = format!("there is no {} {}", self.what, value.quoted());
        match closest(key.as_str(), keys.iter().map(Key::as_str)) {
            Some(meant) => value.dangling(format!("{message}; did you mean {meant:?}?"), None),
            None => value.dangling(message, Some(one_of(keys))),
        }
        None
    }
}

/// `one of a, b or c`, each once, cut after twelve.
pub(crate) fn one_of(words: impl IntoIterator<Item = impl ToString>) -> String {
    let mut names: Vec<String> = Vec::new();
    for word in words {
        let name = word.to_string();
        if names.len() > 12 {
            break;
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => "nothing here".to_owned(),
        [only] => only.clone(),
        [rest @ .., last] if rest.len() < 12 => format!("one of {} or {last}", rest.join(", ")),
        [rest @ .., _] => format!("one of {}, …", rest.join(", ")),
    }
}

/// The known word that `given` was probably meant to be.
pub(crate) fn closest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if given.len() > 64 {
        // Longer than any key, and the comparison takes the product of the lengths.
        return None;
    }
    known
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}
