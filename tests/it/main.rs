//! The daemon from outside: every test starts one of its own, speaks to it over sockets, and knows nothing of its insides.
//!
//! One binary, so that the crate is linked once. The harness is in `harness`, each other module is one capability.

mod harness;

mod bad_input;
mod bounds;
mod cache;
mod clock;
mod concurrency;
mod downloads;
mod faults;
mod lifecycle;
mod logins;
mod permissions;
mod profiles;
mod pull_through;
mod pulls;
mod push_pull;
mod quotas;
mod recorded_calls;
mod registries;
mod registry_policy;
mod registry_surface;
mod replication;
mod restarts;
mod rights;
mod scanning;
mod seeding;
mod settings;
mod surfaces;
mod tag_mutability;
mod templates;
mod throttles;
mod tidy;
mod tls;
mod uploads;
mod upstream_logins;
mod wire;
mod wire_snapshots;
mod worlds;
