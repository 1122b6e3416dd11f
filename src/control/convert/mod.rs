//! The only code between the generated messages and the domain.
pub mod faults;
pub mod time;
