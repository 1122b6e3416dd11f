//! A sorted set that is nearly always tiny: tags of an image, indexes that hold it, referrers of a subject.
//!
//! Few elements are one exact slice, since a node of the persistent tree costs as much as a whole image; many are a
//! persistent set, so that adding the thousandth copies a path and not a thousand.

use imbl::OrdSet;

/// A sorted set, cheap when small and sharing its structure when large.
#[derive(Clone, Debug)]
pub enum SmallSet<T: Ord + Clone> {
    /// One element, without an allocation of its own.
    One(T),
    /// None, or two up to [`FEW`] elements, in order.
    Few(Box<[T]>),
    /// More than [`FEW`] elements; falls back to a slice at half of it.
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
            Self::One(_) => 1,
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
            Self::One(one) => one == element,
            Self::Few(few) => few.binary_search(element).is_ok(),
            Self::Many(many) => many.contains(element),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (few, many) = match self {
            Self::One(one) => (Some(std::slice::from_ref(one).iter()), None),
            Self::Few(few) => (Some(few.iter()), None),
            Self::Many(many) => (None, Some(many.iter())),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }

    /// Adds an element; says whether it was new.
    pub(super) fn insert(&mut self, element: T) -> bool {
        if let Self::Many(many) = self {
            return many.insert(element).is_none();
        }
        if self.contains(&element) {
            return false;
        }
        let before = self.iter().filter(|present| **present < element).cloned();
        let after = self.iter().filter(|present| **present > element).cloned();
        *self = before.chain([element.clone()]).chain(after).collect();
        true
    }

    /// Takes an element out; says whether it was there.
    pub(super) fn remove(&mut self, element: &T) -> bool {
        if !self.contains(element) {
            return false;
        }
        match self {
            Self::Many(many) if many.len() > FEW / 2 => {
                many.remove(element);
            }
            _ => *self = self.iter().filter(|present| *present != element).cloned().collect(),
        }
        true
    }
}

/// From elements in order, none twice.
impl<T: Ord + Clone> FromIterator<T> for SmallSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut elements: Vec<T> = elements.into_iter().collect();
        match elements.len() {
            1 => elements.pop().map_or_else(Self::default, Self::One),
            number if number <= FEW => Self::Few(elements.into()),
            _ => Self::Many(elements.into_iter().collect()),
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
        assert!(set.remove(&38) && matches!(set, SmallSet::One(39)));
        assert!(set.remove(&39) && set.is_empty() && set.insert(1) && set.contains(&1));
    }
}
