//! Parts that most of their kind don't have, and that copies share until one of them changes.
//!
//! There are states of many accounts in memory at once, and each change copies one: what is as empty as
//! it was in the beginning takes the room of a pointer, and what doesn't change isn't copied.

use alloc::sync::Arc;
use core::fmt;
use core::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A type with a value that says nothing.
pub trait Empty: Clone + PartialEq + 'static {
    /// That value.
    fn empty() -> &'static Self;
}

/// A value, encoded as nothing but itself. It takes no room while it is [empty](Empty::empty).
#[derive(Clone)]
pub struct Rare<T>(Option<Arc<T>>);

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Empty> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((value != *T::empty()).then(|| Arc::new(value)))
    }
}

impl<T: Empty> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::empty())
    }
}

impl<T: Empty> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(T::empty().clone())))
    }
}

impl<T: Empty> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Empty + Eq> Eq for Rare<T> {}

impl<T: Empty + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: Empty + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Empty + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Note(u32);

    impl Empty for Note {
        fn empty() -> &'static Self {
            &Note(7)
        }
    }

    #[test]
    fn what_is_empty_takes_no_room_and_is_equal_to_what_became_so_again() {
        let empty = Rare::from(Note(7));
        assert!(empty.0.is_none());
        assert_eq!(*empty, Note(7));
        let mut changed = empty.clone();
        changed.0 = Some(Arc::new(Note(7)));
        assert_eq!(changed, empty);
    }

    #[test]
    fn a_change_is_seen_by_no_copy() {
        let mut one = Rare::from(Note(1));
        let copy = one.clone();
        one.deref_mut().0 = 2;
        assert_eq!((one.0.as_deref(), copy.0.as_deref()), (Some(&Note(2)), Some(&Note(1))));
        let mut empty = Rare::<Note>::default();
        empty.deref_mut().0 += 1;
        assert_eq!(*empty, Note(8));
        assert_eq!(*Rare::<Note>::default(), Note(7));
    }
}
