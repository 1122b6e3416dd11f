//! Room `faults`.
