//! The persistent map under every collection of a world; the only file that names the crate behind it.
//!
//! A clone shares everything, a write copies the path to what it touches, iteration is in key order.

/// An ordered map whose clone costs a pointer.
pub type Map<K, V> = imbl::OrdMap<K, V>;
