//! The only code between the generated messages and the domain.
pub mod faults;
pub mod journal;
pub mod time;
