//! The daemon from outside: every test starts one of its own, speaks to it over sockets, and knows nothing of its insides.
//!
//! One binary, so that the crate is linked once. The harness is in `harness`, each other module is one capability.

mod harness;

mod bad_input;
mod clock;
mod faults;
mod lifecycle;
mod pull_through;
mod push_pull;
mod recorded_calls;
mod scanning;
mod seeding;
mod templates;
mod tidy;
mod wire;
mod worlds;
