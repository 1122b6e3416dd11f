//! The persistent map under every collection of a world; the only file that names the crate behind it.
//!
//! A clone shares everything, a write copies the path to what it touches, iteration is in key order.

use std::borrow::Borrow;
use std::ops::Bound;

/// An ordered map whose clone costs a pointer.
pub type Map<K, V> = imbl::OrdMap<K, V>;

/// The entries whose keys come after `key`, in order; all of them without a key.
pub(super) fn after<'a, K, V, Q>(map: &'a Map<K, V>, key: Option<&Q>) -> impl Iterator<Item = (&'a K, &'a V)>
where
    K: Ord + Borrow<Q>,
    Q: Ord + ?Sized,
{
    let start = key.map_or(Bound::Unbounded, Bound::Excluded);
    map.range::<(Bound<&Q>, Bound<&Q>), Q>((start, Bound::Unbounded))
}

/// The entries whose keys are `key` or come after it, in order; all of them without a key.
pub(super) fn starting_at<'a, K, V, Q>(map: &'a Map<K, V>, key: Option<&Q>) -> impl Iterator<Item = (&'a K, &'a V)>
where
    K: Ord + Borrow<Q>,
    Q: Ord + ?Sized,
{
    let start = key.map_or(Bound::Unbounded, Bound::Included);
    map.range::<(Bound<&Q>, Bound<&Q>), Q>((start, Bound::Unbounded))
}
