//! Worlds: isolated universes of registries, each a value with a single writer.
//!
//! A world holds registries (account × region), clock, timers, tasks, rules, tokens and a journal. Forks and snapshots
//! share everything until somebody writes. Nothing here knows HTTP or gRPC.

pub mod address;
mod directory;
mod gates;
mod live;
mod principals;
mod redirects;
mod secrets;
mod state;
mod timers;
mod tokens;
mod world;

pub use directory::{Address, Birth, Directory, DirectoryError, Snapshot, Stray};
pub use gates::{Waiter, WaitingRoom};
pub use live::{AdvanceError, Advanced, CallArrival, Live, Opening};
pub use principals::{AccessKey, AuthMode, DeclaredKey, DeclaredPrincipal, Principals, Session};
pub use secrets::{Secret, Secrets};
pub use state::{RegistryProfile, RepositoryUri, SurfaceSettings, WorldSettings, WorldState};
pub use timers::{TaskDurations, Timer, TimerClass, Timers};
pub use tokens::{MintKey, PasswordAddress, TOKEN_LIFE, Token, Tokens, control_token_incarnation};
pub use world::{InvalidId, World, WorldId, WorldIdentity};
