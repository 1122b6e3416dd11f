//! The outbound half of pull-through: upstream registries that live inside a world, and the way to real ones.
//!
//! What a miss asks for, under which rule, with which faults, and where the answer is kept is not decided here; neither is
//! anything written to a journal.

pub mod challenge;
pub mod content;
pub mod credentials;
pub mod hosts;
pub mod remote;
pub mod remote_error;
pub mod remote_reply;
mod tokens;

#[cfg(test)]
mod remote_tests;
