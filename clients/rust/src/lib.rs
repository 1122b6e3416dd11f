//! Test client for `ecr-fixture`, a stand-in for Amazon ECR: get a world, seed it, break it, advance it, verify it.
//!
//! ```
//! use ecr_fixture_client::{Result, TaskState, calls, minutes, on, repo};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<()> {
//! # if std::env::var_os("ECR_FIXTURE_BIN").is_none() {
//! #     ecr_fixture_client::use_binary(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/ecr-fixture"));
//! # }
//! let world = ecr_fixture_client::world().await?;
//! world.seed(repo("app").replicate_to(["eu-west-1"]).task_retry(minutes(5))).await?;
//! world.fault(on("task:replication").filter("dest_region", "eu-west-1").during(minutes(10)).fail("TIMEOUT")).await?;
//! world.push("app:v1").await?;
//! assert_eq!(world.tasks().await?[0].state, TaskState::Failed);
//! world.advance(minutes(10)).await?;
//! assert_eq!(world.tasks().await?[0].state, TaskState::Complete);
//! world.verify(calls("oci:manifest.put").exactly(1)).await
//! # }
//! ```
//!
//! The daemon's binary is the one that [`use_binary`] or `ECR_FIXTURE_BIN` names, or the `ecr-fixture` on `PATH`; it is
//! started on first use and ends with the test process. With `ECR_FIXTURE_ADDR` and `ECR_FIXTURE_TOKEN` a running one
//! is used instead. Nothing is ever downloaded.
//!
//! Rooms, in reading order: [`World`] and [`EcrFixture`] are what tests use; `rules`, `matchers`, `predicates` and
//! `documents` build what they send and `records` is what they answer, all of them pure; `launch`, `connection`, `http`
//! and `registry` touch processes and sockets, on the runtime of `background`. No type of protobuf or gRPC is public.

mod actions;
mod background;
mod connection;
mod content;
mod convert;
mod documents;
mod environment;
mod errors;
mod fixture;
mod http;
mod launch;
mod matchers;
mod options;
mod predicates;
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    dead_code,
    missing_docs,
    rustdoc::all,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code"
)]
mod proto {
    include!("gen/ecrfixture.control.v1.rs");
}
mod records;
mod refusals;
mod registry;
mod rules;
mod sigv4;
mod surroundings;
mod target;
mod trust;
mod units;
mod world;

pub use actions::{ConnectionEnd, Keep, Status};
pub use documents::{
    CacheRule, ImageSpec, Quotas, Registry, Repo, Secret, Seed, Surface, TagMutability, Tasks, Template, Throttles,
    Upstream, cache_rule, faulty_secret, image, quotas, registry, repo, secret, surface, tasks, template, throttles,
    untagged_image, upstream,
};
pub use errors::{Error, Result, Violation};
pub use fixture::{EcrFixture, use_binary, world, world_with};
pub use matchers::{Expectation, Expectations, Matcher, calls, sequence};
pub use options::{Auth, Listen, Options, Place, Profile, Push, RepositoryUri, Target};
pub use predicates::{FactName, Predicate, Value, Values, fact};
pub use records::{
    Advanced, AppliedImage, Aws, Blob, Call, Clock, ClockMode, Decision, DockerConfig, Finding, FindingKind, Gate,
    Image, Judgement, Login, NearMiss, Outcome, Phase, Report, RuleStatus, SeedResult, ServerInfo, Stray, Task,
    TaskState, Timer, Verdict, VerdictItem,
};
pub use rules::{CounterKey, Faults, Rule, on};
pub use units::{GIB, KIB, MIB, days, hours, milliseconds, minutes, seconds};
pub use world::{Mark, World};
