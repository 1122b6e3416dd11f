//! A sorted set that is nearly always tiny: tags of an image, indexes that hold it, referrers of a subject.
//!
//! Few elements are one exact slice, since a node of the persistent tree costs as much as a whole image; many are a
//! persistent set, so that adding the thousandth copies a path and not a thousand.

use imbl::OrdSet;

/// A sorted set, cheap when small and sharing its structure when large.
#[derive(Clone, Debug)]
pub enum SmallSet<T: Ord + Clone> {
    /// Up to [`FEW`] elements, in order.
    Few(Box<[T]>),
    /// More than [`FEW`] elements; falls back to `Few` at half of it.
    Many(OrdSet<T>),
}

impl<T: Ord + Clone> Default for SmallSet<T> {
    fn default() -> Self {
        Self::Few(Box::default())
    }
}

impl<T: Ord + Clone> SmallSet<T> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `element` is in it.
    pub fn contains(&self, element: &T) -> bool {
        match self {
            Self::Few(few) => few.binary_search(element).is_ok(),
            Self::Many(many) => many.contains(element),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (few, many) = match self {
            Self::Few(few) => (Some(few.iter()), None),
            Self::Many(many) => (None, Some(many.iter())),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }

    /// Adds an element; says whether it was new.
    pub(super) fn insert(&mut self, element: T) -> bool {
        match self {
            Self::Few(few) => {
                let Err(place) = few.binary_search(&element) else { return false };
                if few.len() < FEW {
                    *few = few[..place].iter().cloned().chain([element]).chain(few[place..].iter().cloned()).collect();
                } else {
                    *self = Self::Many(few.iter().cloned().chain([element]).collect());
                }
                true
            }
            Self::Many(many) => many.insert(element).is_none(),
        }
    }

    /// Takes an element out; says whether it was there.
    pub(super) fn remove(&mut self, element: &T) -> bool {
        match self {
            Self::Few(few) => {
                let Ok(place) = few.binary_search(element) else { return false };
                *few = few[..place].iter().chain(&few[place + 1..]).cloned().collect();
                true
            }
            Self::Many(many) => {
                let removed = many.remove(element).is_some();
                if many.len() <= FEW / 2 {
                    *self = Self::Few(many.iter().cloned().collect());
                }
                removed
            }
        }
    }
}

/// Size up to which the elements are one slice.
pub const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_order_and_content_while_it_changes_form() {
        let mut set = SmallSet::default();
        for number in (0..40).rev() {
            assert!(set.insert(number));
            assert!(!set.insert(number), "{number} twice");
        }
        assert!(matches!(set, SmallSet::Many(_)));
        assert!(set.iter().copied().eq(0..40));
        for number in 0..38 {
            assert!(set.remove(&number));
            assert!(!set.remove(&number), "{number} twice");
        }
        assert!(matches!(set, SmallSet::Few(_)));
        assert!(set.iter().copied().eq(38..40));
        assert!(set.contains(&39) && !set.contains(&0) && set.len() == 2);
    }
}
