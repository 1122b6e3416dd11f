//! Room `seed`.
