//! Lists compared by key.

use bursar_core::id::Key;

use super::change::Effect;

/// What became of an element.
#[derive(Clone, Copy)]
pub(super) enum Presence {
    Added,
    Removed,
}

impl Presence {
    /// Which of two effects it has.
    pub(super) const fn choose(self, added: Effect, removed: Effect) -> Effect {
        match self {
            Self::Added => added,
            Self::Removed => removed,
        }
    }

    /// The effect of a price that comes or goes.
    pub(super) const fn of_price(self) -> Effect {
        self.choose(Effect::NewlyPriced, Effect::NoLongerPriced)
    }
}

/// An element in one list or in both.
#[derive(Clone, Copy)]
pub(super) enum Pair<'a, T> {
    Both(&'a T, &'a T),
    One(&'a T, Presence),
}

/// Two lists of the same kind.
pub(super) struct Pairs<'a, T> {
    /// Those of the first list in its order, then those that are new.
    pub(super) list: Vec<Pair<'a, T>>,
    /// Both orders of the elements in both lists, if they differ.
    pub(super) order: Option<(String, String)>,
}

impl<'a, T> Pair<'a, T> {
    /// The element, as it was if it was there before.
    pub(super) fn either(&self) -> &'a T {
        match self {
            Self::Both(before, _) => before,
            Self::One(only, _) => only,
        }
    }

    /// Before and after, or what became of it.
    pub(super) fn both(&self) -> Result<(&'a T, &'a T), Presence> {
        match self {
            Self::Both(before, after) => Ok((before, after)),
            Self::One(_, presence) => Err(*presence),
        }
    }
}

/// Pairs the elements of two lists whose keys are distinct within each.
pub(super) fn pairs<'a, T>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&T) -> &Key,
) -> Pairs<'a, T> {
    pairs_by(before, after, |element| key(element).clone(), |key| key.to_string())
}

/// The same for any key.
pub(super) fn pairs_by<'a, T, K: PartialEq>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&T) -> K,
    name: impl Fn(&K) -> String,
) -> Pairs<'a, T> {
    let find = |list: &'a [T], wanted: &T| list.iter().find(|one| key(one) == key(wanted));
    let mut list: Vec<Pair<'a, T>> = (before.iter())
        .map(|one| match find(after, one) {
            Some(other) => Pair::Both(one, other),
            None => Pair::One(one, Presence::Removed),
        })
        .collect();
    let added = after.iter().filter(|one| find(before, one).is_none());
    list.extend(added.map(|one| Pair::One(one, Presence::Added)));
    let common = |of: &'a [T], other: &'a [T]| -> Vec<String> {
        of.iter().filter(|one| find(other, one).is_some()).map(|one| name(&key(one))).collect()
    };
    let orders = (common(before, after), common(after, before));
    let order = (orders.0 != orders.1).then(|| (orders.0.join(", "), orders.1.join(", ")));
    Pairs { list, order }
}
